"""How each evaluation set is made.

This file owns what is in the sets: which sentences, voices, pauses, noises and lists, all drawn from one seed. Where
they are kept and when they are made is not its to know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.miniature.recipe.evaluation import noises
from model.miniature.recipe.evaluation.contexts import Terms, spelt
from model.miniature.recipe.evaluation.noises import Floats
from model.miniature.recipe.evaluation.speakers import Speakers, short_pauses
from model.miniature.recipe.evaluation.store import Clip, Utterance
from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.sound import background
from model.miniature.recipe.speech import cast
from model.miniature.recipe.speech.voice import RATE, Voice

SHORTEST, LONGEST = 2 * RATE, 20 * RATE
_TRIES = 300
"""Draws for one utterance before the set is given up."""
_NOISE_DB = 10.0
_MUSIC = ("tune", "harmony", "song", "dance", "drums")
"""Kinds of background that are music."""

Caster = Callable[[Random], Voice]


@dataclass(frozen=True, slots=True)
class Sources:
    """What sets are made from; plain, for it goes to other processes."""

    corpus: Path
    engines: Path
    names: tuple[str, ...]
    """Of the engines in use."""
    background: Path | None
    count: int
    """Utterances of a set."""
    seconds: float
    """Of all sound in which nobody speaks."""
    seed: int


class Maker:
    """Makes one set.

    Args:
        sources: what from.
        draw: name of what is drawn: sets of the same name have the same sentences and voices.
    """

    def __init__(self, sources: Sources, draw: str) -> None:
        self._sources = sources
        self._random = Random(f"{sources.seed}/{draw}")
        self._noise = np.random.default_rng(self._random.randrange(2**63))
        self._speakers = Speakers(sources.engines, sources.names)

    def spoken(self, language: str, caster: Caster) -> list[Utterance]:
        """One to three sentences of one kind each, 2 to 20 s long."""
        # A name that is spelt in several ways has no right spelling without a context; those are in a set of their own.
        sentences = [one for one in self._held(language) if not any(word.spellings for word in one.words)]
        kinds: dict[str, list[Sentence]] = {}
        for sentence in sentences:
            kinds.setdefault(sentence.kind, []).append(sentence)

        def draw() -> Utterance | None:
            chosen = [self._random.choice(sentences)]
            chosen += self._random.choices(kinds[chosen[0].kind], k=self._random.choice((0, 0, 1, 1, 2)))
            return self._said(chosen, caster, short_pauses(len(chosen), self._random))

        return self._drawn(draw)

    def noisy(self) -> list[Utterance]:
        """Known voices with noise 10 dB below: half of it of some colour, half background of held-out clips."""
        sounds = self._background(music=False) | self._background(music=True)
        found = []
        for one in self.spoken(ENGLISH, self.known(ENGLISH)):
            kind, noise = "colour", noises.colour(self._noise, len(one.samples))
            if sounds and self._noise.uniform() < 0.5:
                kind, noise = noises.piece(self._noise, sounds, len(one.samples))
            mixed = noises.under(one.samples, noise, _NOISE_DB)
            found.append(replace(one, samples=mixed, kind=kind))
        return found

    def context(self) -> list[Utterance]:
        """Sentences with a word that could be spelt otherwise, and its list."""
        terms = Terms.of(self._sources.corpus)
        ambiguous = [one for one in self._held(ENGLISH) if any(word.spellings for word in one.words)]
        if not ambiguous:
            raise ModelError("no held-out sentence has a word of several spellings", "Make the corpus again.")

        def draw() -> Utterance | None:
            sentence, word, spellings = spelt(self._random.choice(ambiguous), self._random)
            made = self._said([sentence], self.known(ENGLISH), short_pauses(1, self._random))
            listed = terms.distractors(made.text, spellings, self._random) if made else ()
            return replace(made, word=word, distractors=listed) if made else None

        return self._drawn(draw)

    def long_pauses(self) -> list[Utterance]:
        """Two sentences with 2 to 6 s of silence, noise or music in between; all words timed."""
        sentences = self._held(ENGLISH)

        def draw() -> Utterance | None:
            chosen = [self._random.choice(sentences) for _ in range(2)]
            first, _, last = short_pauses(2, self._random)
            kind, gap = self._gap(int(self._random.uniform(2.0, 6.0) * RATE))
            made = self._said(chosen, self.known(ENGLISH), [first, gap, last])
            return replace(made, kind=kind) if made and made.times is not None else None

        return self._drawn(draw)

    def silence(self, share: float) -> list[Utterance]:
        """Digital silence, dither and the softest noise, for a share of the time that nobody speaks."""
        return self._unspoken(share, self._quiet)

    def noise(self, share: float) -> list[Utterance]:
        """Noise of all colours, hum, clicks and held-out background at all levels."""
        sounds = self._background(music=False)
        makers = {"colour": noises.colour, "hum": noises.hum, "clicks": noises.clicks}

        def sound(samples: int) -> tuple[str, Clip]:
            name = self._random.choice((*makers, "colour", *("background",) * (4 if sounds else 0)))
            if name == "background":
                name, made = noises.piece(self._noise, sounds, samples)
            else:
                made = makers[name](self._noise, samples)
            return name, self._at_any_level(made)

        return self._unspoken(share, sound)

    def music(self, share: float) -> list[Utterance]:
        """Held-out background music, and music of another maker than the training's, at all levels."""
        sounds = self._background(music=True)

        def sound(samples: int) -> tuple[str, Clip]:
            name, made = "other music", noises.music(self._noise, samples)
            if sounds and self._random.random() < 0.5:
                name, made = noises.piece(self._noise, sounds, samples)
            return name, self._at_any_level(made)

        return self._unspoken(share, sound)

    def known(self, language: str) -> Caster:
        """Voices that training hears."""
        return lambda random: cast.known(random, language, self._speakers.engines)

    def unknown(self, language: str, *groups: str) -> Caster:
        """Voices that it does not, of those of these groups that have any in the engines in use."""
        able = [one for one in groups if one != "other" or cast.others(language, self._speakers.engines)] or groups
        return lambda random: cast.held(random, language, random.choice(able), self._speakers.engines)

    def _held(self, language: str) -> list[Sentence]:
        """The sentences that no training sees."""
        path = self._sources.corpus / f"{'mandarin' if language == MANDARIN else 'english'}.held.txt"
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Sentence.from_line(line, language) for line in lines]

    def _background(self, *, music: bool) -> dict[str, Clip]:
        """Held-out background by kind, music or all else; none where no folder is given."""
        folder = self._sources.background
        if folder is None:
            return {}
        index = json.loads((folder / f"{background.NAME}.json").read_text(encoding="utf-8"))["clips"]
        pcm = np.memmap(folder / f"{background.NAME}.pcm", dtype="<i2", mode="r")
        parts: dict[str, list[Clip]] = {}
        for clip in (background.Clip(**one) for one in index):
            if clip.split == "held" and (clip.kind in _MUSIC) == music:
                parts.setdefault(clip.kind, []).append(np.array(pcm[clip.start : clip.start + clip.samples], np.int16))
        return {kind: np.concatenate(found) for kind, found in sorted(parts.items())}

    def _said(
        self, sentences: list[Sentence], caster: Caster, pauses: Sequence[float | npt.NDArray[np.int16]]
    ) -> Utterance | None:
        """As a voice says them; None if it cannot, or not within 2 to 20 s."""
        made = self._speakers.utterance(sentences, caster(self._random), pauses)
        return made if made and SHORTEST <= len(made.samples) <= LONGEST else None

    def _drawn(self, draw: Callable[[], Utterance | None]) -> list[Utterance]:
        """As many utterances as a set has."""
        found: list[Utterance] = []
        failed = 0
        while len(found) < self._sources.count:
            made = draw()
            if made is not None:
                found.append(made)
                failed = 0
            elif (failed := failed + 1) == _TRIES:
                raise ModelError(
                    f"{_TRIES} draws gave no utterance of 2 to 20 s", "Are there held-out sentences of ordinary length?"
                )
        return found

    def _gap(self, samples: int) -> tuple[str, npt.NDArray[np.int16]]:
        kind = self._random.choice(("silence", "silence", "noise", "music"))
        loud = self._random.uniform(-50.0, -25.0)
        if kind == "silence":
            return kind, np.zeros(samples, np.int16)
        made = noises.colour(self._noise, samples) if kind == "noise" else noises.music(self._noise, samples)
        return kind, noises.at_level(made, loud)

    def _unspoken(self, share: float, sound: Callable[[int], tuple[str, Clip]]) -> list[Utterance]:
        """Pieces of 2 to 20 s, together a share of the time that nobody speaks."""
        found: list[Utterance] = []
        left = int(self._sources.seconds * share * RATE)
        while left > 0:
            samples = min(max(left, SHORTEST), self._random.randint(SHORTEST, LONGEST))
            kind, made = sound(samples)
            found.append(Utterance(made, "", kind=kind))
            left -= samples
        return found

    def _quiet(self, samples: int) -> tuple[str, Clip]:
        name = self._random.choice(("digital", "dither", "hiss"))
        if name == "digital":
            return name, np.zeros(samples, np.int16)
        if name == "dither":
            return name, self._noise.integers(-1, 2, samples).astype(np.int16)
        return name, noises.at_level(noises.colour(self._noise, samples), self._random.uniform(-85.0, -65.0))

    def _at_any_level(self, sound: Floats) -> Clip:
        """From hardly heard to very loud."""
        return noises.at_level(sound, self._random.uniform(-70.0, -10.0))
