"""What is written in the place of what: the user's own words and expressions.

It owns the order in which they are applied and what is left out. It does not know what a word is, nor the settings'
file.

Plain ones come first, all in one pass, the longest at each place, and what they wrote is not replaced again by another
plain one. Then the expressions, in their order, each upon what is there by then. Plain words that are replaced by
nothing take their space along, and their comma: "I, um, think" becomes "I, think". A space or line break at the rim of
a replacement takes the place of the space there.
"""

from __future__ import annotations

from collections.abc import Sequence

from clients.text import whole_words
from clients.text.safe import clean, clean_lines
from pipeline import patterns
from pipeline.desktop_settings import Replacement
from pipeline.errors import UsageError

MOST_CHARACTERS = 200_000
"""A text that an expression has made longer is not taken."""
MOST_TO_FIND = 200
"""Characters of plain words that are sought."""
_PLAIN_S = 10.0
"""Plain ones take a time in proportion to the text; this is no limit that one meets."""
_GONE, _NO_SPACE_BEFORE, _NO_SPACE_BEHIND = "\0\1\2"
"""Stand in a text while it is replaced in, where spaces are to go; no cleaned text has them."""


class Replacements:
    """The replacements of the settings.

    Args:
        seconds: each expression may take for a text.

    Raises:
        UsageError: there is nothing to find, an expression is none, or a replacement names a group that is not there.
    """

    def __init__(self, replacements: Sequence[Replacement], seconds: float) -> None:
        self._seconds = seconds
        self._plain: dict[str, str] = {}
        self._expressions: list[tuple[str, patterns.Pattern, str]] = []
        finds: list[str] = []
        for number, replacement in enumerate(replacements):
            where = f"text.replacements[{number}]"
            if replacement.regex:
                self._expressions.append((where, _expression(where, replacement), replacement.replace))
                continue
            find = whole_words.key(clean(replacement.find))
            if not find:
                raise UsageError(f"{where}.find is empty", "Write the words that are to be replaced.")
            if len(find) > MOST_TO_FIND:
                raise UsageError(f"{where}.find is longer than {MOST_TO_FIND} characters", "Seek less of it.")
            if find in self._plain:
                raise UsageError(f"{where}.find: {replacement.find!r} is there twice", "Case and spaces do not count.")
            self._plain[find] = _marked(clean_lines(replacement.replace))
            finds.append(clean(replacement.find))
        self._words = whole_words.any_of(finds) if finds else None

    def apply(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text with all replaced, and what was left out and why; line breaks in it are the user's."""
        notes: list[str] = []
        if self._words:
            text = _closed_up(patterns.substitute(self._words, self._written, text, _PLAIN_S))
        for where, expression, replace in self._expressions:
            try:
                done = patterns.substitute(expression, replace, text, self._seconds)
            except patterns.TookTooLong:
                notes.append(f"{where}.find took longer than {self._seconds * 1000:g} ms and was left out")
                continue
            if len(done) > MOST_CHARACTERS:
                notes.append(f"{where} made the text longer than {MOST_CHARACTERS} characters and was left out")
                continue
            text = done
        return clean_lines(text) if self._expressions else text, tuple(notes)

    def _written(self, found: str) -> str:
        return self._plain.get(whole_words.key(found), found)


def _expression(where: str, replacement: Replacement) -> patterns.Pattern:
    try:
        expression = patterns.compile(replacement.find)
    except UsageError as error:
        raise UsageError(f"{where}.find: {error.message}", error.hint) from None
    if not replacement.find:
        raise UsageError(f"{where}.find is empty", "Write an expression.")
    try:
        # A replacement is read only where something matches; with nothing as another way, an empty text does.
        patterns.substitute(patterns.compile("|" + replacement.find), replacement.replace, "", 1.0)
    except UsageError as error:
        raise UsageError(f"{where}.replace: {error.message}", error.hint) from None
    return expression


def _marked(replace: str) -> str:
    if not replace:
        return _GONE
    before = _NO_SPACE_BEFORE if replace[0].isspace() else ""
    return before + replace + (_NO_SPACE_BEHIND if replace[-1].isspace() else "")


def _closed_up(text: str) -> str:
    """The text without the marks and the spaces that they stand for."""
    *others, last = text.split(_NO_SPACE_BEFORE)
    first, *behind = "".join([*(part.rstrip(" ") for part in others), last]).split(_NO_SPACE_BEHIND)
    done, *others = "".join([first, *(part.lstrip(" ") for part in behind)]).split(_GONE)
    for other in others:
        done = done.rstrip(" ")
        if not done or done.endswith("\n"):
            done += other.lstrip(" ,")
        elif other.startswith(","):
            done = done.removesuffix(",") + other
        else:
            done += other
    return done
