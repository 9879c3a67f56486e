"""From key events to what they mean: a state machine without clock, keyboard or daemon.

It owns hold, toggle, tap and cancel, and what is no key press at all: autorepeat, a release that was lost. It does not
know where key events come from nor what is done with its answers. Moments are CLOCK_MONOTONIC nanoseconds.

While a key is held, other bound keys are ignored. While listening was toggled on, any bound key ends it. A modifier
that is bound alone and used as one (another key follows within the time of a tap) was not meant: what it began is
thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from clients.hotkey.keys import CAPS_LOCK, Chord, Keys, covers, is_modifier

PAIR_NS = 5_000_000
"""A release that is followed by a press of the same key within this time was none: some systems send such pairs for
autorepeat, some keyboards' contacts bounce. A release counts after it, with its own moment."""
REPEAT_GAP_NS = 2_000_000_000
"""A key that repeats does so at shorter intervals; a press after a longer one, without a release, is a new press."""
LONGEST_HOLD_NS = 600_000_000_000
"""Nobody holds a key for so long: its release was lost where nothing can tell whether it is down."""


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key or mouse button went down or up."""

    key: str
    """As in `clients.hotkey.keys`, of sided keys the side; any other text for a key without a name there."""
    down: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class Press:
    """Listening begins."""

    binding: int
    at_ns: int
    held: bool
    """It ends when the key is let go."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """The key that began it was only tapped: listening goes on without it."""

    binding: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Release:
    """Listening ends."""

    binding: int
    """That began it."""
    at_ns: int
    pressed: int | None = None
    """The binding whose key was pressed for it; None if a key was let go."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Listening ends, and what was said is thrown away."""

    binding: int
    at_ns: int
    why: Literal["key", "tap", "shortcut"]
    """The cancel key; a tap of CapsLock, which means CapsLock; a modifier that was used as one."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The key, taken from others, was only tapped: it is to do what it does without Steno."""

    key: str


Gesture = Press | Tapped | Release | Cancel | Replay


@dataclass(slots=True)
class _Active:
    binding: int
    keys: frozenset[str]
    """That began it."""
    since_ns: int
    held: bool


class Gestures:
    """What the keys of one user mean, event by event."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._down: dict[str, int] = {}
        """Keys that are down, and when their last press (or repetition) was heard."""
        self._active: _Active | None = None
        self._let_go: KeyEvent | None = None
        """A release of which it is not known yet whether it is one."""
        self._caps_ns: int | None = None
        """When a binding's CapsLock was pressed."""

    @property
    def listening(self) -> bool:
        """Whether something has begun that has not ended."""
        return self._active is not None

    @property
    def holding(self) -> bool:
        """Whether it lasts as long as a key is down."""
        return self._active is not None and self._active.held

    @property
    def wake_ns(self) -> int | None:
        """When `wake` is to be called next; None if an event comes before."""
        if self._let_go is not None:
            return self._let_go.at_ns + PAIR_NS
        if self._active is not None and self._active.held:
            return self._active.since_ns + LONGEST_HOLD_NS
        return None

    def step(self, event: KeyEvent) -> list[Gesture]:
        """A key event; what it means."""
        if not event.down:
            if event.key not in self._down:
                return []  # it went down before anybody listened
            done = self._settle()
            self._let_go = event
            return done
        pending = self._let_go
        if pending is not None and pending.key == event.key and event.at_ns - pending.at_ns < PAIR_NS:
            self._let_go = None
            self._down[event.key] = event.at_ns
            return []
        done = self._settle()
        last = self._down.get(event.key)
        if last is not None and event.at_ns - last <= REPEAT_GAP_NS:
            self._down[event.key] = event.at_ns
            return done
        if last is not None:
            done += self._up(event.key, event.at_ns)
        self._down[event.key] = event.at_ns
        return done + self._pressed(event.key, event.at_ns)

    def wake(self, now_ns: int) -> list[Gesture]:
        """Time has passed."""
        done: list[Gesture] = []
        if self._let_go is not None and now_ns >= self._let_go.at_ns + PAIR_NS:
            done = self._settle()
        active = self._active
        if active is not None and active.held and now_ns - active.since_ns >= LONGEST_HOLD_NS:
            self._active = None
            done.append(Release(active.binding, now_ns))
        return done

    def really_down(self, keys: Iterable[str], now_ns: int) -> list[Gesture]:
        """Only these keys are down, whatever was heard: the releases of others were lost."""
        done = self._settle()
        for key in set(self._down) - set(keys):
            done += self._up(key, now_ns)
        return done

    def over(self) -> None:
        """What had begun has ended by itself, or could not begin: no release is awaited for it."""
        self._active = None

    def _settle(self) -> list[Gesture]:
        event, self._let_go = self._let_go, None
        return [] if event is None else self._up(event.key, event.at_ns)

    def _pressed(self, key: str, at_ns: int) -> list[Gesture]:
        active = self._active
        cancel = self._keys.cancel
        if active is not None and cancel is not None and covers(cancel.key, key) and self._has(cancel.modifiers):
            self._active = None
            return [Cancel(active.binding, at_ns, "key")]
        if active is not None and active.held:
            chord = self._keys.chords[active.binding]
            alone = is_modifier(chord.key) and not chord.modifiers
            if alone and at_ns - active.since_ns < self._keys.tap_ns:
                self._active = None
                return [Cancel(active.binding, at_ns, "shortcut")]
            return []
        for binding, chord in enumerate(self._keys.chords):
            if self._completes(chord, key):
                return self._begin_or_end(binding, key, at_ns)
        return []

    def _begin_or_end(self, binding: int, key: str, at_ns: int) -> list[Gesture]:
        if key == CAPS_LOCK and self._keys.bindings[binding].action != "toggle":
            self._caps_ns = at_ns
        if self._active is not None:
            ended, self._active = self._active, None
            return [Release(ended.binding, at_ns, binding)]
        held = self._keys.bindings[binding].action != "toggle"
        modifiers = self._keys.chords[binding].modifiers
        together = {down for down in self._down if any(covers(name, down) for name in modifiers)}
        self._active = _Active(binding, frozenset({key, *together}), at_ns, held)
        return [Press(binding, at_ns, held)]

    def _up(self, key: str, at_ns: int) -> list[Gesture]:
        self._down.pop(key, None)
        replay: list[Gesture] = []
        if key == CAPS_LOCK and self._caps_ns is not None:
            tapped = at_ns - self._caps_ns < self._keys.tap_ns
            self._caps_ns = None
            replay = [Replay(key)] if tapped else []
        active = self._active
        if active is None or not active.held or key not in active.keys:
            return replay
        tapped = at_ns - active.since_ns < self._keys.tap_ns
        if tapped and CAPS_LOCK in active.keys:
            self._active = None
            return [Cancel(active.binding, at_ns, "tap"), *replay]
        if tapped and self._keys.bindings[active.binding].action == "auto":
            active.held = False
            return [Tapped(active.binding, at_ns)]
        self._active = None
        return [Release(active.binding, at_ns), *replay]

    def _has(self, modifiers: Iterable[str]) -> bool:
        return all(any(covers(name, key) for key in self._down) for name in modifiers)

    def _completes(self, chord: Chord, key: str) -> bool:
        """Whether this key, pressed now, makes the chord, with no other modifier down."""
        if not covers(chord.key, key) or not self._has(chord.modifiers):
            return False
        others = {down for down in self._down if is_modifier(down) and down != key}
        if key in ("alt_gr", "alt_r"):
            others.discard("ctrl_l")  # Windows presses it before AltGr
        return all(any(covers(name, other) for name in chord.modifiers) for other in others)
