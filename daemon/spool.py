"""The sound of a source, kept until every utterance in it has its final.

Written before anything is done with it: what the daemon has heard survives the daemon. This file owns the segment files
(raw little-endian int16, named after their first sample, readable by their owner alone), the copy in memory and what
a killed daemon left behind. It does not know utterances. A kernel that goes on has everything that was appended; a
power cut may take the last moments.
"""

from __future__ import annotations

import contextlib
import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.errors import StenoError
from pipeline.messages import SAMPLE_RATE

Int16 = npt.NDArray[np.int16]

SEGMENT_SAMPLES = 30 * SAMPLE_RATE
SUFFIX = ".s16le"
FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
MARK = "released"
"""A small file: the samples before this index need no final any more."""


class _Segment:
    """Consecutive samples in memory, and how much of them is on disk."""

    def __init__(self, first: int, path: Path) -> None:
        self.first = first
        self.path = path
        self.samples = np.empty(SEGMENT_SAMPLES, "<i2")
        self.count = 0
        self._written = 0
        """Bytes, not samples: a full disk may take half of one."""
        self._descriptor: int | None = None

    @property
    def end(self) -> int:
        return self.first + self.count

    def add(self, pcm: Int16) -> Int16:
        """Take what fits; returns the rest."""
        part = pcm[: SEGMENT_SAMPLES - self.count]
        self.samples[self.count : self.count + len(part)] = part
        self.count += len(part)
        return pcm[len(part) :]

    def write(self) -> None:
        """Bring the file up to date.

        Raises:
            OSError: it cannot be; the next call goes on where this one stopped.
        """
        if self._descriptor is None:
            if self._written == 2 * SEGMENT_SAMPLES:
                return
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, FLAGS, 0o600)
        data = self.samples[: self.count].view(np.uint8).data
        while self._written < len(data):
            self._written += os.write(self._descriptor, data[self._written :])
        if self.count == SEGMENT_SAMPLES:
            self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Spool:
    """The sound of one source from `first` to `end`, in memory and on disk.

    Never fails for want of disk: then sound is kept in memory, `on_trouble` is called once with a text for the user,
    and the files are completed as soon as there is room again.

    Args:
        directory: of all spools; made if missing.
        source: the source's id, any text.
        first_sample: index of the first sample that will be appended.
        on_trouble: told once when writing fails; once again if it fails after it had recovered.
    """

    def __init__(
        self,
        directory: Path,
        source: str,
        first_sample: int = 0,
        on_trouble: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.directory = _free_directory(directory, source)
        self._on_trouble = on_trouble
        self._segments: list[_Segment] = []
        self._first = first_sample
        self._settled = first_sample
        self._end = first_sample
        self._troubled = False
        self._mark: int | None = None
        """The file of that name, open: in silence it is written with every frame."""

    @property
    def first(self) -> int:
        """The oldest sample that can be read."""
        return self._first

    @property
    def end(self) -> int:
        """The sample behind the last one."""
        return self._end

    @property
    def troubled(self) -> bool:
        """Whether some of the sound is in memory only, because it could not be written."""
        return self._troubled

    def append(self, pcm: Int16) -> None:
        """Keep int16[n], the next samples."""
        rest = pcm
        while len(rest):
            if not self._segments or self._segments[-1].count == SEGMENT_SAMPLES:
                self._segments.append(_Segment(self._end, self.directory / f"{self._end:015d}{SUFFIX}"))
            before = len(rest)
            rest = self._segments[-1].add(rest)
            self._end += before - len(rest)
        self._attempt(self._write)

    def read(self, from_sample: int, to_sample: int) -> Int16:
        """A copy of the samples from one index up to another, int16[to_sample - from_sample].

        Raises:
            StenoError: some of them were released, or have not come yet.
        """
        if not self._first <= from_sample <= to_sample <= self._end:
            raise StenoError(
                f"samples {from_sample} to {to_sample} are not in the spool {self.directory.name}, "
                f"which holds {self._first} to {self._end}"
            )
        parts = [
            segment.samples[max(0, from_sample - segment.first) : min(segment.count, to_sample - segment.first)]
            for segment in self._segments
            if segment.first < to_sample and from_sample < segment.end
        ]
        return np.concatenate([np.empty(0, np.int16), *parts])

    def release(self, to_sample: int) -> None:
        """Samples before this index are no longer needed; files that hold nothing else are deleted."""
        released = min(to_sample, self._end)
        if released <= self._first:
            return
        self._first = released
        self.settle(released)
        while self._segments and self._segments[0].end <= released and self._segments[0].count == SEGMENT_SAMPLES:
            self._drop(self._segments.pop(0))

    def settle(self, to_sample: int) -> None:
        """Samples before this index need no final any more: a daemon that comes after this one shall not take them up.

        They can still be read, for word times or as a pre-roll, until they are released.
        """
        settled = min(to_sample, self._end)
        if settled > self._settled:
            self._settled = settled
            self._attempt(self._write_mark)

    def reopen(self, from_sample: int) -> None:
        """Samples from this index on need a final after all, although they were settled."""
        wanted = max(from_sample, self._first)
        if wanted < self._settled:
            self._settled = wanted
            self._attempt(self._write_mark)

    def close(self, delete: bool = True) -> None:
        """Close the files; delete them, or leave them for `leftovers`."""
        for segment in self._segments:
            if delete:
                self._drop(segment)
            segment.close()
        self._segments = []
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None
        self._first = self._end
        if delete:
            _remove(self.directory)

    def _write(self) -> None:
        # In order, so that what is on disk has no hole.
        for segment in self._segments:
            segment.write()

    def _write_mark(self) -> None:
        """Remember on disk what is settled, so that a killed daemon's finals are not given twice."""
        if self._mark is None:
            self._mark = os.open(self.directory / MARK, FLAGS, 0o600)
        # One write of fixed length over the old one: no moment at which the file holds half a number.
        os.lseek(self._mark, 0, os.SEEK_SET)
        os.write(self._mark, b"%020d\n" % self._settled)

    def _drop(self, segment: _Segment) -> None:
        segment.close()
        with contextlib.suppress(OSError):
            segment.path.unlink(missing_ok=True)

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            if not self._troubled:
                self._on_trouble(f"sound cannot be written to {self.directory}: {error.strerror}; it is kept in memory")
            self._troubled = True
        else:
            self._troubled = False


def leftovers(directory: Path) -> list[tuple[str, int, Int16]]:
    """What a killed daemon left: (source, first sample, int16[n]) of each stretch of sound without a gap, in order.

    Half a sample at the end of a file is ignored, a file that cannot be read is passed over; nothing raises.
    """
    found: list[tuple[str, int, Int16]] = []
    for folder in _folders(directory):
        source = urllib.parse.unquote(folder.name.partition("~")[0])
        released = _read_mark(folder)
        stretches: list[tuple[int, list[Int16]]] = []
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            with contextlib.suppress(OSError, ValueError):
                first, data = int(path.name.removesuffix(SUFFIX)), path.read_bytes()
                pcm = np.frombuffer(data[: len(data) // 2 * 2], "<i2")[max(0, released - first) :]
                first = max(first, released)
                if stretches and stretches[-1][0] + sum(map(len, stretches[-1][1])) == first:
                    stretches[-1][1].append(pcm)
                elif len(pcm):
                    stretches.append((first, [pcm]))
        found += [(source, first, np.concatenate(parts)) for first, parts in stretches]
    return found


def remove_leftovers(directory: Path) -> None:
    """Delete all spools in the directory; for when they were taken and no source is open yet."""
    for folder in _folders(directory):
        _remove(folder)


def _folders(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []


def _read_mark(folder: Path) -> int:
    try:
        return int((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return 0


def _remove(folder: Path) -> None:
    """Delete a spool's own files and its folder, if nothing else lies in it."""
    with contextlib.suppress(OSError):
        for path in [*folder.glob(f"*{SUFFIX}"), folder / MARK]:
            path.unlink(missing_ok=True)
        folder.rmdir()


def _free_directory(directory: Path, source: str) -> Path:
    """A folder for the source that no earlier spool uses: that one may hold all that is left of somebody's words."""
    # Percent-encoded: an id may hold any character, and must neither leave the directory nor be hidden.
    name = urllib.parse.quote(source, safe=" :@,+=").replace("~", "%7E").replace(".", "%2E") or "%20"
    for number in range(1, 10_000):
        folder = directory / (name if number == 1 else f"{name}~{number}")
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        except OSError:
            pass  # reported when the first sound is written, which tries again
        return folder
    raise StenoError(f"{directory} is full of spools of {source}", "Delete what is no longer needed there.")
