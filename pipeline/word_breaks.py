"""Where in a text one word ends and the next one begins, in any script.

It owns what counts as a word when text is shown piece by piece: what stands between spaces, and where the script has
none each ideograph and each kana. It does not know where the text comes from.

Source: the Unicode Standard, Annex 29 for graphemes, and the line-breaking classes of Annex 14 for what may not begin a
line.
"""

from __future__ import annotations

from itertools import pairwise

from pipeline import patterns

_GRAPHEME = patterns.compile(r"\X")
_SPACE = patterns.compile(r"(?V1)[\s--\p{lb=GL}]+")
"""White space, but not the spaces that hold two halves of a word together."""
_OPENS = patterns.compile(r"(?V1)[[\p{Han}\p{Hiragana}\p{Katakana}]--[\p{lb=CJ}\p{lb=NS}]]")
"""Characters of scripts without spaces; small kana, long vowels and repetition marks belong to what is before them."""
_CLOSES = patterns.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{lb=CJ}\p{lb=NS}\p{lb=CL}\p{lb=EX}]")
"""What may stand before such a character without being of one word with it: another one, or closing punctuation."""


def word_breaks(text: str) -> list[int]:
    """Offsets at which a word, with its punctuation, has ended and another begins behind them; in order.

    The end of the text is none of them: the last word may go on. Each of them lies between two graphemes, and no white
    space stands before it.
    """
    graphemes = _GRAPHEME.findall(text)
    found, at = [], 0
    for before, after in pairwise(graphemes):
        at += len(before)
        if _SPACE.fullmatch(after):
            if not before.isspace():
                found.append(at)
        elif _OPENS.match(after) and _CLOSES.match(before):
            found.append(at)
    return found


def goes_on(text: str, at: int) -> bool:
    """Whether the word that stands before `at` goes on behind it; punctuation alone does not make it another word."""
    if at == len(text):
        return False
    if all(grapheme.start() != at for grapheme in _GRAPHEME.finditer(text)):
        return True
    end = next((place for place in word_breaks(text) if place >= at), len(text))
    return any(character.isalnum() for character in text[at:end])
