"""The keys of X and of the kernel by name, as pure tables."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from clients.hotkey.evdev_keys import CODES, EvdevKeys, decode
from clients.hotkey.keys import MODIFIERS, NAMES
from clients.hotkey.x11_names import BUTTONS, KEYSYMS, LOCK_MASK, Names, moment_ns

PLAIN = {
    9: [0xFF1B],
    37: [0xFFE3],
    38: [0x61, 0x41, 0x6C6, 0x6E6],
    50: [0xFFE1],
    64: [0xFFE9],
    66: [0xFFE5],
    67: [0xFFBE],
    75: [0xFFC6],
    77: [0xFF7F],
    105: [0xFFE4],
    108: [0xFE03],
    133: [0xFFEB],
    206: [0xFFEB],
}
MODIFIER_MAP = [[50, 0], [66, 0], [37, 105], [64, 0], [77, 0], [], [133, 206], [108, 0]]


@pytest.fixture
def names() -> Names:
    return Names(8, [PLAIN.get(code, []) for code in range(8, 256)], MODIFIER_MAP)


def test_a_key_of_an_x_keyboard_is_found_by_its_name(names: Names) -> None:
    assert names.codes("f9") == {75}
    assert names.codes("a") == {38}
    assert names.codes("ctrl") == {37, 105}
    assert names.codes("cmd_l") == {133, 206}
    assert names.codes("media_stop") == frozenset()


def test_a_key_is_called_by_its_own_name(names: Names) -> None:
    assert names.name(105) == "ctrl_r"
    assert names.name(75) == "f9"
    assert names.name(38) == "#38"
    names.call("a")
    assert names.name(38) == "a"


def test_right_alt_is_alt_r_or_alt_gr_as_the_binding_calls_it(names: Names) -> None:
    assert names.codes("alt_r") == names.codes("alt_gr") == {108}
    names.call("alt_r")
    assert names.name(108) == "alt_r"
    names.call("alt_gr")
    assert names.name(108) == "alt_gr"


def test_a_character_of_the_second_layout_is_found_there() -> None:
    two = Names(38, [[0x61, 0x41, 0x01000448, 0]], [])
    assert two.codes("ш") == {38}


def test_grabs_hold_whatever_is_locked(names: Names) -> None:
    num_lock = 1 << 4
    assert names.mask("ctrl") == 4
    assert names.mask("cmd_l") == 64
    assert names.locks == (0, LOCK_MASK, num_lock, LOCK_MASK | num_lock)


def test_every_name_has_a_key_on_x_and_in_the_kernel() -> None:
    single = set(NAMES) - set(MODIFIERS)
    assert set(KEYSYMS) | set(BUTTONS) == single
    assert single - {"alt_gr"} <= set(CODES.values())
    assert {"a", "z", "0", "9", "\\", "'"} <= set(CODES.values())


@pytest.mark.parametrize(
    ("server_ms", "now_ns", "expected"),
    [
        (5_000, 5_003_400_000, 5_000_000_000),
        (0xFFFFFFFE, (2**32 + 1) * 1_000_000, (2**32 - 2) * 1_000_000),
        (1_000, 5_000_000_000_000, 5_000_000_000_000),
        (5_004, 5_003_400_000, 5_003_400_000),
    ],
)
def test_the_moment_of_an_event_is_the_server_s_where_it_counts_on_our_clock(
    server_ms: int, now_ns: int, expected: int
) -> None:
    assert moment_ns(server_ms, now_ns) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ((1, 67, 1), ("f9", True)),
        ((1, 67, 0), ("f9", False)),
        ((1, 67, 2), None),
        ((0, 0, 0), None),
        ((4, 4, 0x70042), None),
        ((1, 97, 1), ("ctrl_r", True)),
        ((1, 194, 1), ("f24", True)),
        ((1, 275, 1), ("mouse:x1", True)),
        ((1, 240, 1), ("#240", True)),
        ((1, 43, 1), ("\\", True)),
    ],
)
def test_an_input_event_is_a_key(event: tuple[int, int, int], expected: tuple[str, bool] | None) -> None:
    assert decode(*event) == expected


def test_right_alt_of_the_kernel_is_called_as_the_binding_calls_it() -> None:
    assert decode(1, 100, 1) == ("alt_r", True)
    assert decode(1, 100, 1, {"alt_gr"}) == ("alt_gr", True)


def test_evdev_says_that_there_are_no_devices_and_that_none_may_be_read(tmp_path: Path) -> None:
    found = EvdevKeys(tmp_path / "none").probe()
    assert not found.usable
    assert "no input devices" in found.text
    device = tmp_path / "event0"
    device.touch()
    device.chmod(0)
    found = EvdevKeys(tmp_path).probe()
    assert not found.usable
    # root may read it, and then finds that it is no keyboard
    assert "may be read" in found.text or "no keyboard" in found.text
    if "may be read" in found.text:
        assert "passwords" in found.hint


def test_pynput_s_names_are_ours() -> None:
    # Read rather than imported: importing pynput needs a display.
    found = importlib.util.find_spec("pynput")
    assert found is not None
    assert found.submodule_search_locations is not None
    base = Path(found.submodule_search_locations[0]) / "keyboard" / "_base.py"
    tree = ast.parse(base.read_text(encoding="utf-8"))
    key = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Key")
    theirs = {
        node.targets[0].id for node in key.body if isinstance(node, ast.Assign) and hasattr(node.targets[0], "id")
    }
    assert theirs <= set(NAMES)
