"""The traps: harnesses that are wrong on purpose, as others have been, and each must be caught."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from benchmarks.stream_checks import Untrustworthy, check_run, check_take
from benchmarks.stream_measures import measure
from benchmarks.stream_play import Player
from benchmarks.stream_take import Heard, Step, Take
from pipeline.messages import Audio
from pipeline.resample import Int16
from tests.benchmarks.made_take import ended, final, partial, started, take
from tests.benchmarks.simulated import SECOND, SimulatedDaemon, sound, spoken

WORDS = spoken(("we", 0.4, 0.6), ("walked", 0.6, 1.1), ("along", 1.1, 1.5), ("the", 1.5, 1.6), ("river", 1.6, 4.1))
SAID = sound(WORDS, 4.3)


def played(player: type[Player], daemon: type[SimulatedDaemon] = SimulatedDaemon) -> Take:
    return player(daemon(WORDS), SAID).play()


def test_an_honest_harness_is_believed() -> None:
    honest = played(Player)
    check_take(honest)
    check_run([measure(honest)])


class Batch(Player):
    """Sends the whole recording at once."""

    def wait_until(self, due_ns: int) -> None:
        self.listen(0.0)


def test_a_harness_that_feeds_batch_is_caught() -> None:
    with pytest.raises(Untrustworthy, match="before it could be captured"):
        check_take(played(Batch))


def test_so_is_one_that_says_the_sound_was_captured_long_before() -> None:
    class Backdated(Batch):
        def due_ns(self, samples: int) -> int:
            return super().due_ns(samples) - 10 * SECOND

    batch = played(Backdated)
    early = [msgspec.structs.replace(frame, at=frame.at + 10) for frame in batch.sent]
    heard = [Heard(item.at + 10, item.event) for item in batch.heard]
    backdated = msgspec.structs.replace(batch, origin_ns=batch.origin_ns - 10 * SECOND, sent=early, heard=heard)
    with pytest.raises(Untrustworthy, match="late"):
        check_take(backdated)


def test_so_is_one_whose_frames_are_right_but_whose_texts_are_not() -> None:
    # It notes the frames as if they had been paced, and fed the daemon the whole recording first.
    ahead = take(WORDS, [started(0.1), partial(0.2, 4.0, "we walked along the river")], seconds=5.0)
    with pytest.raises(Untrustworthy, match="a text of the sound up to 4"):
        check_take(ahead)


def test_streaming_without_any_partial_is_no_streaming() -> None:
    class Whole(SimulatedDaemon):
        interval = 100.0

    whole = measure(played(Player, Whole))
    check_run([whole], partials=False)
    with pytest.raises(Untrustworthy, match="this was no stream"):
        check_run([whole])


@pytest.mark.parametrize("packet", [0.02, 0.5])
def test_pacing_that_sleeps_after_a_packet_is_caught(packet: float) -> None:
    # Its packets leave a packet's length before their sound is over, and each text comes so much too soon.
    class SleepsAfter(Player):
        def wait_until(self, due_ns: int) -> None:
            super().wait_until(due_ns - round(packet * SECOND))

    with pytest.raises(Untrustworthy, match="before it could be captured"):
        check_take(played(SleepsAfter))


def test_a_harness_that_sleeps_and_does_not_listen_is_caught() -> None:
    class Sleeps(Player):
        def wait_for_end(self) -> None:
            daemon = self._line
            assert isinstance(daemon, SimulatedDaemon)
            daemon.now += SECOND
            super().wait_for_end()

    with pytest.raises(Untrustworthy, match="did not listen for 1"):
        check_take(played(Sleeps))


def test_a_harness_that_cannot_keep_up_is_caught() -> None:
    class Busy(SimulatedDaemon):
        def send(self, audio: Audio, pcm: Int16) -> None:
            self.now += SECOND // 40  # 25 ms for each 20 ms
            super().send(audio, pcm)

    with pytest.raises(Untrustworthy, match="late"):
        check_take(played(Player, Busy))


def test_a_daemon_that_claims_sound_it_was_not_given_is_caught() -> None:
    class Lies(SimulatedDaemon):
        def partial(self, start: float, end: float) -> None:
            super().partial(start, end + 0.5)

    with pytest.raises(Untrustworthy, match="a text of the sound up to"):
        check_take(played(Player, Lies))


def test_a_daemon_on_another_capture_clock_is_caught() -> None:
    class Late(SimulatedDaemon):
        def send(self, audio: Audio, pcm: Int16) -> None:
            super().send(msgspec.structs.replace(audio, captured_ns=audio.captured_ns + SECOND // 100), pcm)

    with pytest.raises(Untrustworthy, match=r"capture clock is 0\.010 s"):
        check_take(played(Player, Late))


def test_a_final_before_its_own_decision_is_caught() -> None:
    early = take(
        WORDS, [started(0.5), ended(4.8, 4.7), final(4.9, 4.7, "we")], steps={1: Step(4.8, 5.0, 4.8)}, seconds=6
    )
    with pytest.raises(Untrustworthy, match="came before it was decided"):
        check_take(early)


def said() -> Take:
    heard = [
        started(0.5),
        partial(1.3, 1.2, "we walked"),
        ended(4.8, 4.7),
        final(4.9, 4.7, "we walked along the river"),
    ]
    return take(WORDS, heard, seconds=6)


def test_a_final_s_lag_among_the_partials_is_caught() -> None:
    measured = measure(said())
    check_run([measured])
    for word in measured.words:
        word.partial = word.shown
    with pytest.raises(Untrustworthy, match=r"no partial came at 4\.900 s"):
        check_run([measured])


def test_a_latency_quoted_from_the_end_that_the_vad_saw_is_caught() -> None:
    measured = measure(said())
    end = measured.endpoints[0]
    assert end.hangover > 0.6
    measured.endpoints[0] = replace(end, total=end.total - end.hangover, hangover=0.0)
    with pytest.raises(Untrustworthy, match=r"its last word did 0\.800 s before"):
        check_run([measured])


def test_parts_that_leave_something_out_are_caught() -> None:
    measured = measure(said())
    measured.endpoints[0] = replace(measured.endpoints[0], publish=0.0, queue=0.0, hangover=0.6)
    with pytest.raises(Untrustworthy, match="do not add up"):
        check_run([measured])
