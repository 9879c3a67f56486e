"""A daemon for one command alone: started as a child in a runtime directory of its own, and gone with it.

It owns the child process, its directory and its log. It does not know what the daemon is used for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from clients import launch
from clients.control import is_running
from clients.terminal import clean
from pipeline import commands
from pipeline.commands import StatusReply
from pipeline.errors import AudioError, NotRunningError, StenoError
from pipeline.sockets import NAMES, Wire, socket_path

READY_S = 300.0
END_S = 5.0
TAIL_LINES = 15


class PrivateDaemon:
    """A context manager: leaving it ends the daemon and removes its directory, whatever happened."""

    def __init__(self, config: Path | None, settings: Mapping[str, str]) -> None:
        """Prepare it; without a config file it has the defaults, not the user's own settings."""
        self._config = config
        self._settings = settings

    def __enter__(self) -> PrivateDaemon:
        self._folder = tempfile.TemporaryDirectory(prefix="steno-", dir=_short_place(), ignore_cleanup_errors=True)
        self.runtime = Path(self._folder.name)
        self._log = self.runtime / "daemon.log"
        config = self._config
        if config is None:
            config = self.runtime / "config.toml"
            config.touch()
        self.wire = Wire(self.runtime)
        line = launch.command(self.runtime, config, self._settings)
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C reaches this process alone, which then ends the daemon in order.
            self._child = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(value, Exception) and not isinstance(value, AudioError):  # of those the daemon knows no more
            print("The daemon's last words:", *self._tail(), sep="\n  ", file=sys.stderr)
        asked = False
        if self._child.poll() is None:
            with suppress(StenoError):
                commands.ask(self.wire, commands.Shutdown(), commands.Done, timeout_s=1.0)
                asked = True
        self.wire.close()
        self._end(asked)
        self._folder.cleanup()

    def _end(self, asked: bool) -> None:
        """Wait for its end if it was asked to end; make it end if it was not, or does not."""
        for send in (None, self._child.terminate, self._child.kill):
            if send is not None:
                send()
            elif not asked:
                continue
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(END_S)
                break
        if os.name != "nt":
            with suppress(ProcessLookupError, PermissionError):  # its workers, should it have left any
                os.killpg(self._child.pid, signal.SIGKILL)

    def check(self) -> None:
        """See that it lives.

        Raises:
            StenoError: it has ended.
        """
        if (code := self._child.poll()) is not None:
            raise StenoError(f"the daemon has ended by itself (exit code {code})")

    def wait_ready(self, show: Callable[[str], None], look: Callable[[StatusReply], None] | None = None) -> None:
        """Wait until it has loaded its models.

        Args:
            show: told what is waited for.
            look: given the daemon's state again and again; what it raises ends the waiting.

        Raises:
            StenoError: it ended, a worker failed, or it took too long.
        """
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            self.check()
            status = self._status()
            if status is None:
                show("starting the daemon")
            else:
                if look is not None:
                    look(status)
                failed = [name for name, state in status.workers.items() if state == "failed"]
                if failed:
                    raise StenoError(f"the daemon's {failed[0]} has failed: {status.details.get(failed[0], '')}")
                if status.ready:
                    return
                show("waiting for " + ", ".join(_waited_for(status)))
            time.sleep(0.1)
        raise StenoError(f"the daemon was not ready within {READY_S:g} s")

    def _status(self) -> StatusReply | None:
        if not is_running(self.runtime):
            return None
        try:
            return commands.ask(self.wire, commands.Status(), StatusReply, timeout_s=1.0)
        except NotRunningError:
            return None

    def _tail(self) -> list[str]:
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.is_file() else ""
        return [clean(line) for line in text.splitlines()[-TAIL_LINES:]] or ["(none)"]


def _waited_for(status: StatusReply) -> list[str]:
    names = [name for name, state in status.workers.items() if state != "ready"]
    return [f"{name} ({status.details[name]})" if status.details.get(name) else name for name in names]


def _short_place() -> str | None:
    """None for the usual place of temporary files, unless its path is too long for sockets."""
    try:
        for name in NAMES:
            socket_path(Path(tempfile.gettempdir()) / "steno-12345678", name)
    except StenoError:
        return "/tmp"
    return None
