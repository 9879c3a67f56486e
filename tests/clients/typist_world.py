"""A desktop in memory, a back-end that types into it, and a typist between them and scripted events."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clients.desktop.window import Window
from clients.text.form import Former
from clients.typist import choice, recovery
from clients.typist.backend import DISTURBED, About, Key, Outcome, Place, Probe, Stopped
from clients.typist.hand import Hand
from clients.typist.journal import Journal
from clients.typist.placing import NANO, Rules
from clients.typist.session import Session
from clients.typist.speech import Context, Insert, Record, Say, TakeBack, View
from pipeline import events
from pipeline.settings import Settings
from tests.clients.fake_daemon import TIMINGS

A = Window("m:1", "Editor", "a", "editor", 1)
B = Window("m:2", "Terminal", "b", "term", 2)


class Killed(BaseException):
    """What ends a typist in the middle."""


class MemoryDesktop:
    """Windows are texts; `touch` is the user."""

    name = "memory"

    def __init__(self) -> None:
        self.window: Window | None = A
        self.sees_focus = True
        self.secret_why = ""
        self.count: int | None = 0
        self.texts: dict[str, str] = {}

    def focused(self) -> Window | None:
        return self.window if self.sees_focus else None

    def secret(self) -> str:
        return self.secret_why

    def disturbances(self) -> int | None:
        return self.count

    def touch(self, text: str = "") -> None:
        """The user presses keys there."""
        self.count = None if self.count is None else self.count + max(1, len(text))
        self.put(text)

    def put(self, text: str) -> None:
        assert self.window is not None
        self.texts[self.window.id] = self.texts.get(self.window.id, "") + text

    def close(self) -> None:
        pass


class MemoryBackend:
    """Types a character at a time; `before` is called with how many it has typed, and may stop it."""

    def __init__(self, desktop: MemoryDesktop, name: str = "memory") -> None:
        self.name = name
        self.desktop = desktop
        self.typed = 0
        self.piece = 1
        self.before: Callable[[int], Stopped] = lambda typed: ""
        self.dies: tuple[int, int] | None = None
        """Behind so many characters the process is killed, when so many of the next piece have arrived."""

    def probe(self) -> Probe:
        return Probe(True, "it is in memory")

    def _stopped(self, place: Place) -> Stopped:
        stopped = self.before(self.typed)
        if not stopped and place.window is not None and self.desktop.window != place.window:
            return "focus"
        return stopped or ("disturbed" if place.undisturbed not in (None, self.desktop.count) else "")

    def type(self, text: str, place: Place, about: About) -> Outcome:
        assert "\n" not in text
        done = 0
        while done < len(text):
            if stopped := self._stopped(place):
                return Outcome(done, stopped)
            piece = text[done : done + self.piece]
            about(done + len(piece))
            if self.dies is not None and self.typed >= self.dies[0]:
                self.desktop.put(piece[: self.dies[1]])
                raise Killed
            self.desktop.put(piece)
            done += len(piece)
            self.typed += len(piece)
        return Outcome(done)

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        for done in range(count):
            if self.dies is not None:
                raise Killed
            if stopped := self._stopped(place):
                return Outcome(done, stopped, DISTURBED if stopped == "disturbed" else "")
            if key == "backspace":
                assert self.desktop.window is not None
                self.desktop.texts[self.desktop.window.id] = self.desktop.texts[self.desktop.window.id][:-1]
            else:
                self.desktop.put({"enter": "⏎", "shift+enter": "⇧"}[key])
        return Outcome(count)

    def close(self) -> None:
        pass


class World:
    """A typist that hears what the test lets happen. `settings` are those of config.toml, as nested dicts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, runtime: Path, **settings: Any) -> None:
        self.settings = msgspec.convert(settings, Settings)
        self.runtime = runtime
        self.monkeypatch = monkeypatch
        self.desktop = MemoryDesktop()
        self.backend = MemoryBackend(self.desktop)
        self.others: list[MemoryBackend] = []
        self.said: list[str] = []
        self.contexts: list[tuple[int, str]] = []
        self.ns = NANO
        self.seq = itertools.count(1)
        self.finals: list[events.Final] = []
        self.daemon = "one"
        self.wall = 1000.0
        self.key_press = False
        """Whether presses are of keys that the desktop counts."""
        self.start()

    def start(self) -> None:
        """A typist begins; the one before it, if there was one, was killed."""
        offered = iter([self.backend, *self.others])
        self.monkeypatch.setattr(choice, "choose", lambda *_: self._next(offered))
        typing = self.settings.typing
        self.hand = Hand("auto", {}, self.desktop, typing.modifier_wait_s, lambda: None, self.said.append)
        self.session = Session(
            typing,
            typing.mode,
            Rules(typing, self.settings.text),
            Former(self.settings.text),
        )
        self.journal = Journal(self.runtime, self.said.append)
        self.journal.past.written = self.wall
        shot = self.make(events.Snapshot, state=self._state(), partials=[], finals=self.finals)
        seen = recovery.resume(self.session, self.journal.past, shot, self.view(), self.wall, typing.catch_up_s)
        self.journal.seen(self.daemon, seen)
        self.work()

    def _next(self, offered: Any) -> tuple[MemoryBackend, str]:
        from pipeline.errors import StenoError

        for backend in offered:
            return backend, f"{backend.name} types"
        raise StenoError("nothing can type")

    def _state(self) -> Any:
        workers = {"aligner": "ready"}
        return self.make(events.State, ready=True, listening=True, mode="always", workers=workers, sources={})

    def make(self, kind: type[Any], **fields: Any) -> Any:
        return kind(daemon=self.daemon, seq=next(self.seq), time=self.wall, **fields)

    def view(self) -> View:
        self.ns += NANO // 100
        d = self.desktop
        return View(self.ns, d.focused(), d.sees_focus, d.secret(), d.disturbances())

    def hear(self, kind: type[Any], **fields: Any) -> None:
        event = self.make(kind, **fields)
        if kind is events.Final:
            self.finals.append(event)
        self.session.hear(event, self.view())
        self.work()

    def work(self) -> None:
        while (do := self.session.next(self.view())) is not None:
            match do:
                case Insert() | TakeBack():
                    self.session.told(self.hand.perform(do, self.journal))
                    self.journal.put(do.entry)
                case Record(entries=entries, aim=aim):
                    self.journal.put(*entries)
                    if aim is not None:
                        self.journal.aim(aim)
                case Say(text=text):
                    self.said.append(text)
                case Context(take=take, context=context):
                    self.contexts.append((take, context))

    def press(self, take: int, output: str = "") -> None:
        self.hear(
            events.Listening, on=True, take=take, at_ns=self.ns, held=True, output=output, key_press=self.key_press
        )

    def begin(self, utterance: int, take: int = 0) -> None:
        self.hear(events.SpeechStarted, source="mic", utterance=utterance, start=0.0, origin_ns=self.ns, take=take)

    def partial(self, utterance: int, committed: str, tail: str = "", take: int = 0) -> None:
        self.hear(
            events.Partial,
            source="mic",
            utterance=utterance,
            revision=1,
            committed=committed,
            tail=tail,
            language="",
            end=1.0,
            take=take,
        )

    def final(self, utterance: int, text: str, take: int = 0, error: str = "") -> None:
        self.hear(
            events.Final,
            source="mic",
            utterance=utterance,
            text=text,
            language="",
            start=0.0,
            end=1.0,
            timings=TIMINGS,
            take=take,
            error=error,
        )

    def say(self, text: str, utterance: int, take: int = 0) -> None:
        """Press, say it, and let go."""
        self.press(take or utterance)
        self.begin(utterance, take or utterance)
        self.final(utterance, text, take or utterance)

    def tell(self, action: str) -> None:
        self.hear(events.Typist, action=action)

    @property
    def a(self) -> str:
        return self.desktop.texts.get(A.id, "")

    @property
    def b(self) -> str:
        return self.desktop.texts.get(B.id, "")

    @property
    def heard(self) -> str:
        """All that was said to the user."""
        return "\n".join(self.said)


Make = Callable[..., World]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    """Makes a world with these settings."""

    def make(**settings: Any) -> World:
        return World(monkeypatch, tmp_path, **settings)

    return make
