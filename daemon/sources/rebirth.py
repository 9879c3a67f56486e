"""What a source process does to itself for the sake of a native library: a quiet stderr, and a new beginning.

This file knows the operating system only. It does not know which library, nor why.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def renew(first_sample: int) -> NoReturn:
    """Begin this process anew, under the same process id: with a fresh library, and without the hub's doing."""
    os.dup2(sys.stderr.fileno(), 2)
    kept = [word for word in sys.orig_argv[1:] if word != "--renewed" and not word.startswith("--first-sample=")]
    os.execv(sys.executable, [sys.executable, *kept, f"--first-sample={first_sample}", "--renewed"])


def hush() -> None:
    """Send what ALSA and PortAudio print on stderr nowhere; Python's own stderr stays.

    They report each attempt to open a device in a dozen lines of C expressions, which says nothing to the user.
    """
    own = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(own, "w", buffering=1, errors="replace")
