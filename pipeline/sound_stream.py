"""Sound that comes through a pipe: WAV or raw samples, block by block, without seeking.

This file owns the reading of a WAV header in passing and the samples behind it. It does not know files on disk, which
`pipeline.audio_file` reads with a library; that library needs to seek.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from model.errors import AudioError
from pipeline.resample import Int16, Resampler

READ_BYTES = 1 << 16
UNKNOWN_SIZES = (0, 0x7FFFF000, 0xFFFFFFFF)
"""What programs write into a WAV header whose sound is still to come; 0x7FFFF000 is sox's."""
LONGEST_TOLD = 0x7FFFF000
"""A greater number of bytes is no promise: it is what programs write that do not know how long it will be."""

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
"""wFormatTag of the WAVE format (RFC 2361 and WAVEFORMATEXTENSIBLE)."""

FOREIGN = {b"fLaC": "FLAC", b"OggS": "OGG", b"ID3": "MP3", b"\xff\xfb": "MP3", b"FORM": "AIFF", b"caff": "CAF"}
"""First bytes of formats that would be taken for noise if they were read as raw samples."""


class Readable(Protocol):
    """A binary file, such as `sys.stdin.buffer`."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes; empty at the end."""
        ...


class _Format(NamedTuple):
    tag: int
    channels: int
    rate: int
    frame_bytes: int
    bits: int


def read_stream(stream: Readable, warn: Callable[[str], None] | None = None) -> Iterator[Int16]:
    """The sound of a pipe as int16[n] blocks, mono at 16 kHz, as soon as it comes.

    A WAV header is recognised, also one written before its length was known; anything else is taken as raw
    little-endian int16, mono, 16 kHz. Half a sample at the end is dropped.

    Args:
        stream: what is read.
        warn: told at the end, if there was less sound than the header promised.

    Raises:
        AudioError: a WAV of a kind that cannot be read in passing, a cut header, NaN samples, another format.
    """
    # read1 returns what is there, read waits until all is there: a live stream must not wait.
    read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
    head = _exactly(read, 12)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        yield from _wav(read, warn)
        return
    for magic, name in FOREIGN.items():
        if head.startswith(magic):
            raise AudioError(
                f"the stream is {name}; a stream must be WAV or raw little-endian int16, mono, 16 kHz",
                "Convert it on the way: ffmpeg -v error -i FILE -f wav -ar 16000 -ac 1 - | ...",
            )
    yield from _whole_items(read, head, np.dtype("<i2"), None)


def _wav(read: Callable[[int], bytes | None], warn: Callable[[str], None] | None) -> Iterator[Int16]:
    """The samples of a WAV stream that has been read up to its first chunk."""
    form: _Format | None = None
    while True:
        head = _exactly(read, 8)
        if len(head) < 8:
            raise AudioError("the WAV stream ends inside its header")
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            break
        body = _exactly(read, size + size % 2)
        if name == b"fmt ":
            form = _format(body)
    if form is None:
        raise AudioError("the WAV stream has no format before its samples")
    kind, convert = _converter(form)
    resampler = Resampler(form.rate, form.channels)
    for items in _whole_items(read, b"", kind, None if size in UNKNOWN_SIZES else size, form.channels):
        yield resampler.push(convert(items))
    came, promised = resampler.pushed, size // form.frame_bytes
    yield resampler.flush()
    if warn is not None and size < LONGEST_TOLD and came < promised:
        ends, says = came / form.rate, promised / form.rate
        warn(f"the sound ends after {ends:.3f} s; its header says {says:.3f} s: it is cut short")


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise AudioError("the WAV stream ends inside its header")
    tag, channels, rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack("<H", body[24:26])[0]
    return _Format(tag, channels, rate, frame_bytes, bits)


def _converter(form: _Format) -> tuple[np.dtype[Any], Callable[[npt.NDArray[Any]], npt.NDArray[Any]]]:
    """How the stored items look, and how items[n, channels] become what the resampler takes."""
    three_bytes = np.dtype((np.uint8, 3))
    kinds: dict[tuple[int, int], tuple[np.dtype[Any], Callable[[npt.NDArray[Any]], npt.NDArray[Any]]]] = {
        (PCM, 8): (np.dtype("u1"), lambda x: (x.astype(np.int16) - 128) << 8),
        (PCM, 16): (np.dtype("<i2"), lambda x: x.astype(np.int16, copy=False)),
        (PCM, 24): (three_bytes, _from_24_bits),
        (PCM, 32): (np.dtype("<i4"), lambda x: x.astype(np.int32, copy=False)),
        (FLOAT, 32): (np.dtype("<f4"), lambda x: x.astype(np.float32, copy=False)),
        (FLOAT, 64): (np.dtype("<f8"), lambda x: x.astype(np.float32)),
    }
    found = kinds.get((form.tag, form.bits))
    if found is None or form.channels < 1 or form.frame_bytes != form.channels * form.bits // 8:
        raise AudioError(
            f"a WAV stream of format {form.tag:#06x} with {form.bits} bits and {form.channels} channels cannot be read",
            "Convert it on the way: ffmpeg -v error -i FILE -f wav -c:a pcm_s16le - | ...",
        )
    return found


def _from_24_bits(items: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """uint8[n, channels, 3], little-endian, as int32[n, channels] of the same loudness."""
    wide = np.zeros((*items.shape[:2], 4), np.uint8)
    wide[..., 1:] = items
    return wide.view("<i4")[..., 0].astype(np.int32, copy=False)


def _whole_items(
    read: Callable[[int], bytes | None], data: bytes, kind: np.dtype[Any], size: int | None, channels: int = 0
) -> Iterator[npt.NDArray[Any]]:
    """Blocks of items[n], or items[n, channels], from what `data` holds and `read` brings, up to `size` bytes."""
    unit = kind.itemsize * max(1, channels)
    left = size
    while True:
        whole = len(data) // unit * unit
        if whole:
            items = np.frombuffer(data[:whole], kind.base).reshape(
                -1, *(() if not channels else (channels,)), *kind.shape
            )
            yield items
            data = data[whole:]
        if left == 0:
            return
        more = read(READ_BYTES if left is None else min(READ_BYTES, left))
        if not more:
            return
        left = None if left is None else left - len(more)
        data += more


def _exactly(read: Callable[[int], bytes | None], size: int) -> bytes:
    """So many bytes, or fewer at the end of the stream."""
    data = b""
    while len(data) < size and (more := read(min(READ_BYTES, size - len(data)))):
        data += more
    return data
