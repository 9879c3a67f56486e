"""Names of people, places, firms and things: known ones, ones that are spelled in several ways, and invented ones.

This file owns the stock of names, and which of them are kept from training. Everything is given in the notation of the
corpus, `{Sean/Shawn/Shaun|shawn}`.
"""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

from model.miniature.recipe.text.invention import Name, invent
from model.miniature.recipe.text.letters import ACRONYMS
from model.miniature.recipe.text.sources import Package, Unpacked

FAKER = Package("faker", debian=False, version="40.63.0")
"""Lists of first and last names of many countries; MIT."""

WORDS = Path(__file__).parent / "words"
HELD_SHARE = 50
"""One in so many invented names is heard in held-out sentences only."""

_HOME = ("en_US", "en_GB")
_ABROAD = ("de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "sv_SE", "pt_BR", "en_IN", "en_IE",
           "en_NG", "en_KE", "tr_TR", "en_PK", "fi_FI", "no_NO", "da_DK", "cs_CZ", "hr_HR", "id_ID")  # fmt: skip
_SUFFIXES = ("Flow", "Base", "Works", "Cloud", "Link", "Mail", "Pad", "Desk", "Note", "Cast", "Grid",
             "Sync", "Hub", "Lab", "Net", "Wave", "Box", "Point", "Bank", "Air", "Drive", "Foods",
             "Group", "Systems", "Motors", "Health", "Media", "Energy", "Capital", "Books", "Games",
             "Legal", "Labs", "Logic", "Path", "Pro", "Max", "Mini", "One")  # fmt: skip
_FIRM_ENDS = ("Limited", "Partners", "Brothers", "and Sons", "Group", "Bank", "Insurance", "Consulting",
              "Hotels", "Studios", "Logistics", "Airlines", "Foundation", "University", "Hospital",
              "Institute")  # fmt: skip
_COLOURS = ("Blue", "Silver", "Northern", "Golden", "Red", "Green", "Silent", "Bright", "Hidden",
            "Iron", "Paper", "Amber", "Quiet")  # fmt: skip
