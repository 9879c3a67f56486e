"""Which words of a transcript no sound carries: what the model wrote, against what the VAD heard. Pure functions.

A model of speech may write text for noise or silence. This file owns the rules by which a text is doubtful, or is that
of noise, and what is held back of it. It does not know who places words in the sound, nor what is done with what is
held back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from model.guards import words as spoken
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

UNSURE = -0.35
"""Mean log probability of a text's tokens: of what it writes for noise a model is hardly ever surer, and of most speech
it is. Speech that it hears badly lies as low, so that this alone proves nothing."""
VERY_UNSURE = -0.7
"""The same for more than FEW_WORDS words, among which a few that are likely by chance count less."""
FEW_WORDS = 5
UNVOICED = 0.02
"""The share of voiced sound that keys and breath do not reach. Speech aloud has more than ten times as much, be it in
noise of half its loudness; a short word in such noise may have three times as much."""
TOO_SLOW = ((VERY_UNSURE, 1.0), (-1.2, 1.5))
"""A text that is less sure than the one and has fewer different words in a second of speech than the other is that of
music, for which a model writes the same word again and again. Few words alone prove nothing: most of what the VAD took
for speech may be noise around them."""
LEAST_SAMPLES = int(1.5 * SAMPLE_RATE)
"""In less speech than that one word alone is few."""


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


def is_noise(text: str, confidence: float, spans: Spans, voicing: Callable[[], float]) -> bool:
    """Whether a text was written for a sound that is no speech.

    No single sign is proof: whispering has no voice, many a word is said slowly, and a strange accent makes a model
    unsure. So it takes two.

    Args:
        confidence: the mean natural logarithm of the probabilities of its tokens.
        spans: what the VAD judged speech.
        voicing: how much of the sound is voiced, from 0.0 to 1.0; only asked where that counts.
    """
    if not text or confidence >= (UNSURE if count_words(text) <= FEW_WORDS else VERY_UNSURE):
        return False
    speech = sum(to - at for at, to in spans)
    different = count_words(" ".join(dict.fromkeys(spoken(text))))
    slow = any(confidence < sure and different < rate * speech / SAMPLE_RATE for sure, rate in TOO_SLOW)
    return (slow and speech >= LEAST_SAMPLES) or voicing() < UNVOICED


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


def behind(text: str, words: Sequence[Word], which: set[int], settled: int) -> set[int]:
    """Of some of the words, those that begin behind the first `settled` characters of the text."""
    found = places(text, words)
    return {index for index in which if index < len(found) and found[index][0] >= settled}


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
