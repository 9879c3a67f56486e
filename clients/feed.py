"""`steno feed`: plays a recording, or standard input, into the running daemon.

It owns the command's course. It does not know how sound is read (`pipeline.audio_file`) or sent
(`clients.network_source`).
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from clients import place
from clients.follower import Item
from clients.subscription import Subscription
from clients.terminal import clean, legible
from pipeline import commands, events
from pipeline.errors import EXIT_OK, AudioError, StenoError, UsageError

if TYPE_CHECKING:
    from clients.network_source import Pcm
    from pipeline.audio_file import AudioFile

QUEUED_BLOCKS = 64
QUIET_S = 1.0


def run(arguments: argparse.Namespace) -> int:
    """Send the sound and return when its last utterance is final and aligned.

    Raises:
        StenoError: the sound cannot be read, or some of its text is incomplete.
    """
    with place.wire(arguments) as wire:
        commands.require_daemon(wire.runtime)
        from clients.network_source import NetworkSource

        blocks = _blocks(arguments.file)
        subscription = Subscription(wire)
        subscription.first()
        request = commands.Open(
            kind="network",
            name="stdin" if arguments.file == "-" else legible(Path(arguments.file).name),
            language=arguments.language,
            context=arguments.context,
            commit=arguments.commit,
        )
        with NetworkSource(wire, request) as source:
            heard = _Heard(source.id, arguments.print)

            def look(_progress: commands.ProgressReply) -> None:
                while items := subscription.receive(0):
                    heard.take(items)

            source.play(blocks, arguments.speed, look)
            heard.take(subscription.drain())
    if heard.error:
        raise StenoError(heard.error)
    return EXIT_OK


class _Heard:
    """What the daemon has made of one source so far."""

    def __init__(self, source: str, show: bool) -> None:
        self._source = source
        self._show = show
        self.error = ""
        """Why text is incomplete; the first reason."""

    def take(self, items: Iterable[Item]) -> None:
        """Print what is wanted, and keep what went wrong."""
        for item in items:
            match item.event:
                case events.Final(source=self._source) as final:
                    if final.text and self._show:
                        print(clean(final.text), flush=True)
                    if final.error and not self.error:
                        self.error = f"the text from {final.start:.1f} s on is incomplete: {final.error}"
                case events.Words(source=self._source, error=error) if error:
                    _warn(f"an utterance has no word times: {error}")


def _blocks(file: str) -> Iterator[Pcm]:
    """The sound of the file. A bad file is refused here, before a source is opened for it."""
    from pipeline import audio_file

    if file == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed", "Pipe sound into it: steno feed - < recording.wav")
        if sys.stdin.isatty():
            raise UsageError("standard input is the keyboard", "Pipe sound into it: steno feed - < recording.wav")
        # Its own reader: the thread may still wait in it when the interpreter ends and takes sys.stdin down.
        stream = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
        return _some(_patient(lambda: audio_file.read_stream(stream, _warn)))
    audio = audio_file.AudioFile(Path(file))
    return _warned(audio, _patient(audio.blocks) if audio.duration is None else audio.blocks())


def _warned(audio: AudioFile, blocks: Iterator[Pcm]) -> Iterator[Pcm]:
    yield from blocks
    if audio.warning:
        _warn(audio.warning)


def _some(blocks: Iterator[Pcm]) -> Iterator[Pcm]:
    """The same, but no sound at all is an error."""
    came = 0
    for block in blocks:
        came += len(block)
        yield block
    if not came:
        raise AudioError("no sound came through standard input")


def _warn(text: str) -> None:
    print(clean(f"steno: {text}"), file=sys.stderr, flush=True)


def _patient(read: Callable[[], Iterable[Pcm]]) -> Iterator[Pcm]:
    """The blocks of a reader that may wait for its sound; an empty block after each second without any.

    So the caller can go on saying that it is alive: the daemon ends a source whose client it does not hear of.
    """
    import numpy as np

    blocks: queue.Queue[Pcm | Exception | None] = queue.Queue(QUEUED_BLOCKS)

    def fill() -> None:
        try:
            for block in read():
                blocks.put(block)
            blocks.put(None)
        except Exception as error:  # raised again below, in the thread that can say it
            blocks.put(error)

    threading.Thread(target=fill, daemon=True, name="reader").start()
    while True:
        try:
            block = blocks.get(timeout=QUIET_S)
        except queue.Empty:
            yield np.zeros(0, np.int16)
            continue
        if block is None:
            return
        if isinstance(block, Exception):
            raise block
        yield block
