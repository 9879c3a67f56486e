"""Interruption, for all tests alike."""

from __future__ import annotations

import signal

# A shell's background process ignores SIGINT, and so does all that it starts: `make test &` would test deaf programs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
