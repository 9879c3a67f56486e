"""A D-Bus session of its own for a test: a real dbus-daemon, and nothing on it but what the test starts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

PACKAGES = "dbus at-spi2-core"


class SessionBusDaemon:
    """A running dbus-daemon; `environ` is what a child process needs to use it."""

    def __init__(self, directory: Path, environ: Mapping[str, str] = os.environ) -> None:
        """Services that the bus starts by itself see this environment too."""
        if shutil.which("dbus-daemon") is None:
            pytest.fail(f"missing: dbus-daemon. Run `make test-system`, or: apt-get install {PACKAGES}")
        runtime = directory / "run"
        runtime.mkdir(mode=0o700, parents=True)
        kept = {k: v for k, v in environ.items() if not k.startswith(("DBUS_", "XDG_RUNTIME", "AT_SPI_"))}
        # No settings are read from, or written to, whoever runs the test.
        self.environ = kept | {
            "XDG_RUNTIME_DIR": str(runtime),
            "HOME": str(directory),
            "XDG_CONFIG_HOME": str(directory / "config"),
            "GSETTINGS_BACKEND": "memory",
        }
        reader, writer = os.pipe()
        line = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--print-address={writer}"]
        self.process = subprocess.Popen(
            line, env=self.environ, pass_fds=(writer,), stderr=subprocess.DEVNULL, start_new_session=True
        )
        os.close(writer)
        with os.fdopen(reader) as addresses:
            self.address = addresses.readline().strip()
        assert self.address, "dbus-daemon did not start"
        self.environ["DBUS_SESSION_BUS_ADDRESS"] = self.address

    def close(self) -> None:
        """End it; services on it end with it."""
        self.process.kill()
        self.process.wait()
