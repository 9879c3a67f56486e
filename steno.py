"""What other Python programs may import of Steno: the event stream, and transcription of files in one process.

import steno

for event in steno.subscribe():
    if event.type == "final":
        print(event.text)
"""

from __future__ import annotations

from clients.subscription import subscribe
from pipeline.events import (
    Final,
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
from pipeline.transcriber import Transcriber

__all__ = [
    "Final",
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
