"""Keysyms, keymaps and spare keycodes, without a server."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.desktop.keysyms import by_rule
from clients.desktop.x11_focus import moment
from clients.desktop.x11_keymap import HEAD, Keymap, SpareKeys, fitting, lent


def key(*groups: tuple[int, ...], beyond: int = 0) -> bytes:
    width = max((len(group) for group in groups), default=0)
    symbols = [symbol for group in groups for symbol in (*group, *[0] * (width - len(group)))]
    head = HEAD.pack(bytes(4), len(groups) | beyond, width, len(symbols))
    return head + struct.pack(f"={len(symbols)}I", *symbols)


A, BIG_A, EF = ord("a"), ord("A"), 0x6C6
US_RU = Keymap(
    {
        36: key((0xFF0D,)),
        38: key((A, BIG_A), (EF, 0x6E6)),
        50: key((0xFFE1,)),
        65: key((32,)),
        93: key(),
        97: lent(0x1000416),
        103: key((0, 0)),
    },
    modifiers=[50],
    borrowed=[97, 38, 200],
)


@pytest.mark.parametrize(
    ("character", "symbol"),
    [
        ("a", 0x61),
        ("~", 0x7E),
        ("é", 0xE9),
        ("\u00a0", 0xA0),
        ("Ж", 0x1000416),
        ("😀", 0x101F600),
        ("\u0301", 0x1000301),
    ],
)
def test_a_character_has_the_keysym_of_the_protocol(character: str, symbol: int) -> None:
    assert by_rule(character) == symbol


@pytest.mark.parametrize(
    ("symbol", "group", "code"),
    [(A, 0, 38), (BIG_A, 0, None), (EF, 1, 38), (A, 1, None), (32, 0, 65), (32, 1, 65), (32, 3, 65), (A, 2, 38)],
)
def test_a_key_is_plain_where_no_modifier_is_needed(symbol: int, group: int, code: int | None) -> None:
    assert US_RU.plain(symbol, group) == code


def test_where_groups_do_not_repeat_no_key_is_assumed_beyond_them() -> None:
    assert Keymap({38: key((A,), (EF,), beyond=0x40)}).plain(A, 2) is None


def test_borrowed_and_modifier_keys_are_no_plain_keys() -> None:
    assert US_RU.plain(0x1000416, 0) is None
    assert US_RU.plain(0xFFE1, 0) is None
    assert US_RU.any_level(0xFFE1) == 50


def test_free_are_the_keys_without_keysyms_and_borrowed_those_that_look_so() -> None:
    assert US_RU.empty() == [93, 103]
    assert US_RU.borrowed == {97: 0x1000416}


def test_the_key_used_longest_ago_gets_the_next_character() -> None:
    spares = SpareKeys([8, 9])
    assert spares.assign([1, 2]) == {8: 1, 9: 2}
    assert spares.assign([1]) == {}
    assert spares.assign([3]) == {9: 3}
    assert (spares.code(1), spares.code(2), spares.code(3)) == (8, None, 9)


def test_what_a_killed_typist_left_is_known_again() -> None:
    spares = SpareKeys([8])
    spares.adopt({9: 1, 10: 1})
    assert spares.assign([1]) == {}
    assert spares.assign([1, 2, 3]) == {8: 2, 10: 3}


def test_more_characters_than_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="more keysyms"):
        SpareKeys([8]).assign([1, 2])


@given(st.lists(st.lists(st.integers(1, 12), max_size=5), max_size=30))
def test_every_character_asked_for_has_a_key_of_its_own(requests: list[list[int]]) -> None:
    spares, shown = SpareKeys(range(8, 13)), dict.fromkeys(range(8, 13), 0)
    for symbols in requests:
        shown.update(spares.assign(symbols))
        assert all(shown[spares.code(symbol) or 0] == symbol for symbol in symbols)
        assert len({spares.code(symbol) for symbol in symbols}) == len(set(symbols))


@given(st.lists(st.integers(0, 9)), st.frozensets(st.integers(0, 9)), st.integers(0, 5))
def test_as_much_fits_as_there_are_keys_for(symbols: list[int], plain: frozenset[int], capacity: int) -> None:
    end = fitting(symbols, plain, capacity)
    assert len(set(symbols[:end]) - plain) <= capacity
    assert end == len(symbols) or len(set(symbols[: end + 1]) - plain) > capacity


@pytest.mark.parametrize(
    ("server_ms", "now_ns", "at_ns"),
    [
        (1_000, 1_005_600_000, 1_000_600_000),
        (2**32 - 5, (2**32 + 5) * 1_000_000, (2**32 - 5) * 1_000_000),
        (500_000_000, 1_000_000, 1_000_000),
    ],
)
def test_a_server_time_is_this_clock_unless_it_is_far_away(server_ms: int, now_ns: int, at_ns: int) -> None:
    assert moment(server_ms, now_ns) == at_ns
