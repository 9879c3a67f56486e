"""The Mandarin half of the corpus: short sentences of everyday speech from a grammar of our own.

This file owns the drawing of sentences from the grammar, their split into training and held-out ones, and the terms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

from model.miniature.recipe.text.mandarin_names import NAMES, SURNAMES
from model.miniature.recipe.text.mandarin_numbers import MAKERS
from model.miniature.recipe.text.sources import Source

LONGEST = 20
"""Characters of a sentence."""
HELD = 50
"""One of so many sentences is held out."""

_LICENCE = "MIT"
_FIXED = Source("zh-phrases", "Phrases of everyday speech", "here", "", _LICENCE)
_DRAWN = (
    (Source("zh-everyday", "Sentences of everyday speech", "here", "", _LICENCE), 46_000),
    (Source("zh-commands", "Commands to a device or a person", "here", "", _LICENCE), 14_000),
    (Source("zh-numbers", "Numbers, dates, times, money", "here", "", _LICENCE), 24_000),
    (Source("zh-names", "Names that are written in several ways", "here", "", _LICENCE), 11_000),
)
"""Source, and how many of its sentences to draw."""
_TERMS = ("city", "country", "tech", "work", "subject", "abstract", "place", "food", "language", "thing")
"""Slots whose words go into context lists."""

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"<([^<>]+)>")
_MARKED = re.compile(r"\{([^|{}]+)\|([^|{}]+)\}")


def read_grammar() -> dict[str, tuple[str, ...]]:
    """Slot, or kind of sentence -> what may stand there."""
    text = Path(__file__).with_name("mandarin_grammar.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    heads = [part.split() for part in "\n".join(lines).split("@")]
    return {head[0]: tuple(head[1:]) for head in heads if head}


GRAMMAR = read_grammar()


def write(out: Path, seed: int) -> dict[str, Source]:
    """Write `mandarin.train.txt` and `mandarin.held.txt` into `out`.

    Returns:
        Kind of sentence -> its source with the numbers of its sentences.
    """
    sources: dict[str, Source] = {}
    lines: dict[bool, list[str]] = {False: [], True: []}
    for source, texts in _drawn(seed):
        held = [is_held(text) for text in texts]
        # Fixed phrases are so few, and so common, that all are learnt.
        held = [False] * len(texts) if source is _FIXED else held
        for text, out_of_training in zip(texts, held, strict=True):
            lines[out_of_training].append(f"{source.kind}\t{text}")
        sources[source.kind] = replace(source, train=held.count(False), held=held.count(True), sha256=_hash(texts))
    for name, of in (("train", lines[False]), ("held", lines[True])):
        Random(seed).shuffle(of)
        (out / f"mandarin.{name}.txt").write_text("".join(line + "\n" for line in of), "utf-8")
    return sources


def _hash(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def key(text: str) -> str:
    """What makes two sentences the same: the written text, but for a name of several spellings its sound."""
    return _MARKED.sub(lambda found: found[2] if "/" in found[1] else found[1], text)


def is_held(text: str) -> bool:
    """Whether a sentence is kept from training: its hash says so, whatever else the corpus holds."""
    return int.from_bytes(hashlib.sha256(key(text).encode()).digest()[:4]) % HELD == 0


def _drawn(seed: int) -> Iterator[tuple[Source, list[str]]]:
    fixed = GRAMMAR[_FIXED.kind]
    yield _FIXED, list(fixed)
    known = set(fixed)
    for source, count in _DRAWN:
        random = Random(f"{seed} {source.kind}")
        texts: list[str] = []
        # A grammar that is used up gives the same sentences again and again; then there are fewer.
        for _ in range(6 * count):
            text = sentence(random.choice(GRAMMAR[source.kind]), random)
            same = key(text)
            if same not in known and len(same) <= LONGEST:
                known.add(same)
                texts.append(text)
            if len(texts) == count:
                break
        yield source, texts


def sentence(pattern: str, random: Random) -> str:
    """Fill a pattern until nothing is left to choose.

    Raises:
        KeyError: a slot that nothing fills.
    """
    while True:
        if found := _CHOICE.search(pattern):
            chosen = random.choice(found[1].split("|"))
        elif found := _SLOT.search(pattern):
            chosen = _filled(found[1], random)
        else:
            return pattern
        pattern = pattern[: found.start()] + chosen + pattern[found.end() :]


def _filled(slot: str, random: Random) -> str:
    if slot in MAKERS:
        return MAKERS[slot](random)
    if slot == "named":
        return name(random)
    if slot == "name":
        return plain_name(random)
    return random.choice(GRAMMAR[slot])


def plain_name(random: Random) -> str:
    """A name in the one spelling that the sound suggests."""
    return "".join(characters[0] for characters in _syllables(random))


def name(random: Random) -> str:
    """A name of which the sound does not tell the spelling, as a word of the corpus: `{章炜/张伟/张玮|张伟}`."""
    while True:
        syllables = _syllables(random)
        spellings = ["".join(one) for one in product(*syllables)]
        if len(spellings) > 1:
            chosen = random.sample(spellings, min(len(spellings), random.choice((2, 3, 3, 4))))
            return f"{{{'/'.join(chosen)}|{spellings[0]}}}"


def _syllables(random: Random) -> list[str]:
    return [random.choice(list(SURNAMES.values())), *random.choices(list(NAMES.values()), k=random.choice((1, 2, 2)))]


def terms(seed: int) -> list[str]:
    """Mandarin terms for context lists: names in all spellings of one sound, places, words of trades."""
    random = Random(seed)
    names = {name(random)[1:].partition("|")[0] for _ in range(1500)}
    words: set[str] = set()
    for slot in _TERMS:
        words.update(word for word in GRAMMAR[slot] if len(word) > 1)
    return sorted(names | words)
