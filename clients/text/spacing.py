"""The spaces between two texts, and behind one.

It owns where a space belongs, by the last characters of what stands there and the first of what comes. It does not know
who typed what stands there.

Utterances of Chinese and Japanese follow each other without a space, and so do these scripts and all others ("用iPhone
手机"): that is how the model writes them within an utterance. Korean has spaces; in Thai, Lao, Khmer and Burmese, which
have none between words, a space divides clauses and sentences, and that is what utterances are.
"""

from __future__ import annotations

from pipeline import patterns
from pipeline.desktop_settings import TrailingSpace

_CJK = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Yi}\u3000-\u303f\u30fb\u30fc\ufe30-\ufe4f"
    r"\uff00-\uff9f\uffe0-\uffef"
)
"""Letters and punctuation of the scripts that are written without spaces, also in their half- and full-width forms."""
_QUOTES = r"\p{Pi}\p{Pf}\"'"
_BEHIND_CJK = patterns.compile(rf"[{_CJK}][{_QUOTES}\p{{Pe}}…]*$")
_BEHIND_HALF_WIDTH_STOP = patterns.compile(rf"[^{_CJK}\s][.,;:!?]+[{_QUOTES}\p{{Pe}}]*$")
_IS_CJK = patterns.compile(rf"[{_QUOTES}\p{{Ps}}…]*[{_CJK}]")
_OPENED = patterns.compile(
    r"(?:[\p{Ps}¿¡/\\_]"
    r"|(?:^|[\s\p{Ps}])[\p{Ps}\p{Pi}\"']*[\p{Pi}\"'#@~]"
    r"|[\p{L}\p{N}][\u002d\u2010-\u2014])$"
)
"""What the next text leans on: an opening bracket or a slash; a quotation mark, # or @ with nothing before it; a word's
own hyphen or dash."""
_CLOSES = patterns.compile(
    r"[\p{Pe}\p{M}%‰]|[\p{Pf}\"']+(?:\s|(?!\p{Ps})\p{P}|$)|[.](?![\p{L}\p{N}_/])|(?!\.)[\p{Terminal_Punctuation}…]"
)
"""What leans on the text before: closing brackets, stops (not .bashrc), and quotation marks behind which no word
begins."""
_STOPPED = patterns.compile(rf"[\p{{Sentence_Terminal}}…][{_QUOTES}\p{{Pe}}]*$")
_SEEN = 20
"""Characters of the end of a text that are looked at."""


def belongs_between(before: str, text: str) -> bool:
    """Whether a space belongs between what stands there and what comes; False where there is one already."""
    if not before or not text or before[-1].isspace() or text[0].isspace():
        return False
    if _CLOSES.match(text) or _OPENED.search(before[-_SEEN:]):
        return False
    if _BEHIND_HALF_WIDTH_STOP.search(before[-_SEEN:]):
        return True
    return not _IS_CJK.match(text) and not _BEHIND_CJK.search(before[-_SEEN:])


def stopped(text: str) -> bool:
    """Whether the text ends as a sentence does, also within quotation marks or brackets."""
    return bool(_STOPPED.search(text.rstrip()[-_SEEN:]))


def trailing(text: str, policy: TrailingSpace) -> str:
    """The space that the policy puts behind the text, or nothing.

    Never a second one, none behind a line break. `sentence` puts none behind full-width stops, which bring their own.
    """
    if not text or text[-1].isspace() or policy == "never":
        return ""
    if policy == "sentence" and (not stopped(text) or _BEHIND_CJK.search(text[-_SEEN:])):
        return ""
    return " "
