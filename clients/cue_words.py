"""The words of a transcript as they are written, each with its time.

It owns the joining of two things: the text, which has punctuation but no times, and the aligner's words, which have
times but no punctuation. It does not know what a subtitle is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clients.terminal import cells
from pipeline.events import TimedWord
from pipeline.transcript import Segment, Transcript, join


@dataclass(frozen=True, slots=True)
class CueWord:
    """A word with its punctuation; `space` if one stands before it."""

    text: str
    space: bool
    start: float
    end: float


@dataclass(slots=True)
class _Piece:
    text: str
    space: bool
    begin: int
    """Its first character in the segment's text."""
    start: float | None = None
    end: float | None = None


def cue_words(transcript: Transcript, longest: int) -> Iterator[list[CueWord]]:
    """The words of each segment, times never running backwards; a segment's first has `space` if the text has.

    Words that the aligner did not time share the time between their neighbours, by their length. Without any timed
    word that is the time of the whole segment.

    Args:
        transcript: text, segments and words of a recording.
        longest: columns; a longer word is cut.
    """
    words = list(transcript.words)
    clock = 0.0
    last = ""
    for segment in transcript.segments:
        pieces = _pieces(segment.text, longest)
        _take_times(segment, pieces, words)
        timed = _spread(pieces, max(segment.start, clock), segment.end)
        if timed:
            first = timed[0].text
            timed[0] = replace(timed[0], space=join([last, first]) != last + first)
            clock, last = timed[-1].end, timed[-1].text
        yield timed


def _pieces(text: str, longest: int) -> list[_Piece]:
    """Words between spaces; in scripts without spaces each character, with the punctuation that follows it."""
    pieces: list[_Piece] = []
    space = glue = False
    for i, character in enumerate(text):
        if character.isspace():
            space, glue = True, False
            continue
        wide = cells(character) == 2
        mark = unicodedata.category(character).startswith("P") or unicodedata.combining(character)
        room = pieces and sum(cells(c) for c in pieces[-1].text) + cells(character) <= longest
        if room and not space and (mark or (glue and not wide)):
            pieces[-1].text += character
        else:
            pieces.append(_Piece(character, space, i))
        space, glue = False, not wide
    return pieces


def _take_times(segment: Segment, pieces: Sequence[_Piece], words: list[TimedWord]) -> None:
    """Give the segment's words, which are then taken off the list, to the pieces in which they stand.

    Those of a word that was cut share its time by their length.
    """
    place = 0
    text = segment.text.casefold()
    whole = len(text) == len(segment.text)  # casefold may lengthen; then places would be wrong
    while words:
        word = words[0]
        found = text.find(word.text.casefold(), place) if whole else segment.text.find(word.text, place)
        if found < 0 and word.start >= segment.end:
            return
        words.pop(0)
        if found < 0:
            continue
        place = found + len(word.text)
        for piece in pieces:
            begin, end = max(piece.begin, found), min(piece.begin + len(piece.text), place)
            if begin < end:
                start = _within(word, (begin - found) / (place - found))
                piece.start = start if piece.start is None else piece.start
                piece.end = _within(word, (end - found) / (place - found))


def _within(word: TimedWord, part: float) -> float:
    return word.start * (1 - part) + word.end * part


def _spread(pieces: Sequence[_Piece], start: float, end: float) -> list[CueWord]:
    """Times for all: known ones in order, unknown ones between them."""
    done: list[CueWord] = []
    clock = start
    i = 0
    while i < len(pieces):
        piece = pieces[i]
        if piece.start is not None and piece.end is not None:
            begin = max(clock, piece.start)
            done.append(CueWord(piece.text, piece.space, begin, max(begin, piece.end)))
            clock, i = done[-1].end, i + 1
            continue
        behind = next((k for k in range(i, len(pieces)) if pieces[k].start is not None), len(pieces))
        until = pieces[behind].start if behind < len(pieces) else end
        room = max(0.0, (until or 0.0) - clock)
        letters = sum(len(p.text) for p in pieces[i:behind])
        for unknown in pieces[i:behind]:
            word = CueWord(unknown.text, unknown.space, clock, clock + room * len(unknown.text) / letters)
            done.append(word)
            clock = word.end
        i = behind
    return [replace(word, end=max(word.end, word.start)) for word in done]
