"""`steno type` on a real sway: texts that wait go where they belong as soon as sway tells that the focus has moved."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from tests.system.screen import Screen
from tests.system.typing_desk import Desk
from tests.system.wayland_screen import WaylandScreen

pytestmark = pytest.mark.system


def test_hold_types_when_the_window_has_the_focus_again_and_says_when_sway_is_gone(
    wayland: WaylandScreen, runtime: Path
) -> None:
    with Desk(cast("Screen", wayland), runtime) as desk:
        desk.configure('[typing]\nfocus_moves = "hold"\nbackend = "wtype"\n')
        one, two = wayland.foot(), wayland.foot()
        one.focus()
        desk.start()
        take = desk.press()
        two.focus()
        desk.final(take, "For the first.")
        desk.wait_for("a text waits")
        desk.say("For the second.")
        two.wait_for("For the second.")
        one.focus()
        one.wait_for("For the first.")
        two.focus()
        desk.say("And more.")
        two.wait_for("For the second. And more.")
        wayland.close()
        desk.wait_for("the display is gone (sway has gone")
