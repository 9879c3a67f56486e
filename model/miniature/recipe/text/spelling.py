"""Another plausible spelling of the same sound, for any English word.

This file owns the rules. Training uses it while it reads, to teach that the spelling in the context is the one to
write; so it is quick and needs nothing but the standard library.
"""

from __future__ import annotations

import re
from random import Random

_RULES: tuple[tuple[str, str], ...] = (
    (r"ph", "f"),
    (r"ff", "f ph"),
    (r"^f", "ph"),
    (r"(?<=[aeiouy])f(?!f)", "ph ff"),
    (r"(?<=[lmnr])f", "ph"),
    (r"ck", "k c kk"),
    (r"(?<![cks])c(?=[aoulr])", "k"),
    (r"(?<![cks])k(?=[aourl])(?!now)", "c"),
    (r"(?<=[aeiou])k$", "ck c que"),
    (r"(?<=[aeiou])c$", "k ck"),
    (r"qu", "kw qw"),
    (r"(?<=[aeiou])x", "ks cks xx"),
    (r"(?<![sx])c(?=[eiy])", "s"),
    (r"(?<=[nrlaeiou])s(?=[ei])(?!es?$)", "c ss"),
    (r"ss", "s"),
    (r"(?<!z)z(?!z)", "zz s"),
    (r"zz", "z"),
    (r"ee", "ea ie"),
    (r"ea(?=[kmnlptd])", "ee ie"),
    (r"(?<!h)ie(?=[lnf])", "ee ea"),
    (r"ai(?=[nlmdt])", "ay ei"),
    (r"ay$", "ai ey eigh"),
    (r"ay(?=[a-z])", "ai ei"),
    (r"oo(?=[nlmtf])", "u ou ew"),
    (r"(?<=[bcdfgklmnprstvz])y$", "ie ey i ee"),
    (r"(?<=[ln])ey$", "y ie"),
    (r"(?<=[ln])ie$", "y ey"),
    (r"(?<=[bdfhklmnprstvw])i(?=[bdklmnprstv])", "y"),
    (r"(?<=[bdfhklmnprstvw])y(?=[bdklmnprstv])", "i"),
    (r"ow(?=n)", "ou"),
    (r"oa", "o oe"),
    (r"(?<!e)er(?=[a-z]|$)", "ur ir"),
    (r"ir(?=[bdkmnst])", "er ur"),
    (r"ur(?=[bdkmnst])", "er ir"),
    (r"(?<=[dfhklmnt])or(?=[bdkmnst])", "aur"),
    (r"aw", "au"),
    (r"au(?=[ldnt])", "aw"),
    (r"(?<![d])j(?=[ei])", "g"),
    (r"dge", "ge"),
    (r"(?<=[bcdfgkpstz])le$", "el ell"),
    (r"(?<=[cgnt])o$", "oh ow"),
    (r"tch", "ch"),
    (r"(?<![cs])sh", "sch"),
    (r"^w(?=[aei])", "wh"),
    (r"^wh(?!o)", "w"),
    (r"^r(?=[aeiou])", "rh wr"),
    (r"^n(?=[aeiou])", "kn"),
    (r"^kn", "n"),
    (r"^wr", "r"),
    (r"ight", "ite yte"),
    (r"(?<=[ts])tion|(?<=[aeio])tion", "shun cion"),
    (r"(?<=[dhklmnrst])a$", "ah"),
    (r"(?<=[aeiou])([bdlmnprt])(?=[aeiouy])(?!e$)", "**"),
    (r"([bdlmnprt])(?:(?<=bb)|(?<=dd)|(?<=ll)|(?<=mm)|(?<=nn)|(?<=pp)|(?<=rr)|(?<=tt))", "-"),
    (r"(?<=[lnrs][dkmnt])$|(?<=[aeo][iuw][lnrdk])$|(?<=w[ln])$", "e"),
    (r"(?<=ll)e$|(?<=[rln][dkmnst])e$", "-"),
)  # fmt: skip
"""A sound in its surroundings, and other spellings of it; `**` doubles the letter, `-` leaves it out."""

_COMPILED = tuple((re.compile(pattern), tuple(others.split())) for pattern, others in _RULES)


def respell(word: str, random: Random) -> str:
    """Spell a word in another way that sounds alike.

    Args:
        word: Letters; whatever else stands in it is kept.
        random: Chooses among the ways.

    Returns:
        Another spelling with the capitals of the first; the word itself if it has no letter to change.
    """
    lower = word.lower()
    found = _changes(lower, random)
    if not found:
        return _without_rule(word)
    chosen = random.sample(found, min(len(found), random.choice((1, 1, 2, 2, 3))))
    chosen.sort(key=lambda one: one[0].span(), reverse=True)
    result, end = lower, len(lower) + 1
    for match, others in chosen:
        if match.end() > end or (match.end() == end == match.start()):
            continue
        old = match.group()
        other = random.choice(others)
        new = old * 2 if other == "**" else "" if other == "-" else other
        result = result[: match.start()] + new + result[match.end() :]
        end = match.start()
    return _capitals(word, result)


def _changes(lower: str, random: Random) -> list[tuple[re.Match[str], tuple[str, ...]]]:
    """Some of the places where a rule applies; it looks on from a random rule until it has enough, for speed."""
    start = random.randrange(len(_COMPILED))
    found: list[tuple[re.Match[str], tuple[str, ...]]] = []
    for pattern, others in (*_COMPILED[start:], *_COMPILED[:start]):
        found += [(match, others) for match in pattern.finditer(lower)]
        if len(found) >= 4:
            break
    return found


def _without_rule(word: str) -> str:
    """No sound has another common spelling: the first consonant behind a vowel is doubled, or the last letter."""
    found = re.search(r"(?<=[aeiouy])[bdfgklmnprstz](?![^aeiouy])", word, re.IGNORECASE)
    place = found.end() if found else len(word)
    last = word[place - 1 : place]
    doubled = last.isalpha() and (found is not None or last.lower() not in "aeiouwxy")
    return word[:place] + last + word[place:] if doubled else word


def _capitals(model: str, text: str) -> str:
    if len(model) > 1 and model.isupper():
        return text.upper()
    return text[:1].upper() + text[1:] if model[:1].isupper() else text
