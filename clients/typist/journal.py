"""What a typist has written down, so that the next one, whatever became of this one, types nothing twice.

A file of lines in the runtime directory, one JSON object each, only ever appended to: before characters are sent, how
many will have been sent; after it, that they arrived. The kernel keeps what was written whatever kills the process. It
holds texts, so it is the user's alone. This file owns the form of the lines and what they amount to; it does not know
when something is typed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from clients.desktop.window import Window
from pipeline.desktop_settings import Output

NAME = "typist.journal"
KEPT = 20
"""So many of the last texts are carried over into a new file."""
LARGEST = 4 << 20
"""Bytes after which a new file is begun."""


class Entry(msgspec.Struct, kw_only=True, tag_field="what", tag="text"):
    """A text and what has become of it."""

    id: int
    """Counts up; no other text has it."""
    daemon: str = ""
    source: str = ""
    utterance: int = 0
    seq: int = 0
    """Of the final; 0 as long as there is none."""
    window: Window | None = None
    mode: Output = "final"
    raw: str = ""
    """The final's text."""
    spoken: str = ""
    """So much of what was said has gone into `text`."""
    text: str = ""
    """As formed, as far as it was given to be typed."""
    sure: int = 0
    """So many characters of it have arrived."""
    maybe: int = 0
    """So many may have arrived."""
    state: Literal["open", "typed", "waiting", "kept", "undone"] = "open"
    correcting: bool = False
    """Backspaces are on their way: what stands there is not known until they are done."""


class Aim(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="aim"):
    """The window that had the focus when somebody began to speak."""

    daemon: str
    take: int
    source: str = ""
    """Of the utterance, where no take aims."""
    utterance: int = 0
    window: Window | None
    secret: str = ""
    mode: Output = "final"


class _Progress(msgspec.Struct, frozen=True, tag_field="what", tag="at"):
    id: int
    sure: int
    maybe: int


class _Begin(msgspec.Struct, frozen=True, tag_field="what", tag="begin"):
    process: int


class _Seen(msgspec.Struct, frozen=True, tag_field="what", tag="seen"):
    daemon: str
    seq: int


class _End(msgspec.Struct, frozen=True, tag_field="what", tag="end"):
    pass


_decoder = msgspec.json.Decoder(Entry | Aim | _Progress | _Begin | _Seen | _End)
_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Past:
    """What a journal amounts to."""

    entries: dict[int, Entry] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """Daemon -> `seq` of its last final that needed no more to be done, when a typist met it."""
    orderly: bool = True
    """The typist that wrote it has ended in order, or there was none."""
    written: float = 0.0
    """Wall clock, seconds since 1970: when it was last written to."""

    def last(self) -> Entry | None:
        """The last text that there was anything in."""
        return next(
            (entry for entry in reversed(self.entries.values()) if entry.seq and (entry.text or entry.raw)), None
        )

    def handled(self, daemon: str) -> int | None:
        """`seq` of the last final of that daemon that was seen to; None if no typist has met it."""
        if daemon not in self.seen:
            return None
        return max([self.seen[daemon], *(e.seq for e in self.entries.values() if e.daemon == daemon)])


def read(runtime: Path) -> Past:
    """What stands in the journal of that runtime directory; a line that is none is passed over."""
    past = Past()
    try:
        lines = (runtime / NAME).read_bytes().splitlines()
        past.written = (runtime / NAME).stat().st_mtime
    except OSError:
        return past
    for line in lines:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            _take(past, _decoder.decode(line))
    return past


def _take(past: Past, record: Any) -> None:
    match record:
        case Entry():
            past.entries[record.id] = record
        case Aim():
            past.aims.append(record)
        case _Progress(id=number, sure=sure, maybe=maybe) if number in past.entries:
            past.entries[number].sure, past.entries[number].maybe = sure, maybe
        case _Seen(daemon=daemon, seq=seq):
            past.seen[daemon] = seq
        case _Begin():
            past.orderly = False
        case _End():
            past.orderly = True


class Journal:
    """The journal of a running typist, which alone writes it: it holds the lease.

    What cannot be written is said once; typing goes on without.

    Args:
        runtime: its directory.
        complain: called with why nothing can be written.
    """

    def __init__(self, runtime: Path, complain: Callable[[str], None]) -> None:
        self._path = runtime / NAME
        self._complain: Callable[[str], None] | None = complain
        self.past = read(runtime)
        """What the one before has left."""
        if self.past.orderly:
            self.past.seen.clear()
            for entry in self.past.entries.values():
                entry.state = "kept" if entry.state in ("open", "waiting") else entry.state
        self._descriptor = -1
        self._bytes = 0
        self._renew(self.past)

    def put(self, *entries: Entry) -> None:
        """Write texts as they are now; all of them are written, or none."""
        self._write(*entries)

    def aim(self, aim: Aim) -> None:
        """Write where a take or an utterance belongs."""
        self._write(aim)

    def seen(self, daemon: str, seq: int) -> None:
        """Write that this typist has met a daemon, whose finals up to that one need nothing more."""
        self._write(_Seen(daemon, seq))

    def progress(self, entry: Entry, maybe: int) -> None:
        """That `maybe` characters of it will have been sent, beside those that are sure."""
        entry.maybe = maybe
        self._write(_Progress(entry.id, entry.sure, maybe))

    def close(self, orderly: bool = True) -> None:
        """End it; if in order, the next typist resumes nothing."""
        if orderly:
            self._write(_End())
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _renew(self, past: Past) -> None:
        """Begin a new file with the last texts; the old one stays until it is whole."""
        kept = list(past.entries.values())[-KEPT:]
        first: list[Any] = [*kept, *past.aims[-KEPT:], *(_Seen(*one) for one in past.seen.items()), _Begin(os.getpid())]
        draft = self._path.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
            descriptor = os.open(draft, flags, 0o600)
            text = _lines(first)
            os.write(descriptor, text)
            draft.replace(self._path)
        except OSError as error:
            self._failed(error)
            return
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._bytes = descriptor, len(text)

    def _write(self, *records: Any) -> None:
        if self._descriptor < 0:
            return
        text = _lines(records)
        try:
            os.write(self._descriptor, text)
        except OSError as error:
            self._failed(error)
        self._bytes += len(text)
        if self._bytes > LARGEST:
            self._renew(read(self._path.parent))

    def _failed(self, error: OSError) -> None:
        if self._complain is not None:
            self._complain(f"the typist's journal {self._path} cannot be written: {error.strerror}")
        self._complain = None


def _lines(records: Any) -> bytes:
    return b"".join(_encoder.encode(record) + b"\n" for record in records)
