"""What a model without a config.json is like: taken from its files, and from the release where they are silent.

This file owns that conclusion. It opens no library: of the GGUF file it reads the header, of the ONNX files the shapes.
Sizes that only a conversion needs are 0.
"""

from __future__ import annotations

from pathlib import Path

from model.class_head import OUTPUT, load_head, padded_classes
from model.config import AlignerConfig, AudioConfig, ModelConfig, TextConfig, convolved
from model.errors import ModelError
from model.gguf_header import Header, read_header
from model.onnx_header import Graph, read_graph

WINDOW_FRAMES = 800
SEGMENT_MS = 80.0
BLOCK_FRAMES = 100
MEL_BINS = 128
"""n_window_infer, timestamp_segment_time, twice n_window and num_mel_bins of the config.json of Qwen3-ASR-0.6B, -1.7B
and Qwen3-ForcedAligner-0.6B. Graphs say the last two themselves, unless those axes are free."""
_ROPE_BASE = 10_000.0
_RMS_EPSILON = 1e-6
"""llama.cpp's own, where the file names none."""
_END_TOKENS = (b"<|im_end|>", b"<|endoftext|>")


def config_of(kind: str, frontend: Path, backend: Path, decoder: Path, head: Path | None) -> ModelConfig:
    """The config of a package of these files.

    Args:
        kind: "asr" or "aligner".
        head: the file of an aligner's classes, where there is one.

    Raises:
        ModelError: a file is damaged or belongs to another model, or they do not belong together; names the file.
    """
    header = read_header(decoder)
    header.check_decoder()
    text = _text(header)
    return ModelConfig(
        audio=_audio(read_graph(frontend), read_graph(backend), header, text.width),
        text=text,
        audio_start_id=_token(header, b"<|audio_start|>"),
        audio_end_id=_token(header, b"<|audio_end|>"),
        audio_pad_id=_token(header, b"<|audio_pad|>"),
        end_ids=_ends(header) if kind == "asr" else frozenset(),
        languages=(),
        aligner=_aligner(header, head) if kind == "aligner" else None,
    ).checked(decoder)


def check_classes(config: ModelConfig, decoder: Path, head: Path | None) -> None:
    """Whether an aligner's classes are where its config says, if they have no file of their own.

    Raises:
        ModelError: they are not; names the decoder's file.
    """
    if config.aligner is None or head is not None:
        return
    found = padded_classes(read_header(decoder))
    if found != config.aligner.classes:
        raise ModelError(
            f"{decoder} has {found} classes, config.json says {config.aligner.classes}",
            "The two are not of the same model; fetch them again.",
        )


def _text(header: Header) -> TextConfig:
    prefix, width, heads = header.architecture, header.size("embedding_length"), header.size("attention.head_count")
    return TextConfig(
        width=width,
        layers=header.size("block_count"),
        heads=heads,
        kv_heads=header.size("attention.head_count_kv"),
        head_width=int(header.number(f"{prefix}.attention.key_length", width // heads)),
        ffn=header.size("feed_forward_length"),
        vocabulary=len(header.tokens),
        rope_theta=header.number(f"{prefix}.rope.freq_base", _ROPE_BASE),
        rms_eps=header.number(f"{prefix}.attention.layer_norm_rms_epsilon", _RMS_EPSILON),
        context=header.size("context_length"),
        tied=OUTPUT not in header.tensors,
    )


def _audio(front: Graph, back: Graph, header: Header, text_width: int) -> AudioConfig:
    if [len(shape) for shape in front.inputs] != [3] or [len(shape) for shape in front.outputs[:1]] != [3]:
        raise _other_graph(front, "chunk_mel [1, 128, 100] -> [1, 13, width]")
    if [len(shape) for shape in back.inputs] != [3, 4] or [len(shape) for shape in back.outputs[:1]] != [3]:
        raise _other_graph(back, "hidden_states [1, T, width], attention_mask [1, 1, T, T] -> [1, T, width]")
    _, bins, frames = front.inputs[0]
    _, tokens, front_width = front.outputs[0]
    block = frames or BLOCK_FRAMES
    window = int(header.number("steno.n_window_infer", WINDOW_FRAMES))
    if block % 2 or window < block or window % block or (frames and tokens not in (None, convolved(block))):
        raise _other_graph(front, f"blocks of which {window} frames hold a whole number")
    back_width = back.inputs[0][2]
    if front_width and back_width and front_width != back_width:
        raise ModelError(
            f"{front.path} gives vectors of {front_width}, {back.path} takes {back_width}",
            "The two are not of the same model; fetch them again.",
        )
    return AudioConfig(
        mel_bins=bins or MEL_BINS,
        width=front_width or back_width or 0,
        layers=0,
        heads=0,
        ffn=0,
        conv_channels=0,
        output=back.outputs[0][2] or text_width,
        n_window=block // 2,
        n_window_infer=window,
    )


def _aligner(header: Header, head: Path | None) -> AlignerConfig:
    return AlignerConfig(
        classes=len(load_head(head)) if head else padded_classes(header),
        timestamp_id=_token(header, b"<timestamp>"),
        segment_ms=header.number("steno.timestamp_segment_ms", SEGMENT_MS),
    )


def _token(header: Header, name: bytes) -> int:
    try:
        return header.tokens.index(name)
    except ValueError:
        raise ModelError(
            f"{header.path} has no token {name.decode()}", "This is no decoder of this kind; fetch the model again."
        ) from None


def _ends(header: Header) -> frozenset[int]:
    ends = frozenset(header.tokens.index(name) for name in _END_TOKENS if name in header.tokens)
    if not ends:
        raise ModelError(f"{header.path} has no token that ends an answer", "This is no decoder of Qwen3-ASR.")
    return ends


def _other_graph(graph: Graph, expected: str) -> ModelError:
    shapes = f"{_shown(graph.inputs)} -> {_shown(graph.outputs)}"
    return ModelError(f"{graph.path} computes {shapes}, expected {expected}", "Fetch or convert the model again.")


def _shown(shapes: tuple[tuple[int | None, ...], ...]) -> str:
    return ", ".join(f"[{', '.join(str(one or '?') for one in shape)}]" for shape in shapes) or "nothing"
