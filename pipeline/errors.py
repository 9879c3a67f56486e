"""The errors and exit codes of `model.errors`, for those who may not import the model.

It owns nothing of its own: clients and the daemon's rim raise and print these.
"""

from __future__ import annotations

from model.errors import (
    EXIT_FAILURE,
    EXIT_NOT_RUNNING,
    EXIT_OK,
    EXIT_USAGE,
    AudioError,
    ModelError,
    NotRunningError,
    StenoError,
    UsageError,
)

__all__ = [
    "EXIT_FAILURE",
    "EXIT_NOT_RUNNING",
    "EXIT_OK",
    "EXIT_USAGE",
    "AudioError",
    "ModelError",
    "NotRunningError",
    "StenoError",
    "UsageError",
]
