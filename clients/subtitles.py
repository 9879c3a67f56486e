"""SubRip and WebVTT: the one file that knows pysubs2.

It owns how text becomes lines and cues on the screen, and what has to be escaped in each format. Where a word begins
and ends is found by `clients.cue_words`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pysubs2

from clients.cue_words import CueWord, cue_words
from clients.terminal import cells, clean
from pipeline.transcript import Transcript

LINE_CELLS = 42
"""As in the common guides for subtitles (BBC, Netflix); wide characters count twice."""
MIN_S, MAX_S = 1.0, 7.0
PAUSE_S = 0.6
"""A pause of this length ends a cue."""
# The last three marks are the full stop, exclamation and question mark of Chinese and Japanese.
_SENTENCE_END = re.compile("[.?!\u2026\u3002\uff01\uff1f]['\"\u201d\u2019\u00bb)\\]]*$")


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen from `start` to `end`, in seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def render(transcript: Transcript, form: Literal["srt", "vtt"]) -> str:
    """The subtitle file's text."""
    escape = _escape_vtt if form == "vtt" else _escape_srt
    file = pysubs2.SSAFile()
    for cue in cues(transcript):
        text = r"\N".join(escape(clean(line)) for line in cue.lines)
        file.append(pysubs2.SSAEvent(start=round(cue.start * 1000), end=round(cue.end * 1000), text=text))
    # keep_ssa_tags: braces in the text are text.
    return str(file.to_string(form, keep_ssa_tags=True))


def cues(transcript: Transcript) -> list[Cue]:
    """Cues of at most two lines, in order, none over another; 1 s to 7 s long where the speech leaves room."""
    groups = [group for words in cue_words(transcript, LINE_CELLS) for group in _grouped(words)]
    groups = _merged([group for group in groups if group])
    found: list[Cue] = []
    for i, group in enumerate(groups):
        start = max(group[0].start, found[-1].end if found else 0.0)
        limit = groups[i + 1][0].start if i + 1 < len(groups) else float("inf")
        end = min(max(group[-1].end, start + MIN_S), start + MAX_S, max(limit, start))
        if end - start < MIN_S:  # no room behind it: begin earlier, if there is room before it
            start = max(end - MIN_S, found[-1].end if found else 0.0)
        # A cue shorter than a millisecond would vanish in the file.
        found.append(Cue(start, max(end, start + 0.001), _lines(group) or ()))
    return found


def _grouped(words: Sequence[CueWord]) -> list[list[CueWord]]:
    """The words of one segment, cut where a sentence or the room ends, or where a pause is."""
    groups: list[list[CueWord]] = []
    group: list[CueWord] = []
    for word in words:
        if group and (
            word.start - group[-1].end >= PAUSE_S
            or _SENTENCE_END.search(group[-1].text)
            or word.end - group[0].start > MAX_S
            or _lines([*group, word]) is None
        ):
            groups.append(group)
            group = []
        group.append(word)
    return [*groups, group]


def _merged(groups: list[list[CueWord]]) -> list[list[CueWord]]:
    """A cue that would be too short joins the next or the one before, if both fit on the screen together."""
    merged: list[list[CueWord]] = []
    for i, group in enumerate(groups):
        if merged and (_short(merged[-1], group) or (_short(group, *groups[i + 1 : i + 2]))):
            both = [*merged[-1], *group]
            if group[0].start - merged[-1][-1].end < PAUSE_S and _fits(both):
                merged[-1] = both
                continue
        merged.append(group)
    return merged


def _short(group: Sequence[CueWord], following: Sequence[CueWord] | None = None) -> bool:
    end = max(group[-1].end, following[0].start) if following else group[-1].end + MIN_S
    return end - group[0].start < MIN_S


def _fits(group: Sequence[CueWord]) -> bool:
    return group[-1].end - group[0].start <= MAX_S and _lines(group) is not None


def _lines(group: Sequence[CueWord]) -> tuple[str, ...] | None:
    """The words on one or two lines of nearly the same length; None if they do not fit."""
    whole = _text(group)
    if _width(whole) <= LINE_CELLS:
        return (whole,)
    pairs = [(_text(group[:i]), _text(group[i:])) for i in range(1, len(group))]
    fitting = [pair for pair in pairs if max(_width(line) for line in pair) <= LINE_CELLS]
    if not fitting:
        return None
    # Of the best, the one whose lower line is longer: it covers less of the picture.
    return min(fitting, key=lambda pair: (max(_width(line) for line in pair), _width(pair[0])))


def _text(group: Sequence[CueWord]) -> str:
    return "".join((" " if word.space and i else "") + word.text for i, word in enumerate(group))


def _width(text: str) -> int:
    return sum(cells(c) for c in text)


def _escape_vtt(text: str) -> str:
    """WebVTT cue text (W3C, section 4.2.2); without `>` there is no `-->` either."""
    return _keep_backslashes(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _escape_srt(text: str) -> str:
    """SubRip has no escapes. An invisible word joiner (U+2060) keeps `<i>` from being taken for a tag."""
    return _keep_backslashes(re.sub(r"<(?=[a-zA-Z/])", "<\u2060", text.replace("-->", "→")))


def _keep_backslashes(text: str) -> str:
    r"""pysubs2 takes `\N` for a line break, and `\p` in braces for a drawing."""
    return re.sub(r"\\(?=[a-zA-Z])", "\\\\\u2060", text)
