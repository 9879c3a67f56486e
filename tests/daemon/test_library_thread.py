"""Calls that may hang: answered, failed, or given up, with signs of life in between."""

from __future__ import annotations

import threading
import time

import pytest

from daemon.sources.library_thread import Hung, LibraryThread


def test_a_call_gives_what_it_returns_and_all_are_made_by_one_thread() -> None:
    thread = LibraryThread(lambda: False)
    assert thread.call(lambda: 6 * 7, 1) == 42
    assert thread.call(threading.get_ident, 1) == thread.call(threading.get_ident, 1) != threading.get_ident()


def test_an_error_of_the_library_is_raised_here() -> None:
    thread = LibraryThread(lambda: False)
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: 1 // 0, 1)
    assert thread.call(lambda: 1, 1) == 1


def test_a_call_that_hangs_is_given_up_and_life_goes_on_meanwhile() -> None:
    beats: list[float] = []

    def over() -> bool:
        beats.append(time.monotonic())
        return False

    with pytest.raises(Hung):
        LibraryThread(over).call(threading.Event().wait, 0.3)
    assert len(beats) > 5


def test_when_the_process_must_end_a_call_is_given_up_soon() -> None:
    began = time.monotonic()
    with pytest.raises(Hung):
        LibraryThread(lambda: True).call(threading.Event().wait, 60)
    assert time.monotonic() - began < 2
