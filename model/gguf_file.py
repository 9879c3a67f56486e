"""The text decoder as a GGUF file that a stock llama.cpp loads.

This file owns names, metadata and number formats of that file, and is the only importer of `gguf`. It knows nothing
of checkpoints: the weights come through a function from short names to arrays.

The decoder is an ordinary Qwen3 to llama.cpp: the three MRoPE positions of a token are equal for sound, so that plain
rope gives the same angles. The aligner's head is no vocabulary head, so it is not in this file.
Names: gguf-py `MODEL_ARCH.QWEN3`; keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from model.config import ModelConfig
from model.errors import ModelError
from model.tokenizer_files import Vocabulary

ARCHITECTURE = "qwen3"
PRECISIONS = ("f16", "q8_0")
PRE_TOKENIZER = "qwen2"
"""llama.cpp's name for the rule that cuts text before the merges: Qwen2's, digits one by one."""

Floats = npt.NDArray[np.float32]
Weights = Callable[[str], Floats]

_TYPES = {"f16": gguf.GGMLQuantizationType.F16, "q8_0": gguf.GGMLQuantizationType.Q8_0}
_FILE_TYPES = {"f16": gguf.LlamaFileType.MOSTLY_F16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
_LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_decoder(
    path: Path,
    config: ModelConfig,
    vocabulary: Vocabulary,
    weights: Weights,
    precision: str,
    metadata: Mapping[str, str | int | float],
) -> None:
    """Write the decoder, one tensor in memory at a time.

    Args:
        precision: one of PRECISIONS for the matrices; norms stay float32.
        metadata: further keys, written under `steno.`.
    """
    writer = gguf.GGUFWriter(str(path), ARCHITECTURE)
    try:
        _write_sizes(writer, config, precision)
        _write_tokenizer(writer, config, vocabulary)
        for key, value in metadata.items():
            _write_value(writer, f"steno.{key}", value)
        names = list(_names(config))
        for name, source in names:
            tensor = _encoded(weights(source), precision)
            writer.add_tensor_info(name, tensor.shape, tensor.dtype, tensor.nbytes, _raw_type(tensor, precision))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for _, source in names:
            writer.write_tensor_data(_encoded(weights(source), precision))
    finally:
        writer.close()


def _names(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """(name in the file, name in the checkpoint) of every tensor."""
    yield "token_embd.weight", "model.embed_tokens.weight"
    for layer in range(config.text.layers):
        for source, name in _LAYER_NAMES.items():
            yield f"blk.{layer}.{name}.weight", f"model.layers.{layer}.{source}.weight"
    yield "output_norm.weight", "model.norm.weight"
    if config.aligner is None and not config.text.tied:
        yield "output.weight", "lm_head.weight"


def _encoded(tensor: Floats, precision: str) -> npt.NDArray[np.generic]:
    if tensor.ndim == 1:
        return tensor
    if precision == "f16":
        return tensor.astype(np.float16)
    return np.asarray(gguf.quants.quantize(tensor, _TYPES[precision]))


def _raw_type(tensor: npt.NDArray[np.generic], precision: str) -> gguf.GGMLQuantizationType | None:
    """The type of bytes that numpy does not know by itself."""
    return _TYPES[precision] if tensor.dtype == np.uint8 else None


def _write_sizes(writer: gguf.GGUFWriter, config: ModelConfig, precision: str) -> None:
    text = config.text
    writer.add_name("Qwen3-ASR decoder" if config.aligner is None else "Qwen3-ForcedAligner decoder")
    writer.add_file_type(_FILE_TYPES[precision])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(text.vocabulary)
    writer.add_context_length(text.context)
    writer.add_embedding_length(text.width)
    writer.add_block_count(text.layers)
    writer.add_feed_forward_length(text.ffn)
    writer.add_head_count(text.heads)
    writer.add_head_count_kv(text.kv_heads)
    writer.add_key_length(text.head_width)
    writer.add_value_length(text.head_width)
    writer.add_rope_freq_base(text.rope_theta)
    writer.add_layer_norm_rms_eps(text.rms_eps)


def _write_tokenizer(writer: gguf.GGUFWriter, config: ModelConfig, vocabulary: Vocabulary) -> None:
    tokens, types = [], []
    for index in range(config.text.vocabulary):
        if index in vocabulary.added:
            # All of them control tokens: then no text of a user, such as a context, can ever turn into one.
            tokens.append(vocabulary.added[index])
            types.append(gguf.TokenType.CONTROL)
        elif index in vocabulary.pieces:
            tokens.append(vocabulary.pieces[index])
            types.append(gguf.TokenType.NORMAL)
        else:
            tokens.append(f"[PAD{index}]")
            types.append(gguf.TokenType.UNUSED)
    largest = max(*vocabulary.added, *vocabulary.pieces)
    if largest >= config.text.vocabulary:
        raise ModelError(
            f"the tokenizer has a token {largest}, the model only {config.text.vocabulary} rows",
            "Tokenizer and config.json are not of the same checkpoint; fetch it again.",
        )
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(list(vocabulary.merges))
    writer.add_add_bos_token(False)
    for end in sorted(config.end_ids, reverse=True)[:1]:
        writer.add_eos_token_id(end)
    if vocabulary.template:
        writer.add_chat_template(vocabulary.template)


def _write_value(writer: gguf.GGUFWriter, key: str, value: str | int | float) -> None:
    if isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    else:
        writer.add_float32(key, value)
