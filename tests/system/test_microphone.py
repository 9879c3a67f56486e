"""The microphone source on a real sound server: what is played into its microphone arrives, and losses are survived."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from pipeline.messages import SAMPLE_RATE, Audio, Beat, Ready, Refused, Shutdown, SourceState
from pipeline.sockets import Inbox, Wire
from tests.daemon.source_process import ROOT, SourceProcess, source_process
from tests.system.sound_server import DEFAULTS, SoundServer, until

pytestmark = pytest.mark.system

Sound = npt.NDArray[np.float64]


def melody(seconds: float, seed: int = 1) -> npt.NDArray[np.int16]:
    """Band-limited noise with a beat: correlates with itself at one place only, survives resampling."""
    count = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum[(frequencies < 100) | (frequencies > 3000)] = 0
    noise = np.fft.irfft(spectrum, count) * (1.2 + np.sin(np.arange(count) / 3000))
    return np.asarray(noise / np.abs(noise).max() * 12000).astype(np.int16)


def find(original: npt.NDArray[np.int16], heard: npt.NDArray[np.int16]) -> tuple[int, float]:
    """Where the original begins in what was heard, and the correlation there."""
    a, b = original.astype(np.float64), heard.astype(np.float64)
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    place = int(np.argmax(product[: max(1, len(b) - len(a) + 1)]))
    part = b[place : place + len(a)]
    return place, float(np.corrcoef(a[: len(part)], part)[0, 1])


def listening(source: SourceProcess) -> None:
    source.listen(lambda: "opened" in source.states())


def test_all_that_is_played_is_heard_in_full_at_its_own_speed(
    sound_server: SoundServer, inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    played = melody(10)
    soundfile.write(tmp_path / "played.wav", played, SAMPLE_RATE)
    with source_process(inbox, runtime, "microphone", "--device", "pulse", environ=sound_server.environ) as source:
        listening(source)
        player = sound_server.play_in_background(tmp_path / "played.wav")
        source.listen(lambda: player.poll() is not None, 30)
        source.listen_for(1)
    start, first_half = find(played[: len(played) // 2], source.pcm)
    end, second_half = find(played[len(played) // 2 :], source.pcm)
    assert (end - start) / (len(played) // 2) == pytest.approx(1, abs=0.005)
    assert min(first_half, second_half) > 0.99
    assert sum(message.overflows for message in source.of(Audio)) == 0


def test_sound_is_counted_as_fast_as_the_clock_goes_and_arrives_at_once(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        source.listen_for(6)
    came = [(at, message) for at, message in source.heard if isinstance(message, Audio)][25:]
    (first_at, first), (last_at, last) = came[0], came[-1]
    seconds = (last.first_sample - first.first_sample) / SAMPLE_RATE
    assert seconds == pytest.approx((last_at - first_at) / 1e9, rel=0.02)
    assert (last.captured_ns - first.captured_ns) / 1e9 == pytest.approx(seconds, rel=0.02)
    delays = [at - message.captured_ns for at, message in came]
    assert 0 < np.median(delays) < 60e6


def test_a_microphone_that_is_pulled_out_is_reported_within_a_second_and_heard_again_within_two(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        source.listen_for(1)
        for turn in range(1, 4):
            sound_server.unplug()
            assert source.listen(lambda t=turn: source.states().count("lost") == t) <= 1.0  # type: ignore[misc]
            source.listen_for(1.5)
            sound_server.plug()
            assert source.listen(lambda t=turn: source.states().count("opened") == t + 1) <= 2.0  # type: ignore[misc]
        before = len(source.pcm)
        source.listen_for(1)
        assert len(source.pcm) - before == pytest.approx(SAMPLE_RATE, rel=0.1)
        assert source.states() == ["opened", "lost"] * 3 + ["opened"]


def test_a_sound_server_that_crashes_and_comes_back_is_survived(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        for turn in range(1, 4):
            sound_server.kill()
            assert source.listen(lambda t=turn: source.states().count("lost") == t) <= 1.0  # type: ignore[misc]
            sound_server.start()
            # No two seconds here: a machine with all processors busy has taken 2.4 to start a sound server.
            source.listen(lambda t=turn: source.states().count("opened") == t + 1, 5)  # type: ignore[misc]


def test_a_sound_server_that_hangs_is_reported_outlived_and_heard_again(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        source.listen_for(0.5)
        os.kill(sound_server.pid, signal.SIGSTOP)
        try:
            assert source.listen(lambda: "lost" in source.states()) <= 1.2
            source.listen_for(8)
        finally:
            os.kill(sound_server.pid, signal.SIGCONT)
        source.listen(lambda: source.states()[-1] == "opened", 6)
        source.listen_for(1)
        assert source.states() == ["opened", "lost", "opened"]
        assert len(source.pcm) > SAMPLE_RATE  # and numbered without a gap, through whatever the process did
        assert len(source.of(Ready)) == 1
        beats = [at for at, message in source.heard if isinstance(message, Beat)]
        assert max(np.diff(beats)) < 3e9
        assert {message.pid for message in source.of(Beat)} == {source.process.pid}


def test_a_microphone_on_a_hanging_sound_server_can_still_be_ended(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        os.kill(sound_server.pid, signal.SIGSTOP)
        try:
            source.listen(lambda: "lost" in source.states())
            source.process.terminate()
            assert source.process.wait(2) == 0
        finally:
            os.kill(sound_server.pid, signal.SIGCONT)


def test_a_process_that_was_stopped_for_a_while_is_not_taken_for_a_lost_microphone(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        for pid in (source.process.pid, sound_server.pid):
            os.kill(pid, signal.SIGSTOP)
        source.listen_for(3)
        for pid in (sound_server.pid, source.process.pid):
            os.kill(pid, signal.SIGCONT)
        source.listen_for(2)
        assert source.states() == ["opened"]


def test_a_microphone_that_comes_later_is_found(
    start_server: Callable[[str], SoundServer], inbox: Inbox, runtime: Path
) -> None:
    server = start_server("")
    with source_process(inbox, runtime, "microphone", environ=server.environ) as source:
        source.listen(lambda: "lost" in source.states())
        assert source.of(Ready)
        assert source.of(SourceState)[0].detail
        assert source.of(SourceState)[0].hint
        source.listen_for(2)
        assert source.states() == ["lost"]
        server.plug()
        assert source.listen(lambda: "opened" in source.states()) <= 2.5


def test_nothing_but_zeros_is_reported_as_silence_until_sound_returns(
    sound_server: SoundServer, inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "played.wav", melody(1), SAMPLE_RATE)
    options = ("--silent-after", "1")
    with source_process(inbox, runtime, "microphone", *options, environ=sound_server.environ) as source:
        source.listen(lambda: source.states() == ["opened", "silent"])
        source.listen_for(1)
        player = sound_server.play_in_background(tmp_path / "played.wav")
        source.listen(lambda: source.states() == ["opened", "silent", "opened"])
        player.wait()


@pytest.mark.parametrize("how", ["told on the bus", "SIGTERM"])
def test_the_microphone_is_let_go_within_a_second_of_the_end(
    how: str, sound_server: SoundServer, wire: Wire, runtime: Path
) -> None:
    inbox, bus = wire.inbox("hub"), wire.bus()
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        assert sound_server.listeners() == 1
        if how == "SIGTERM":
            source.process.terminate()
        else:
            bus.send(Shutdown())
        assert until(lambda: sound_server.listeners() == 0) < 1.0
        source.listen(source.ended)
        assert source.process.wait(2) == 0


def test_ctrl_c_in_the_terminal_leaves_the_end_to_the_hub(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        source.process.send_signal(signal.SIGINT)
        source.listen_for(0.5)
        assert source.process.poll() is None


@pytest.mark.parametrize("sink_options", [["rate=48000"], ["rate=16000", "channels=1"], ["rate=8000", "channels=1"]])
def test_a_microphone_that_returns_at_another_rate_is_heard_at_the_right_speed(
    sink_options: list[str], sound_server: SoundServer, inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    played = melody(4)
    soundfile.write(tmp_path / "played.wav", played, SAMPLE_RATE)
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        listening(source)
        sound_server.unplug()
        source.listen(lambda: source.states()[-1] == "lost")
        sound_server.plug(*sink_options)
        source.listen(lambda: source.states()[-1] == "opened")
        player = sound_server.play_in_background(tmp_path / "played.wav")
        source.listen(lambda: player.poll() is not None, 30)
        source.listen_for(1)
    first, _ = find(played[: len(played) // 2], source.pcm)
    second, likeness = find(played[len(played) // 2 :], source.pcm)
    assert (second - first) / (len(played) // 2) == pytest.approx(1, abs=0.005)
    assert likeness > 0.95


def test_the_sum_of_two_channels_does_not_grow_louder(
    start_server: Callable[[str], SoundServer], inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    setup = "load-module module-null-sink sink_name=fake norewinds=1 rate=44100 channels=2\n"
    server = start_server(setup + "load-module module-remap-source master=fake.monitor source_name=mic\n" + DEFAULTS)
    loud = np.repeat(melody(2)[:, None], 2, axis=1)
    soundfile.write(tmp_path / "stereo.wav", loud, SAMPLE_RATE)
    with source_process(inbox, runtime, "microphone", environ=server.environ) as source:
        listening(source)
        player = server.play_in_background(tmp_path / "stereo.wav")
        source.listen(lambda: player.poll() is not None, 30)
        source.listen_for(1)
    place, likeness = find(loud[:, 0], source.pcm)
    assert likeness > 0.99
    heard = source.pcm[place : place + len(loud)].astype(np.float64)
    assert heard.std() == pytest.approx(loud[:, 0].astype(np.float64).std(), rel=0.02)


def test_the_devices_are_listed_as_json(sound_server: SoundServer) -> None:
    command = [sys.executable, "-m", "daemon.sources", "microphone", "--list", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=sound_server.environ, capture_output=True, check=True, timeout=20)
    found = json.loads(done.stdout)
    assert "pulse" in [device["name"] for device in found]
    assert sum(device["default"] for device in found) == 1
    assert done.stderr == b""


def test_an_unknown_microphone_is_reported_with_those_that_are_there(
    sound_server: SoundServer, inbox: Inbox, runtime: Path
) -> None:
    with source_process(inbox, runtime, "microphone", "--device", "Blue", environ=sound_server.environ) as source:
        source.listen(lambda: "lost" in source.states())
        assert "'Blue'" in source.of(SourceState)[0].detail
        assert "pulse" in source.of(SourceState)[0].detail
        assert not source.of(Refused)


def test_a_busy_machine_costs_no_sound(sound_server: SoundServer, inbox: Inbox, runtime: Path) -> None:
    burn = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
            listening(source)
            source.listen_for(5)
        came = [(at, message) for at, message in source.heard if isinstance(message, Audio)]
        seconds = (came[-1][1].captured_ns - came[50][1].captured_ns) / 1e9
        samples = came[-1][1].first_sample - came[50][1].first_sample
        assert samples / SAMPLE_RATE == pytest.approx(seconds, abs=0.1)
        assert sum(message.overflows for message in source.of(Audio)) == 0
    finally:
        for process in burn:
            process.kill()
            process.wait()


def test_the_process_is_told_apart_in_ps(sound_server: SoundServer, inbox: Inbox, runtime: Path) -> None:
    with source_process(inbox, runtime, "microphone", environ=sound_server.environ) as source:
        time.sleep(0.2)
        shown = subprocess.run(["ps", "-o", "args=", "-p", str(source.process.pid)], capture_output=True, check=True)
        assert b"microphone" in shown.stdout
