"""Typing through `dotool`: a keyboard in the kernel (uinput), for any desktop on Linux.

It owns how dotool is spoken to. dotool presses the keys of one layout (DOTOOL_XKB_LAYOUT, else US): it can type what
stands on that layout, if it is the desktop's own.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping

from clients.desktop.programs import TIMEOUT_S, found
from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import press_in_groups, type_in_pieces

UINPUT = "/dev/uinput"
MARK = "steno-mark"
"""No command of dotool. It complains of it when it has done all that stood before: that is how it tells."""
COMPLAINT = f"unknown command: {MARK}"


class DotoolBackend:
    """`dotool`, kept running: the desktop takes a while to notice a new keyboard."""

    name = "dotool"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop, device: str = UINPUT) -> None:
        self._environ = environ
        self._desktop = desktop
        self._device = device
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = b""

    def probe(self) -> Probe:
        """Whether it is installed, and may make a keyboard."""
        if found("dotool", self._environ) is None:
            return Probe(False, "dotool is not installed", "https://sr.ht/~geb/dotool, or your system's package")
        if not os.access(self._device, os.R_OK | os.W_OK):
            hint = "install dotool's udev rule, add yourself to the group `input`, and log in again"
            return Probe(False, f"dotool may not use {self._device}", hint)
        layout = self._environ.get("DOTOOL_XKB_LAYOUT") or self._environ.get("XKB_DEFAULT_LAYOUT") or "us"
        text = f"dotool works for what stands on the layout `{layout}`; held modifier keys cannot be seen"
        return Probe(True, text, "set DOTOOL_XKB_LAYOUT if yours is another", exact=False)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type it word by word, up to the first that the layout cannot write."""
        return type_in_pieces(text, place, about, self._desktop, lambda piece: self._tell(f"type {piece}"))

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return press_in_groups(count, place, self._desktop, lambda times: self._tell(f"key {' '.join([key] * times)}"))

    def close(self) -> None:
        """End dotool; the kernel then lets go what it held."""
        process, self._process, self._heard = self._process, None, b""
        if process is None:
            return
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()

    def _tell(self, command: str) -> str:
        """Have dotool carry out one command; what went wrong, or nothing."""
        assert "\n" not in command, "a line break would begin another command"
        try:
            process = self._running()
            assert process.stdin is not None
            process.stdin.write(f"{command}\n{MARK}\n".encode())
            process.stdin.flush()
        except OSError as error:
            self.close()
            return f"dotool failed: {error.strerror}"
        return self._answer(process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                ["dotool"],
                env=dict(self._environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        return self._process

    def _answer(self, process: subprocess.Popen[bytes]) -> str:
        """Read what it says until it has come to the mark."""
        assert process.stderr is not None
        until = time.monotonic() + TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            selector.register(process.stderr, selectors.EVENT_READ)
            while COMPLAINT.encode() not in self._heard:
                ready = selector.select(max(0.0, until - time.monotonic()))
                new = os.read(process.stderr.fileno(), 65536) if ready else b""
                self._heard += new
                if not new:
                    why = "ended" if ready else f"did not answer within {TIMEOUT_S:g} s"
                    said = self._heard.decode(errors="replace").strip().splitlines()
                    self.close()
                    return f"dotool {why}" + (f": {said[-1]}" if said else "")
        before, _, self._heard = self._heard.partition(COMPLAINT.encode())
        complaints = [line for line in before.decode(errors="replace").splitlines() if "WARNING" in line]
        complaints = [line for line in complaints if not line.rstrip().endswith("WARNING:")]
        # The character itself stays out of it: it is a part of what was said.
        return "dotool cannot type this on its layout (DOTOOL_XKB_LAYOUT)" if complaints else ""
