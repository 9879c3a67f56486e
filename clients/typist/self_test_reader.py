"""The program in the self-test's terminal: it writes down, byte for byte, what the terminal was given.

`python -m clients.typist.self_test_reader FILE`. It owns the terminal's mode. It does not know what should arrive.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TELL_FOCUS = b"\x1b[?1004h"
"""xterm's control sequences: write when the focus comes and goes."""
MESSAGE = b"Steno is testing how it types. This window closes by itself.\r\n"
LIMIT_S = 60


def main() -> int:
    """Read until the terminal is closed."""
    import signal
    import tty

    # Left alone, it must not stay on anybody's screen.
    signal.alarm(LIMIT_S)
    tty.setraw(0)
    with Path(sys.argv[1]).open("wb", buffering=0) as file:
        os.write(1, MESSAGE + TELL_FOCUS)
        while typed := os.read(0, 4096):
            file.write(typed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
