"""What of a text may be typed: nothing that a terminal, a form or a reader would take for anything but text.

It owns which characters pass. It does not know where the text comes from: a model's words, a user's replacement and the
output of a user's program all go through here, and a line break that is meant is put in afterwards.

Sources: the Unicode Standard, chapter 23 (controls, format characters, noncharacters) and its property
Default_Ignorable_Code_Point; UAX #9 (bidirectional controls); UTS #51 (emoji sequences, tag sequences); UAX #31,
section 2.3 (where joiners make a difference); ECMA-48 (control sequences).
"""

from __future__ import annotations

import unicodedata

from pipeline import patterns

_SEQUENCE = patterns.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x1b\x07\r\n\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
)
"""Control sequences and control strings: without their ESC they would leave scraps such as "[31m"."""
_BREAK = patterns.compile(r"[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Line terminators, also those that only some programs take for one, and the tabulator."""
_SPACES = patterns.compile(r"[\s\x1c-\x1e]+")
_SOMETIMES = r"\u200c\u200d\u180b-\u180f\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
"""What is not seen itself but changes what is seen, in its place: joiners, variation selectors, the tags of flags."""
_NEVER = patterns.compile(
    rf"(?V1)[[\p{{DI}}\p{{Cc}}\p{{Cs}}\p{{Co}}\p{{Noncharacter_Code_Point}}\ufff9-\ufffc]--[{_SOMETIMES}]]"
)
"""What never passes. Beside controls, surrogates and noncharacters: whatever else is not seen (bidirectional controls,
zero width, soft hyphen, fillers, annotation, tags), since it can hide something in a command or a name; and private
use, which has no agreed meaning, and from U+F700 on stands for function keys on macOS."""
_FLAG = r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
_EMOJI = rf"(?:{_FLAG}|\p{{Extended_Pictographic}}(?:\ufe0e|\ufe0f?[\U0001f3fb-\U0001f3ff]?))"
_JOINING = (
    r"[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Nko}\p{Mandaic}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}"
    r"\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
_IN_PLACE = patterns.compile(
    rf"(?V1)(?P<kept>{_EMOJI}(?:\u200d{_EMOJI})*"
    r"|[0-9#*]\ufe0f?\u20e3"
    r"|\p{Han}[\ufe00-\ufe02\U000e0100-\U000e01ef]"
    r"|\p{Mongolian}[\u180b-\u180f]"
    rf"|[[\p{{L}}\p{{M}}]&&{_JOINING}][\u200c\u200d](?=[[\p{{L}}\p{{M}}]&&{_JOINING}])"
    rf"|\p{{ccc=9}}[\u200c\u200d])|[{_SOMETIMES}]"
)
"""The places: emoji and their sequences, keycaps, ideographs with a variant, Mongolian, letters that join (Persian) and
behind a virama. Not one after the other: that would be a way to hide a text."""
_SOMETIMES_THERE = patterns.compile(rf"[{_SOMETIMES}]")


def clean(text: str) -> str:
    """The text in NFC, on one line, without any character that is a control, invisible or of no agreed meaning.

    Line terminators and tabulators become a space, the rest is left out. Cleaning twice is cleaning once.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _SEQUENCE.sub("", text)
    if _BREAK.search(text):
        text = _SPACES.sub(lambda found: " " if _BREAK.search(found[0]) else found[0], text)
    text = unicodedata.normalize("NFC", _NEVER.sub("", text))
    if _SOMETIMES_THERE.search(text):
        text = unicodedata.normalize("NFC", _IN_PLACE.sub(lambda found: found["kept"] or "", text))
    return text


def clean_lines(text: str) -> str:
    r"""The same for a text whose "\n" are meant."""
    return "\n".join(clean(line) for line in text.split("\n"))
