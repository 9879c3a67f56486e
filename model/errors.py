"""The one root of every error that a user may read.

An error says what happened, where, and what to do about it. This file owns that shape and the exit codes; it does
not know who prints it.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_NOT_RUNNING = 3


class StenoError(Exception):
    """Something went wrong that the user can understand.

    Args:
        message: what happened, naming the thing and its place (file, key, device).
        hint: what to do about it; empty when there is nothing to do.
    """

    exit_code = EXIT_FAILURE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(StenoError):
    """The command line or the configuration asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class NotRunningError(StenoError):
    """A client found no daemon at its runtime directory."""

    exit_code = EXIT_NOT_RUNNING


class ModelError(StenoError):
    """A checkpoint or a converted package is missing, broken, or of another architecture."""


class AudioError(StenoError):
    """Sound could not be read: a file, a stream, or a device."""


class Cancelled(StenoError):
    """Work was given up because the caller asked for it; never shown to a user."""
