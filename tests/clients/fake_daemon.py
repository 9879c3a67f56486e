"""A daemon without ears: it answers commands, takes sound, and publishes what the test tells it to."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline import commands, events
from pipeline.lock import RuntimeLock
from pipeline.messages import SAMPLE_RATE, Audio
from pipeline.sockets import EventPublisher, Poll, Wire

TIMINGS = events.Timings(
    audio=1.0, encode=0.1, prefill=0.2, prefill_tokens=20, generate=0.3, generate_tokens=30, steps=2, wait=0.05
)


class FakePublisher:
    """The event stream of one daemon: counts, sends, remembers finals for snapshots."""

    def __init__(self, end: EventPublisher, daemon: str = "one") -> None:
        self.end = end
        self.daemon = daemon
        self.seq: dict[str, int] = {}
        self.finals: list[events.Final] = []
        self.snapshots = 0

    def make(self, kind: type[Any], stream: str = "event", **fields: Any) -> Any:
        self.seq[stream] = self.seq.get(stream, 0) + 1
        return kind(daemon=self.daemon, seq=self.seq[stream], time=0.0, **fields)

    def publish(self, kind: type[Any], stream: str = "event", lost: bool = False, **fields: Any) -> bytes:
        """Publish an event; `lost` is one that this subscriber's full queue dropped."""
        event = self.make(kind, stream, **fields)
        if isinstance(event, events.Final) and stream == "event":
            self.finals.append(event)
        text = events.to_json(event)
        if not lost:
            self.end.send(f"{stream}.{kind.__struct_config__.tag}", text)
        return text

    def final(self, text: str, utterance: int, stream: str = "event", lost: bool = False, **fields: Any) -> bytes:
        given = {"source": "mic", "language": "English", "start": 0.0, "end": 1.0, "timings": TIMINGS} | fields
        return self.publish(events.Final, stream, lost, text=text, utterance=utterance, **given)

    def answer_subscriptions(self) -> None:
        while (topic := self.end.subscription()) is not None:
            if topic.startswith("snap."):
                self.snapshots += 1
                self.end.send(topic, events.to_json(self.snapshot(private=topic.startswith("snap.private."))))

    def snapshot(self, private: bool = False) -> events.Snapshot:
        common: dict[str, Any] = {"daemon": self.daemon, "time": 0.0, "seq": self.seq.get("event", 0)}
        state = events.State(**common, ready=True, listening=True, mode="always", workers={}, sources={})
        if private:
            common["seq"] = 0
        return events.Snapshot(**common, state=state, partials=[], finals=[] if private else list(self.finals))


class FakeDaemon:
    """Runs in a thread. Each network source gets the text `hears` for its whole sound."""

    def __init__(self, runtime: Path, daemon: str = "one", hears: str = "Hello there.") -> None:
        self.runtime = runtime
        self.hears = hears
        self.requests: list[commands.AnyRequest] = []
        self.audio: list[Audio] = []
        self.ended: dict[str, int] = {}
        self.private: set[str] = set()
        self.workers = {"encoder": "ready", "decoder": "ready", "aligner": "ready"}
        self.sources = {"mic": "opened"}
        self.details = {"encoder": "miniature \x1b[31mfp32"}
        self.pace = "full"
        self.error = ""
        self.trouble = ""
        self.final_error = ""
        self.words_error = ""
        self._name = daemon
        self._todo: list[Callable[[FakePublisher], object]] = []
        self._stop = threading.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> FakeDaemon:
        self.runtime.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        assert self._up.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def do(self, action: Callable[[FakePublisher], object]) -> None:
        """Have the daemon's thread do this; returns when it is done."""
        done = threading.Event()

        def run(publisher: FakePublisher) -> None:
            action(publisher)
            done.set()

        self._todo.append(run)
        assert done.wait(5)

    def wait_for_subscribers(self, count: int = 1) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            seen: list[int] = []
            self.do(lambda publisher, seen=seen: seen.append(publisher.snapshots))  # type: ignore[misc]
            if seen[0] >= count:
                return
            time.sleep(0.02)
        raise AssertionError("nobody subscribed")

    def _run(self) -> None:
        with RuntimeLock(self.runtime), Wire(self.runtime) as wire:
            server, inbox = wire.command_server(), wire.inbox("hub")
            publisher = FakePublisher(wire.event_publisher(1000), self._name)
            poll = Poll()
            for end in (server, inbox, publisher.end):
                poll.add(end)
            self._up.set()
            while not self._stop.is_set():
                poll.wait(0.01)
                publisher.answer_subscriptions()
                while (request := server.receive()) is not None:
                    server.reply(request[0], self._answer(request[1]))
                while (received := inbox.receive()) is not None:
                    self._hear(received[0], publisher)
                while self._todo:
                    self._todo.pop(0)(publisher)
        for path in self.runtime.glob("*.sock"):
            path.unlink()

    def _answer(self, text: bytes) -> bytes:
        request = commands.read_request(text)
        self.requests.append(request)
        match request:
            case commands.Status():
                return commands.write_answer(self._status())
            case commands.Open():
                source = f"{request.kind}-{len(self.requests)}"
                if request.private:
                    self.private.add(source)
                return commands.write_answer(commands.OpenReply(source=source))
            case commands.Progress(source=source):
                taken = self.ended.get(source, 0)
                reply = commands.ProgressReply(
                    taken=taken, finished=taken, ended=source in self.ended, error=self.error
                )
                return commands.write_answer(reply)
            case commands.Shutdown():
                self._stop.set()
                return commands.write_answer(commands.Done())
            case commands.Close():
                return commands.write_answer(commands.Done())
        listening = not isinstance(request, commands.Stop)
        return commands.write_answer(commands.ListeningReply(listening=listening, trouble=self.trouble * listening))

    def _status(self) -> commands.StatusReply:
        return commands.StatusReply(
            daemon=self._name,
            version="1",
            pid=os.getpid(),
            uptime=75.0,
            ready=True,
            listening=True,
            mode="always",
            workers=self.workers,
            details=self.details,
            sources=self.sources,
            restarts={"encoder": 2},
            utterances=3,
            backlog=0.5,
            pace=self.pace,
        )

    def _hear(self, message: Any, publisher: FakePublisher) -> None:
        assert isinstance(message, Audio)
        self.audio.append(message)
        if not message.end:
            return
        source, end = message.source, message.first_sample / SAMPLE_RATE
        stream = f"private.{source}" if source in self.private else "event"
        publisher.final(self.hears, 1, stream, source=source, end=end, error=self.final_error)
        words = [
            events.TimedWord(word, 0.1 * i, 0.1 * i + 0.1) for i, word in enumerate(self.hears.rstrip(".").split())
        ]
        publisher.publish(
            events.Words, stream, source=source, utterance=1, words=words, align=0.01, error=self.words_error
        )
        self.ended[source] = message.first_sample


@contextlib.contextmanager
def publisher(runtime: Path, daemon: str = "one") -> Iterator[FakePublisher]:
    """An event stream without a thread: the test itself turns it."""
    with Wire(runtime) as wire:
        yield FakePublisher(wire.event_publisher(1000), daemon)
        (runtime / "events.sock").unlink()
