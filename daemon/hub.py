"""The daemon's heart: one loop that hears sources and workers, decides, and speaks.

It owns the sockets and the order in which things are done: sound is taken first, then decided about, then work is
given out. Every decision lies in a room of its own: `daemon.utterances`, `daemon.supervisor`, `daemon.sourcebook`.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import msgspec

from daemon.ear import Ear
from daemon.intake import Intake
from daemon.outboxes import Outboxes
from daemon.processes import Children, Signals, lives
from daemon.publisher import Publisher
from daemon.sourcebook import SOURCES, Sourcebook
from daemon.supervisor import Action, GaveUp, Kill, Start, State, Supervisor
from daemon.takes import Takes
from daemon.track import Track
from daemon.utterances import Utterances
from pipeline import events, messages
from pipeline.arrays import Array, unpack
from pipeline.messages import (
    Audio,
    Beat,
    Failed,
    Hypothesis,
    Loading,
    Malformed,
    Ready,
    Refused,
    Shutdown,
    SourceState,
    Words,
)
from pipeline.settings import Settings
from pipeline.sockets import ALIGNER, DECODER, ENCODER, HUB, Poll, Wire

TICK_S = 0.1
"""The loop turns at least so often."""
WORKER = "pipeline.worker"
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

log = logging.getLogger("steno")


class Hub:
    """See the top of the file."""

    def __init__(self, settings: Settings, wire: Wire, cache: Path, daemon: str) -> None:
        self.settings = settings
        self.daemon = daemon
        self.ending = False
        self.children = Children()
        self.supervisor = Supervisor(settings.supervisor)
        self.sources = Sourcebook(settings, wire.runtime)
        self.utterances = Utterances(settings, self)
        self.ear = Ear(self.sources, self.utterances, self)
        self.takes = Takes(settings, self.ear, self, lives)
        self.details: dict[str, str] = {}
        self.runtime = wire.runtime
        self._wire = wire
        self._cache = cache
        self.publisher = Publisher(
            wire.event_publisher(settings.events.high_water_mark), daemon, settings.events.recent_finals
        )
        self._events = self.publisher.end
        self._intake = Intake(wire.inbox(HUB), self._take)
        self._bus = wire.bus()
        self._outboxes = Outboxes(wire)
        self._at_work: dict[str, int] = {}
        """Process name -> the utterance that it last began to work on."""
        self._workers = [ENCODER, DECODER] + [ALIGNER] * settings.align.enabled
        for name in self._workers:
            self.supervisor.add(name, self.now)
        if not settings.align.enabled:
            self.utterances.process_lost(ALIGNER, "there is no alignment: align.enabled is off")

    @property
    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    @property
    def worker_states(self) -> dict[str, str]:
        """Name of each worker and its state."""
        return {name: self.supervisor.state(name).value for name in self._workers}

    def watch(self, poll: Poll, others: Poll, signals: Signals) -> None:
        """Say what wakes the loop, and what even while it gathers sound: all but the sound itself."""
        poll.add(self._intake.end)
        for end in (self._events, signals.fileno()):
            poll.add(end)
            others.add(end)

    @property
    def idle(self) -> bool:
        """Nothing is being said, and nothing that was said is in work."""
        return self.utterances.none and not any(track.stirring for track in self.sources)

    def turn(self, slept_s: float = 0.0) -> None:
        """One turn of the loop.

        Args:
            slept_s: so long the daemon itself did not run, and could hear nobody.
        """
        if slept_s:
            self.supervisor.paused(slept_s)
        if self._intake.read():
            # Only now: what a process said before it died counts.
            for name, how in self.children.dead():
                self._died(name, how)
        self.act(self.supervisor.tick(self.now))
        self.takes.tick(time.monotonic_ns())
        self._advance()
        self._let_go()
        self._publish_state()
        while (topic := self._events.subscription()) is not None:
            self.publisher.answer(topic)

    def _advance(self) -> None:
        ready = {name for name in self._workers if self.supervisor.state(name) is State.READY}
        self.utterances.advance(ready, time.monotonic_ns())

    def _take(self, message: messages.Any, frames: list[bytes]) -> None:
        match message:
            case Audio():
                self.ear.hear(message, unpack(frames, "int16", 1))
            case Hypothesis():
                self.utterances.hear(message, time.monotonic_ns())
            case Words():
                self.utterances.align(message, time.monotonic_ns())
            case Failed():
                log.warning("%s: utterance %d: %s", message.process, message.utterance, message.error)
                self.utterances.fail(message)
            case Beat(process=name) if self._is(name, message.pid):
                self.supervisor.beat(name, self.now)
                self._at_work[name] = message.utterance or self._at_work.get(name, 0)
            case Loading(process=name) if self._is(name, message.pid):
                self.supervisor.loading(name, message.files)
            case Ready(process=name) if self._is(name, message.pid):
                self.supervisor.ready(name, self.now, message.stretch_ns / 1e9)
                self.details[name] = message.detail
                log.info("%s is ready (process %d) %s", name, message.pid, message.detail)
            case Refused(process=name) if self._is(name, message.pid):
                self.act(self.supervisor.refused(name, message.error, message.hint))
            case SourceState():
                self.ear.take_state(message)
            case Beat() | Loading() | Ready() | Refused():
                log.debug("a word of a process that is no longer ours: %s", message)
            case _:
                raise Malformed(f"{type(message).__name__} is not for the hub")

    def _is(self, name: str, pid: int) -> bool:
        return self.supervisor.knows(name) and self.children.pid(name) == pid

    @property
    def unfinished(self) -> bool:
        """Something that was said has not been published yet, and still can be."""
        awaited = self.utterances.awaited
        return bool(awaited) and all(self.supervisor.state(name) is State.READY for name in awaited)

    def open_default(self) -> None:
        """Take up what a daemon before this one left without a final, and open the source that the settings name."""
        self.ear.recover()
        track = self.sources.open_default(self.takes.first)
        if track is not None:
            self.open_process(track)

    def open_process(self, track: Track) -> None:
        """Start the process of a source that has one."""
        if self.sources.has_process(track.origin.id):
            self.supervisor.add(track.origin.id, self.now)

    def drop(self, track: Track) -> None:
        """Its client wants no more of this source: the open utterance is cancelled, the process ended."""
        self.ear.drop(track)
        self.children.kill(track.origin.id)

    def finish(self) -> None:
        """The daemon is to end: no more sound is taken, what is open is closed, and what that decides leaves."""
        self.ending = True
        self.ear.finish()
        self._advance()

    def _let_go(self) -> None:
        for track in self.ear.over():
            self.supervisor.remove(track.origin.id)
            self.ear.let_go(track)
            self.publisher.forget(track.origin.id)
            self.details.pop(track.origin.id, None)
        for words in self.sources.trouble:
            self.notice("warning", "spool", words, "Free disk space; until then unfinished sound lives in memory only.")
        self.sources.trouble.clear()

    def _died(self, name: str, how: str) -> None:
        if not self.supervisor.knows(name):
            return
        track = self.sources.find(name)
        if track is not None and track.ended:
            self.supervisor.remove(name)
            return
        if self.ending:
            return
        if track is not None and track.origin.kind == "file":
            # Started again it would play from its beginning: what it has already said would be said twice.
            self._gave_up(name, f"the process that plays it {how}", "")
            return
        actions = self.supervisor.died(name, self.now, how)
        if self.supervisor.state(name) is not State.FAILED:
            self.notice("warning", "process-died", f"the {name} {how}; it is started again")
        if track is None:
            self._outboxes.drop(name)
            self.utterances.process_died(name, how, self._at_work.pop(name, 0))
        self.act(actions)

    def act(self, actions: list[Action]) -> None:
        """Do what the supervisor decided."""
        for action in actions:
            match action:
                case Start(name=name):
                    self._start(name)
                case Kill(name=name, reason=reason):
                    log.warning("%s", reason)
                    self.children.kill(name)
                case GaveUp(name=name, reason=reason, hint=hint):
                    self._gave_up(name, reason, hint)

    def _start(self, name: str) -> None:
        track = self.sources.find(name)
        try:
            if track is not None:
                track.began()
                self.children.start(name, SOURCES, self.sources.command(name))
            else:
                arguments = [name, f"--runtime-dir={self.runtime}", f"--cache-dir={self._cache}"]
                self.children.start(name, WORKER, arguments, msgspec.json.encode(self.settings.model))
        except OSError as error:  # no memory, no more processes or files
            log.error("%s cannot be started: %s", name, error)
            self.act(self.supervisor.died(name, self.now, f"cannot be started: {error}"))

    def _gave_up(self, name: str, reason: str, hint: str) -> None:
        self.notice("error", "process-failed", f"{name}: {reason}", hint)
        track = self.sources.find(name)
        if track is not None:
            track.detail = f"{reason}. {hint}" if hint else reason
            self.ear.end(track, reason)
        else:
            self.details[name] = f"{reason}. {hint}" if hint else reason
            self.utterances.process_lost(name, f"{name}: {reason}")

    def send(self, to: str, message: messages.Any, array: Array) -> None:
        """Give work to a process."""
        self._outboxes.send(to, message, array)

    def tell(self, message: messages.Any) -> None:
        """Say something on the bus."""
        self._bus.send(message)

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event."""
        self.publisher.publish(kind, **fields)

    def notice(self, level: str, code: str, text: str, hint: str = "") -> None:
        """Tell the user something: who reads the daemon's own output, and who reads the events."""
        log.log(LEVELS[level], "%s%s", text, f" ({hint})" if hint else "")
        self.publish(events.Notice, level=level, code=code, text=text, hint=hint)

    def _publish_state(self) -> None:
        self.publisher.publish_state(
            ready=all(self.supervisor.state(name) is State.READY for name in self._workers),
            listening=self.takes.listening,
            mode=self.settings.daemon.mode,
            workers=self.worker_states,
            sources={track.origin.id: track.state for track in self.sources},
            pace=self.utterances.pace,
        )

    def shut_down(self, patience_s: float) -> None:
        """Tell all processes to end, and see that they do."""
        self.tell(Shutdown())
        self.children.end_all(patience_s)
        for track in self.sources:
            # What has no final yet is on disk: the next daemon in this directory takes it up.
            self.sources.remove(track.origin.id, keep=self.utterances.undecided(track.origin.id))
