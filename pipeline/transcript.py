"""A whole transcript: what a file says, where, and what it cost. The form that all writers of files share.

It is put together from the public finals and words, so that a file transcribed by the running daemon and one
transcribed in this process give the same object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pipeline.events import TimedWord, Timings


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance; seconds from the start of the file."""

    text: str
    start: float
    end: float


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """What it cost; seconds, tokens, tokens per second."""

    rtf: float
    """Seconds of work for a second of sound."""
    audio: float
    total: float
    """Wall clock from the first sample read to the last word aligned, loading of the models not counted."""
    encode: float
    prefill: float
    prefill_tokens: int
    prefill_rate: float
    generate: float
    generate_tokens: int
    generate_rate: float
    align: float


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """What `steno transcribe --json -` prints for each file, in this order."""

    file: str
    text: str
    language: str
    """The languages heard, in order, joined by commas when there are several; empty for none."""
    duration: float
    segments: list[Segment]
    words: list[TimedWord]
    stats: Stats


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One final with its words, times already counted from the start of the file."""

    text: str
    language: str
    start: float
    end: float
    timings: Timings
    words: Sequence[TimedWord] = ()
    align: float = 0.0
    error: str = ""


def assemble(file: str, utterances: Iterable[Utterance], duration: float, total: float) -> Transcript:
    """Join the utterances of one file, in order. Those without text leave nothing behind but their cost.

    Args:
        file: name of the file, as the user gave it.
        duration: seconds of sound that were read.
        total: seconds of wall clock that it took.
    """
    done = list(utterances)
    said = [u for u in done if u.text]
    cost = [u.timings for u in done]
    prefill, generate = sum(t.prefill for t in cost), sum(t.generate for t in cost)
    prefill_tokens, generate_tokens = sum(t.prefill_tokens for t in cost), sum(t.generate_tokens for t in cost)
    languages = [u.language for u in said if u.language]
    return Transcript(
        file=file,
        text=join(u.text for u in said),
        language=",".join(b for a, b in zip(["", *languages], languages, strict=False) if a != b),
        duration=round(duration, 3),
        segments=[Segment(text=u.text, start=u.start, end=u.end) for u in said],
        words=[word for u in said for word in u.words],
        stats=Stats(
            rtf=total / duration if duration else 0.0,
            audio=duration,
            total=total,
            encode=sum(t.encode for t in cost),
            prefill=prefill,
            prefill_tokens=prefill_tokens,
            prefill_rate=prefill_tokens / prefill if prefill else 0.0,
            generate=generate,
            generate_tokens=generate_tokens,
            generate_rate=generate_tokens / generate if generate else 0.0,
            align=sum(u.align for u in done),
        ),
    )


def join(texts: Iterable[str]) -> str:
    """Texts of consecutive utterances as one: a space between, but none between two CJK characters."""
    whole = ""
    for text in texts:
        if whole and text and not (_is_cjk(whole[-1]) and _is_cjk(text[0])):
            whole += " "
        whole += text
    return whole


def _is_cjk(character: str) -> bool:
    """Scripts that write no spaces: kana, ideographs, their punctuation and full-width forms (Unicode blocks)."""
    code = ord(character)
    return 0x3000 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFFEF
