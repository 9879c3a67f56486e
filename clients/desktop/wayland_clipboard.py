"""The clipboard of a Wayland desktop for one paste: the old content kept, a text offered once, the old put back.

It speaks through `wl-copy` and `wl-paste`, which can offer a content in one form only: content that has other forms
than plain text is therefore never touched. Checking who owns the clipboard and taking it are two steps there; only an
X server knows them as one.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping

from clients.desktop.clipboard import Turn
from pipeline.errors import StenoError

TEXT_TYPES = ("text/plain;charset=utf-8", "UTF8_STRING", "text/plain", "TEXT", "STRING")
"""What wl-copy offers a text as: the best to read first."""
TIMEOUT_S = 3.0
MOST_BYTES = 16_000_000
EMPTY = ("No selection", "Nothing is copied")
"""How wl-paste says so."""


class WaylandClipboard:
    """The clipboard, by the protocol `clients.desktop.clipboard.Clipboard`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._old: tuple[str, bytes] | None = None
        self._copy: subprocess.Popen[bytes] | None = None
        self._armed = False
        self._ended: int | None = None

    def offer(self, text: str, selection: str, client: int) -> str:
        """Keep what is there and offer the text; why not, or nothing."""
        if selection != "CLIPBOARD":
            return "there is one clipboard on Wayland"
        self.restore()
        if refused := self._keep():
            return refused
        if self._old is not None and (wrong := self._run_quietly(["wl-copy", "--clear"])):
            return wrong
        line = ["wl-copy", "--foreground", "--paste-once", "--type", "text/plain"]
        self._copy = self._feed(line, text.encode())
        self._ended = os.pidfd_open(self._copy.pid) if hasattr(os, "pidfd_open") else None
        until = time.monotonic() + TIMEOUT_S
        while not self._types()[0]:
            if self._copy.poll() is not None or time.monotonic() > until:
                self.restore()
                return "another program takes what is put on the clipboard at once, or wl-copy failed"
            time.sleep(0.005)
        return ""

    def arm(self) -> bool:
        """Whether the text still waits to be pasted; what takes it from now on counts as the paste."""
        self._armed = self._copy is not None and self._copy.poll() is None
        return self._armed

    def hold(self, text: str) -> str:
        """See the protocol."""
        self.restore()
        return self._run_quietly(["wl-copy", "--type", "text/plain"], text.encode())

    def read(self) -> str:
        """See the protocol."""
        types, wrong = self._types()
        best = next((name for name in TEXT_TYPES if name in types), None)
        if wrong or best is None:
            if wrong:
                raise StenoError(wrong)
            return ""
        if (content := self._content(best)) is None:
            raise StenoError("the content of the clipboard could not be read")
        return content.decode(errors="replace")

    def filenos(self) -> list[int]:
        """What becomes readable when `turn` has something to do."""
        return [] if self._ended is None else [self._ended]

    def turn(self) -> Turn:
        """Whether the text has been pasted, or another program has taken the clipboard."""
        if self._copy is None or self._copy.poll() is None:
            return ""
        self._forget_copy()
        # wl-copy ends the same way in both cases, but only the other program leaves something there.
        pasted = self._armed and not self._types()[0]
        self._armed = False
        return "pasted" if pasted else "lost"

    def restore(self) -> bool:
        """Put the old content back, unless another program has taken the clipboard; whether it did not."""
        if self._copy is not None:
            self._copy.kill()
            self._copy.wait()
            self._forget_copy()
        old, self._old = self._old, None
        if self._types()[0]:
            return False
        if old is not None:
            self._feed(["wl-copy", "--type", old[0]], old[1]).wait()
        return True

    @property
    def serving(self) -> bool:
        """Whether this process is needed so that the content stays; wl-copy stays by itself."""
        return False

    def close(self) -> None:
        """Nothing more is to be done."""

    def _forget_copy(self) -> None:
        if self._ended is not None:
            os.close(self._ended)
        self._copy = self._ended = None

    def _keep(self) -> str:
        """Read the old content; why it must not be touched, or nothing."""
        types, wrong = self._types()
        if wrong or not types:
            return wrong
        strange = sorted(set(types) - set(TEXT_TYPES))
        best = next((name for name in TEXT_TYPES if name in types), None)
        if strange or best is None:
            return f"the clipboard holds {strange[0]}, which cannot be put back on Wayland"
        content = self._content(best)
        if content is None or len(content) > MOST_BYTES:
            return "the content of the clipboard could not be read, or is too long"
        self._old = (best, content)
        return ""

    def _content(self, kind: str) -> bytes | None:
        """The content in one form; None if it could not be read."""
        try:
            done = subprocess.run(
                ["wl-paste", "--no-newline", "--type", kind],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return None if done.returncode else done.stdout

    def _types(self) -> tuple[list[str], str]:
        """In which forms the content is offered, none if there is none; and what went wrong."""
        try:
            done = subprocess.run(
                ["wl-paste", "--list-types"],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return [], f"wl-paste failed: {type(error).__name__}"
        said = done.stderr.decode(errors="replace").strip()
        if done.returncode and said not in EMPTY:
            return [], f"wl-paste failed: {said}"
        return done.stdout.decode(errors="replace").split("\n")[:-1] if done.returncode == 0 else [], ""

    def _run_quietly(self, line: list[str], content: bytes = b"") -> str:
        return f"{line[0]} failed" if self._feed(line, content).wait(TIMEOUT_S) else ""

    def _feed(self, line: list[str], content: bytes) -> subprocess.Popen[bytes]:
        # No pipe is left to what wl-copy forks: it would keep the reader of one waiting until the next copy.
        process = subprocess.Popen(
            line, env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None
        try:
            process.stdin.write(content)
            process.stdin.close()
        except BrokenPipeError:
            pass
        return process
