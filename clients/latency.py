"""How long after it was spoken a word stands on the screen: measured from events and a reference with word times.

It owns the definitions and the arithmetic. It knows neither sockets nor clocks: each call says when it was.

- First partial: from the start of the first word to the first text that has a right word in it.
- Word latency: from the end of a word to the first text in which it stands, and stands right.
- End of speech to final: from the end of the last word of an utterance to the arrival of its final.
"""

from __future__ import annotations

from collections.abc import Sequence

from clients.error_rate import matches, words_of
from clients.samples import SpokenWord


class LatencyMeter:
    """Watches one recording being played."""

    def __init__(self, reference: Sequence[SpokenWord]) -> None:
        spoken = [(plain, word) for word in reference for plain in words_of(word.word)]
        self._words = [plain for plain, _ in spoken]
        self._times = [word for _, word in spoken]
        self._seen: dict[int, float] = {}
        self._origin_ns: int | None = None
        self.finals: list[float] = []
        """Seconds from the end of speech to the final, for each utterance with words in it."""

    def begin(self, origin_ns: int) -> None:
        """Second 0 of the recording was played at this monotonic moment; the first call counts."""
        if self._origin_ns is None:
            self._origin_ns = origin_ns

    def shown(self, now_ns: int, text: str, heard: float) -> None:
        """The whole text on the screen.

        Args:
            now_ns: monotonic moment at which it came.
            text: finals so far, committed text and tail.
            heard: seconds of the recording that were heard for it: a word that had not begun by then cannot be meant.
        """
        if self._origin_ns is None:
            return
        spoken = sum(word.start < heard for word in self._times)
        for i in matches(self._words[:spoken], words_of(text)):
            self._seen.setdefault(i, self._since_origin(now_ns))

    def final(self, now_ns: int, start: float, end: float) -> None:
        """The final of the utterance between these seconds came."""
        inside = [word.end for word in self._times if start <= word.end <= end]
        if inside and self._origin_ns is not None:
            self.finals.append(self._since_origin(now_ns) - inside[-1])

    def _since_origin(self, now_ns: int) -> float:
        return (now_ns - (self._origin_ns or 0)) / 1e9

    @property
    def first_partial(self) -> float | None:
        """Seconds; None if no word was right."""
        return min(self._seen.values()) - self._times[0].start if self._seen else None

    @property
    def words(self) -> list[float]:
        """Seconds, for each word that ever stood right."""
        return [moment - self._times[i].end for i, moment in sorted(self._seen.items())]

    @property
    def expected(self) -> int:
        """Words of the reference."""
        return len(self._words)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many percent lie, between neighbours in proportion; of at least one value."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def table(meter: LatencyMeter, rtf: float) -> list[str]:
    """The measured figures, a line each."""
    lines = []
    if meter.expected:
        first = meter.first_partial
        lines.append(_row("first partial", "none" if first is None else f"{first:6.2f} s"))
        if words := meter.words:
            p50, p95 = percentile(words, 50), percentile(words, 95)
            lines.append(
                _row("word latency", f"{p50:6.2f} s p50 {p95:6.2f} s p95", f"{len(words)} of {meter.expected} words")
            )
        if finals := meter.finals:
            p50, most = percentile(finals, 50), max(finals)
            count = f"{len(finals)} utterance" + ("s" if len(finals) > 1 else "")
            lines.append(_row("end of speech -> final", f"{p50:6.2f} s p50 {most:6.2f} s max", count))
    return [*lines, _row("RTF", f"{rtf:6.2f}", "seconds of work for a second of sound")]


def _row(name: str, value: str, note: str = "") -> str:
    return f"  {name:<24}{value:<28}{note}".rstrip()
