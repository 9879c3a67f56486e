"""Whether a run can be believed: the traps that other benchmarks of streaming fell into, looked for in every run.

It owns the conditions and what is said when one does not hold; a run that breaks one is refused, since a wrong figure
is worse than none. It does not measure.

- Fed batch: sound was sent before it would have been captured, or long after, or a text covers sound that was not yet
  captured when it came; or there was no partial at all.
- Pacing that hides time: frames sent before their end, since a pause follows them and not precedes them; a player that
  sleeps and does not listen.
- The lag of finals mixed into that of partials: a partial's moment must be that of a partial.
- A server's own latency in the place of what one waits for: the end of speech is the reference's, so the hangover is a
  part of it, and the parts add up to the whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from benchmarks.stream_measures import NO_END_OF_SPEECH, PARTS, Measured
from benchmarks.stream_take import Take, of_kind
from pipeline import events
from pipeline.errors import StenoError

EARLY_S = 0.001
"""A frame may be sent so long before its end: the clock is read a moment before it is sent."""
LATE_S = 0.2
"""And so long after; so long the player may be without listening, too. Latencies run from when a frame was due, so that
all this is in them, and never hides any; but more is no measurement of the daemon.
"""
CLOCK_S = 0.002
"""So far may the daemon's reckoning of the capture clock be from the player's."""
STREAMED_S = 3.0
"""Speech of this length must have a partial."""
SAME_S = 1e-6


class Untrustworthy(StenoError):
    """The figures of this run would be wrong."""


def check_take(take: Take, late_s: float = LATE_S) -> None:
    """See that it was played as it would have been spoken, and that the daemon heard it so.

    Raises:
        Untrustworthy: it was not.
    """
    _paced(take, late_s)
    _listened(take, late_s)
    _not_ahead_of_its_sound(take)
    _one_clock(take)


def _paced(take: Take, late_s: float) -> None:
    for frame in take.sent:
        if frame.at < frame.end - EARLY_S:
            raise _refused(
                take, f"the sound up to {frame.end:.3f} s was sent at {frame.at:.3f} s, before it could be captured"
            )
        if frame.at > frame.end + late_s:
            raise _refused(
                take,
                f"the sound up to {frame.end:.3f} s was sent {frame.at - frame.end:.3f} s late",
                "The machine may be too busy.",
            )


def _listened(take: Take, late_s: float) -> None:
    if take.deaf > late_s:
        raise _refused(take, f"the player did not listen for {take.deaf:.3f} s", "The machine may be too busy.")


def _not_ahead_of_its_sound(take: Take) -> None:
    moments = [frame.at for frame in take.sent]
    texts = [(at, partial.end) for at, partial in of_kind(take, events.Partial)]
    texts += [(at, final.end) for at, final in of_kind(take, events.Final)]
    for at, end in texts:
        count = bisect_right(moments, at)
        sent = take.sent[count - 1].end if count else 0.0
        if end > sent + SAME_S or end > at + EARLY_S:
            raise _refused(
                take, f"a text of the sound up to {end:.3f} s came at {at:.3f} s, when {sent:.3f} s were sent"
            )
    for number, step in take.steps.items():
        (at,) = (at for at, final in of_kind(take, events.Final) if final.utterance == number)
        if max(step.closed, step.answered or step.closed) > at + EARLY_S:
            raise _refused(take, f"the final of utterance {number} came before it was decided")


def _one_clock(take: Take) -> None:
    for _, event in of_kind(take, events.SpeechStarted):
        apart = abs(event.origin_ns - take.origin_ns) / 1e9
        if apart > CLOCK_S:
            raise _refused(take, f"the daemon's capture clock is {apart:.3f} s from the player's")


def check_run(takes: Sequence[Measured], partials: bool = True) -> None:
    """See that the figures are what they are called.

    Args:
        partials: the daemon was to publish partials.

    Raises:
        Untrustworthy: they are not.
    """
    if partials:
        _streamed(takes)
    for measured in takes:
        _partials_are_partials(measured)
        _hangover_included(measured)


def _streamed(takes: Sequence[Measured]) -> None:
    long = [
        utterance
        for measured in takes
        for utterance in measured.utterances
        if utterance.words and utterance.words[-1].end - utterance.words[0].start > STREAMED_S
    ]
    if long and not any(utterance.partials for utterance in long):
        raise Untrustworthy(
            f"no partial came for any of {len(long)} utterances of more than {STREAMED_S:g} s: this was no stream"
        )


def _partials_are_partials(measured: Measured) -> None:
    moments = {at for at, _ in of_kind(measured.take, events.Partial)}
    for word in measured.words:
        if word.partial is not None and word.partial not in moments:
            raise _refused(
                measured.take, f"no partial came at {word.partial:.3f} s, when a word is said to have stood in one"
            )


def _hangover_included(measured: Measured) -> None:
    ends = {endpoint.utterance: endpoint for endpoint in measured.endpoints}
    for utterance in measured.utterances:
        if not utterance.words or utterance.reason in NO_END_OF_SPEECH:
            continue
        waited = utterance.at - max(word.end for word in utterance.words)
        end = ends[utterance.number]
        if abs(end.total - waited) > SAME_S:
            raise _refused(
                measured.take,
                f"utterance {utterance.number} is said to have ended {end.total:.3f} s before its final, "
                f"but its last word did {waited:.3f} s before",
            )
        if abs(sum(getattr(end, part) for part in PARTS) - end.total) > SAME_S:
            raise _refused(measured.take, f"the parts of utterance {utterance.number}'s end do not add up")


def _refused(take: Take, what: str, hint: str = "") -> Untrustworthy:
    return Untrustworthy(f"{take.name}: {what}", hint)
