"""The heartbeat that long work gives while it runs.

This file owns the type and nothing else; who listens to the beats is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable

from model.errors import Cancelled

Beat = Callable[[], bool]
"""Called often from inside long work; returning True asks the work to give up."""


def steady() -> bool:
    """The beat of a caller who never gives up."""
    return False


def check(beat: Beat) -> None:
    """Beat once.

    Raises:
        Cancelled: the caller wants the work given up.
    """
    if beat():
        raise Cancelled("the work was given up")
