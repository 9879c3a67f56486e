"""What the service manager is told of a daemon."""

from __future__ import annotations

from daemon.manager import Manager


def test_it_is_told_once_that_the_daemon_is_ready_and_each_time_how_it_does() -> None:
    said: list[str] = []
    manager = Manager(said.append)
    for encoder in ("starting", "starting", "ready", "ready", "restarting", "ready"):
        manager.turn({"encoder": encoder, "decoder": "ready"}, 0.0)
    manager.end()
    assert said == [
        "STATUS=encoder starting",
        "READY=1\nSTATUS=ready",
        "STATUS=encoder restarting",
        "STATUS=ready",
        "STOPPING=1",
    ]


def test_a_worker_that_was_given_up_is_not_waited_for() -> None:
    said: list[str] = []
    manager = Manager(said.append)
    manager.turn({"encoder": "ready", "aligner": "failed"}, 0.0)
    assert said == ["READY=1\nSTATUS=aligner failed"]


def test_a_sign_of_life_is_given_every_half_of_the_watchdog_s_time_and_only_where_there_is_one() -> None:
    said: list[str] = []
    manager = Manager(said.append, watchdog_s=3.0)
    for tenth in range(100):
        manager.turn({}, tenth / 10)
    assert said.count("WATCHDOG=1") == 7
    said.clear()
    Manager(said.append).turn({}, 0.0)
    assert "WATCHDOG=1" not in said
