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
from clients.terminal import clean
from pipeline import commands, events
from pipeline.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from clients.network_source import Pcm
    from pipeline.audio_file import AudioFile

QUEUED_BLOCKS = 64
QUIET_S = 1.0


def run(arguments: argparse.Namespace) -> int:
    """Send the sound and return when its last utterance is final and aligned."""
    with place.wire(arguments) as wire:
        commands.require_daemon(wire.runtime)
        from clients.network_source import NetworkSource

        subscription = Subscription(wire) if arguments.print else None
        if subscription is not None:
            subscription.first()
        blocks = _blocks(arguments.file)
        request = commands.Open(
            kind="network",
            name="stdin" if arguments.file == "-" else Path(arguments.file).name,
            language=arguments.language,
            context=arguments.context,
        )
        with NetworkSource(wire, request) as source:

            def look(_progress: commands.ProgressReply) -> None:
                if subscription is not None:
                    _print(subscription.receive(0), source.id)

            source.play(blocks, arguments.speed, look)
            if subscription is not None:
                _print(subscription.drain(), source.id)
    return EXIT_OK


def _blocks(file: str) -> Iterator[Pcm]:
    """The sound of the file. A bad file is refused here, before a source is opened for it."""
    from pipeline import audio_file

    if file == "-":
        if sys.stdin.isatty():
            raise UsageError("standard input is the keyboard", "Pipe sound into it: steno feed - < recording.wav")
        # Its own reader: the thread may still wait in it when the interpreter ends and takes sys.stdin down.
        stream = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
        return _patient(lambda: audio_file.read_stream(stream))
    audio = audio_file.AudioFile(Path(file))
    return _patient(audio.blocks) if audio.duration is None else _warned(audio)


def _warned(audio: AudioFile) -> Iterator[Pcm]:
    yield from audio.blocks()
    if audio.warning:
        print(clean(f"steno: {audio.warning}"), file=sys.stderr)


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


def _print(items: Iterable[Item], source: str) -> None:
    for item in items:
        if isinstance(item.event, events.Final) and item.event.source == source and item.event.text:
            print(clean(item.event.text), flush=True)
