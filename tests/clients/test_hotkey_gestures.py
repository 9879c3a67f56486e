"""What key events mean: tables of events, and what must hold whatever is pressed."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.hotkey.gestures import (
    LONGEST_HOLD_NS,
    PAIR_NS,
    Cancel,
    Gesture,
    Gestures,
    KeyEvent,
    Press,
    Release,
    Replay,
    Tapped,
)
from clients.hotkey.keys import Keys, parse
from pipeline.desktop_settings import Binding

MS = 1_000_000
Action = Literal["hold", "toggle", "auto"]


def bound(*pairs: tuple[str, Action], cancel: str = "esc") -> Keys:
    bindings = tuple(Binding(key=key, action=action) for key, action in pairs)
    chords = tuple(parse(key, "key") for key, _ in pairs)
    return Keys(bindings, chords, parse(cancel, "cancel") if cancel else None, 250 * MS)


def play(keys: Keys, script: str) -> list[Gesture]:
    """Play `+f9@0 -f9@400`: presses and releases with their milliseconds; afterwards time passes."""
    gestures = Gestures(keys)
    done: list[Gesture] = []
    at_ns = 0
    for word in script.split():
        key, _, at = word[1:].partition("@")
        at_ns = int(at) * MS
        if gestures.wake_ns is not None and at_ns >= gestures.wake_ns:
            done += gestures.wake(at_ns)
        done += gestures.step(KeyEvent(key, word[0] == "+", at_ns))
    return done + gestures.wake(at_ns + PAIR_NS)


HOLD, TOGGLE, AUTO = (bound(("f9", action)) for action in ("hold", "toggle", "auto"))
CTRL = bound(("ctrl_r", "auto"))
CHORD = bound(("ctrl+alt+d", "hold"))
CAPS = bound(("caps_lock", "auto"))


@pytest.mark.parametrize(
    ("keys", "script", "expected"),
    [
        (HOLD, "+f9@0 -f9@900", [Press(0, 0, True), Release(0, 900 * MS)]),
        (HOLD, "+f9@0 -f9@50", [Press(0, 0, True), Release(0, 50 * MS)]),
        (TOGGLE, "+f9@0 -f9@900", [Press(0, 0, False)]),
        (TOGGLE, "+f9@0 -f9@50 +f9@3000 -f9@3050", [Press(0, 0, False), Release(0, 3000 * MS, 0)]),
        (AUTO, "+f9@0 -f9@900", [Press(0, 0, True), Release(0, 900 * MS)]),
        (AUTO, "+f9@0 -f9@100", [Press(0, 0, True), Tapped(0, 100 * MS)]),
        (AUTO, "+f9@0 -f9@100 +f9@3000", [Press(0, 0, True), Tapped(0, 100 * MS), Release(0, 3000 * MS, 0)]),
        (
            AUTO,
            "+f9@0 -f9@100 +f9@3000 -f9@3900 +f9@5000",
            [Press(0, 0, True), Tapped(0, 100 * MS), Release(0, 3000 * MS, 0), Press(0, 5000 * MS, True)],
        ),
        (HOLD, "-f9@0 +f9@100 -f9@900", [Press(0, 100 * MS, True), Release(0, 900 * MS)]),
        (HOLD, "+a@0 -a@10", []),
    ],
)
def test_hold_toggle_and_auto(keys: Keys, script: str, expected: list[Gesture]) -> None:
    assert play(keys, script) == expected


def test_repeated_presses_are_one() -> None:
    script = "+f9@0 " + " ".join(f"+f9@{at}" for at in range(660, 3000, 40)) + " -f9@3000"
    assert play(HOLD, script) == [Press(0, 0, True), Release(0, 3000 * MS)]
    assert play(TOGGLE, script) == [Press(0, 0, False)]


def test_pairs_of_release_and_press_at_the_same_time_are_no_release() -> None:
    script = "+f9@0 " + " ".join(f"-f9@{at} +f9@{at}" for at in range(660, 3000, 40)) + " -f9@3000"
    assert play(HOLD, script) == [Press(0, 0, True), Release(0, 3000 * MS)]


def test_the_second_press_after_a_lost_release_ends_the_first_and_begins_anew() -> None:
    expected = [Press(0, 0, True), Release(0, 9000 * MS), Press(0, 9000 * MS, True), Release(0, 9500 * MS)]
    assert play(HOLD, "+f9@0 +f9@9000 -f9@9500") == expected


def test_keys_that_are_not_really_down_are_let_go() -> None:
    gestures = Gestures(HOLD)
    gestures.step(KeyEvent("f9", True, 0))
    assert gestures.really_down({"f9", "a"}, 1000 * MS) == []
    assert gestures.really_down({"a"}, 2000 * MS) == [Release(0, 2000 * MS)]
    assert not gestures.listening


def test_nobody_holds_a_key_for_ever() -> None:
    gestures = Gestures(HOLD)
    gestures.step(KeyEvent("f9", True, 0))
    assert gestures.wake_ns == LONGEST_HOLD_NS
    assert gestures.wake(LONGEST_HOLD_NS - 1) == []
    assert gestures.wake(LONGEST_HOLD_NS) == [Release(0, LONGEST_HOLD_NS)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("+ctrl_l@0 +alt_l@5 +d@9 -d@900", [Press(0, 9 * MS, True), Release(0, 900 * MS)]),
        ("+alt_l@0 +ctrl_r@5 +d@9 -alt_l@900", [Press(0, 9 * MS, True), Release(0, 900 * MS)]),
        ("+ctrl_l@0 +d@9 +alt_l@20 -d@900", []),
        ("+ctrl_l@0 +alt_l@5 +shift_l@7 +d@9 -d@900", []),
        ("+d@0 -d@900", []),
    ],
)
def test_a_chord_needs_its_modifiers_and_no_others_and_ends_with_any(script: str, expected: list[Gesture]) -> None:
    assert play(CHORD, script) == expected


def test_a_plain_key_is_not_meant_with_a_modifier() -> None:
    assert play(HOLD, "+shift_l@0 +f9@10 -f9@900") == []


def test_alt_gr_is_heard_with_the_ctrl_that_windows_presses_before_it() -> None:
    assert play(bound(("alt_gr", "hold")), "+ctrl_l@0 +alt_gr@0 -alt_gr@900") == [
        Press(0, 0, True),
        Release(0, 900 * MS),
    ]


def test_a_modifier_that_is_used_as_one_was_not_meant() -> None:
    assert play(CTRL, "+ctrl_r@0 +c@80 -c@120 -ctrl_r@150") == [Press(0, 0, True), Cancel(0, 80 * MS, "shortcut")]


def test_another_key_later_disturbs_nobody_who_speaks() -> None:
    assert play(CTRL, "+ctrl_r@0 +c@800 -c@820 -ctrl_r@1500") == [Press(0, 0, True), Release(0, 1500 * MS)]


@pytest.mark.parametrize(
    ("keys", "script", "expected"),
    [
        (HOLD, "+esc@0 -esc@50", []),
        (HOLD, "+f9@0 +esc@500 -esc@550 -f9@900", [Press(0, 0, True), Cancel(0, 500 * MS, "key")]),
        (TOGGLE, "+f9@0 -f9@50 +esc@500", [Press(0, 0, False), Cancel(0, 500 * MS, "key")]),
        (CTRL, "+ctrl_r@0 +esc@500", [Press(0, 0, True), Cancel(0, 500 * MS, "key")]),
        (HOLD, "+f9@0 -f9@500 +esc@900", [Press(0, 0, True), Release(0, 500 * MS)]),
    ],
)
def test_the_cancel_key_counts_only_while_listening(keys: Keys, script: str, expected: list[Gesture]) -> None:
    assert play(keys, script) == expected


def test_a_second_key_is_ignored_while_one_is_held_and_ends_what_was_toggled_on() -> None:
    keys = bound(("f9", "hold"), ("f10", "toggle"))
    assert play(keys, "+f9@0 +f10@500 -f10@550 -f9@900") == [Press(0, 0, True), Release(0, 900 * MS)]
    assert play(keys, "+f10@0 -f10@50 +f9@900 -f9@1900") == [Press(1, 0, False), Release(1, 900 * MS, 0)]


@pytest.mark.parametrize(
    ("action", "script", "expected"),
    [
        ("auto", "+caps_lock@0 -caps_lock@900", [Press(0, 0, True), Release(0, 900 * MS)]),
        (
            "auto",
            "+caps_lock@0 -caps_lock@100",
            [Press(0, 0, True), Cancel(0, 100 * MS, "tap"), Replay("caps_lock")],
        ),
        (
            "hold",
            "+caps_lock@0 -caps_lock@100",
            [Press(0, 0, True), Cancel(0, 100 * MS, "tap"), Replay("caps_lock")],
        ),
        ("toggle", "+caps_lock@0 -caps_lock@100", [Press(0, 0, False)]),
    ],
)
def test_caps_lock_talks_when_held_and_locks_when_tapped(action: Action, script: str, expected: list[Gesture]) -> None:
    assert play(bound(("caps_lock", action)), script) == expected


def test_caps_lock_that_was_tapped_does_what_it_does_although_listening_could_not_begin() -> None:
    gestures = Gestures(CAPS)
    assert gestures.step(KeyEvent("caps_lock", True, 0)) == [Press(0, 0, True)]
    gestures.over()
    gestures.step(KeyEvent("caps_lock", False, 100 * MS))
    assert gestures.wake(200 * MS) == [Replay("caps_lock")]


def test_what_ended_by_itself_needs_no_release_and_the_next_press_begins_anew() -> None:
    gestures = Gestures(TOGGLE)
    gestures.step(KeyEvent("f9", True, 0))
    gestures.step(KeyEvent("f9", False, 50 * MS))
    gestures.over()
    assert gestures.step(KeyEvent("f9", True, 3000 * MS)) == [Press(0, 3000 * MS, False)]


EVERYTHING = bound(("f9", "hold"), ("f10", "toggle"), ("ctrl_r", "auto"), ("ctrl+alt+d", "auto"), ("caps_lock", "hold"))
NAMES = ["f9", "f10", "ctrl_r", "ctrl_l", "alt_l", "d", "caps_lock", "esc", "shift_l", "a"]
EVENTS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.booleans(), st.sampled_from([0, 1, 5, 40, 200, 300, 2500])), max_size=40
)


def follow(events: list[tuple[str, bool, int]], gestures: Gestures) -> tuple[list[Gesture], int]:
    done: list[Gesture] = []
    at_ns = 0
    for key, down, pause in events:
        at_ns += pause * MS
        if gestures.wake_ns is not None and at_ns >= gestures.wake_ns:
            done += gestures.wake(at_ns)
        done += gestures.step(KeyEvent(key, down, at_ns))
    return done, at_ns


@settings(max_examples=400, deadline=None)
@given(EVENTS)
def test_starts_and_ends_alternate_whatever_is_pressed(events: list[tuple[str, bool, int]]) -> None:
    gestures = Gestures(EVERYTHING)
    done, at_ns = follow(events, gestures)
    done += gestures.wake(at_ns + PAIR_NS)
    open_binding: int | None = None
    for gesture in done:
        match gesture:
            case Press(binding):
                assert open_binding is None
                open_binding = binding
            case Release(binding) | Cancel(binding):
                assert open_binding == binding
                open_binding = None
            case Tapped(binding):
                assert open_binding == binding
    assert gestures.listening is (open_binding is not None)


@settings(max_examples=400, deadline=None)
@given(EVENTS)
def test_nothing_listens_when_all_keys_are_up_and_nothing_was_toggled_on(events: list[tuple[str, bool, int]]) -> None:
    gestures = Gestures(EVERYTHING)
    done, at_ns = follow(events, gestures)
    for key in NAMES:
        done += gestures.step(KeyEvent(key, False, at_ns + MS))
    done += gestures.wake(at_ns + MS + PAIR_NS)
    begun = [gesture for gesture in done if isinstance(gesture, Press | Tapped | Release | Cancel)]
    toggled_on = bool(begun) and (
        isinstance(begun[-1], Tapped) or (isinstance(begun[-1], Press) and not begun[-1].held)
    )
    assert gestures.listening is toggled_on


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_moments_never_run_backwards(events: list[tuple[str, bool, int]]) -> None:
    gestures = Gestures(EVERYTHING)
    done, _ = follow(events, gestures)
    moments = [gesture.at_ns for gesture in done if not isinstance(gesture, Replay)]
    assert moments == sorted(moments)
