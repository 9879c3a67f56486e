"""Which sources are open, how each is started, and what is known of those that have ended.

It owns the tracks and the processes' command lines. It does not know what becomes of the sound.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from daemon.spool import Spool, leftovers, remove_leftovers
from daemon.take import Take
from daemon.track import RECOVERED, Origin, Track
from daemon.utterance import Options
from model.errors import UsageError
from pipeline.arrays import Array
from pipeline.commands import Open, ProgressReply
from pipeline.settings import Settings

REMEMBERED = 100
"""Ended sources that a client may still ask about."""
SPOOL = "spool"
LEFT = "spool.left"
SOURCES = "daemon.sources"
PRIVATE = "private"
MAX_SPEED = 100.0

log = logging.getLogger("steno")


def recovered(runtime: Path) -> list[tuple[str, Array]]:
    """Name and int16[n] samples of each source that a killed daemon left unfinished.

    They stay on disk under another name until `recovery_done`: a crash in between loses nothing, at worst something is
    said twice. A private source is left out: its client still has the file, and nobody waits for the text.
    """
    if (runtime / SPOOL).is_dir() and not (runtime / LEFT).exists():
        try:
            (runtime / SPOOL).rename(runtime / LEFT)
        except OSError as error:
            log.warning("what an earlier daemon left in %s stays there: %s", runtime / SPOOL, error)
    return [(name, pcm) for name, _, pcm in leftovers(runtime / LEFT) if len(pcm) and not name.startswith(PRIVATE)]


def recovery_done(runtime: Path) -> None:
    """What was left is now in spools of this daemon."""
    remove_leftovers(runtime / LEFT)
    with contextlib.suppress(OSError):
        (runtime / LEFT).rmdir()


class Sourcebook:
    """All sources of one daemon."""

    def __init__(self, settings: Settings, runtime: Path) -> None:
        self._settings = settings
        self.runtime = runtime
        self._tracks: dict[str, Track] = {}
        self._commands: dict[str, list[str]] = {}
        self._ended: OrderedDict[str, ProgressReply] = OrderedDict()
        self._count = 0
        self.trouble: list[str] = []
        """What the spools had to say since it was last taken."""

    def __iter__(self) -> Iterator[Track]:
        return iter(list(self._tracks.values()))

    def find(self, source: str) -> Track | None:
        """The open source of that id."""
        return self._tracks.get(source)

    def command(self, source: str) -> list[str]:
        """Arguments of the process that is this source; a source without a process has none."""
        return self._commands[source]

    def has_process(self, source: str) -> bool:
        """True if the daemon itself runs this source."""
        return source in self._commands

    def open_default(self, take: Take | None) -> Track | None:
        """Open what the settings name, if anything. `take` begins with its first sample; None where nobody listens."""
        wanted = self._settings.daemon.source
        options = self._options(Open(kind="file"))
        if wanted == "none":
            return None
        if wanted.startswith("file:"):
            path = Path(wanted.removeprefix("file:")).expanduser().absolute()
            track = self._add("file", path.stem, options, follows=True, take=take)
            self._commands[track.origin.id] = self._file_command(track.origin.id, str(path), 1.0)
            return track
        track = self._add("microphone", "", options, follows=True, take=take)
        microphone = self._settings.microphone
        self._commands[track.origin.id] = [
            "microphone",
            *self._common(track.origin.id),
            f"--device={wanted}",
            f"--block-ms={microphone.block_ms}",
            f"--silent-after={microphone.silent_after_s}",
            f"--lost-after={microphone.lost_after_s}",
        ]
        return track

    def open(self, request: Open) -> Track:
        """Open what a client asks for.

        Raises:
            UsageError: a file without an absolute path, or a speed that makes no sense.
        """
        if request.kind == "file" and (not Path(request.path).is_absolute() or "\0" in request.path):
            raise UsageError(f"a file source needs an absolute path, not {request.path!r}")
        if not 0 <= request.speed <= MAX_SPEED:
            raise UsageError(f"speed {request.speed:g} is not between 0 and {MAX_SPEED:g}")
        name = request.name or Path(request.path).stem
        track = self._add(
            request.kind, name, self._options(request), take=Take(), private=request.private, whole=request.whole
        )
        if request.kind == "file":
            self._commands[track.origin.id] = self._file_command(track.origin.id, request.path, request.speed)
        return track

    def open_recovered(self, name: str) -> Track:
        """Open a source for sound that a daemon before this one left behind."""
        return self._add(RECOVERED, name, self._options(Open(kind="file")), take=Take())

    def progress(self, source: str, finished: int | None, working: bool = False) -> ProgressReply:
        """How far a source has come; `finished` and `working` are for one that is still open.

        Raises:
            UsageError: there was never such a source, or it ended long ago.
        """
        if source in self._ended:
            return self._ended[source]
        track = self._tracks.get(source)
        if track is None or finished is None:
            raise UsageError(f"there is no source {source!r}")
        return ProgressReply(taken=track.end, finished=finished, ended=False, error=track.error, working=working)

    def remove(self, source: str, keep: bool = False) -> None:
        """The source is over; `keep` leaves its unreleased sound on disk."""
        track = self._tracks.pop(source)
        track.close(keep)
        self._commands.pop(source, None)
        self._ended[source] = ProgressReply(taken=track.end, finished=track.end, ended=True, error=track.error)
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def _add(
        self,
        kind: str,
        name: str,
        options: Options,
        *,
        take: Take | None,
        follows: bool = False,
        private: bool = False,
        whole: bool = False,
    ) -> Track:
        self._count += 1
        words = "".join(c if c.isalnum() else "-" for c in name)[:24].strip("-")
        source = "-".join(part for part in (PRIVATE * private, kind, words, str(self._count)) if part)
        spool = Spool(self.runtime / SPOOL, source, on_trouble=self.trouble.append)
        origin = Origin(source, kind, options, follows, private, whole)
        track = self._tracks[source] = Track(origin, self._settings.vad, spool, take)
        return track

    def _options(self, request: Open) -> Options:
        model, stream = self._settings.model, self._settings.stream
        return Options(
            language=model.language if request.language is None else request.language,
            context=model.context if request.context is None else request.context,
            commit=stream.commit if request.commit is None else request.commit,
            partials=stream.partials if request.partials is None else request.partials,
            align=self._settings.align.enabled if request.align is None else request.align,
            live_words=self._settings.align.live if request.live_words is None else request.live_words,
        )

    def _common(self, source: str) -> list[str]:
        return [f"--runtime-dir={self.runtime}", f"--source={source}", f"--parent={os.getpid()}"]

    def _file_command(self, source: str, path: str, speed: float) -> list[str]:
        return ["file", *self._common(source), f"--file={path}", f"--speed={speed}"]
