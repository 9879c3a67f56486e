"""`steno demo`: a private daemon hears shipped recordings at real speed, one of each language, and text grows.

It owns the course of the demo. What is shown of each recording, the daemon and the subtitles are other rooms.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from clients import samples, subtitles
from clients.demo_show import DOCTOR, Show
from clients.devices import list_devices
from clients.live import LiveText
from clients.outputs import require_writable, write
from clients.private_daemon import PrivateDaemon
from clients.samples import Recording
from clients.subscription import Subscription
from clients.terminal import legible
from pipeline import commands, events, paths
from pipeline.audio_file import AudioFile
from pipeline.errors import EXIT_OK, AudioError, NotRunningError, StenoError, UsageError
from pipeline.messages import SAMPLE_RATE
from pipeline.transcript import Transcript, assemble

SUBTITLES = Path("steno-demo.srt")
NAME = "steno demo"
QUIET_S = 30.0
"""Without speech from the microphone for so long, the show is over."""
STALLED_S = 60.0
"""Without any event for so long while a recording plays, something is wrong."""


def run(arguments: argparse.Namespace) -> int:
    """Run the show; nothing of it is left afterwards but the subtitles.

    Raises:
        StenoError: something is in the way, which is said before the daemon starts if it can be known; or the daemon,
            the microphone or the subtitles fail.
    """
    if arguments.runtime_dir is not None:
        raise UsageError("the demo has a daemon of its own, in a runtime directory of its own", "Omit --runtime-dir.")
    named = arguments.config or os.environ.get(paths.CONFIG_VARIABLE)
    config = paths.config_file(arguments.config) if named else None
    recordings = _recordings(arguments)
    require_writable(SUBTITLES)
    settings = {
        "daemon.source": "none" if recordings else "default",
        "daemon.mode": "always",
        # One is to see how text settles; a dictation that needs only its finals does without.
        "stream.commit": "true",
    }
    screen = LiveText(sys.stdout)
    with PrivateDaemon(config, settings) as daemon:
        try:
            daemon.wait_ready(lambda text: screen.show(text, ""), None if recordings else _require_microphone)
            shows = [Show(screen, recording) for recording in recordings] or [Show(screen, None)]
            subscription = Subscription(daemon.wire)
            state = subscription.first().state
            for show, recording in zip(shows, recordings, strict=False):
                _play(daemon, subscription, show, recording)
                screen.line()
            if not recordings:
                _listen(daemon, subscription, shows[0], state)
        except NotRunningError as error:
            # To the user the daemon is a part of the demo: there is none to start.
            raise StenoError(error.message) from error
        finally:
            screen.clear()
    if not recordings:
        screen.line()
    for show in shows:
        show.summary()
    write(SUBTITLES, subtitles.render(_one_after_the_other(shows), "srt"))
    screen.line(f"Subtitles: {SUBTITLES.absolute()}")
    return EXIT_OK


def _recordings(arguments: argparse.Namespace) -> list[Recording]:
    """What is played; nothing if the microphone is heard."""
    if arguments.mic:
        return []
    if arguments.file is not None:
        path = Path(arguments.file).expanduser().absolute()
        if legible(path) != str(path):
            raise StenoError(f"the name of {legible(path)} is not UTF-8, and so cannot be told to the daemon")
        AudioFile(path)  # says what is wrong with it
        return [samples.recording(path)]
    return samples.one_of_each_language(samples.shipped(samples.SHORT))


def _play(daemon: PrivateDaemon, subscription: Subscription, show: Show, recording: Recording) -> None:
    """Have the daemon play the recording, through the process and the inbox of a live source."""
    request = commands.Open(kind="file", name="demo", path=str(recording.path), speed=1.0)
    source = commands.ask(daemon.wire, request, commands.OpenReply).source
    language = f" ({recording.language})" if recording.language else ""
    show.begin(f"playing {recording.path.name}{language} at real speed", source)
    heard = time.monotonic()
    while not show.ended:
        items = subscription.receive(0.5)
        show.take(items, time.monotonic_ns())
        daemon.check()
        heard = time.monotonic() if items else heard
        if time.monotonic() - heard > STALLED_S:
            raise StenoError(f"the daemon published nothing for {STALLED_S:g} s")
    progress = commands.ask(daemon.wire, commands.Progress(source=source), commands.ProgressReply)
    show.seconds = progress.taken / SAMPLE_RATE


def _listen(daemon: PrivateDaemon, subscription: Subscription, show: Show, state: events.State) -> None:
    """Show what the microphone hears, until Ctrl-C or a long silence."""
    source = next(iter(state.sources), "")
    show.watch(state.sources.get(source, ""))
    show.begin("speak; Ctrl-C ends", source)
    began = time.monotonic()
    try:
        while not show.ended and time.monotonic() - max(began, show.last_speech) < QUIET_S:
            show.take(subscription.receive(0.5), time.monotonic_ns())
            if show.missing:  # or was, a moment ago
                _require_microphone(commands.ask(daemon.wire, commands.Status(), commands.StatusReply))
            daemon.check()
    except KeyboardInterrupt:
        pass
    if not show.ended:
        commands.ask(daemon.wire, commands.Stop(), commands.ListeningReply)
        deadline = time.monotonic() + 5.0
        while show.waits and time.monotonic() < deadline:
            show.take(subscription.receive(0.2), time.monotonic_ns())
    show.seconds = time.monotonic() - began


def _require_microphone(status: commands.StatusReply) -> None:
    """See that the microphone is not lost. The daemon would wait for one; who watches a demo wants to know.

    Raises:
        AudioError: it is lost; with the reason and what to do about it.
    """
    for source, state in status.sources.items():
        if state in ("lost", "failed"):
            raise _no_microphone(status.details.get(source, ""))
    if status.ready and not status.sources:  # it failed, and is forgotten
        try:
            list_devices()
        except StenoError as error:
            raise _no_microphone(str(error)) from None
        raise _no_microphone("")


def _no_microphone(reason: str) -> AudioError:
    what = "the microphone cannot be opened"
    return AudioError(f"{what}: {reason}") if reason else AudioError(what, DOCTOR)


def _one_after_the_other(shows: Sequence[Show]) -> Transcript:
    """All that was heard as one transcript: each show begins where the one before ended."""
    utterances, seconds = [], 0.0
    for show in shows:
        utterances += show.utterances(seconds)
        seconds += show.seconds
    return assemble(NAME, utterances, seconds, seconds)
