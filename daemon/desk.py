"""The desk where clients' commands are answered. It owns what each command means; `daemon.hub` does it."""

from __future__ import annotations

import logging
import os
import time
from importlib.metadata import version

from daemon.hub import Hub
from daemon.supervisor import State
from model.errors import StenoError, UsageError
from pipeline import commands, events
from pipeline.commands import Done, ListeningReply, OpenReply, ProgressReply, StatusReply
from pipeline.messages import SAMPLE_RATE, Malformed
from pipeline.sockets import CommandServer, Poll

IDLE_SOURCE_S = 30.0
"""A network source whose client neither sends sound nor asks for so long is taken for dead."""
HEARD = ("opened", "silent")
"""States of a source that gives sound."""

log = logging.getLogger("steno")


class Desk:
    """Reads requests, and answers each."""

    def __init__(self, hub: Hub, end: CommandServer) -> None:
        self._hub = hub
        self._end = end
        self._began = time.monotonic()
        self._asked: dict[str, float] = {}
        self.shutdown_asked = False

    def watch(self, poll: Poll) -> None:
        """Say what wakes the loop."""
        poll.add(self._end)

    def turn(self, slept_s: float = 0.0) -> bool:
        """Answer what has come, and end the sources of clients that have gone. True if something was answered.

        Args:
            slept_s: so long the daemon itself did not run, and could hear nobody.
        """
        self._asked = {source: moment + slept_s for source, moment in self._asked.items()}
        answered = False
        while True:
            try:
                received = self._end.receive()
            except Malformed as error:
                log.warning("passed over a command: %s", error.message)
                continue
            if received is None:
                break
            address, text = received
            try:
                answer = commands.write_answer(self._answer(commands.read_request(text)))
            except StenoError as error:
                answer = commands.write_answer(error)
            except Exception as error:
                log.exception("a command could not be handled")
                answer = commands.write_answer(StenoError(f"internal error: {type(error).__name__}: {error}"))
            self._end.reply(address, answer)
            answered = True
        self._end_abandoned()
        return answered

    def _answer(self, request: commands.AnyRequest) -> object:
        hub = self._hub
        match request:
            case commands.Status():
                return self._status()
            case commands.Start():
                hub.takes.start(request, time.monotonic_ns())
            case commands.Stop(at_ns=at_ns, key_press=key_press):
                hub.takes.stop(at_ns, time.monotonic_ns(), key_press)
            case commands.Toggle():
                hub.takes.toggle(request, time.monotonic_ns())
            case commands.CancelSpeech(key_press=key_press):
                hub.takes.cancel(time.monotonic_ns(), key_press)
            case commands.SetContext(take=take, context=context):
                hub.takes.add_context(take, context)
                return Done()
            case commands.TellTypist(action=action):
                hub.publish(events.Typist, action=action)
                return Done()
            case commands.Open():
                return self._open(request)
            case commands.Progress(source=source):
                return self._progress(source)
            case commands.Commit(on=on, source=source):
                hub.ear.commit(on, source)
                return Done()
            case commands.Close(source=source):
                return self._close(source)
            case commands.Shutdown():
                self.shutdown_asked = True
                return Done()
        trouble = (hub.utterances.lost or hub.ear.trouble) if hub.takes.listening else ""
        return ListeningReply(
            listening=hub.takes.listening,
            take=hub.takes.latest.number,
            trouble=f"nothing comes of what is said: {trouble}" if trouble else "",
        )

    def _progress(self, source: str) -> ProgressReply:
        self._asked[source] = time.monotonic()
        utterances, track = self._hub.utterances, self._hub.sources.find(source)
        if track is None:
            return self._hub.sources.progress(source, None)
        working = utterances.working(track, time.monotonic_ns())
        return self._hub.sources.progress(source, utterances.finished_to(track), working)

    def _open(self, request: commands.Open) -> OpenReply:
        track = self._hub.sources.open(request)
        if request.private:
            self._hub.publisher.make_private(track.origin.id)
        self._hub.open_process(track)
        self._asked[track.origin.id] = time.monotonic()
        return OpenReply(source=track.origin.id)

    def _close(self, source: str) -> Done:
        track = self._hub.sources.find(source)
        if track is None:
            raise UsageError(f"there is no source {source!r}")
        self._hub.drop(track)
        return Done()

    def _end_abandoned(self) -> None:
        now, now_ns = time.monotonic(), time.monotonic_ns()
        for track in self._hub.sources:
            asked = self._asked.get(track.origin.id)
            if track.origin.kind == "network" and not track.ended and asked is not None:
                quiet_s = min(now - asked, (now_ns - track.heard_ns) / 1e9)
                if quiet_s > IDLE_SOURCE_S:
                    self._hub.ear.end(track, "its client has gone")
        self._asked = {s: t for s, t in self._asked.items() if self._hub.sources.find(s) is not None}

    def _status(self) -> StatusReply:
        hub = self._hub
        workers = hub.worker_states
        return StatusReply(
            daemon=hub.daemon,
            version=version("steno"),
            pid=os.getpid(),
            uptime=round(time.monotonic() - self._began, 3),
            ready=all(state == State.READY for state in workers.values()),
            listening=hub.takes.listening,
            mode=hub.settings.daemon.mode,
            workers=workers,
            details=hub.details | {track.origin.id: track.detail for track in hub.sources if track.detail},
            sources={track.origin.id: track.state for track in hub.sources},
            restarts={name: hub.supervisor.restarts(name) for name in workers},
            utterances=hub.utterances.finals,
            backlog=round(hub.utterances.backlog_samples / SAMPLE_RATE, 3),
            pace=hub.utterances.pace,
            take=hub.takes.latest.number,
            held=hub.takes.listening and hub.takes.latest.held,
            levels=self._levels(),
        )

    def _levels(self) -> dict[str, float]:
        levels = {track.origin.id: track.level() for track in self._hub.sources if track.state in HEARD}
        return {source: level for source, level in levels.items() if level is not None}
