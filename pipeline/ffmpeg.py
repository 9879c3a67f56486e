"""Sound out of files that soundfile cannot read, through ffmpeg when it is installed.

This file owns the two programs' command lines and their failures. It does not know which files need them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from model.errors import AudioError
from pipeline.messages import SAMPLE_RATE
from pipeline.resample import Int16

QUIET = ("-hide_banner", "-loglevel", "error")
LOCAL = ("-protocol_whitelist", "file")
"""A playlist must not make Steno open the network."""


def available() -> bool:
    """Whether ffmpeg is installed."""
    return shutil.which("ffmpeg") is not None


def duration(path: Path) -> float | None:
    """Seconds of the first sound track, or, where the file does not say that, of the file; None if nobody knows."""
    if shutil.which("ffprobe") is None:
        return None
    fields = ("-select_streams", "a:0", "-show_entries", "stream=duration:format=duration")
    form = ("-of", "default=noprint_wrappers=1:nokey=1")
    done = subprocess.run(
        ["ffprobe", *QUIET, *LOCAL, *fields, *form, f"file:{path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    for word in done.stdout.split():  # the track's comes first
        with contextlib.suppress(ValueError):
            return float(word)
    return None


def blocks(
    path: Path, start: float, length: float | None, samples: int, warn: Callable[[str], None] | None = None
) -> Iterator[Int16]:
    """The first sound track as int16[<= samples] blocks, mono at 16 kHz, from `start` seconds, `length` seconds long.

    Args:
        warn: told at the end what ffmpeg complained about, if sound came all the same.

    Raises:
        AudioError: ffmpeg cannot read it; the text is ffmpeg's.
    """
    selection = ["-ss", f"{start:.6f}"] if start else []
    limit = ["-t", f"{length:.6f}"] if length is not None else []
    output = ["-vn", "-sn", "-dn", "-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "-"]
    command = ["ffmpeg", "-nostdin", *QUIET, *LOCAL, *selection, "-i", f"file:{path}", *limit, *output]
    # stderr into a file: a pipe that nobody empties would stop ffmpeg.
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        assert process.stdout is not None
        came = False
        try:
            # A buffered read returns less than asked for only at the end.
            while data := process.stdout.read(samples * 2):
                came = True
                yield np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16, copy=False)
            process.wait()
        finally:
            process.kill()  # without effect when it has ended; else the reader has lost interest
            process.wait()
        complaints.seek(0)
        text = complaints.read().decode(errors="replace")
        if process.returncode and not came:
            raise AudioError(_reason(text, path))
        if warn is not None and (process.returncode or text.strip()):
            warn(f"ffmpeg: {_reason(text, path)}")


def _reason(text: str, path: Path) -> str:
    """What ffmpeg said, in one line, without the file's name, which the caller gives."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = f"file:{os.fsencode(path).decode(errors='replace')}: "
    return lines[-1].replace(named, "") if lines else "it gave no reason"
