"""When the daemon leaves something out, and when no more: a script of what is behind, with a fake clock."""

from __future__ import annotations

from daemon.pressure import BEHIND_NS, CALM_NS, SETTLE_NS, Change, Pressure

S = 1_000_000_000


class Run:
    """A pressure whose clock goes on in steps of a tenth of a second, and all that it announced."""

    def __init__(self) -> None:
        self.pressure = Pressure()
        self.now = 0
        self.said: list[Change] = []

    def go(self, seconds: float, waiting: float = 0.0, working: float = 0.0, strain: float | None = None) -> list[str]:
        """So much time goes by; the paces that were announced in it."""
        before = len(self.said)
        for tenth in range(round(10 * seconds)):
            self.now += S // 10
            if strain is not None and tenth % 5 == 0:
                self.pressure.step(strain)
            change = self.pressure.tick(self.now, round(waiting * S), round(working * S))
            self.said += [change] if change else []
        return [change.pace for change in self.said[before:]]


def test_a_machine_that_keeps_up_is_left_alone() -> None:
    run = Run()
    assert run.go(600, waiting=0.3, working=0.2, strain=0.4) == []
    assert run.pressure.pace == "full"


def test_one_slow_step_is_no_pressure_and_three_in_a_row_are() -> None:
    run = Run()
    run.go(5, strain=0.1)
    run.pressure.step(60.0)
    assert run.go(5, strain=0.1) == []
    for _ in range(3):
        run.pressure.step(1.0)
    assert run.go(1) == ["fewer-partials"]


def test_steps_that_stay_slow_are_announced_once() -> None:
    run = Run()
    assert run.go(600, strain=0.6) == ["fewer-partials"]


def test_a_machine_at_the_edge_does_not_flap() -> None:
    run = Run()
    run.go(5, strain=0.7)
    for _ in range(60):
        run.go(5, strain=0.55)
        run.go(5, strain=0.45)
    assert [change.pace for change in run.said] == ["fewer-partials"]


def test_what_is_left_out_grows_one_pace_at_a_time_each_given_time_to_help() -> None:
    run = Run()
    assert run.go(SETTLE_NS / S, waiting=60) == ["fewer-partials"]
    assert run.go(SETTLE_NS / S, waiting=60) == ["no-live-words"]
    assert run.go(600, waiting=60) == ["finals-only"]
    assert [change.level for change in run.said] == ["warning"] * 3


def test_a_final_or_a_partial_that_waits_too_long_asks_for_its_own_pace() -> None:
    for limit, pace in zip(BEHIND_NS, ("no-live-words", "finals-only"), strict=True):
        for late in ({"waiting": limit / S + 0.1}, {"working": limit / S + 0.1}):
            run = Run()
            assert run.go(600, **late)[-1] == pace


def test_a_pace_is_kept_until_it_was_calm_for_a_while_and_then_all_comes_back_in_order() -> None:
    run = Run()
    run.go(10, waiting=60)
    assert run.go(CALM_NS / S - 0.2) == []
    assert run.go(600) == ["no-live-words", "fewer-partials", "full"]
    assert [change.level for change in run.said[-3:]] == ["info"] * 3
    assert "nothing is left out" in run.said[-1].text


def test_who_tried_a_faster_pace_too_early_waits_longer_before_the_next_time() -> None:
    run = Run()
    run.go(10, waiting=60)
    for _ in range(30):
        run.go(30)
        run.go(5, waiting=60)
    assert len([change for change in run.said if change.level == "info"]) <= 8


def test_after_a_long_time_without_trouble_the_first_patience_is_back() -> None:
    run = Run()
    run.go(3, waiting=3)
    for _ in range(4):
        run.go(25)
        run.go(5, waiting=60)
    run.go(2000)
    assert run.pressure.pace == "full"
    run.go(3, waiting=3)
    assert run.go(2 * CALM_NS / S + 1) == ["fewer-partials", "full"]


def test_what_a_pace_leaves_out_a_slower_one_leaves_out_too() -> None:
    run = Run()
    run.go(1.5, waiting=60)
    assert run.pressure.pace == "no-live-words"
    assert run.pressure.leaves_out("fewer-partials")
    assert run.pressure.leaves_out("no-live-words")
    assert not run.pressure.leaves_out("finals-only")
