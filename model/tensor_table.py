"""Which tensors a Qwen3-ASR checkpoint has, of which shape, and what each layout calls them.

This file owns the names. They are the original's everywhere in Steno; the names of transformers' own layout (the `-hf`
checkpoints) are translated when a checkpoint is opened. It does not know where a tensor lies.
Source of the names: the releases' model.safetensors.index.json and `Qwen3ASRModel` of transformers 5.24.
"""

from __future__ import annotations

from model.config import AudioConfig, ModelConfig, TextConfig

TOWER = "thinker.audio_tower."
DECODER = "thinker.model."
HEAD = "thinker.lm_head.weight"
POSITIONS = TOWER + "positional_embedding.positional_embedding"
"""Positions of their own, [tokens of a block or more, width], which a checkpoint may carry in place of sinusoids."""
_NATIVE = (
    # The longer prefix first.
    ("model.multi_modal_projector.linear_1.", TOWER + "proj1."),
    ("model.multi_modal_projector.linear_2.", TOWER + "proj2."),
    ("model.audio_tower.", TOWER),
    ("model.language_model.", DECODER),
    ("lm_head.", "thinker.lm_head."),
    ("score.", "thinker.lm_head."),
)
_BUFFERS = ("rotary_emb.inv_freq", "positional_embedding.inv_timescales")
"""Endings of what some tools store although it follows from the config."""

Shape = tuple[int, ...]


def original_name(name: str) -> str:
    """The original layout's name of a tensor of either layout; an unknown one stays as it is."""
    for native, original in _NATIVE:
        if name.startswith(native):
            return original + name[len(native) :]
    return name


def is_buffer(name: str) -> bool:
    """Whether a tensor holds nothing but what follows from the config."""
    return name.endswith(_BUFFERS)


def required(config: ModelConfig) -> dict[str, Shape]:
    """Name and shape of each tensor that a checkpoint must have."""
    table = {TOWER + name: shape for name, shape in tower(config.audio).items()}
    table.update({DECODER + name: shape for name, shape in decoder(config.text).items()})
    if config.aligner or not config.text.tied:
        table[HEAD] = head_shape(config)
    return table


def head_shape(config: ModelConfig) -> Shape:
    """Shape of the output head: classes of the aligner, or the vocabulary."""
    rows = config.aligner.classes if config.aligner else config.text.vocabulary
    return (rows, config.text.width)


def tower(audio: AudioConfig) -> dict[str, Shape]:
    """Short name and shape of each tensor of the audio tower."""
    width, channels = audio.width, audio.conv_channels
    table: dict[str, Shape] = {}
    for layer, inputs in (("conv2d1", 1), ("conv2d2", channels), ("conv2d3", channels)):
        table |= {f"{layer}.weight": (channels, inputs, 3, 3), f"{layer}.bias": (channels,)}
    table["conv_out.weight"] = (width, channels * audio.conv_bins)
    for index in range(audio.layers):
        layer = f"layers.{index}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            table |= _linear(f"{layer}.self_attn.{name}", width, width)
        table |= _linear(f"{layer}.fc1", width, audio.ffn) | _linear(f"{layer}.fc2", audio.ffn, width)
        table |= _norm(f"{layer}.self_attn_layer_norm", width) | _norm(f"{layer}.final_layer_norm", width)
    return table | _norm("ln_post", width) | _linear("proj1", width, width) | _linear("proj2", width, audio.output)


def decoder(text: TextConfig) -> dict[str, Shape]:
    """Short name and shape of each tensor of the text decoder, its head left out."""
    width, queries, keys = text.width, text.heads * text.head_width, text.kv_heads * text.head_width
    table: dict[str, Shape] = {"embed_tokens.weight": (text.vocabulary, width), "norm.weight": (width,)}
    for index in range(text.layers):
        layer = {
            "input_layernorm": (width,),
            "self_attn.q_proj": (queries, width),
            "self_attn.k_proj": (keys, width),
            "self_attn.v_proj": (keys, width),
            "self_attn.o_proj": (width, queries),
            "self_attn.q_norm": (text.head_width,),
            "self_attn.k_norm": (text.head_width,),
            "post_attention_layernorm": (width,),
            "mlp.gate_proj": (text.ffn, width),
            "mlp.up_proj": (text.ffn, width),
            "mlp.down_proj": (width, text.ffn),
        }
        table |= {f"layers.{index}.{name}.weight": shape for name, shape in layer.items()}
    return table


def _linear(name: str, inputs: int, outputs: int) -> dict[str, Shape]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
