"""Processes die, hang and are told nonsense; no word is lost and none is said twice."""

from __future__ import annotations

import os
import signal
import socket as plain_socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import soundfile
import zmq

from pipeline import events
from pipeline.arrays import pack
from pipeline.messages import SAMPLE_RATE, Audio, Features, Hypothesis, Ready, Speech, Words
from pipeline.sockets import NAMES, socket_path
from tests import spoken

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Offline, Recording, RunningDaemon, StartDaemon


WHOLE = spoken.unbroken()


def texts(daemon: Any, source: str) -> list[str]:
    return [final.text for final in daemon.finals(source)]


def words_of(daemon: Any, source: str) -> list[events.Words]:
    return [e for e in daemon.seen if isinstance(e, events.Words) and e.source == source]


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("encoder", marks=pytest.mark.slow),
        "decoder",
        pytest.param("aligner", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(("after", "commit"), [(1.5, False), pytest.param(5.0, True, marks=pytest.mark.slow)])
def test_a_worker_killed_in_the_middle_of_an_utterance_costs_no_word(
    steno_daemon: RunningDaemon, recording: Recording, offline: Offline, victim: str, after: float, commit: bool
) -> None:
    pcm = recording(WHOLE)
    at = int(after * SAMPLE_RATE)
    source = steno_daemon.open(commit=commit)
    steno_daemon.say(source, pcm[:at], speed=3)
    steno_daemon.worker(victim).kill()
    steno_daemon.say(source, pcm[at:], speed=3, end=True)
    steno_daemon.until_ended(source)
    (final,) = steno_daemon.finals(source)
    assert spoken.is_said(WHOLE, final.text)
    if not commit:
        assert final.text == offline(pcm[round(final.start * SAMPLE_RATE) : round(final.end * SAMPLE_RATE)])
    (words,) = words_of(steno_daemon, source)
    assert words.error == ""
    assert len(words.words) == len(final.text.split())


def test_all_workers_killed_at_once_while_the_finals_are_made(
    steno_daemon: RunningDaemon, recording: Recording
) -> None:
    source = steno_daemon.open()
    pause = np.zeros(SAMPLE_RATE, np.int16)
    steno_daemon.say(source, np.concatenate([recording("01"), pause, recording("02"), pause, recording(WHOLE)]))
    for worker in [steno_daemon.worker(name) for name in ("encoder", "decoder", "aligner")]:
        worker.kill()
    steno_daemon.say(source, pause, end=True)
    steno_daemon.until_ended(source)
    said = texts(steno_daemon, source)
    assert len(said) >= 3
    assert spoken.are_said(("01", "02", WHOLE), " ".join(said))
    assert all(w.words and not w.error for w in words_of(steno_daemon, source))


@pytest.mark.slow
def test_a_worker_that_hangs_is_noticed_and_replaced(start_daemon: StartDaemon, recording: Recording) -> None:
    daemon = start_daemon("supervisor.silent_after_s=1.5")
    source = daemon.open()
    pcm = recording(WHOLE)
    daemon.say(source, pcm[:40000], speed=4)
    stopped = daemon.worker("decoder")
    stopped.suspend()
    daemon.say(source, pcm[40000:], speed=4, end=True)
    daemon.until_ended(source)
    (text,) = texts(daemon, source)
    assert spoken.is_said(WHOLE, text)
    assert daemon.status().restarts["decoder"] == 1
    assert not stopped.is_running()


@pytest.mark.slow
def test_a_daemon_that_is_killed_takes_its_workers_along_and_the_next_one_finishes_its_sentence(
    start_daemon: StartDaemon, recording: Recording
) -> None:
    daemon = start_daemon()
    source = daemon.open()
    pcm = recording(WHOLE)
    daemon.say(source, pcm[: len(pcm) * 9 // 10], speed=4)
    daemon.until(lambda e: isinstance(e, events.Partial))
    children = psutil.Process(daemon.process.pid).children()
    assert len(children) == 3
    daemon.process.kill()
    _, alive = psutil.wait_procs(children, timeout=2.0)
    assert alive == []
    daemon.wire.close()
    after = start_daemon()
    seen = after.until(lambda e: isinstance(e, events.Final))
    assert spoken.begins(WHOLE, seen[-1].text, 13)


def test_sigterm_ends_it_in_order_within_three_seconds(start_daemon: StartDaemon, recording: Recording) -> None:
    daemon = start_daemon()
    source = daemon.open()
    daemon.say(source, recording(WHOLE), speed=8)
    children = psutil.Process(daemon.process.pid).children()
    assert daemon.terminate() < 3.0
    assert daemon.process.returncode == 0
    assert [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE] == []
    assert sorted(p.name for p in daemon.runtime.iterdir()) == ["daemon.lock"]
    daemon.until(lambda e: isinstance(e, events.Final), timeout_s=1.0)
    (text,) = texts(daemon, source)
    assert spoken.is_said(WHOLE, text)


def test_a_second_daemon_in_the_same_directory_is_refused_and_the_first_lives_on(steno_daemon: RunningDaemon) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "daemon", f"--runtime-dir={steno_daemon.runtime}", "--set=daemon.source=none"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert "Traceback" not in second.stderr
    assert steno_daemon.status().ready


def test_a_model_that_is_missing_fails_once_and_out_loud_and_the_daemon_stays_up(
    start_daemon: StartDaemon, recording: Recording
) -> None:
    daemon = start_daemon("model.asr=/nowhere/at/all", ready=False)
    daemon.until(lambda e: isinstance(e, events.State) and e.workers["encoder"] == e.workers["decoder"] == "failed")
    told = [e.text for e in daemon.seen if isinstance(e, events.Notice) and e.code == "process-failed"]
    assert len(told) == 2
    assert all("/nowhere/at/all" in text for text in told)
    source = daemon.open()
    daemon.say(source, recording("01"), end=True)
    daemon.until_ended(source)
    (final,) = daemon.finals(source)
    assert final.text == ""
    assert "/nowhere/at/all" in final.error
    assert daemon.status().restarts["decoder"] == 0


def test_nonsense_on_every_socket_changes_nothing(steno_daemon: RunningDaemon, recording: Recording) -> None:
    context: zmq.Context[Any] = zmq.Context()
    rng = np.random.default_rng(5)
    sockets = []
    for name in NAMES:
        path = socket_path(steno_daemon.runtime, name)
        kinds = {"command": zmq.DEALER, "events": zmq.SUB, "bus": zmq.SUB}
        socket = context.socket(kinds.get(name, zmq.PUSH))
        socket.connect(f"ipc://{path}")
        sockets.append(socket)
        for _ in range(200):
            parts = [rng.bytes(int(rng.integers(0, 60))) for _ in range(int(rng.integers(1, 12)))]
            if name in ("events", "bus"):
                socket.subscribe(parts[0])
            else:
                socket.send_multipart(parts)
        _raw_bytes(path, rng)
    for socket in sockets:
        socket.close(500)
    context.term()
    source = steno_daemon.open()
    steno_daemon.say(source, recording("01"), end=True)
    steno_daemon.until_ended(source)
    (text,) = texts(steno_daemon, source)
    assert spoken.is_said("01", text)
    assert steno_daemon.status().restarts == {"encoder": 0, "decoder": 0, "aligner": 0}


def _raw_bytes(path: Path, rng: np.random.Generator) -> None:
    """No ZeroMQ at all: garbage, a truncated greeting, a claim of 2^63 bytes."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(16) + b"\x00" + bytes(31)
    for text in (rng.bytes(200), greeting[:20], greeting + b"\x02\x7f" + b"\xff" * 7 + b"x"):
        with plain_socket.socket(plain_socket.AF_UNIX) as end:
            end.connect(str(path))
            end.send(text)
            time.sleep(0.02)


def test_words_that_make_no_sense_are_passed_over(steno_daemon: RunningDaemon, recording: Recording) -> None:
    hub, encoder, decoder = (steno_daemon.wire.outbox(n) for n in ("hub", "encoder", "decoder"))
    pcm, floats = np.zeros(320, np.int16), np.zeros((3, 7), np.float32)
    hub.send(Audio("nobody", 0, 0), *pack(pcm))
    hub.send(Audio("nobody", -5, -9), *pack(floats))
    hub.send(Ready("decoder", 1))
    hub.send(Ready("nobody", os.getpid()))
    hub.send(Speech(1, 0, 0, 0, True), *pack(pcm))
    hub.send(Words(99, 0, (), 0))
    hub.send(Hypothesis(1, 0, 0, True, 1, "", "made up", (), (), 0, 0, 0, 0, 0))
    encoder.send(Speech(99, 0, 7, 4000, False), *pack(pcm))
    encoder.send(Speech(99, 0, 7, 0, False), *pack(floats))
    decoder.send(Features(99, 0, 0, 0, True, "", "", (), 1, 0), *pack(floats))
    decoder.send(Speech(99, 0, 0, 0, True), *pack(pcm))
    source = steno_daemon.open()
    steno_daemon.say(source, recording("01"), end=True)
    steno_daemon.until_ended(source)
    (text,) = texts(steno_daemon, source)
    assert spoken.is_said("01", text)
    assert steno_daemon.status().restarts == {"encoder": 0, "decoder": 0, "aligner": 0}


def test_ctrl_c_in_its_terminal_ends_it_in_order(start_daemon: StartDaemon) -> None:
    daemon = start_daemon()
    for process in [*psutil.Process(daemon.process.pid).children(), psutil.Process(daemon.process.pid)]:
        process.send_signal(signal.SIGINT)
    assert daemon.process.wait(3) == 0


@pytest.mark.parametrize("end", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_final_that_was_published_is_not_said_again_by_the_next_daemon(
    start_daemon: StartDaemon, recording: Recording, end: signal.Signals
) -> None:
    daemon = start_daemon("supervisor.silent_after_s=60")
    daemon.worker("aligner").suspend()
    source = daemon.open()
    daemon.say(source, np.concatenate([recording("01"), np.zeros(SAMPLE_RATE, np.int16)]))
    daemon.until(lambda e: isinstance(e, events.Final))
    time.sleep(0.3)
    daemon.process.send_signal(end)
    daemon.process.wait(10)
    daemon.wire.close()
    after = start_daemon()
    probe = after.open()
    after.say(probe, recording(WHOLE), end=True)
    after.until_ended(probe)
    (said,) = [e.text for e in after.seen if isinstance(e, events.Final) and e.text]
    assert spoken.is_said(WHOLE, said)


@pytest.mark.slow
def test_what_was_never_listened_to_is_not_transcribed_after_a_crash(
    start_daemon: StartDaemon, recording: Recording, tmp_path: Path
) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, recording("12"), SAMPLE_RATE, subtype="PCM_16")
    daemon = start_daemon("daemon.mode=on-demand", source=f"file:{path}")
    time.sleep(4.0)
    daemon.process.kill()
    daemon.process.wait(10)
    daemon.wire.close()
    after = start_daemon()
    probe = after.open()
    after.say(probe, recording("01"), end=True)
    after.until_ended(probe)
    (said,) = [e.text for e in after.seen if isinstance(e, events.Final)]
    assert spoken.is_said("01", said)
