"""espeak-ng as a synthesiser: English in several accents and Mandarin, each word timed by the library's own events.

This file owns how a sentence is put to espeak-ng and how its events become the times of words. A word begins at its
word event (the closure of a first stop belongs to it) and ends where its last phoneme ends: pauses belong to no word.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from model.miniature.recipe.sentence import MANDARIN, Sentence
from model.miniature.recipe.speech import bundle, variants
from model.miniature.recipe.speech.espeak_library import GAP, PITCH, RANGE, SPEED, WORD, Event, Library
from model.miniature.recipe.speech.voice import RATE, Speech, SpeechError, Voice

_WORDS_A_MINUTE = 175
_NORMAL = 50
_LICENCE = "GPL-3.0-or-later"
_LANGUAGE_FILES = ("lang/gmw/en*", "lang/sit/cmn-Latn-pinyin", "en_dict", "cmn_dict")
_DATA_FILES = ("phondata", "phonindex", "phontab", "intonations", "voices/!v/*", *_LANGUAGE_FILES)
_FULL_WIDTH = str.maketrans({".": "。"} | {mark: chr(ord(mark) + 0xFEE0) for mark in ",;:?!"})

_Spans = list[tuple[int, int]]


@dataclass(slots=True)
class _Group:
    """What was said from one word event to the next: one token, or several that espeak-ng runs together (`of the`)."""

    token: int
    start: int
    phonemes: _Spans = field(default_factory=list)


class Espeak:
    """The synthesiser `espeak`; a voice's name is what espeak-ng calls it, `en-us+f3`."""

    def __init__(self, engines: Path) -> None:
        """Load the library from the folder of the bundle.

        Raises:
            SpeechError: it is not there, or does not load.
        """
        self._library = Library(engines)
        self._voice: Voice | None = None
        self._counts: dict[tuple[str, str], int] = {}

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence; see the protocol `Synthesiser`."""
        if voice != self._voice:
            self._take(voice)
        text, tokens, places = written(sentence)
        samples, events = self._library.synthesise(text)
        groups = grouped(events, places, len(samples))
        spans = self._spans(groups, tokens, voice, split=sentence.language != MANDARIN)
        if spans is None:
            return None
        times = self._times(sentence, spans)
        return None if times is None else Speech(_resampled(samples, self._library.rate), times)

    def _take(self, voice: Voice) -> None:
        self._voice = None
        self._library.set_voice(voice.name)
        self._library.set(SPEED, min(max(round(_WORDS_A_MINUTE * voice.rate), 80), 450))
        # The library's pitch goes an octave up or down in 50 steps; its range is proportional.
        self._library.set(PITCH, min(max(round(_NORMAL + 50 * math.log2(voice.pitch)), 0), 100))
        self._library.set(RANGE, min(max(round(_NORMAL * voice.range), 0), 100))
        self._library.set(GAP, round(100 * voice.gap))
        self._voice = voice

    def _spans(self, groups: list[_Group], tokens: list[str], voice: Voice, split: bool) -> _Spans | None:
        """First and last sample of every token; None if that cannot be told."""
        if not groups or groups[0].token != 0:
            return None
        spans: _Spans = []
        for place, group in enumerate(groups):
            end = groups[place + 1].token if place + 1 < len(groups) else len(tokens)
            members = tokens[group.token : end]
            if not members or len(group.phonemes) < len(members) or (len(members) > 1 and not split):
                return None
            counts = [self._count(token, voice) for token in members] if len(members) > 1 else [1]
            spans += shared(group.start, group.phonemes, counts)
        return spans

    def _count(self, token: str, voice: Voice) -> int:
        key = (voice.name.partition("+")[0], token)
        if key not in self._counts:
            self._counts[key] = self._library.count_phonemes(token)
        return self._counts[key]

    def _times(self, sentence: Sentence, spans: _Spans) -> tuple[tuple[float, float], ...] | None:
        rate = self._library.rate
        times, first = [], 0
        for word in sentence.words:
            last = first + len(_tokens(word.spoken, sentence.language)) - 1
            times.append((spans[first][0] / rate, spans[last][1] / rate))
            first = last + 1
        rising = all(start < end for start, end in times)
        ordered = all(left[1] <= right[0] + 1e-9 for left, right in pairwise(times))
        return tuple(times) if rising and ordered else None


def written(sentence: Sentence) -> tuple[str, list[str], list[int]]:
    """The text to speak, its tokens, and for each of its characters the number of its token.

    A token is a spoken word, or an ideograph.
    """
    text = ""
    tokens: list[str] = []
    places: list[int] = []
    capital = False
    for word in sentence.words:
        spoken = _tokens(word.spoken, sentence.language)
        for number, token in enumerate(spoken):
            mark = word.pause if number == len(spoken) - 1 else ""
            if sentence.language == MANDARIN:
                said = token + mark.translate(_FULL_WIDTH)
            else:  # a point that no capital follows would be read as that of an abbreviation
                said = (token[:1].upper() + token[1:] if capital else token) + mark + " "
            text += said
            places += [len(tokens)] * len(said)
            tokens.append(token)
            capital = mark in {".", "?", "!"}
    return text, tokens, places


def grouped(events: list[Event], places: list[int], end: int) -> list[_Group]:
    """What was said, from one word event of a new token to the next.

    After a pause a group begins with its first phoneme: the closure of a stop cannot be told from the pause before it.

    Args:
        events: of one synthesis, in their order.
        places: the token of each character of the text.
        end: number of samples; the last phoneme ends there.
    """
    groups: list[_Group] = []
    paused = True
    for number, event in enumerate(events):
        if event.kind == WORD:
            if event.length > 0 and 0 <= event.position < len(places):
                token = places[event.position]
                if not groups or token > groups[-1].token:
                    groups.append(_Group(token, event.sample))
        elif groups and event.phoneme[:1] not in {"", "_", "("}:  # a pause, or a change of language
            until = events[number + 1].sample if number + 1 < len(events) else end
            if paused and not groups[-1].phonemes:
                groups[-1].start = event.sample
            paused = False
            groups[-1].phonemes.append((event.sample, until))
        elif event.phoneme[:1] == "_":
            paused = True
    return groups


def shared(start: int, phonemes: _Spans, counts: list[int]) -> _Spans:
    """Share the phonemes of a group among its tokens.

    Args:
        start: sample of the word event.
        phonemes: first and last sample of each, at least one to a token.
        counts: how many phonemes each token has when it is said alone; in a group it may lose some.

    Returns:
        First and last sample of each token.
    """
    spans: _Spans = []
    taken, total = 0, max(sum(counts), 1)
    for number in range(len(counts)):
        left = len(counts) - number - 1
        until = round(len(phonemes) * sum(counts[: number + 1]) / total) if left else len(phonemes)
        until = min(max(until, taken + 1), len(phonemes) - left)
        spans.append((phonemes[taken][0] if number else start, phonemes[until - 1][1]))
        taken = until
    return spans


def collect(out: Path) -> None:
    """Copy what espeak-ng needs for English and Mandarin into a bundle, and write the random variants.

    Raises:
        SpeechError: a package or a file is missing.
    """
    bundle.make_stub("libpcaudio.so.0", out)
    for package, library, licence in (
        ("libsonic0", "libsonic.so.0", "Apache-2.0"),
        ("libespeak-ng1", "libespeak-ng.so.1", _LICENCE),
    ):
        bundle.take_library(bundle.parts(package, "espeak", licence, out), library, out)
    root = bundle.parts("espeak-ng-data", "espeak", _LICENCE, out)
    data = next((path for path in sorted(root.glob("usr/lib/*-linux-gnu*/espeak-ng-data"))), None)
    if data is None:
        raise SpeechError("bundle: no espeak-ng-data in the package espeak-ng-data")
    for pattern in _DATA_FILES:
        found = sorted(data.glob(pattern))
        if not found:
            raise SpeechError(f"bundle: no {pattern} in {data}")
        for path in found:
            target = out / "espeak-ng-data" / path.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    variants.write_random(out / "espeak-ng-data")


def _tokens(spoken: str, language: str) -> list[str]:
    return list(spoken) if language == MANDARIN else spoken.split()


def _resampled(samples: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.int16]:
    step = math.gcd(RATE, rate)
    resampled = resample_poly(samples.astype(np.float32), RATE // step, rate // step)
    return np.asarray(np.clip(np.rint(resampled), -32768, 32767), np.int16)
