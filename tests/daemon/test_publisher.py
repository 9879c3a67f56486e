"""Events get their numbers, and late joiners what they missed."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.publisher import Publisher
from pipeline import events


class End:
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def send(self, topic: str, text: bytes) -> None:
        self.sent.append((topic, events.from_json(text)))


@pytest.fixture
def end() -> End:
    return End()


@pytest.fixture
def publisher(end: End) -> Publisher:
    publisher = Publisher(end, "d", recent_finals=2)  # type: ignore[arg-type]
    publisher.publish_state(ready=True, listening=True, mode="always", workers={}, sources={})
    return publisher


def final(publisher: Publisher, source: str, number: int) -> None:
    timings = events.Timings(
        audio=1, encode=0, prefill=0, prefill_tokens=0, generate=0, generate_tokens=0, steps=1, wait=0
    )
    publisher.publish(
        events.Final,
        source=source,
        utterance=number,
        text=f"text {number}",
        language="English",
        start=0,
        end=1,
        timings=timings,
    )


def test_each_stream_counts_for_itself_and_goes_on_when_a_source_ends(publisher: Publisher, end: End) -> None:
    publisher.make_private("p")
    final(publisher, "a", 1)
    final(publisher, "p", 2)
    publisher.forget("p")
    publisher.forget("a")
    final(publisher, "a", 3)
    assert [(topic, event.seq) for topic, event in end.sent] == [
        ("event.state", 1),
        ("event.final", 2),
        ("private.p.final", 1),
        ("event.final", 3),
    ]


def test_the_same_state_is_said_once(publisher: Publisher, end: End) -> None:
    publisher.publish_state(ready=True, listening=True, mode="always", workers={}, sources={})
    publisher.publish_state(ready=True, listening=False, mode="always", workers={}, sources={})
    assert [event.listening for _, event in end.sent] == [True, False]


def test_a_snapshot_has_the_open_partials_and_the_last_finals(publisher: Publisher, end: End) -> None:
    for number in (1, 2, 3):
        final(publisher, "a", number)
    for number, revision in ((4, 1), (4, 2)):
        publisher.publish(
            events.Partial,
            source="a",
            utterance=number,
            revision=revision,
            committed="",
            tail="so far",
            language="",
            end=1,
        )
    publisher.answer("snap.me")
    topic, snapshot = end.sent[-1]
    assert topic == "snap.me"
    assert snapshot.seq == end.sent[-2][1].seq
    assert [f.utterance for f in snapshot.finals] == [2, 3]
    assert [(p.utterance, p.revision) for p in snapshot.partials] == [(4, 2)]
    assert snapshot.state.ready


def test_the_snapshot_of_a_private_stream_tells_nothing_of_the_public_one(publisher: Publisher, end: End) -> None:
    publisher.make_private("p")
    final(publisher, "a", 1)
    final(publisher, "p", 2)
    publisher.answer("snap.private.p.me")
    _, snapshot = end.sent[-1]
    assert (snapshot.seq, snapshot.finals) == (1, [])
    publisher.answer("snap.me")
    assert [f.utterance for f in end.sent[-1][1].finals] == [1]


def test_a_subscription_to_events_needs_no_answer(publisher: Publisher, end: End) -> None:
    before = len(end.sent)
    publisher.answer("event.")
    publisher.answer("")
    assert len(end.sent) == before
