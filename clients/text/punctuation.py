"""Text without the punctuation of sentences, as a command line wants it.

It owns what goes: stops and commas that end something, and the capitals of sentences. What stands within a word or a
number stays: 3.5, 1,000, example.com, don't, .bashrc, 10:30; so do quotation marks, brackets and dashes.
"""

from __future__ import annotations

from clients.text import capitals
from pipeline import patterns

_STOPS = r".,;:!?…\u060c\u061b\u061f\u06d4\u0964\u0965"
_CLOSERS = r"\"'\p{Pi}\p{Pf}\p{Pe}"
_HALF_WIDTH = patterns.compile(rf"(?<=[^\s{_STOPS}])[{_STOPS}]++(?=[{_CLOSERS}]*+(?:\s|$))")
_FULL_WIDTH = patterns.compile(r"[\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f\uff61\uff64]+")
_ENDED = patterns.compile(rf"[\p{{Sentence_Terminal}}…][{_CLOSERS}]*+\s+")
_SPACED_SCRIPT = patterns.compile(r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{Hangul}\p{N}]")


def without(text: str, begins: bool) -> str:
    """The text without punctuation of sentences, and without the capitals that begin them.

    Args:
        begins: whether the text begins a sentence.
    """
    starts = [match.end() for match in _ENDED.finditer(text)]
    for at in reversed([0, *starts] if begins else starts):
        text = text[:at] + capitals.without(text[at:])
    return _without_full_width(_HALF_WIDTH.sub("", text))


def _without_full_width(text: str) -> str:
    """Between words of scripts with spaces such a mark leaves one."""
    done: list[str] = []
    at = 0
    for match in _FULL_WIDTH.finditer(text):
        before = text[match.start() - 1 : match.start()]
        spaced = _SPACED_SCRIPT.match(before) and _SPACED_SCRIPT.match(text, match.end())
        done += [text[at : match.start()], " " if spaced else ""]
        at = match.end()
    return "".join([*done, text[at:]])
