"""From a transcript to the units that the aligner times, and back.

This file owns the cutting of text. A unit is what the model is shown: letters, digits and apostrophes only. A word is
what is displayed: the unit with the punctuation around it. It knows nothing of time.

Source: `Qwen3ForceAlignProcessor` of the qwen_asr package. Two languages differ, for want of its dictionaries:
Japanese is cut into single kana and ideographs (the original asks nagisa for words), Korean at white space (the
original splits stems from endings with soynlp). Times stay right; the units are smaller or larger.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
)
_KANA = ((0x3041, 0x3096), (0x30A1, 0x30FA), (0x31F0, 0x31FF))
_JAPANESE = "japanese"


@dataclass(frozen=True)
class Unit:
    """One thing that gets a start and an end."""

    text: str
    """What the aligner is shown."""
    shown: str
    """What the reader is shown: with the punctuation of the transcript."""


def units(text: str, language: str = "") -> tuple[Unit, ...]:
    """Cut a transcript; the `shown` of all units together are the transcript, but for white space.

    Args:
        language: in the model's English name, any case; only Japanese is cut in a way of its own.
    """
    single = _is_japanese if language.strip().lower() == _JAPANESE else _is_ideograph
    found: list[Unit] = []
    opening = ""
    for segment in text.split():
        parts = list(_parts(segment, single))
        if not parts and found:
            # A dash or the like that stands alone belongs to the word before it.
            found[-1] = Unit(found[-1].text, f"{found[-1].shown} {segment}")
        elif not parts:
            opening += f"{segment} "
        else:
            found.append(Unit(parts[0].text, opening + parts[0].shown))
            found.extend(parts[1:])
            opening = ""
    return tuple(found)


def _parts(segment: str, single: Callable[[str], bool]) -> Iterator[Unit]:
    """Cut what stands between two spaces: before and after each single character, nowhere else."""
    text = shown = ""
    for character in segment:
        kept = is_kept(character)
        if kept and text and (single(character) or single(text[-1])):
            yield Unit(text, shown)
            text = shown = ""
        text += character if kept else ""
        shown += character
    if text:
        yield Unit(text, shown)


def is_kept(character: str) -> bool:
    """Whether the aligner is shown this character: letters, numbers of any script, and the apostrophe."""
    return character == "'" or unicodedata.category(character)[0] in "LN"


def _is_ideograph(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _IDEOGRAPHS)


def _is_japanese(character: str) -> bool:
    return _is_ideograph(character) or any(first <= ord(character) <= last for first, last in _KANA)
