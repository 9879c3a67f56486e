"""`steno demo`: a private daemon hears a shipped recording at real speed, and one watches the text grow.

It owns the course of the show and its summary. The daemon, the live lines, the measuring and the subtitles are other
rooms.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path

from clients import latency, samples, subtitles
from clients.collected import Collected
from clients.devices import list_devices
from clients.error_rate import error_rate
from clients.follower import Item
from clients.latency import LatencyMeter
from clients.live import LiveText
from clients.outputs import require_writable, write
from clients.private_daemon import PrivateDaemon
from clients.samples import Recording
from clients.subscription import Subscription
from clients.terminal import clean, legible
from pipeline import commands, events, paths, transcript
from pipeline.audio_file import AudioFile
from pipeline.errors import EXIT_OK, AudioError, NotRunningError, StenoError, UsageError
from pipeline.messages import SAMPLE_RATE
from pipeline.transcript import Transcript, Utterance

SUBTITLES = Path("steno-demo.srt")
DOCTOR = "steno doctor says what works here."
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
    recording = _recording(arguments)
    require_writable(SUBTITLES)
    settings = {
        "daemon.source": "none" if recording else "default",
        "daemon.mode": "always",
        # One is to see how text settles; a dictation that needs only its finals does without.
        "stream.commit": "true",
    }
    screen = LiveText(sys.stdout)
    with PrivateDaemon(config, settings) as daemon:
        try:
            daemon.wait_ready(lambda text: screen.show(text, ""), None if recording else _require_microphone)
            show = Show(screen, recording)
            subscription = Subscription(daemon.wire)
            state = subscription.first().state
            if recording:
                _play(daemon, subscription, show, recording)
            else:
                _listen(daemon, subscription, show, state)
        except NotRunningError as error:
            # To the user the daemon is a part of the demo: there is none to start.
            raise StenoError(error.message) from error
        finally:
            screen.clear()
    show.summary()
    return EXIT_OK


def _recording(arguments: argparse.Namespace) -> Recording | None:
    if arguments.mic:
        return None
    if arguments.file is not None:
        path = Path(arguments.file).expanduser().absolute()
        if legible(path) != str(path):
            raise StenoError(f"the name of {legible(path)} is not UTF-8, and so cannot be told to the daemon")
        AudioFile(path)  # says what is wrong with it
        return samples.recording(path)
    return samples.shipped(samples.SHORT)


def _play(daemon: PrivateDaemon, subscription: Subscription, show: Show, recording: Recording) -> None:
    """Have the daemon play the recording, through the process and the inbox of a live source."""
    request = commands.Open(kind="file", name="demo", path=str(recording.path), speed=1.0)
    source = commands.ask(daemon.wire, request, commands.OpenReply).source
    show.begin(f"playing {recording.path.name} at real speed", source)
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


class Show:
    """What has come so far, on the screen and for the summary."""

    def __init__(self, screen: LiveText, recording: Recording | None) -> None:
        self._screen = screen
        self._recording = recording
        self._meter = LatencyMeter(recording.words if recording else ())
        self._collected = Collected()
        self._source = ""
        self._open: set[int] = set()
        self._unaligned: set[int] = set()
        self.ended = False
        self._opened = False
        self.missing = False
        """The source is lost, and has never been there."""
        self.last_speech = 0.0
        """Monotonic moment at which there was speech."""
        self.seconds = 0.0
        """Length of what was heard."""

    def begin(self, title: str, source: str) -> None:
        """Watch this source from now on."""
        self._source = source
        self._screen.line(title)
        self._screen.line()

    def watch(self, state: str) -> None:
        """The source is in this state now."""
        self._opened |= state in ("opened", "silent")
        self.missing = state == "lost" and not self._opened

    @property
    def waits(self) -> bool:
        """Whether a final or its words are still to come."""
        return bool(self._open or self._unaligned)

    def take(self, items: Iterable[Item], now_ns: int) -> None:
        """Show events that came at this monotonic moment.

        Raises:
            StenoError: the source failed.
        """
        for item in items:
            event = item.event
            if isinstance(event, events.Notice) and event.level != "info":
                self._screen.line(f"({event.text})")
            elif getattr(event, "source", None) == self._source:
                self._collected.add([event])
                self._take(event, now_ns)

    def _take(self, event: events.Any | None, now_ns: int) -> None:
        match event:
            case events.SpeechStarted():
                self._open.add(event.utterance)
                self._meter.begin(event.origin_ns)
                self.last_speech = time.monotonic()
            case events.SpeechEnded():
                self.last_speech = time.monotonic()
            case events.Partial():
                self._screen.show(event.committed, event.tail)
                text = transcript.join([*self._collected.texts, event.committed + event.tail])
                self._meter.shown(now_ns, text, event.end)
                self.last_speech = time.monotonic()
            case events.Final():
                self._open.discard(event.utterance)
                if event.text:
                    self._unaligned.add(event.utterance)
                    self._screen.line(event.text)
                    self._meter.shown(now_ns, transcript.join(self._collected.texts), event.end)
                    self._meter.final(now_ns, event.start, event.end)
                else:
                    self._screen.clear()
            case events.Words():
                self._unaligned.discard(event.utterance)
            case events.Source(state="failed"):
                raise AudioError(f"the source failed: {event.detail}", DOCTOR)
            case events.Source(state="ended"):
                self.ended = True
            case events.Source():
                self.watch(event.state)
            case _:
                pass

    def summary(self) -> None:
        """Print all figures, and then write the subtitles.

        Raises:
            StenoError: an utterance is incomplete, or the subtitles cannot be written.
        """
        say = self._screen.line
        utterances = self._collected.utterances(0.0, True, lambda text: say(f"({text})"))
        name = self._recording.path.name if self._recording else "microphone"
        whole = transcript.assemble(name, utterances, self.seconds, self.seconds)
        say()
        say("Words, with the second at which each begins and ends:")
        for line in _word_lines(utterances):
            say(line)
        if self._recording and self._recording.text:
            self._say_error_rate(whole)
        say()
        say("Latency:")
        cost = whole.stats.encode + whole.stats.prefill + whole.stats.generate + whole.stats.align
        for line in latency.table(self._meter, cost / self.seconds if self.seconds else 0.0):
            say(line)
        write(SUBTITLES, subtitles.render(whole, "srt"))
        say()
        say(f"Subtitles: {SUBTITLES.absolute()}")

    def _say_error_rate(self, whole: Transcript) -> None:
        reference = self._recording.text if self._recording else ""
        rate = error_rate(reference, whole.text)
        self._screen.line()
        self._screen.line(f"Heard:     {whole.text}")
        self._screen.line(f"Reference: {reference}")
        if rate is not None:
            self._screen.line(f"Word error rate: {rate:.1%}")


def _word_lines(utterances: Iterable[Utterance]) -> list[str]:
    lines = []
    for utterance in utterances:
        # A word and its times stay together: the space between them is put in after wrapping.
        words = [f"{clean(word.text)}\0{word.start:.2f}-{word.end:.2f}" for word in utterance.words]
        lines += textwrap.wrap("  ".join(words), 100, initial_indent="  ", subsequent_indent="  ")
    return [line.replace("\0", " ") for line in lines]
