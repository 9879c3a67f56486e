"""A question to the person at the terminal.

It owns how it is asked, and what it means that nobody can answer. It does not know what for.
"""

from __future__ import annotations

import sys

from clients.terminal import clean
from pipeline.errors import UsageError


def require_person(what: str) -> None:
    """See that somebody can be asked.

    Args:
        what: the question, for the error: "whether to ...".

    Raises:
        UsageError: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"nobody can be asked here {what}: stdin is no terminal", "Agree with --yes.")


def ask(question: str) -> str:
    """The answer, in small letters; "n" where the person ends the input without one."""
    try:
        return input(clean(question)).strip().lower()
    except EOFError:
        print()
        return "n"
