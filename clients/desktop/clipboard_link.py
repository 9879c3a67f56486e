"""The typist's end of the pipe to the process that holds the clipboard.

It owns that process and the time that it may take to answer. What the process does is its own business.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from pipeline.errors import StenoError

ANSWER_S = 10.0
"""A large content may have to be read from a slow program first."""


class ClipboardLink:
    """A running holder.

    Raises:
        StenoError: by every method, when the holder has died or does not answer.
    """

    def __init__(self, kind: str, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "clients.desktop.clipboard_holder", kind],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._read = b""
        self._events: list[str] = []
        first = self._next(ANSWER_S)
        if first is None or first["is"] != "ready":
            raise StenoError(f"The clipboard cannot be used: {(first or {}).get('why', 'its holder does not answer')}")

    @property
    def pid(self) -> int:
        """Process id of the holder."""
        return self._process.pid

    def offer(self, text: str, selection: str, client: int) -> str:
        """See `clients.desktop.clipboard.Clipboard.offer`."""
        self._events.clear()
        return str(self._ask({"do": "offer", "text": text, "selection": selection, "client": client})["refused"])

    def arm(self) -> bool:
        """See `clients.desktop.clipboard.Clipboard.arm`."""
        return bool(self._ask({"do": "arm"})["waits"])

    def receipt(self, timeout_s: float) -> str:
        """Wait until it is known what became of the text: `pasted`, `lost`, or empty if nothing is."""
        until = time.monotonic() + timeout_s
        while not self._events and (left := until - time.monotonic()) > 0:
            said = self._next(left)
            if said is not None:
                self._events.append(said["is"])
        return self._events.pop(0) if self._events else ""

    def restore(self) -> bool:
        """See `clients.desktop.clipboard.Clipboard.restore`."""
        return bool(self._ask({"do": "restore"})["ours"])

    def hold(self, text: str) -> None:
        """Put a text on the clipboard to stay there."""
        if refused := self._ask({"do": "hold", "text": text})["refused"]:
            raise StenoError(f"The text could not be put on the clipboard: {refused}")

    def read(self) -> str:
        """The text on the clipboard; empty if there is none."""
        said = self._ask({"do": "read"})
        if said["is"] == "failed":
            raise StenoError(f"The clipboard cannot be read: {said['why']}")
        return str(said["text"])

    def close(self) -> None:
        """Let it put back what it has, and serve that for as long as it is needed."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        # It may live on: Popen's destructor would complain of that, and reap it too early.
        self._process.returncode = self._process.poll() or 0

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise StenoError("The process that holds the clipboard has ended") from None
        until = time.monotonic() + ANSWER_S
        while (left := until - time.monotonic()) > 0:
            said = self._next(left)
            if said is None:
                break
            if said["is"] not in ("pasted", "lost"):
                return said
            self._events.append(said["is"])
        raise StenoError(f"The process that holds the clipboard did not answer within {ANSWER_S:g} s")

    def _next(self, timeout_s: float) -> dict[str, Any] | None:
        """The next line it says; None if it says nothing in time.

        Raises:
            StenoError: it has ended.
        """
        assert self._process.stdout is not None
        until = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._read:
                if not selector.select(max(0.0, until - time.monotonic())):
                    return None
                new = os.read(self._process.stdout.fileno(), 65536)
                if not new:
                    raise StenoError("The process that holds the clipboard has ended")
                self._read += new
        line, _, self._read = self._read.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said
