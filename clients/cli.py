"""The `steno` command: finds the room of the command that was asked for, and turns every end into an exit code.

This file owns what the user sees of an error, and the signals. It does not know what a command does: each lives in a
file of its own, imported when it is wanted, so that `steno status` does not pay for numpy.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from clients.arguments import parse
from clients.terminal import clean_lines
from pipeline.errors import EXIT_FAILURE, EXIT_OK, StenoError

EXIT_INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 ok, 1 failure, 2 usage, 3 daemon not running."""
    _stand_in_for_closed_streams()
    _terminate_tidily()
    arguments = parse(sys.argv[1:] if argv is None else argv)
    try:
        code: int = importlib.import_module(f"clients.{arguments.module}").run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted (`steno log | head`). Nothing may be flushed into the closed pipe at exit.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except StenoError as error:
        _report(str(error), arguments.debug)
        return error.exit_code
    except Exception as error:
        what = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        _report(f"{what}\n  This was not expected. --debug shows where it happened.", arguments.debug)
        return EXIT_FAILURE


def _report(message: str, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()
    print(clean_lines(f"steno: {message}"), file=sys.stderr)


def _stand_in_for_closed_streams() -> None:
    """Where stdout or stderr is closed (`>&-`) nothing is said; no file or socket may come in its place either."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.set_inheritable(number, True)
        if name != "stdin":  # that one stays closed for who wants to read it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _terminate_tidily() -> None:
    """SIGTERM, and the closing of the terminal, unwind like an exception: sources are closed, children ended."""

    def terminate(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # ignored under nohup
            signal.signal(number, terminate)


if __name__ == "__main__":
    sys.exit(main())
