"""Names that nobody has heard, each with several spellings of one sound.

This file owns the sounds and their spellings. A name is made of syllables; the plainest spelling of each sound gives
what the synthesiser is told, the others what a context list could ask for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

_SINGLE = {
    "b": "b", "d": "d", "f": "f ph f ff", "g": "g", "h": "h", "j": "j", "k": "k c kh", "l": "l l ll", "m": "m",
    "n": "n n kn", "p": "p", "r": "r rh wr", "s": "s s ss", "t": "t", "v": "v", "w": "w wh", "z": "z z s x",
    "sh": "sh sch", "ch": "ch tch",
}  # fmt: skip
_CLUSTERS = {
    "br": "br", "kr": "kr cr chr", "dr": "dr", "gr": "gr", "tr": "tr", "bl": "bl", "kl": "kl cl", "fl": "fl phl",
    "fr": "fr phr", "pl": "pl", "st": "st", "sk": "sk sc", "sl": "sl", "kw": "kw qu",
}  # fmt: skip
"""How a syllable may begin: its sound, and spellings of it."""

_EARLY_ONLY = {"kn", "rh", "wr", "wh", "kh", "x", "chr"}
_LATE_ONLY = {"ff", "ll", "ss", "tch"}

_CLOSED = {"a": "a", "e": "e", "i": "i y", "o": "o", "u": "u"}
"""Short vowels, before a consonant of their syllable."""

_OPEN = {"ee": "ee ea ie i e", "oo": "oo u ou ue", "ay": "ay ai ei ey", "oh": "o oe oh ow",
         "ar": "ar ahr", "er": "er ur ir", "or": "or aur ore", "y": "y ai ie"}  # fmt: skip
"""Long vowels, which end their syllable."""

_CODAS = {"n": "n", "l": "l", "m": "m", "r": "r", "s": "s", "k": "k ck c", "x": "x ks cks"}
"""How a syllable within a name may end."""

_LAST = {"a": "a ah", "o": "o oh", "ee": "y ie ee i ey", "er": "er or ar", "en": "en in an yn",
         "on": "on onn", "el": "el le ell", "is": "is iss ys", "ix": "ix icks yx", "ia": "ia ya ea",
         "ora": "ora orah aura"}  # fmt: skip
_MEDICINE = {"azole": "azole asole", "een": "een ine in", "statin": "statin statyn", "mab": "mab mabb",
             "pril": "pril prill", "olol": "olol ollol", "zepam": "zepam zepham",
             "cillin": "cillin sillin cilin", "ex": "ex ecks", "ol": "ol oll"}  # fmt: skip
_PLACE = {"ton": "ton tun", "ville": "ville vil", "burg": "burg berg burgh", "field": "field feald",
          "ford": "ford forde", "stead": "stead sted", "by": "by bie", "wick": "wick wic wyck",
          "more": "more moor", "haven": "haven hayven"}  # fmt: skip
_ENDINGS = {"person": _LAST, "product": _LAST, "medicine": _MEDICINE, "place": _PLACE}

_UNFIT = ("fuk", "fuck", "shit", "kunt", "cunt", "nig", "dik", "kok", "kum", "tit", "rape", "slut",
          "nazi", "ass", "anus", "sex", "wank", "piss", "poo", "fag", "spik", "turd", "homo", "jew",
          "kike", "kill", "hitler", "porn", "dick", "cock", "cum")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A name and the ways to spell it."""

    spoken: str
    spellings: tuple[str, ...]

    def marked(self, rng: Random, suffix: str = "", spoken_suffix: str = "") -> str:
        """In the notation of the corpus, a random spelling first."""
        shuffled = rng.sample(self.spellings, len(self.spellings))
        return "{" + "/".join(one + suffix for one in shuffled) + "|" + self.spoken + spoken_suffix + "}"


def invent(rng: Random, count: int, kind: str, taken: set[str]) -> list[Name]:
    """Invent names.

    Args:
        kind: person, product, medicine or place: decides the endings.
        taken: Spoken forms and spellings that are in use, in small letters; grows by the new ones.
    """
    names: list[Name] = []
    while len(names) < count:
        sounds = _sounds(rng, kind)
        spoken = "".join(sound for sound, _ in sounds)
        if not 4 <= len(spoken) <= 11 or spoken in taken or any(bad in spoken for bad in _UNFIT):
            continue
        spellings: list[str] = []
        for _ in range(20):
            spelled = _tidy("".join(_spelling(rng, at, options) for at, (_, options) in enumerate(sounds)))
            lower = spelled.lower()
            if spelled not in spellings and lower not in taken and not any(bad in lower for bad in _UNFIT):
                spellings.append(spelled)
        spellings = spellings[: rng.choice((3, 4, 4, 5, 6))]
        if len(spellings) < 3:
            continue
        taken.update((spoken, *(one.lower() for one in spellings)))
        names.append(Name(spoken, tuple(spellings)))
    return names


def _sounds(rng: Random, kind: str) -> list[tuple[str, list[str]]]:
    """Syllables and an ending; an ending that begins with a vowel takes a consonant before it."""
    sounds: list[tuple[str, list[str]]] = []
    for place in range(rng.choice((1, 1, 2) if kind in ("place", "medicine") else (1, 1, 2, 2))):
        onsets = _CLUSTERS if place == 0 and rng.random() < 0.3 else _SINGLE
        sounds.append(_sound(rng, onsets))
        if rng.random() < 0.6:
            sounds += [_sound(rng, _CLOSED), _sound(rng, _CODAS)]
        else:
            sounds.append(_sound(rng, _OPEN))
    ending = _sound(rng, _ENDINGS[kind])
    if ending[0][0] in "aeiou":
        sounds.append(_sound(rng, _SINGLE))
    return [*sounds, ending]


def _sound(rng: Random, sounds: dict[str, str]) -> tuple[str, list[str]]:
    sound = rng.choice(tuple(sounds))
    return sound, sounds[sound].split()


def _spelling(rng: Random, place: int, options: list[str]) -> str:
    fit = [one for one in options if one not in (_EARLY_ONLY if place else _LATE_ONLY)]
    return rng.choice(fit or options)


def _tidy(spelled: str) -> str:
    """No letter thrice, none twice behind a consonant, and no c that one would say as s."""
    spelled = re.sub(r"(.)\1\1+", r"\1\1", spelled)
    spelled = re.sub(r"(?<=[bcdfghjklmnpqrstvwxz])([lfs])\1", r"\1", spelled)
    return re.sub(r"c(?=[eiy])", "k", spelled).replace("quu", "qu").capitalize()
