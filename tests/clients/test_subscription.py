from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.follower import Item
from clients.subscription import Subscription, subscribe
from pipeline import events
from pipeline.errors import NotRunningError
from pipeline.sockets import Wire
from tests.clients.fake_daemon import FakeDaemon, FakePublisher, publisher


@pytest.fixture
def wire(runtime: Path) -> Iterator[Wire]:
    with Wire(runtime) as wire:
        yield wire


def collect(subscription: Subscription, fake: FakePublisher, finals: int) -> list[str]:
    """Turn both ends until so many finals came."""
    found: list[Item] = []
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and len(texts(found)) < finals:
        fake.answer_subscriptions()
        found += subscription.receive(0.01)
    found += subscription.receive(0.05)
    return texts(found)


def texts(items: list[Item]) -> list[str]:
    return [item.event.text for item in items if isinstance(item.event, events.Final)]


def attach(wire: Wire, fake: FakePublisher) -> Subscription:
    subscription = Subscription(wire)
    deadline = time.monotonic() + 5
    while not fake.snapshots and time.monotonic() < deadline:
        fake.answer_subscriptions()
        time.sleep(0.01)
    assert subscription.first().daemon == fake.daemon
    return subscription


def test_each_final_comes_once_and_in_order(wire: Wire, runtime: Path) -> None:
    with publisher(runtime) as fake:
        subscription = attach(wire, fake)
        for i in range(5):
            fake.final(f"text {i}", i)
        assert collect(subscription, fake, 5) == [f"text {i}" for i in range(5)]


def test_finals_that_were_dropped_come_from_another_snapshot(wire: Wire, runtime: Path) -> None:
    with publisher(runtime) as fake:
        subscription = attach(wire, fake)
        fake.final("first", 1)
        fake.final("dropped", 2, lost=True)
        fake.final("third", 3)
        assert collect(subscription, fake, 3) == ["first", "dropped", "third"]
        assert fake.snapshots == 2


@pytest.mark.slow
def test_a_restarted_daemon_is_followed_without_asking(wire: Wire, runtime: Path) -> None:
    with publisher(runtime) as fake:
        subscription = attach(wire, fake)
        fake.final("before", 1)
        assert collect(subscription, fake, 1) == ["before"]
    with publisher(runtime, "two") as fake:
        fake.final("while away", 1)
        deadline = time.monotonic() + 5
        while not fake.snapshots and time.monotonic() < deadline:
            fake.answer_subscriptions()
            time.sleep(0.01)
        fake.final("after", 2)
        assert collect(subscription, fake, 2) == ["while away", "after"]


def test_a_snapshot_that_never_comes_is_a_daemon_that_does_not_run(wire: Wire) -> None:
    with pytest.raises(NotRunningError, match="no snapshot"):
        Subscription(wire).first(0.2)


def test_drain_returns_all_that_was_published_before(wire: Wire, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        subscription = Subscription(wire)
        subscription.first()
        daemon.do(lambda fake: [fake.final(f"text {i}", i) for i in range(200)])
        assert texts(subscription.drain()) == [f"text {i}" for i in range(200)]


def test_subscribe_yields_a_snapshot_and_then_events(runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        stream = subscribe(runtime)
        assert isinstance(next(stream), events.Snapshot)
        daemon.do(lambda fake: fake.final("hello", 1))
        event = next(stream)
        assert isinstance(event, events.Final)
        assert event.text == "hello"
        stream.close()  # type: ignore[attr-defined]


def test_subscribe_without_a_daemon_says_so(runtime: Path) -> None:
    with pytest.raises(NotRunningError):
        next(subscribe(runtime))
