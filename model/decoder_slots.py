"""Which sequence of the decoder's context remembers what: the prompt and the sound of which utterance.

This file owns who has a sequence, who has to give it up, and how a prompt that one sequence remembers comes to another.
What a sequence remembers is always a beginning of its prefix and its owner's sound, so that its length says how much is
still right, whatever was cancelled or forgotten in between. It knows nothing of sound or of answers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from model.llama import Llama

SCRATCH = 0
"""The sequence that nobody owns, for work of which nothing is kept."""


class Slot:
    """One sequence, its owner, and the tokens of the prompt at its beginning.

    Attributes:
        sequence: its id.
        prefix: the tokens before the sound; the sequence remembers no others in their place, but may lack some or all.
        owner: of the sound behind them; None for none, and then there is no sound.
        used: when it was last taken; 0 for never.
    """

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.prefix: tuple[int, ...] = ()
        self.owner: Hashable | None = None
        self.used = 0


class Slots:
    """All sequences of one context but SCRATCH.

    Args:
        llama: the context, of two sequences or more.
        count: of its sequences.
    """

    def __init__(self, llama: Llama, count: int) -> None:
        self._llama = llama
        self._slots = [Slot(sequence) for sequence in range(1, count)]
        self._now = 0

    def take(self, owner: Hashable, prefix: tuple[int, ...], tokens: int) -> Slot:
        """A slot of this owner with this prefix and room for so many tokens in all.

        Its own one if it has one; else one that is free, at best with this prefix already; else that of the owner who
        has not been here for longest, and who will have to feed everything anew.

        Raises:
            ModelError: the model cannot hold so many tokens, or there is no memory for them.
        """
        self._llama.reserve(tokens)
        slot = self.find(owner) or self._vacant(prefix)
        if slot.owner != owner:
            self._evict(slot)
            slot.owner = owner
        self._now += 1
        slot.used = self._now
        if slot.prefix != prefix:
            self._llama.truncate(self._common(slot, prefix), slot.sequence)
            slot.prefix = prefix
        donor = max(self._slots, key=lambda one: self._common(one, prefix))
        if (common := self._common(donor, prefix)) > self._llama.length(slot.sequence):
            self._llama.copy(donor.sequence, slot.sequence, common)
        self.make_room(tokens, slot.sequence)
        return slot

    def find(self, owner: Hashable) -> Slot | None:
        """The slot of an owner, if it has one."""
        return next((slot for slot in self._slots if slot.owner == owner), None)

    def cut(self, owner: Hashable, rows: int) -> None:
        """Forget the sound of an owner from this row on."""
        if slot := self.find(owner):
            self._llama.truncate(len(slot.prefix) + rows, slot.sequence)

    def release(self, owner: Hashable) -> None:
        """An owner needs its slot no more: the sound is forgotten, the prefix stays for whoever has the same."""
        if slot := self.find(owner):
            self._evict(slot)

    def make_room(self, tokens: int, sequence: int) -> None:
        """See that a sequence can grow to so many tokens: others are forgotten, or else everything as the room grows.

        Raises:
            ModelError: the model cannot hold so many tokens, or there is no memory for them.
        """
        self._llama.reserve(tokens)
        others = (slot for slot in self._by_need() if slot.sequence != sequence)
        while self._llama.free < tokens - self._llama.length(sequence):
            self._llama.clear(next(others).sequence)

    def _vacant(self, prefix: tuple[int, ...]) -> Slot:
        """The slot whose loss hurts least."""
        free = (slot for slot in self._slots if slot.owner is None)
        same = (slot for slot in free if self._common(slot, prefix) == len(prefix))
        return next(same, None) or next(self._by_need())

    def _by_need(self) -> Iterator[Slot]:
        """All slots: first those without an owner, then those with one; in each half the longest unused first."""
        return iter(sorted(self._slots, key=lambda slot: (slot.owner is not None, slot.used)))

    def _evict(self, slot: Slot) -> None:
        slot.owner = None
        self._llama.truncate(len(slot.prefix), slot.sequence)

    def _common(self, slot: Slot, prefix: Sequence[int]) -> int:
        """How many tokens of a prefix a slot remembers at its beginning."""
        most = min(self._llama.length(slot.sequence), len(slot.prefix), len(prefix))
        return next((place for place in range(most) if slot.prefix[place] != prefix[place]), most)
