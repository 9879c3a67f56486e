"""Capital letters at the beginning of a text that goes on from another.

It owns when a first letter changes. It does not know the language: Steno may not be told it.

The model begins every utterance with a capital, also one that goes on within a sentence. A capital is taken back only
where that is safe: an English word of a closed list, none of which is a name, a noun or an adjective of a country, in
the middle of a sentence. "I", acronyms, names and every other language's words, German nouns among them, stay as the
model wrote them.
"""

from __future__ import annotations

from clients.text import spacing
from pipeline import patterns

_FUNCTION_WORD = patterns.compile(
    r"(?:(?:about|after|also|although|an|and|are|as|at|be|because|been|before|being|but|by|could|did|do|does|for|from|had"
    r"|has|have|he|her|here|his|how|if|in|into|is|it|its|just|my|not|of|on|only|or|our|over|shall|she|should|since|so"
    r"|that|the|their|them|then|there|these|they|this|those|though|to|too|under|unless|until|very|was|we|were|what|when"
    r"|where|whether|which|while|who|whom|whose|why|with|would|yet|you|your)(?:['\u2019](?:s|re|ve|ll|d))?"
    r"|(?:are|ca|could|did|do|does|had|has|have|is|should|was|were|wo|would)n['\u2019]t|can['\u2019]t)"
)
"""English words that are hardly ever a name or a noun, and their short forms. Left out on purpose: "a" (a grade, a
vitamin), "I", "can", "may" and "will" (names, a month), "us" (a country), "no" (a number)."""
_WORD = patterns.compile(r"\p{Lu}\p{Ll}+(?:['\u2019]\p{Ll}+)?(?=[,;:]?(?:\s|$)|[.!?…]+$)")
_FIRST = patterns.compile(r"(?P<opening>[\p{Pi}\p{Pf}\p{Ps}\"'¿¡]*)(?P<word>(?P<letter>\p{L})(?P<rest>\S*))")
_WITHIN = patterns.compile(r"[\p{L}\p{M}\p{N}%)\],;\u060c\u3001\uff0c]\s*$")
"""The end of a text that a sentence goes on from: a word, a number, a comma or semicolon. Not a colon, which some
languages follow with a capital; not a quotation mark, behind which another sentence may begin."""
_OWN_WAY = patterns.compile(r"[@/\\_\p{Lu}\p{N}]|\.\p{L}")
"""What shows that a word is no plain one: iPhone, example.com, a name of a file."""
_TURKIC = frozenset("ığİĞ")
"""Only Turkish and its neighbours have these letters; their i keeps its dot as a capital."""


def at_start(before: str) -> bool:
    """Whether what comes next begins a sentence: at the very beginning, on a new line, behind a full stop."""
    bare = before.rstrip()
    return not bare or "\n" in before[len(bare) :] or spacing.stopped(bare)


def fitted(before: str, text: str) -> str:
    """The text with its first letter as the place wants it."""
    if at_start(before):
        return _raised(text)
    return _lowered(text) if _WITHIN.search(before[-20:]) else text


def without(text: str) -> str:
    """The text without the capital of a first word that is otherwise in small letters; "I" and acronyms stay."""
    first = _FIRST.match(text)
    if not first or not first["rest"][:1].islower() or any(character.isupper() for character in first["rest"]):
        return text
    letter = "i" if first["letter"] == "İ" else first["letter"].lower()
    return text[: first.start("letter")] + letter + text[first.end("letter") :]


def _raised(text: str) -> str:
    first = _FIRST.match(text)
    if not first or _OWN_WAY.search(first["word"]):
        return text
    letter = "İ" if first["letter"] == "i" and not _TURKIC.isdisjoint(text) else first["letter"].title()
    return text[: first.start("letter")] + letter + text[first.end("letter") :]


def _lowered(text: str) -> str:
    word = _WORD.match(text)
    small = word[0][0].lower() + word[0][1:] if word else ""
    if not word or not _FUNCTION_WORD.fullmatch(small):
        return text
    behind = text[word.end() :]
    if small == "the" and behind.lstrip()[:1].isupper():
        return text  # The Hague, The Times
    return small + behind
