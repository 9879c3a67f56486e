"""Whose key presses are whose, as the server records them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clients.desktop.x11_presses import BUTTON_PRESS, KEY_PRESS, Presses

RELEASE = 3


def test_what_we_asked_for_is_ours_and_the_rest_is_foreign() -> None:
    presses = Presses()
    presses.asked(True, KEY_PRESS, 38)
    presses.pressed(KEY_PRESS, 38)
    presses.asked(False, KEY_PRESS, 38)
    presses.pressed(KEY_PRESS, 38)
    presses.pressed(KEY_PRESS, 38)
    assert presses.foreign == 2


def test_a_real_key_between_request_and_press_is_foreign() -> None:
    presses = Presses()
    presses.asked(True, KEY_PRESS, 38)
    presses.pressed(KEY_PRESS, 40)
    assert presses.foreign == 1


def test_modifiers_and_the_wheel_are_left_out_and_clicks_count() -> None:
    presses = Presses(modifiers=[37])
    for kind, detail in ((KEY_PRESS, 37), (BUTTON_PRESS, 4), (BUTTON_PRESS, 7), (BUTTON_PRESS, 1), (BUTTON_PRESS, 8)):
        presses.pressed(kind, detail)
    assert presses.foreign == 2


@given(st.lists(st.tuples(st.sampled_from(["own", "other", "device"]), st.integers(8, 20))))
def test_every_foreign_press_is_counted_once(script: list[tuple[str, int]]) -> None:
    presses = Presses()
    for who, code in script:
        if who != "device":
            presses.asked(who == "own", KEY_PRESS, code)
        presses.pressed(KEY_PRESS, code)
        presses.asked(who == "own", RELEASE, code)
    assert presses.foreign == sum(who != "own" for who, _ in script)
