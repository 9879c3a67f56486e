"""The shipped recordings as tests need them: what is said in each, and whether a text says it.

How well a recording is understood is the model's affair. So a test never has a text of its own: it asks here how much
of a text is wrong, or compares with the golden data or with another way to the same text.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clients import samples
from clients.error_rate import error_rate, words_of
from model import miniature
from pipeline.settings import VadSettings

MOST_WRONG = 0.2
"""Words or characters of which a recording that is understood has at most so many wrong; who is not, has far more."""
GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("golden").joinpath("reference.json").read_text("utf-8"))
"""What the official implementation writes; see tests/golden/make_golden.py."""
CONTEXT: str = next(v["context"] for v in GOLDEN["variants"] if v["recording"].startswith("08") and v["context"])
"""The names that are said in recording 08, as its text spells them."""


def path(number: str) -> Path:
    """The recording whose name begins with this number."""
    (found,) = [path for path in miniature.samples() if path.name.startswith(number)]
    return found


def recording(number: str) -> samples.Recording:
    """The same with what stands beside it."""
    return samples.recording(path(number))


def text(number: str) -> str:
    """What is said in it."""
    return recording(number).text


def language(name: str) -> str:
    """The language of the recording whose name begins so; the first miniature's recordings are English and say none."""
    return recording(name).language or "English"


def answer(number: str) -> str:
    """What the official implementation writes for it."""
    written: str = GOLDEN["recordings"][path(number).stem]["answer"]["text"]
    return written


def is_said(number: str, heard: str) -> bool:
    """Whether this is the text of the recording, all of it and nothing else."""
    return are_said((number,), heard)


def are_said(numbers: Iterable[str], heard: str) -> bool:
    """Whether this is the text of the recordings one after the other."""
    rate = error_rate(" ".join(map(text, numbers)), heard)
    return rate is not None and rate <= MOST_WRONG


def begins(number: str, heard: str, words: int) -> bool:
    """Whether a text begins with so many words of the recording."""
    expected = words_of(text(number))[:words]
    rate = error_rate(" ".join(expected), " ".join(words_of(heard)[:words]))
    return len(expected) == words and rate is not None and rate <= MOST_WRONG


def telling(number: str, other: str) -> set[str]:
    """Long words of one recording that are not said in the other."""
    return {word for word in words_of(text(number)) if len(word) > 4} - set(words_of(text(other)))


def longest_pause(number: str) -> float:
    """Seconds between two words of a recording, the most there are; 0 where it has no two."""
    return max((b.start - a.end for a, b in itertools.pairwise(recording(number).words)), default=0.0)


def unbroken() -> str:
    """The longest recording that the official implementation writes well and that has no pause to end an utterance."""
    hangover = VadSettings().hangover_ms / 1000
    numbers = [path.name[:2] for path in miniature.samples()]
    whole = [n for n in numbers if longest_pause(n) < hangover and is_said(n, answer(n))]
    return max(whole, key=lambda number: recording(number).words[-1].end)
