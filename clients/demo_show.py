"""What a demo shows of one recording, or of the microphone: the text as it grows, then the figures.

It owns the lines on the screen and what they are made of. It does not know the daemon, nor where sound comes from.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from clients import latency
from clients.collected import Collected
from clients.error_rate import error_rate, unit_of
from clients.follower import Item
from clients.latency import LatencyMeter
from clients.live import LiveText
from clients.samples import Recording
from clients.terminal import cells, clean
from pipeline import events, transcript
from pipeline.errors import AudioError
from pipeline.transcript import Transcript, Utterance

DOCTOR = "steno doctor says what works here."
COLUMNS = 100
"""Of the lines of words."""


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

    def utterances(self, offset: float) -> list[Utterance]:
        """All that was said; second 0 of the recording is `offset`.

        Raises:
            StenoError: an utterance is incomplete.
        """
        return self._collected.utterances(offset, False, lambda _: None)

    def summary(self) -> None:
        """Print all figures.

        Raises:
            StenoError: an utterance is incomplete.
        """
        say = self._screen.line
        utterances = self._collected.utterances(0.0, True, lambda text: say(f"({text})"))
        name = self._recording.path.name if self._recording else "microphone"
        whole = transcript.assemble(name, utterances, self.seconds, self.seconds)
        say(f"{name}: words, with the second at which each begins and ends:")
        for line in word_lines(utterances):
            say(line)
        say()
        say(f"Language:  {whole.language or 'none'}")
        if self._recording and self._recording.text:
            self._say_error_rate(self._recording.text, whole)
        say()
        say("Latency:")
        cost = whole.stats.encode + whole.stats.prefill + whole.stats.generate + whole.stats.align
        for line in latency.table(self._meter, cost / self.seconds if self.seconds else 0.0):
            say(line)
        say()

    def _say_error_rate(self, reference: str, whole: Transcript) -> None:
        rate = error_rate(reference, whole.text)
        self._screen.line(f"Heard:     {whole.text}")
        self._screen.line(f"Reference: {reference}")
        if rate is not None:
            self._screen.line(f"{unit_of(reference).capitalize()} error rate: {rate:.1%}")


def word_lines(utterances: Iterable[Utterance]) -> list[str]:
    """The words with their times, on lines of at most COLUMNS columns."""
    lines = []
    for utterance in utterances:
        line, width = "", 0
        for word in utterance.words:
            # A word and its times stay together.
            one = f"  {clean(word.text)} {word.start:.2f}-{word.end:.2f}"
            columns = sum(cells(character) for character in one)
            if line and width + columns > COLUMNS:
                lines.append(line)
                line, width = "", 0
            line, width = line + one, width + columns
        if line:
            lines.append(line)
    return lines
