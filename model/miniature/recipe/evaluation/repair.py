"""The repair of word times that an aligner gave out of order.

This file owns it for the evaluation: the program's own, in `model/aligner.py`, comes with llama.cpp, which the machine
that trains has not. A test compares the two.

Source: `Qwen3ForcedAligner` of the qwen_asr package.
"""

from __future__ import annotations

from collections.abc import Sequence


def repaired(times: Sequence[int]) -> list[int]:
    """Put milliseconds into order: keep a longest run that never falls, and fill in the others from it.

    Up to two wrong ones in a row take the nearer neighbour's, more are spread evenly between the neighbours.
    """
    kept = _longest_rise(times)
    found = list(times)
    for left, right in zip([-1, *kept], [*kept, len(times)], strict=True):
        count = right - left - 1
        for place in range(1, count + 1):
            if left < 0 or right == len(times):
                found[left + place] = times[right] if left < 0 else times[left]
            elif count > 2:
                found[left + place] = int(times[left] + (times[right] - times[left]) / (count + 1) * place)
            else:
                found[left + place] = times[left] if place <= count + 1 - place else times[right]
    return found


def _longest_rise(times: Sequence[int]) -> list[int]:
    """Indices of the longest subsequence that never falls, the one that the original chooses; n squared."""
    length, before = [1] * len(times), [-1] * len(times)
    for end in range(len(times)):
        for begin in range(end):
            if times[begin] <= times[end] and length[begin] + 1 > length[end]:
                length[end], before[end] = length[begin] + 1, begin
    index = length.index(max(length)) if length else -1
    rise = []
    while index >= 0:
        rise.append(index)
        index = before[index]
    return rise[::-1]
