"""A systemd user manager of its own for a test: the real one, with its files in a directory of the test's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.sound_server import until

PACKAGES = "systemd"
PROGRAM = "/usr/lib/systemd/systemd"
# A manager refuses to work where systemd is not the first process, and knows it by this directory: it is given one of
# its own. Its sockets lie elsewhere, so who asks it needs none of that.
SCRIPT = f"mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec {PROGRAM} --user --log-target=console"


class UserManager:
    """A running `systemd --user`; `environ` is what a child process needs to ask it."""

    def __init__(self, directory: Path) -> None:
        if shutil.which("systemctl") is None or not Path(PROGRAM).exists():
            pytest.fail(f"missing: systemd. Run `make test-system`, or: apt-get install {PACKAGES}")
        runtime, self.home = directory / "run", directory / "home"
        for folder in (runtime, self.home):
            folder.mkdir(mode=0o700)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "DBUS_", "STENO_", "NOTIFY_"))}
        self.environ = kept | {"XDG_RUNTIME_DIR": str(runtime), "HOME": str(self.home)}
        rootless = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        self._log = directory / "systemd.log"
        with self._log.open("wb") as log:
            line = ["unshare", "--mount", *rootless, "sh", "-c", SCRIPT]
            self._process = subprocess.Popen(line, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._answers, 20)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        return self.systemctl("show-environment", check=False).returncode == 0

    def systemctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Ask it."""
        return subprocess.run(
            ["systemctl", "--user", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=check,
            timeout=30,
        )

    def show(self, unit: str, key: str) -> str:
        """A property of a unit."""
        return self.systemctl("show", "--value", f"--property={key}", unit).stdout.strip()

    def close(self) -> None:
        """End it, and what it started."""
        # Before it ends: without control groups, as in a container, it would leave behind what runs.
        self.systemctl("stop", "steno-*.service", check=False)
        self.systemctl("exit", "--force", check=False)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
