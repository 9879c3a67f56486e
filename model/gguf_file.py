"""The text decoder as a GGUF file that a stock llama.cpp loads.

This file owns names, metadata and number formats of that file, and is the only importer of `gguf`. It knows nothing
of checkpoints: the weights come through a function from short names to arrays. It writes float16 alone; whatever is
smaller, llama.cpp makes of that (`model.quantise`).

The decoder is an ordinary Qwen3 to llama.cpp: the three MRoPE positions of a token are equal for sound, so that plain
rope gives the same angles. The aligner's head is no vocabulary head, so it is not in this file.
Names: gguf-py `MODEL_ARCH.QWEN3`; keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

from model import tensor_table
from model.config import ModelConfig
from model.errors import ModelError
from model.gguf_header import Header, Tensor
from model.tensor_table import DECODER, HEAD, Shape
from model.tokenizer_files import Vocabulary

ARCHITECTURE = "qwen3"
PRE_TOKENIZER = "qwen2"
"""llama.cpp's name for the rule that cuts text before the merges: Qwen2's, digits one by one."""

Weights = Callable[[str, npt.DTypeLike], npt.NDArray[np.floating[Any]]]
"""(name in the checkpoint, type) -> the tensor."""

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
    metadata: Mapping[str, str | int | float],
    advance: Callable[[int], None],
) -> None:
    """Write the decoder, one tensor in memory at a time: matrices in float16, norms in float32.

    Args:
        metadata: further keys, written under `steno.`.
        advance: told the bytes of each tensor that is written.

    Raises:
        ModelError: the tokenizer does not fit the model, or a weight is too large for float16.
        OSError: the file cannot be written.
    """
    writer = gguf.GGUFWriter(str(path), ARCHITECTURE)
    try:
        _write_sizes(writer, config)
        _write_tokenizer(writer, config, vocabulary)
        for key, value in metadata.items():
            _write_value(writer, f"steno.{key}", value)
        tensors = list(_tensors(config))
        for name, _, shape in tensors:
            dtype = _dtype(shape)
            writer.add_tensor_info(name, shape, dtype, math.prod(shape) * dtype.itemsize)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for _, source, shape in tensors:
            tensor = weights(source, _dtype(shape))
            writer.write_tensor_data(tensor)
            advance(tensor.nbytes)
    finally:
        writer.close()


def size(config: ModelConfig) -> int:
    """Bytes of the tensors that `write_decoder` writes."""
    return sum(math.prod(shape) * _dtype(shape).itemsize for _, _, shape in _tensors(config))


def end(header: Header) -> int:
    """Bytes that a GGUF file must have to hold all of its tensors."""
    return max(tensor.offset + _bytes(tensor) for tensor in header.tensors.values())


def _bytes(tensor: Tensor) -> int:
    numbers, block = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(tensor.number_format)]
    return math.prod(tensor.shape) // numbers * block


def _tensors(config: ModelConfig) -> Iterator[tuple[str, str, Shape]]:
    """(name in the file, name in the checkpoint, shape) of every tensor."""
    shapes = tensor_table.required(config)
    names = {"token_embd.weight": f"{DECODER}embed_tokens.weight"}
    for layer in range(config.text.layers):
        for source, name in _LAYER_NAMES.items():
            names[f"blk.{layer}.{name}.weight"] = f"{DECODER}layers.{layer}.{source}.weight"
    names["output_norm.weight"] = f"{DECODER}norm.weight"
    if config.aligner is None and not config.text.tied:
        names["output.weight"] = HEAD
    for name, source in names.items():
        yield name, source, shapes[source]


def _dtype(shape: Shape) -> np.dtype[Any]:
    return np.dtype(np.float32 if len(shape) == 1 else np.float16)


def _write_sizes(writer: gguf.GGUFWriter, config: ModelConfig) -> None:
    text = config.text
    writer.add_name("Qwen3-ASR decoder" if config.aligner is None else "Qwen3-ForcedAligner decoder")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
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
    if len(set(tokens)) != len(tokens):
        # llama.cpp ends the process when it meets one.
        raise ModelError("the tokenizer has a token twice", "The tokenizer is damaged; fetch the checkpoint again.")
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
