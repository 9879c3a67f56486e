"""Who speaks: the voices that training hears, and those that it never does.

This file owns the table of the engines, their shares, and the moods of a voice. A held-out speaker is held out in all
moods, and in every engine that knows it (KAL is in flite and in festival).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from model.miniature.recipe.sentence import ENGLISH, MANDARIN
from model.miniature.recipe.speech import variants
from model.miniature.recipe.speech.voice import Voice

_FOLDER = "model.miniature.recipe.speech"


@dataclass(frozen=True, slots=True)
class Engine:
    """A synthesiser and its speakers."""

    module: str
    """Has the class and a function `collect(out: Path) -> None` for the bundle."""
    synthesiser: str
    """The class, made from the folder of the bundle; see the protocol `Synthesiser`."""
    shares: dict[str, float]
    """Language and how much of its speech is this engine's, against the shares of the others that are in use."""
    known: dict[str, tuple[str, ...]]
    """Language and the names of the speakers for training. espeak-ng's are made here from accents and variants."""
    held: dict[str, tuple[str, ...]]
    """The same, for those that no training hears."""
    variants: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Speaker and the variants that the engine knows of it; the held-out ones keep their own voice."""


ENGINES: dict[str, Engine] = {
    "espeak": Engine(
        f"{_FOLDER}.espeak",
        "Espeak",
        {ENGLISH: 34, MANDARIN: 70},
        {
            # There is no `en-gb`: what the documentation calls so is `en`.
            ENGLISH: ("en", "en-us", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"),
            # In version 1.51 the voice `cmn` reads its own pinyin as if it were English.
            MANDARIN: ("cmn-latn-pinyin",),
        },
        {ENGLISH: ("en-gb-scotland",)},
    ),
    "festival": Engine(
        f"{_FOLDER}.festival",
        "Festival",
        {ENGLISH: 18},
        {ENGLISH: ("ked_diphone", "cmu_us_slt_arctic_hts")},
        {},
        {"cmu_us_slt_arctic_hts": ("0.37", "0.39", "0.41", "0.43", "", "0.47", "0.49", "0.51", "0.53")},
    ),
    "neural": Engine(
        f"{_FOLDER}.neural",
        "Neural",
        {ENGLISH: 22},
        {ENGLISH: ("heart",)},
        {},
        {"heart": ("0.86", "0.90", "0.94", "0.97", "", "1.03", "1.06", "1.10", "1.14")},
    ),
    "syllables": Engine(
        f"{_FOLDER}.syllables", "Syllables", {MANDARIN: 30}, {MANDARIN: ("luo",)}, {MANDARIN: ("liu",)}
    ),
    # No training hears anything of this one: it is the unknown synthesiser.
    "pico": Engine(f"{_FOLDER}.pico", "Pico", {}, {}, {ENGLISH: ("en-US", "en-GB")}),
    "flite": Engine(
        f"{_FOLDER}.flite", "Flite", {ENGLISH: 26}, {ENGLISH: ("slt", "rms", "awb")}, {ENGLISH: ("kal16",)}
    ),
}
"""Every engine there is; a new one needs a line here and nothing else."""

GROUPS = ("espeak", "variants", "other")
"""Held-out voices: shipped variants and an accent of espeak-ng, random variants of it, speakers of other engines."""

_PLAIN = 0.06
"""Share of espeak-ng's speech in its own voice, without a variant."""
_RANDOM = 0.5
"""Share of it in random variants."""


def known(random: Random, language: str, engines: tuple[str, ...] = tuple(ENGINES)) -> Voice:
    """A voice for training.

    Args:
        random: where chance comes from; the voice is a pure function of its state.
        language: `English` or `Chinese`.
        engines: those that are in use.

    Raises:
        ValueError: none of them speaks the language.
    """
    able = [name for name in engines if ENGINES[name].known.get(language)]
    if not able:
        raise ValueError(f"no engine for {language} among {', '.join(engines)}")
    engine = random.choices(able, [ENGINES[name].shares[language] for name in able])[0]
    name = random.choice(ENGINES[engine].known[language])
    variant = random.choice(ENGINES[engine].variants.get(name, ("",)))
    if engine == "espeak":
        chance = random.random()
        if chance < _RANDOM:
            variant = variants.random_name(random.randrange(1, variants.COUNT - variants.HELD_RANDOM + 1))
        elif chance < 1 - _PLAIN:
            variant = random.choice(variants.SHIPPED)
    return _in_a_mood(random, engine, name, variant)


def held(random: Random, language: str, group: str, engines: tuple[str, ...] = tuple(ENGINES)) -> Voice:
    """A voice that no training hears, of one of the GROUPS.

    Raises:
        ValueError: no such group, or nobody in it speaks the language.
    """
    if group == "other":
        speakers = others(language, engines)
        if not speakers:
            raise ValueError(f"no held-out speaker of {language} in another engine than espeak")
        return _in_a_mood(random, *random.choice(speakers), "")
    accents = ENGINES["espeak"].known[language]
    if group == "variants":
        number = random.randrange(variants.COUNT - variants.HELD_RANDOM + 1, variants.COUNT + 1)
        return _in_a_mood(random, "espeak", random.choice(accents), variants.random_name(number))
    if group != "espeak":
        raise ValueError(f"no group {group}; there are {', '.join(GROUPS)}")
    name = random.choice((*accents[:2], *ENGINES["espeak"].held.get(language, ())))
    return _in_a_mood(random, "espeak", name, random.choice(variants.HELD))


def others(language: str, engines: tuple[str, ...]) -> list[tuple[str, str]]:
    """Engine and name of the held-out speakers of the group `other`."""
    return [(one, name) for one in engines if one != "espeak" for name in ENGINES[one].held.get(language, ())]


def _in_a_mood(random: Random, engine: str, name: str, variant: str) -> Voice:
    gap = random.uniform(0.01, 0.12) if engine == "espeak" and random.random() < 0.25 else 0.0
    return Voice(
        engine,
        f"{name}+{variant}" if engine == "espeak" and variant else name,
        variant,
        rate=random.uniform(0.75, 1.35),
        pitch=2 ** min(max(random.gauss(0, 0.22), -0.6), 0.6),
        range=random.uniform(0.5, 1.7),
        gap=gap,
    )
