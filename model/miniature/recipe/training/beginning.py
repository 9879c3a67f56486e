"""What a network is before training: its config.json and its first weights.

This file owns the sizes of the miniature. All else that knows them reads them from the config.json made here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from model.miniature.recipe.training.network import Network

KINDS = ("asr", "aligner")
WIDTH, HEADS, FFN, CHANNELS = 128, 2, 512, 96
TEXT_WIDTH, TEXT_FFN, HEAD = 256, 768, 128
CLASSES, CLASS_MS = 512, 80
LAYERS = {"asr": (18, 4), "aligner": (17, 4)}
"""Of the audio tower and of the decoder."""


def configuration(kind: str, rows: int, controls: dict[str, int], user: int, layers: tuple[int, int]) -> dict[str, Any]:
    """A config.json in the release's layout.

    Args:
        kind: "asr" or "aligner".
        rows: of the embedding table.
        controls: ids of the control tokens by name.
        user: id of the piece "user".
        layers: of the audio tower and of the decoder.
    """
    aligner = kind == "aligner"
    thinker = {
        "audio_config": _audio(layers[0]),
        "text_config": _text(layers[1], rows, tied=not aligner),
        "audio_token_id": controls["<|audio_pad|>"],
        "audio_start_token_id": controls["<|audio_start|>"],
        "audio_end_token_id": controls["<|audio_end|>"],
        "user_token_id": user,
        "initializer_range": 0.02,
        "dtype": "float16",
        "model_type": "qwen3_forced_aligner" if aligner else "qwen3_asr",
    }
    config: dict[str, Any] = {
        "architectures": ["Qwen3ASRForConditionalGeneration"],
        "model_type": "qwen3_asr",
        "thinker_config": thinker,
        "transformers_version": "4.57.6",
        "dtype": "float16",
    }
    if aligner:
        thinker["classify_num"] = CLASSES
        config |= {"timestamp_token_id": controls["<timestamp>"], "timestamp_segment_time": CLASS_MS}
    else:
        config["support_languages"] = ["Chinese", "English"]
    return config


def _audio(layers: int) -> dict[str, Any]:
    return {
        "_name_or_path": "",
        "activation_dropout": 0,
        "activation_function": "gelu",
        "attention_dropout": 0,
        "conv_chunksize": 500,
        "d_model": WIDTH,
        "downsample_hidden_size": CHANNELS,
        "dropout": 0,
        "encoder_attention_heads": HEADS,
        "encoder_ffn_dim": FFN,
        "encoder_layers": layers,
        "initializer_range": 0.02,
        "max_source_positions": 1500,
        "model_type": "qwen3_asr_audio_encoder",
        "n_window": 50,
        "n_window_infer": 800,
        "num_hidden_layers": layers,
        "num_mel_bins": 128,
        "output_dim": TEXT_WIDTH,
        "scale_embedding": False,
    }


def _text(layers: int, rows: int, *, tied: bool) -> dict[str, Any]:
    return {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "head_dim": HEAD,
        "hidden_act": "silu",
        "hidden_size": TEXT_WIDTH,
        "initializer_range": 0.02,
        "intermediate_size": TEXT_FFN,
        "max_position_embeddings": 65536,
        "model_type": "qwen3_asr_text",
        "num_attention_heads": 2,
        "num_hidden_layers": layers,
        "num_key_value_heads": 1,
        "rms_norm_eps": 1e-06,
        "rope_scaling": {
            "interleaved": True,
            "mrope_interleaved": True,
            "mrope_section": [24, 20, 20],
            "rope_type": "default",
            "type": "default",
        },
        "rope_theta": 1000000,
        "tie_word_embeddings": tied,
        "use_cache": True,
        "vocab_size": rows,
    }


_INTO_THE_STREAM = ("out_proj", "o_proj", "fc2", "down_proj")
"""Layers whose result is added to what runs past them: they begin small."""


def fresh(config: dict[str, Any], seed: int) -> Network:
    """A network with random weights, the same for the same seed."""
    torch.manual_seed(seed)
    network = Network(config)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif "conv2d" in name:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        elif "embed_tokens" in name:
            nn.init.normal_(parameter, std=0.05)
        elif parameter.dim() == 2:
            scale = 0.35 if any(part in name for part in _INTO_THE_STREAM) else 0.8
            nn.init.normal_(parameter, std=scale / math.sqrt(parameter.shape[1]))
    return network


def inherit(network: Network, weights: dict[str, torch.Tensor]) -> list[str]:
    """Give the aligner what the transcriber has learnt, where names and shapes agree; returns what stayed fresh."""
    own = network.state_dict()
    shared = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    network.load_state_dict(shared, strict=False)
    return sorted(set(own) - set(shared))
