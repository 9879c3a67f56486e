"""The restart policy, with a clock that the test turns."""

from __future__ import annotations

import pytest

from daemon.supervisor import GaveUp, Kill, Start, State, Supervisor
from pipeline.settings import SupervisorSettings

SETTINGS = SupervisorSettings(silent_after_s=3.0, ready_after_s=60.0, restarts=5, settled_after_s=10.0)


@pytest.fixture
def supervisor() -> Supervisor:
    """One decoder, started and ready at second 1."""
    supervisor = Supervisor(SETTINGS)
    supervisor.add("decoder", 0.0)
    assert supervisor.tick(0.0) == [Start("decoder")]
    supervisor.ready("decoder", 1.0)
    return supervisor


def test_a_new_process_is_started_once(supervisor: Supervisor) -> None:
    assert supervisor.tick(1.1) == []
    assert supervisor.state("decoder") is State.READY


def test_silence_is_death_only_after_three_seconds_and_is_said_once(supervisor: Supervisor) -> None:
    assert supervisor.tick(3.9) == []
    supervisor.beat("decoder", 3.9)
    assert supervisor.tick(6.8) == []
    assert supervisor.tick(7.0) == [Kill("decoder", "decoder gave no sign of life for 3 s")]
    assert supervisor.tick(7.5) == []


def test_loading_may_take_longer_than_silence() -> None:
    supervisor = Supervisor(SETTINGS)
    supervisor.add("decoder", 0.0)
    supervisor.tick(0.0)
    assert supervisor.tick(59.0) == []
    assert isinstance(supervisor.tick(60.5)[0], Kill)


def test_who_dies_is_started_again_at_once_and_then_ever_later(supervisor: Supervisor) -> None:
    assert supervisor.died("decoder", 2.0, "was killed") == [Start("decoder")]
    assert supervisor.died("decoder", 2.1, "was killed") == []
    assert supervisor.state("decoder") is State.RESTARTING
    assert supervisor.tick(2.2) == []
    assert supervisor.tick(2.36) == [Start("decoder")]
    assert supervisor.restarts("decoder") == 2


def test_five_restarts_in_a_row_and_it_is_given_up_for_good(supervisor: Supervisor) -> None:
    now, given_up = 2.0, []
    for _ in range(6):
        given_up = supervisor.died("decoder", now, "was killed")
        now += 3.0
        supervisor.tick(now)
        now += 1.0
    assert given_up == [GaveUp("decoder", "was killed, 5 restarts in a row did not help")]
    assert supervisor.state("decoder") is State.FAILED
    assert supervisor.tick(now + 1000) == []
    assert supervisor.died("decoder", now, "again") == []


def test_ten_seconds_of_life_forgive_what_was_before(supervisor: Supervisor) -> None:
    now = 2.0
    for _ in range(12):
        supervisor.died("decoder", now, "was killed")
        supervisor.tick(now + 2)
        supervisor.ready("decoder", now + 2)
        now += 13.0
    assert supervisor.state("decoder") is not State.FAILED
    assert supervisor.restarts("decoder") == 12


def test_who_refuses_is_not_started_again(supervisor: Supervisor) -> None:
    assert supervisor.refused("decoder", "no model") == [GaveUp("decoder", "no model")]
    assert supervisor.died("decoder", 2.0, "ended with exit code 1") == []
    assert supervisor.tick(100.0) == []


def test_a_machine_that_slept_kills_nobody(supervisor: Supervisor) -> None:
    supervisor.paused(3600.0)
    assert supervisor.tick(3602.0) == []


@pytest.mark.parametrize("loading_s", [11.0, 500.0])
def test_loading_is_no_life_so_a_process_that_never_gets_ready_is_given_up(loading_s: float) -> None:
    supervisor = Supervisor(SETTINGS)
    supervisor.add("decoder", 0.0)
    now, starts = 0.0, 0
    while supervisor.state("decoder") is not State.FAILED and starts < 100:
        actions = supervisor.tick(now)
        now += loading_s
        actions += supervisor.died("decoder", now, "was killed")
        starts += sum(isinstance(action, Start) for action in actions)
        now += 5.0
    assert starts == 1 + SETTINGS.restarts


def test_who_dies_twice_over_the_same_files_is_given_up_with_their_names(supervisor: Supervisor) -> None:
    assert supervisor.died("decoder", 2.0, "was killed by SIGABRT") == [Start("decoder")]
    supervisor.loading("decoder", ("/m/a.gguf",))
    supervisor.died("decoder", 3.0, "was killed by SIGABRT")
    assert supervisor.tick(4.0) == [Start("decoder")]
    supervisor.loading("decoder", ("/m/a.gguf",))
    (given_up,) = supervisor.died("decoder", 5.0, "was killed by SIGABRT")
    assert isinstance(given_up, GaveUp)
    assert given_up.reason == "was killed by SIGABRT while it loaded /m/a.gguf, 2 times in a row"
    assert "steno model verify" in given_up.hint
    assert supervisor.state("decoder") is State.FAILED
    assert supervisor.tick(100.0) == []


def test_a_load_that_succeeds_forgives_the_one_that_did_not(supervisor: Supervisor) -> None:
    now = 20.0
    for _ in range(3):
        supervisor.died("decoder", now, "was killed")
        supervisor.tick(now + 3.0)
        supervisor.loading("decoder", ("/m/a.gguf",))
        supervisor.died("decoder", now + 4.0, "was killed")
        supervisor.tick(now + 8.0)
        supervisor.loading("decoder", ("/m/a.gguf",))
        supervisor.ready("decoder", now + 9.0)
        now += 30.0
    assert supervisor.state("decoder") is State.READY


def test_who_hangs_while_it_loads_is_given_up_after_the_second_time() -> None:
    supervisor = Supervisor(SETTINGS)
    supervisor.add("decoder", 0.0)
    assert supervisor.tick(0.0) == [Start("decoder")]
    supervisor.loading("decoder", ("/m/a.gguf",))
    assert isinstance(supervisor.tick(61.0)[0], Kill)
    assert supervisor.died("decoder", 61.1, "was killed by SIGKILL") == [Start("decoder")]
    supervisor.loading("decoder", ("/m/a.gguf",))
    assert isinstance(supervisor.tick(122.0)[0], Kill)
    (given_up,) = supervisor.died("decoder", 122.1, "was killed by SIGKILL")
    assert isinstance(given_up, GaveUp)
    assert given_up.reason == "was not ready for 60 s while it loaded /m/a.gguf, 2 times in a row"
    assert "ready_after_s" in given_up.hint


@pytest.mark.parametrize(("stretch_s", "limit_s"), [(0.0, 3.0), (0.5, 3.0), (1.0, 5.0), (4.3, 22.0)])
def test_who_is_silent_for_long_stretches_of_work_is_given_more_time(stretch_s: float, limit_s: float) -> None:
    supervisor = Supervisor(SETTINGS)
    supervisor.add("encoder", 0.0)
    supervisor.tick(0.0)
    supervisor.ready("encoder", 1.0, stretch_s)
    assert supervisor.tick(1.0 + limit_s) == []
    assert supervisor.tick(1.1 + limit_s) == [Kill("encoder", f"encoder gave no sign of life for {limit_s:g} s")]
