"""Speakers that espeak-ng can be turned into: shipped voice variants, and random ones by the hundred.

This file owns the files of voice variants (espeak-ng's docs/voices.md), what a random one may be, and which speakers no
training hears. A random variant is a pure function of its number.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from model.miniature.recipe.speech.espeak_library import MORE_VARIANTS

COUNT = 400
"""Random variants."""
HELD_RANDOM = 20
"""The last ones of them, which no training hears."""
HELD = ("f4", "m7", "klatt3", "Andy", "linda", "steph2", "grandpa")
"""Shipped variants that no training hears."""
# Heard neither in training nor in evaluation: held-out ones but for a number or two (AnxiousAndy, belinda, steph,
# steph3, grandma), and the grotesque or whispered ones (robosoft, Storm, croak, and so on).
SHIPPED = (
    *("Alex", "Alicia", "Andrea", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Lee", "Marco"),
    *("Mario", "Michael", "Mike", "Nguyen", "adam", "antonio", "aunty", "benjamin", "boris", "caleb", "david"),
    *("ed", "edward", "edward2", "f1", "f2", "f3", "f5", "gustave", "iven", "iven2", "iven3", "john", "klatt"),
    *("klatt2", "klatt4", "klatt5", "klatt6", "m1", "m2", "m3", "m4", "m5", "m6", "m8", "marcelo", "max", "michel"),
    *("miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "travis"),
    *("victor", "zac"),
)
"""Shipped variants for training."""

_KLATT = (1, 2, 4, 5, 6)
"""Klatt's synthesiser in its kinds, but for the third, whose variant is held out."""


def random_name(number: int) -> str:
    """The name of a random variant, from 1."""
    return f"s{number:03d}"


def write_random(data: Path) -> None:
    """Write the files of all random variants into a data folder of espeak-ng."""
    (data / MORE_VARIANTS).mkdir(parents=True, exist_ok=True)
    for number in range(1, COUNT + 1):
        (data / MORE_VARIANTS / random_name(number)).write_text(random_text(number))


def random_text(number: int) -> str:
    """The file of a random variant: a vocal tract, a larynx, and a manner.

    The ranges are those of the shipped variants that are easily understood.
    """
    random = Random(f"variant {number}")
    head = ["language variant", f"name {random_name(number)}"]
    return "\n".join([*head, *_vocal_tract(random), *_larynx(random), *_manner(random)]) + "\n"


def _vocal_tract(random: Random) -> list[str]:
    tract = random.uniform(0.86, 1.22)  # the length: all formants go up and down together
    lines = []
    for formant in range(9):
        own = random.gauss(1, 0.03 if formant in {1, 2} else 0.05)  # vowels live in the first two
        frequency = 100 if formant == 0 else _within(100 * tract * own, 76, 136)
        strength = _within(random.gauss(92, 12) - (0 if formant < 3 else random.uniform(0, 25)), 50, 130)
        width = _within(random.gauss(112, 20), 70, 170)
        lines.append(f"formant {formant} {frequency} {strength} {width}")
    if random.random() < 0.5:
        amplitudes = [_within(start * random.uniform(0.7, 1.3), 60, 255) for start in (170, 135, 110)]
        corners = (random.randrange(400, 800), random.randrange(1000, 1500), random.randrange(1800, 3200))
        pairs = [f"{corner} {amplitude}" for corner, amplitude in zip(corners, amplitudes, strict=True)]
        lines.append("tone " + " ".join(pairs))
    return lines


def _larynx(random: Random) -> list[str]:
    base = round(72 * (225 / 72) ** random.random())
    lines = [f"pitch {base} {round(base * random.uniform(1.15, 1.65))}"]
    lines.append(f"flutter {random.choice((0, 1, 2, 2, 3, 5, 8, 12))}")
    lines.append(f"roughness {random.choice((0, 0, 0, 1, 1, 2, 3))}")
    lines.append(f"voicing {random.randrange(80, 135)}")
    lines.append(f"consonants {random.randrange(65, 120)} {random.randrange(70, 120)}")
    if random.random() < 0.25:
        strengths = [random.randrange(4, 30) // (1 + formant // 2) for formant in range(6)]
        lines.append("breath " + " ".join(map(str, strengths)))
    if random.random() < 0.2:
        lines.append(f"klatt {random.choice(_KLATT)}")
    return lines


def _manner(random: Random) -> list[str]:
    lines = [f"speed {random.randrange(85, 118)}"]
    if random.random() < 0.4:
        lines.append(f"intonation {random.randrange(1, 5)}")
    if random.random() < 0.4:  # the eight degrees of stress, from the weakest to the emphatic
        weak, strong = random.randrange(14, 19), random.randrange(19, 25)
        lines.append(f"stressAmp {weak} {weak} {strong} {strong} {weak} {weak} {strong} {strong}")
    if random.random() < 0.4:
        weak, strong = random.randrange(-25, 10), random.randrange(-10, 25)
        lines.append(f"stressAdd {weak} {weak} {weak} {weak} 0 {strong} {strong} {strong + random.randrange(60)}")
    return lines


def _within(value: float, low: int, high: int) -> int:
    return round(min(max(value, low), high))
