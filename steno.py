"""What other Python programs may import of Steno: the event stream, and transcription of files in one process.

import steno

for event in steno.subscribe():
    if isinstance(event, steno.Final):
        print(event.text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.subscription import subscribe
from pipeline.events import (
    Final,
    LiveWords,
    Notice,
    Partial,
    Snapshot,
    Source,
    SpeechEnded,
    SpeechStarted,
    State,
    TimedWord,
    Words,
)

if TYPE_CHECKING:
    from pipeline.transcriber import Transcriber

__all__ = [
    "Final",
    "LiveWords",
    "Notice",
    "Partial",
    "Snapshot",
    "Source",
    "SpeechEnded",
    "SpeechStarted",
    "State",
    "TimedWord",
    "Transcriber",
    "Words",
    "subscribe",
]


def __getattr__(name: str) -> Any:
    """`Transcriber` loads the models' libraries: only for who asks for it."""
    if name == "Transcriber":
        from pipeline.transcriber import Transcriber

        return Transcriber
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
