"""The process that holds the clipboard, for a paste or for good.

It is `python -m clients.desktop.clipboard_holder x11|wayland`. It owns the order of things, and what becomes of the old
content when the typist dies: its end of the pipe is then closed by the kernel, and the old content is put back.
Requests and answers are JSON, one a line. What a clipboard is made of is the business of the two clipboards.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
from collections.abc import Mapping
from typing import Any

from clients.desktop.clipboard import Clipboard
from pipeline.errors import StenoError


class Holder:
    """A clipboard, and the typist at the other end of two pipes."""

    def __init__(self, clipboard: Clipboard, requests: int, answers: int) -> None:
        self._clipboard = clipboard
        self._requests = requests
        self._answers = answers
        self._read = b""
        self._typist = True

    def run(self) -> None:
        """Serve until the typist is gone and nothing needs to be served any more."""
        while self._typist or self._clipboard.serving:
            # A request may have left something to do: then nothing need become readable.
            self._turn()
            files = self._clipboard.filenos() + [self._requests] * self._typist
            with selectors.DefaultSelector() as selector:
                for file in files:
                    selector.register(file, selectors.EVENT_READ)
                ready = {key.fd for key, _ in selector.select()}
            # What the clipboard has to say belongs to the request before.
            self._turn()
            if self._requests in ready:
                self._hear()
        self._clipboard.close()

    def _turn(self) -> None:
        if happened := self._clipboard.turn():
            self._say({"is": happened})

    def _hear(self) -> None:
        new = os.read(self._requests, 65536)
        if not new:
            self._leave()
            return
        *lines, self._read = (self._read + new).split(b"\n")
        for line in lines:
            self._say(self._answer(json.loads(line)))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "offer":
            refused = self._clipboard.offer(request["text"], request["selection"], request["client"])
            return {"is": "offered", "refused": refused}
        if request["do"] == "arm":
            return {"is": "armed", "waits": self._clipboard.arm()}
        if request["do"] == "restore":
            return {"is": "restored", "ours": self._clipboard.restore()}
        if request["do"] == "hold":
            return {"is": "held", "refused": self._clipboard.hold(request["text"])}
        try:
            return {"is": "read", "text": self._clipboard.read()}
        except StenoError as error:
            return {"is": "failed", "why": error.message}

    def _say(self, answer: dict[str, Any]) -> None:
        if not self._typist:
            return
        try:
            os.write(self._answers, json.dumps(answer).encode() + b"\n")
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        """The typist is gone, whether it said so or not."""
        if self._typist:
            self._typist = False
            self._clipboard.restore()


def open_clipboard(kind: str, environ: Mapping[str, str]) -> Clipboard:
    """The clipboard of an X server (`x11`) or of a Wayland desktop.

    Raises:
        StenoError: the X server cannot be reached.
    """
    if kind == "x11":
        from clients.desktop.x11_clipboard import X11Clipboard

        return X11Clipboard(environ["DISPLAY"])
    from clients.desktop.wayland_clipboard import WaylandClipboard

    return WaylandClipboard(environ)


def main() -> int:
    """Hold the clipboard of the kind that the first argument names."""
    # It outlives the typist, and what ends that in a terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        clipboard = open_clipboard(sys.argv[1], os.environ)
    except StenoError as error:
        os.write(1, json.dumps({"is": "failed", "why": error.message}).encode() + b"\n")
        return 1
    os.write(1, b'{"is": "ready"}\n')
    Holder(clipboard, 0, 1).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
