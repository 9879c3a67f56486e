"""A program of the user's that writes each text anew.

It owns the child: what it is given, how long it may take, and its end. It does not know what the text is.

The program is started directly, without a shell, in the environment and folder of Steno, and gets the text as one line
of UTF-8 on standard input. What it writes on standard output in UTF-8 takes the text's place; line breaks in it become
spaces. What it writes on standard error is thrown away: it may hold the text. Whatever goes wrong, the text stays as it
was, and a note says why; a program that hangs is killed with its whole process group.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from clients.text.safe import clean
from pipeline.errors import UsageError

MOST_CHARACTERS = 200_000
"""A program that writes more is stopped."""
_MOST_BYTES = 4 * MOST_CHARACTERS
_TOO_MUCH = f"wrote more than {MOST_CHARACTERS} characters"


class PostEdit:
    """The program of the settings.

    Args:
        command: the program and its arguments, quoted as in a shell; empty for none.
        seconds: it may take for a text.

    Raises:
        UsageError: the command is badly quoted, or there is no such program.
    """

    def __init__(self, command: str, seconds: float) -> None:
        self._seconds = seconds
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"text.post_edit: {command!r} is badly quoted: {error}", "Close the quotation.") from None
        if self._command:
            program = str(Path(self._command[0]).expanduser())
            found = shutil.which(program)
            if not found:
                raise UsageError(f"text.post_edit: there is no program {program!r}", "Give its whole path.")
            self._command[0] = found

    def apply(self, text: str) -> tuple[str, tuple[str, ...]]:
        """What the program makes of the text, line by line, and what went wrong; its time counts for all lines."""
        if not self._command:
            return text, ()
        until = time.monotonic() + self._seconds
        done: list[str] = []
        for line in text.split("\n"):
            if not line.strip():
                done.append(line)
                continue
            written, problem = self._run(line, until)
            if problem:
                return text, (f"text.post_edit: the program {problem}; the text stayed as it was",)
            done.append(written)
        return "\n".join(done), ()

    def _run(self, text: str, until: float) -> tuple[str, str]:
        """What it wrote, or what went wrong."""
        try:
            child = _start(self._command)
        except OSError as error:
            return "", f"could not be started ({error.strerror})"
        try:
            written, problem = self._talk(child, text, until)
        finally:
            _end(child)
        if problem:
            return "", problem
        try:
            edited = clean(written.decode()).strip()
        except UnicodeDecodeError:
            return "", "wrote something that is not UTF-8"
        if len(edited) > MOST_CHARACTERS:
            return "", _TOO_MUCH
        return (edited, "") if edited else ("", "wrote nothing")

    def _talk(self, child: subprocess.Popen[bytes], text: str, until: float) -> tuple[bytes, str]:
        assert child.stdin
        assert child.stdout
        heard = bytearray()
        # Threads and not select, which Windows has for sockets alone. Each closes the pipe that it uses, and nobody
        # else does: its number could go to the next program's pipe in the moment before it is read or written here.
        reader = threading.Thread(target=_read, args=(child.stdout, heard), daemon=True)
        reader.start()
        threading.Thread(target=_write, args=(child.stdin, text.encode() + b"\n"), daemon=True).start()
        reader.join(max(0.0, until - time.monotonic()))
        if not reader.is_alive():
            if len(heard) > _MOST_BYTES:
                return b"", _TOO_MUCH
            with suppress(subprocess.TimeoutExpired):
                code = child.wait(max(0.0, until - time.monotonic()))
                return bytes(heard), f"failed with exit code {code}" if code else ""
        return b"", f"did not end within {self._seconds:g} s"


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # Without buffers, so that nothing is left to be written when a pipe is closed.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )


def _read(stream: IO[bytes], heard: bytearray) -> None:
    with suppress(OSError), stream:
        while len(heard) <= _MOST_BYTES and (data := stream.read(65536)):
            heard += data


def _write(stream: IO[bytes], data: bytes) -> None:
    with suppress(OSError), stream:  # it need not read
        while data:
            data = data[stream.write(data) :]


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill it and its group, if it has not ended by itself; then what it has left running is its own affair."""
    if child.returncode is None:
        with suppress(OSError):
            if sys.platform != "win32":
                os.killpg(child.pid, signal.SIGKILL)
            child.kill()
        child.wait()
