from __future__ import annotations

from typing import Any

import pytest

from clients.follower import Follower, Step
from pipeline import events
from pipeline.errors import StenoError
from tests.clients.fake_daemon import TIMINGS


def final(seq: int, daemon: str = "one") -> events.Final:
    return events.Final(
        daemon=daemon,
        seq=seq,
        time=0.0,
        source="mic",
        utterance=seq,
        text=f"{daemon} {seq}",
        language="",
        start=0.0,
        end=1.0,
        timings=TIMINGS,
    )


def snapshot(seq: int, *finals: events.Final, daemon: str = "one") -> bytes:
    common: dict[str, Any] = {"daemon": daemon, "seq": seq, "time": 0.0}
    state = events.State(**common, ready=True, listening=True, mode="always", workers={}, sources={})
    return events.to_json(events.Snapshot(**common, state=state, partials=[], finals=list(finals)))


def texts(step: Step) -> list[str]:
    return [item.event.text for item in step.items if isinstance(item.event, events.Final)]


def joined(seq: int = 0, **options: bool) -> Follower:
    follower = Follower(**options)
    follower.snapshot(snapshot(seq))
    return follower


def test_events_before_the_first_snapshot_are_in_it_and_those_behind_it_follow() -> None:
    follower = Follower()
    assert follower.event(events.to_json(final(4))).items == []
    assert follower.event(events.to_json(final(6))).items == []
    step = follower.snapshot(snapshot(5, final(4), final(5)))
    assert isinstance(step.items[0].event, events.Snapshot)
    assert texts(step) == ["one 6"]


def test_finals_of_the_first_snapshot_are_history() -> None:
    assert texts(Follower().snapshot(snapshot(5, final(4), final(5)))) == []


def test_an_event_that_comes_twice_is_handed_on_once() -> None:
    follower = joined(1)
    assert texts(follower.event(events.to_json(final(2)))) == ["one 2"]
    assert texts(follower.event(events.to_json(final(2)))) == []


def test_a_gap_asks_for_a_snapshot_and_the_missing_finals_come_from_it_in_order() -> None:
    follower = joined(1)
    step = follower.event(events.to_json(final(4)))
    assert step.ask
    assert step.items == []
    assert follower.event(events.to_json(final(5))).items == []
    step = follower.snapshot(snapshot(5, final(1), final(2), final(3), final(4), final(5)))
    assert texts(step) == ["one 2", "one 3", "one 4", "one 5"]
    assert texts(follower.event(events.to_json(final(6)))) == ["one 6"]


def test_events_that_are_not_finals_and_came_behind_a_gap_are_kept() -> None:
    follower = joined(1)
    words = events.Words(daemon="one", seq=4, time=0.0, source="mic", utterance=1, words=[], align=0.0)
    follower.event(events.to_json(words))
    step = follower.snapshot(snapshot(4, final(3)))
    assert [item.event.seq for item in step.items[1:] if item.event] == [3, 4]


def test_a_second_snapshot_with_nothing_new_is_left_out() -> None:
    follower = joined(3)
    assert follower.snapshot(snapshot(3, final(3))).items == []


def test_a_restarted_daemon_whose_snapshot_comes_first_loses_no_final() -> None:
    follower = joined(9)
    step = follower.snapshot(snapshot(2, final(1, "two"), final(2, "two"), daemon="two"))
    assert texts(step) == ["two 1", "two 2"]
    assert texts(follower.event(events.to_json(final(3, "two")))) == ["two 3"]


def test_a_restarted_daemon_whose_events_come_first_is_waited_for() -> None:
    follower = joined(9)
    assert follower.event(events.to_json(final(2, "two"))).items == []
    assert follower.waiting
    step = follower.snapshot(snapshot(2, final(1, "two"), final(2, "two"), daemon="two"))
    assert texts(step) == ["two 1", "two 2"]


def test_an_event_of_an_unknown_kind_is_counted_and_handed_on_as_text() -> None:
    follower = joined(1)
    step = follower.event(b'{"type":"mood","daemon":"one","seq":2,"time":0,"protocol":1}')
    assert step.items[0].event is None
    assert texts(follower.event(events.to_json(final(3)))) == ["one 3"]


def test_another_protocol_is_refused() -> None:
    with pytest.raises(StenoError, match="version 2 of the protocol"):
        joined().event(b'{"type":"final","daemon":"one","seq":1,"protocol":2}')


def test_what_is_no_event_is_an_error() -> None:
    with pytest.raises(StenoError, match="no event"):
        joined().event(b"\xff")


def test_a_gap_in_a_private_stream_is_an_error() -> None:
    follower = joined(private=True)
    assert texts(follower.event(events.to_json(final(1)))) == ["one 1"]
    with pytest.raises(StenoError, match="1 events of this source were lost"):
        follower.event(events.to_json(final(3)))


def test_a_restart_ends_a_private_stream() -> None:
    with pytest.raises(StenoError, match="restarted"):
        joined(private=True).event(events.to_json(final(1, "two")))


def test_events_of_a_private_stream_that_came_before_its_snapshot_are_kept() -> None:
    follower = Follower(private=True)
    assert follower.event(events.to_json(final(1))).items == []
    assert texts(follower.snapshot(snapshot(1))) == ["one 1"]
    assert texts(follower.event(events.to_json(final(2)))) == ["one 2"]