_THINGS = ("Falcon", "River", "Lantern", "Harbor", "Bridge", "Comet", "Garden", "Compass", "Anchor",
           "Maple", "Mountain", "Arrow", "Horizon", "Meadow", "Castle", "Beacon", "Sparrow", "Willow",
           "Otter", "Phoenix")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The stock. Each method gives one name in the notation of the corpus."""

    firsts: tuple[str, ...]
    foreign_firsts: tuple[str, ...]
    lasts: tuple[str, ...]
    foreign_lasts: tuple[str, ...]
    towns: tuple[str, ...]
    alike: tuple[Name, ...]
    """Real names that are spelled in several ways; given names first."""
    surnames_from: int
    """Where the surnames begin in `alike`."""
    terms: tuple[str, ...]
    """Technical terms and brands, in the notation."""
    known_medicines: tuple[str, ...]
    people: tuple[Name, ...]
    places: tuple[Name, ...]
    products: tuple[Name, ...]
    medicines: tuple[Name, ...]

    @staticmethod
    def make(faker: Unpacked, seed: int, scale: float = 1.0) -> Names:
        """Read the lists and invent the rest.

        Args:
            scale: Of the count of invented names, for small runs.
        """
        rng = Random(f"{seed} names")
        home, abroad = _people(faker.root, _HOME), _people(faker.root, _ABROAD)
        alike = [_name(line) for line in _lines("homophones.txt")]
        known = {one.casefold() for group in alike for one in group.spellings} | {group.spoken for group in alike}
        firsts = _without(home[0], known)
        first_names = {one.casefold() for one in (*home[0], *abroad[0])}
        alike.sort(key=lambda group: not any(one.casefold() in first_names for one in group.spellings))
        surnames_from = sum(any(one.casefold() in first_names for one in group.spellings) for group in alike)
        taken = set(known) | {one.casefold() for part in (*home, *abroad) for one in part}
        towns = (*" ".join(_lines("places.txt")).split(), *_lines("multi_places.txt"))
        taken.update(town.casefold() for town in towns)
        people = invent(rng, round(8000 * scale), "person", taken)
        places = invent(rng, round(4000 * scale), "place", taken)
        products = invent(rng, round(8500 * scale), "product", taken)
        medicines = invent(rng, round(2500 * scale), "medicine", taken)
        terms, known_medicines = (
            tuple("{" + line + "}" for line in _lines(f"{one}.txt")) for one in ("terms", "medicines")
        )
        return Names(firsts, _without(abroad[0], known), _without(home[1], known), _without(abroad[1], known), towns,
                     tuple(alike), surnames_from, terms, known_medicines, tuple(people), tuple(places), tuple(products),
                     tuple(medicines))  # fmt: skip

    def first(self, rng: Random) -> str:
        """A given name."""
        shape = rng.random()
        if shape < 0.45:
            return self.alike[rng.randrange(self.surnames_from)].marked(rng)
        if shape < 0.65:
            return rng.choice(self.people).marked(rng)
        return rng.choice(self.firsts if shape < 0.92 else self.foreign_firsts)

    def last(self, rng: Random) -> str:
        """A family name."""
        shape = rng.random()
        if shape < 0.25:
            return self.alike[rng.randrange(self.surnames_from, len(self.alike))].marked(rng)
        if shape < 0.6:
            return rng.choice(self.people).marked(rng)
        return rng.choice(self.lasts if shape < 0.9 else self.foreign_lasts)

    def plain_first(self, rng: Random) -> str:
        """A given name that is written in one way, without marks."""
        return rng.choice(self.firsts)

    def plain_last(self, rng: Random) -> str:
        """A family name that is written in one way, without marks."""
        return rng.choice(self.lasts)

    def full(self, rng: Random) -> str:
        """Given and family name."""
        return f"{self.first(rng)} {self.last(rng)}"

    def place(self, rng: Random) -> str:
        """A town or country."""
        return rng.choice(self.places).marked(rng) if rng.random() < 0.45 else rng.choice(self.towns)

    def product(self, rng: Random) -> str:
        """A product or a programme: `{Filkar/Phylkar|filkar} Desk`."""
        shape = rng.random()
        name = rng.choice(self.products)
        suffix = rng.choice(_SUFFIXES)
        if shape < 0.55:
            return name.marked(rng)
        if shape < 0.7:
            return name.marked(rng, suffix, " " + suffix.lower())
        if shape < 0.85:
            return f"{name.marked(rng)} {suffix}"
        return rng.choice(self.terms) if shape < 0.93 else f"{rng.choice(_COLOURS)} {rng.choice(_THINGS)}"

    def firm(self, rng: Random) -> str:
        """A firm or an institution."""
        shape = rng.random()
        if shape < 0.45:
            return rng.choice(self.products).marked(rng)
        if shape < 0.75:
            return f"{rng.choice(self.products).marked(rng)} {rng.choice((*_SUFFIXES, *_FIRM_ENDS))}"
        return f"{self.last(rng)} {rng.choice(_FIRM_ENDS)}"

    def project(self, rng: Random) -> str:
        """A project's name."""
        if rng.random() < 0.6:
            return rng.choice(self.products).marked(rng)
        return f"{rng.choice(_COLOURS)} {rng.choice(_THINGS)}"

    def medicine(self, rng: Random) -> str:
        """A medicine."""
        if rng.random() < 0.2:
            return rng.choice(self.known_medicines)
        return rng.choice(self.medicines).marked(rng)

    def term(self, rng: Random) -> str:
        """A technical term or a brand."""
        return rng.choice(self.terms)

    def held(self) -> frozenset[str]:
        """Spoken forms of the invented names that training never hears."""
        invented = (*self.people, *self.places, *self.products, *self.medicines)
        return frozenset(name.spoken for name in invented if _hash(name.spoken) % HELD_SHARE == 0)

    def context_terms(self, rng: Random) -> list[str]:
        """Terms as a user would list them, several spellings of one sound as `Sean/Shawn/Shaun`, in a random order."""
        groups = (*self.alike, *self.people, *self.places, *self.products, *self.medicines)
        terms = {"/".join(group.spellings) for group in groups}
        terms.update((*self.firsts, *self.foreign_firsts, *self.lasts, *self.foreign_lasts, *self.towns, *ACRONYMS))
        terms.update(re.findall(r"\{([^|]+)\|", " ".join((*self.terms, *self.known_medicines))))
        for _ in range(10_000):
            terms.add(f"{self.plain_first(rng)} {self.plain_last(rng)}")
        for name in self.products[::2]:
            suffix = rng.choice((*_SUFFIXES, *_FIRM_ENDS))
            joint = rng.choice((" ", " ", ""))
            terms.add("/".join(f"{one}{joint}{suffix}" for one in name.spellings))
        terms.update(f"{colour} {thing}" for colour in _COLOURS for thing in _THINGS)
        ordered = sorted(terms)
        rng.shuffle(ordered)
        return ordered


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:4], "big")


def _lines(name: str) -> list[str]:
    return (WORDS / name).read_text("utf-8").splitlines()


def _name(line: str) -> Name:
    spellings, _, spoken = line.partition("|")
    return Name(spoken, tuple(spellings.split("/")))


def _without(names: set[str], known: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name.casefold() not in known))


def _people(root: Path, locales: tuple[str, ...]) -> tuple[set[str], set[str]]:
    """First and last names of some of faker's locales, those of plain letters."""
    firsts: set[str] = set()
    lasts: set[str] = set()
    for locale in locales:
        tree = ast.parse((root / "faker/providers/person" / locale / "__init__.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                continue
            into = {"first": firsts, "last_": lasts}.get(node.targets[0].id[:5])
            if into is not None:
                constants = (one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant))
                into.update(one for one in constants if isinstance(one, str) and re.fullmatch("[A-Z][a-z]{2,11}", one))
    return firsts, lasts
