"""`steno type` as a process on a screen of its own, with a daemon that says what the test wants said."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from clients.typist import journal
from pipeline import commands, events
from tests.clients.fake_daemon import FakeDaemon, FakePublisher
from tests.system.screen import Screen
from tests.system.sound_server import until

ROOT = Path(__file__).parents[2]
DEFAULTS = "[feedback]\nsounds = false\nnotifications = false\n[text]\ncapitals = false\n"


class Desk:
    """A screen, a daemon, and typists. A context manager."""

    def __init__(self, screen: Screen, runtime: Path) -> None:
        self.screen = screen
        self.runtime = runtime
        self.daemon = FakeDaemon(runtime)
        self.log = runtime.parent / "typist.log"
        self.environ = screen.environ | {"STENO_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ROOT)}
        self.typists: list[subprocess.Popen[bytes]] = []
        self.numbers = itertools.count(1)

    def __enter__(self) -> Desk:
        self.daemon.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for typist in self.typists:
            typist.kill()
            typist.wait()
        self.daemon.__exit__()

    def configure(self, text: str) -> None:
        """Settings of the typists that start from now on, beside the test's own."""
        path = self.runtime.parent / "config.toml"
        path.write_text(DEFAULTS + text, encoding="utf-8")
        self.environ["STENO_CONFIG"] = str(path)

    def start(self, *arguments: str, ready: str = "Typing into") -> subprocess.Popen[bytes]:
        """A typist; returns when it has said that it is ready."""
        if "STENO_CONFIG" not in self.environ:
            self.configure("")
        before = self.said().count(ready)
        with self.log.open("ab") as log:
            line = [sys.executable, "-m", "clients.cli", "type", *arguments]
            typist = subprocess.Popen(line, env=self.environ, cwd=ROOT, stderr=log, stdout=log)
        self.typists.append(typist)
        until(lambda: self.said().count(ready) > before or typist.poll() is not None, 20)
        assert typist.poll() is None, self.said()
        return typist

    def steno(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command, to its end."""
        line = [sys.executable, "-m", "clients.cli", *arguments]
        return subprocess.run(line, env=self.environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)

    def tell(self, action: str) -> None:
        """`steno undo-last` or `retype-last`; the daemon of these tests publishes nothing by itself."""
        done = self.steno(action)
        assert done.returncode == 0, done.stderr
        assert self.daemon.requests[-1] == commands.TellTypist(action=action)  # type: ignore[arg-type]
        self.daemon.do(lambda fake: fake.publish(events.Typist, action=action))

    def said(self) -> str:
        """What all typists have told so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def wait_for(self, text: str, timeout_s: float = 10.0) -> None:
        """Wait until a typist has told this."""
        try:
            until(lambda: text in self.said(), timeout_s)
        except AssertionError:
            assert text in self.said()
            raise

    def press(self, output: str = "") -> int:
        """Begin a take, and wait until the typist has seen where; returns its number, which is also its utterance's."""
        take = next(self.numbers)

        def begin(fake: FakePublisher) -> None:
            now = time.monotonic_ns()
            fake.publish(events.Listening, on=True, take=take, at_ns=now, held=True, output=output)
            fields: dict[str, Any] = {"source": "mic", "utterance": take, "start": 0.0, "origin_ns": now, "take": take}
            fake.publish(events.SpeechStarted, **fields)

        self.daemon.do(begin)
        until(lambda: any(aim.take == take for aim in journal.read(self.runtime).aims), 10)
        return take

    def partial(self, take: int, committed: str, tail: str = "") -> None:
        """Words so far."""
        fields: dict[str, Any] = {"revision": 1, "language": "", "end": 1.0, "take": take}
        self.daemon.do(
            lambda fake: fake.publish(
                events.Partial, source="mic", utterance=take, committed=committed, tail=tail, **fields
            )
        )

    def final(self, take: int, text: str) -> None:
        """The whole text."""
        self.daemon.do(lambda fake: fake.final(text, take, take=take))

    def say(self, text: str) -> int:
        """Press, say it, let go."""
        take = self.press()
        self.final(take, text)
        return take

    def entries(self) -> list[journal.Entry]:
        """The texts of the journal."""
        return list(journal.read(self.runtime).entries.values())

    def settled(self) -> bool:
        """Whether the typist has done with every text."""
        return all(entry.state not in ("open", "waiting") for entry in self.entries())


@pytest.fixture
def desk(screen: Screen, runtime: Path) -> Iterator[Desk]:
    """A desk without a typist."""
    with Desk(screen, runtime) as made:
        yield made
