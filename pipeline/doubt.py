"""Which words of a transcript no sound carries: what the model wrote, against what the VAD heard. Pure functions.

A model of speech may write text for noise or silence. This file owns the rule by which a text is doubtful, and what is
held back of it. It does not know who places words in the sound, nor what is done with what is held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.messages import SAMPLE_RATE, Word
from pipeline.segmenter import Spans

FASTEST_WORDS = 6.0
"""Nobody says more words in a second of speech ..."""
SPARE_WORDS = 1
"""... but for one that the VAD may have missed."""
LEAST_SHARE = 0.2
"""An utterance of more than one word is speech for at least this part of its length ..."""
QUIET_START_SAMPLES = SAMPLE_RATE
"""... not counting an ordinary pre-roll."""
NEAR_SAMPLES = int(0.3 * SAMPLE_RATE)
"""A word so near to speech may be part of it: neither the VAD nor the aligner is exact."""
IDEOGRAPHS_A_WORD = 2


class Kept(NamedTuple):
    """A text in two parts, each in its own order."""

    text: str
    withheld: str


def is_doubtful(text: str, start: int, end: int, spans: Spans) -> bool:
    """Whether there is too little speech for so many words.

    Args:
        text: what the model wrote for the samples from `start` to `end`.
        spans: of those, what the VAD judged speech.
    """
    words = count_words(text)
    speech = sum(to - at for at, to in spans)
    if words > FASTEST_WORDS * speech / SAMPLE_RATE + SPARE_WORDS:
        return True
    return words > 1 and speech < LEAST_SHARE * (end - start - QUIET_START_SAMPLES)


def count_words(text: str) -> float:
    """Words between spaces; of what is written without spaces, half of the characters."""
    single = sum(_is_ideograph(character) for character in text)
    spaced = "".join(" " if _is_ideograph(character) else character for character in text)
    return single / IDEOGRAPHS_A_WORD + sum(any(c.isalnum() for c in word) for word in spaced.split())


def _is_ideograph(character: str) -> bool:
    return 0x3040 <= ord(character) <= 0x30FF or 0x3400 <= ord(character) <= 0x9FFF or ord(character) >= 0x20000


def unheard(words: Sequence[Word], start: int, spans: Spans) -> set[int]:
    """Indices of the words that lie near no speech.

    Args:
        words: their samples count from `start`.
        start: the utterance's first sample in its source.
        spans: what the VAD judged speech, in samples of the source.
    """
    return {
        index
        for index, word in enumerate(words)
        if not any(
            at - NEAR_SAMPLES < start + word.end_sample and start + word.start_sample < to + NEAR_SAMPLES
            for at, to in spans
        )
    }


def places(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """First character of each word in the text, and the one behind its last.

    The words together are the text, but for white space. From the first one on that is not, none has a place.
    """
    characters = [index for index, character in enumerate(text) if not character.isspace()]
    found: list[tuple[int, int]] = []
    done = 0
    for word in words:
        own = [character for character in word.text if not character.isspace()]
        mine = characters[done : done + len(own)]
        if not own or [text[index] for index in mine] != own:
            break
        found.append((mine[0], mine[-1] + 1))
        done += len(own)
    return found


def without(text: str, words: Sequence[Word], silent: set[int]) -> Kept:
    """The text without the silent words, and those words; all of the text if it is not that of the words."""
    found = places(text, words)
    if len(found) < len(words):
        return Kept(text, "")
    parts: tuple[list[str], list[str]] = ([], [])
    for index, (begin, _) in enumerate(found):
        # What stands between two words, a space or none, goes with the first of them.
        behind = found[index + 1][0] if index + 1 < len(found) else len(text)
        parts[index in silent].append(text[begin:behind])
    return Kept("".join(parts[0]).strip(), "".join(parts[1]).strip())
