"""Sound goes in, text comes out: a real daemon with the miniature."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from clients import samples
from clients.error_rate import words_of
from model import miniature
from pipeline import commands, events
from pipeline.commands import ListeningReply, Progress, ProgressReply
from pipeline.messages import SAMPLE_RATE
from tests import spoken

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Offline, Recording, RunningDaemon, StartDaemon


OTHERS = [
    path.name[:2] for path in miniature.samples() if samples.recording(path).text and path.name[:2] not in ("02", "09")
]

WHOLE = spoken.unbroken()


def of(kind: type[Any], seen: list[Any]) -> list[Any]:
    return [e for e in seen if isinstance(e, kind)]


def silence(seconds: float) -> Any:
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


def test_a_recording_becomes_partials_then_one_final_then_its_words(
    steno_daemon: RunningDaemon, recording: Recording
) -> None:
    source = steno_daemon.open()
    steno_daemon.say(source, recording(WHOLE), speed=3, end=True)
    seen = steno_daemon.until_ended(source)
    (final,) = of(events.Final, seen)
    assert spoken.is_said(WHOLE, final.text)
    assert final.language == spoken.language(WHOLE)
    assert final.timings.steps > 2
    (words,) = of(events.Words, seen)
    assert " ".join(w.text for w in words.words) == final.text
    assert all(a.start <= a.end <= b.end for a, b in itertools.pairwise(words.words))
    assert words.words[-1].end <= final.end
    partials = of(events.Partial, seen)
    assert len(partials) >= 3
    assert all(b.revision > a.revision for a, b in itertools.pairwise(partials))
    order = [
        type(e) for e in seen if isinstance(e, events.SpeechStarted | events.SpeechEnded | events.Final | events.Words)
    ]
    assert order == [events.SpeechStarted, events.SpeechEnded, events.Final, events.Words]


@pytest.mark.parametrize("number", ["02", pytest.param("12", marks=pytest.mark.slow)])
def test_what_is_committed_is_never_taken_back_and_committing_can_be_switched_on_and_off(
    steno_daemon: RunningDaemon, recording: Recording, number: str
) -> None:
    source = steno_daemon.open()
    commands.ask(steno_daemon.wire, commands.Commit(on=True, source=source), commands.Done)
    steno_daemon.say(source, recording(number), speed=2, end=True)
    seen = steno_daemon.until_ended(source)
    committed: dict[int, str] = {}
    for event in seen:
        if isinstance(event, events.Partial):
            before = committed.get(event.utterance, "")
            assert event.committed.startswith(before)
            committed[event.utterance] = event.committed
        elif isinstance(event, events.Final):
            assert event.text.startswith(committed.get(event.utterance, ""))
    assert any(committed.values())
    source = steno_daemon.open(commit=True)
    commands.ask(steno_daemon.wire, commands.Commit(on=False, source=source), commands.Done)
    steno_daemon.say(source, recording("01"), speed=3, end=True)
    partials = of(events.Partial, steno_daemon.until_ended(source))
    assert {p.committed for p in partials} == {""}


def test_events_of_a_stream_are_numbered_without_a_gap(steno_daemon: RunningDaemon, recording: Recording) -> None:
    source = steno_daemon.open()
    steno_daemon.say(source, recording("01"), end=True)
    steno_daemon.until_ended(source)
    numbers = [e.seq for e in steno_daemon.seen if not isinstance(e, events.Snapshot)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_silence_and_noise_yield_no_text(steno_daemon: RunningDaemon, recording: Recording) -> None:
    noise = (np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE) * 1500).astype(np.int16)
    for pcm in (recording("11"), silence(3), noise):
        source = steno_daemon.open()
        steno_daemon.say(source, pcm, end=True)
        seen = steno_daemon.until_ended(source)
        assert [final.text for final in of(events.Final, seen) if final.text] == []
        assert len(of(events.Final, seen)) == len(of(events.SpeechStarted, seen))


@pytest.mark.slow
def test_words_behind_a_cut_are_the_next_utterance_s_alone_though_they_were_shown_before_it(
    start_daemon: StartDaemon, recording: Recording
) -> None:
    daemon = start_daemon("vad.max_utterance_s=8", "vad.hangover_ms=2000", "stream.interval_ms=300")
    # The quietest point of the last 5 s is the pause between the two: by then 4 s of what follows were partials.
    before, after = _until_second(recording("12"), 3.2), recording("02")[7000:]
    hiss = (np.random.default_rng(3).standard_normal(len(after)) * 60).astype(np.int16)
    pcm = np.concatenate([before + hiss[: len(before)], np.zeros(6400, np.int16), after + hiss])
    source = daemon.open()
    daemon.say(source, pcm, speed=2, end=True)
    seen = daemon.until_ended(source)
    assert of(events.SpeechEnded, seen)[0].reason == "length"
    first, *others = [final.text for final in daemon.finals(source)]
    telling = spoken.telling("02", "12")
    assert any(telling & set(words_of(p.tail)) for p in of(events.Partial, seen) if p.utterance == 1)
    assert not telling & set(words_of(first))
    assert spoken.is_said("02", " ".join(others))


def test_two_sources_at_once_each_get_their_own_text(steno_daemon: RunningDaemon, recording: Recording) -> None:
    first, second = steno_daemon.open(), steno_daemon.open()
    one, other = recording("01"), recording(WHOLE)
    for at in range(0, max(len(one), len(other)), 3200):
        steno_daemon.say(first, one[at : at + 3200])
        steno_daemon.say(second, other[at : at + 3200])
    steno_daemon.say(first, silence(0), end=True)
    steno_daemon.say(second, silence(0), end=True)
    ended: set[str] = set()

    def both(event: Any) -> bool:
        if isinstance(event, events.Source) and event.state == "ended":
            ended.add(event.source)
        return ended == {first, second}

    steno_daemon.until(both)
    for source, number in ((first, "01"), (second, WHOLE)):
        (final,) = steno_daemon.finals(source)
        assert spoken.is_said(number, final.text)


@pytest.mark.parametrize(
    "numbers",
    [("02", "09"), pytest.param(tuple(OTHERS), marks=pytest.mark.slow)],
    ids=len,
)
def test_while_nothing_is_committed_a_final_is_the_offline_text_of_its_samples(
    steno_daemon: RunningDaemon, recording: Recording, offline: Offline, numbers: tuple[str, ...]
) -> None:
    for number in numbers:
        pcm = recording(number)
        source = steno_daemon.open()
        steno_daemon.say(source, pcm, speed=8, end=True)
        seen = steno_daemon.until_ended(source)
        assert {p.committed for p in of(events.Partial, seen)} <= {""}
        finals = of(events.Final, seen)
        assert any(final.text for final in finals)
        for final in finals:
            assert final.text == offline(pcm[round(final.start * SAMPLE_RATE) : round(final.end * SAMPLE_RATE)])


def test_after_a_long_silence_nothing_of_what_was_said_before_comes_again(
    steno_daemon: RunningDaemon, recording: Recording
) -> None:
    source = steno_daemon.open()
    pcm = np.concatenate([recording("01"), silence(30), recording(WHOLE), silence(30)])
    steno_daemon.say(source, pcm, end=True)
    steno_daemon.until_ended(source)
    first, second = (final.text for final in steno_daemon.finals(source) if final.text)
    assert spoken.is_said("01", first)
    assert spoken.is_said(WHOLE, second)


def test_a_private_source_is_not_heard_by_others(steno_daemon: RunningDaemon, recording: Recording) -> None:
    private = steno_daemon.open(private=True)
    own = steno_daemon.wire.event_subscriber([f"private.{private}.", f"snap.private.{private}.x"])
    received = own.receive(5.0)
    assert received is not None
    assert isinstance(events.from_json(received[1]), events.Snapshot)
    steno_daemon.say(private, recording("01"), end=True)
    texts = []
    while (received := own.receive(10.0)) is not None:
        event = events.from_json(received[1])
        if isinstance(event, events.Final):
            texts.append(event.text)
        if isinstance(event, events.Source) and event.state == "ended":
            break
    public = steno_daemon.open()
    steno_daemon.say(public, silence(1), end=True)
    steno_daemon.until_ended(public)
    (text,) = texts
    assert spoken.is_said("01", text)
    assert [e for e in steno_daemon.seen if getattr(e, "source", "") == private] == []


def test_who_comes_late_gets_the_partial_of_the_moment_and_the_finals_before(
    steno_daemon: RunningDaemon, recording: Recording
) -> None:
    first = steno_daemon.open()
    steno_daemon.say(first, recording("01"), end=True)
    steno_daemon.until_ended(first)
    second = steno_daemon.open()
    steno_daemon.say(second, recording(WHOLE)[: 5 * SAMPLE_RATE], speed=5)
    steno_daemon.until(lambda e: isinstance(e, events.Partial) and _words(e) >= 6)
    late = steno_daemon.wire.event_subscriber(["event.", "snap.late"])
    received = late.receive(1.0)
    assert received is not None
    snapshot = events.from_json(received[1])
    assert isinstance(snapshot, events.Snapshot)
    assert [f.source for f in snapshot.finals] == [first]
    assert [p.source for p in snapshot.partials] == [second]
    assert snapshot.seq >= steno_daemon.seen[-1].seq


def test_progress_says_how_far_a_source_has_come(steno_daemon: RunningDaemon, recording: Recording) -> None:
    source = steno_daemon.open()
    steno_daemon.say(source, recording("01"), end=True)
    steno_daemon.until_ended(source)
    reply = commands.ask(steno_daemon.wire, Progress(source=source), ProgressReply)
    assert reply.ended
    assert reply.finished >= len(recording("01"))


@pytest.mark.slow
def test_on_demand_hears_only_between_start_and_stop_and_the_moment_before_start(
    start_daemon: StartDaemon, recording: Recording, tmp_path: Path
) -> None:
    path = tmp_path / "said.wav"
    pcm = np.concatenate([recording("01"), silence(1.5), recording(WHOLE)])
    _write_wav(path, pcm)
    daemon = start_daemon("daemon.mode=on-demand", source=f"file:{path}")
    began = len(recording("01")) / SAMPLE_RATE + 1.0
    daemon.until(lambda e: isinstance(e, events.State) and "opened" in e.sources.values())
    _sleep_until_sample(daemon, began)
    commands.ask(daemon.wire, commands.Start(), ListeningReply)
    assert daemon.status().listening
    daemon.until(lambda e: isinstance(e, events.Partial) and _words(e) >= 12)
    reply = commands.ask(daemon.wire, commands.Stop(), ListeningReply)
    assert not reply.listening
    seen = daemon.until(lambda e: isinstance(e, events.Final))
    assert spoken.begins(WHOLE, seen[-1].text, 5)
    heard = words_of(" ".join(f.text for f in of(events.Final, daemon.seen)))
    assert not spoken.telling("01", WHOLE) & set(heard)
    assert [e.reason for e in of(events.SpeechEnded, daemon.seen)] == ["stop"]


def test_cancel_drops_what_is_being_said(start_daemon: StartDaemon, recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    _write_wav(path, recording("02"))
    daemon = start_daemon(source=f"file:{path}")
    daemon.until(lambda e: isinstance(e, events.Partial) and _words(e) >= 4)
    commands.ask(daemon.wire, commands.CancelSpeech(), ListeningReply)
    seen = daemon.until(lambda e: isinstance(e, events.Final))
    assert seen[-1].text == ""
    assert [e.reason for e in of(events.SpeechEnded, seen)] == ["cancel"]


def _words(partial: events.Partial) -> int:
    return len(words_of(partial.committed + partial.tail))


def _until_second(pcm: Any, second: float) -> Any:
    """Speech up to the end of the word that is being said then, without what stands before the first."""
    words = spoken.recording("12").words
    end = next(word.end for word in words if word.end >= second)
    return pcm[round((words[0].start - 0.05) * SAMPLE_RATE) : round((end + 0.05) * SAMPLE_RATE)]


def _write_wav(path: Any, pcm: Any) -> None:
    soundfile.write(path, pcm, SAMPLE_RATE, subtype="PCM_16")


def _sleep_until_sample(daemon: Any, seconds: float) -> None:
    (source,) = daemon.status().sources
    while commands.ask(daemon.wire, Progress(source=source), ProgressReply).taken < seconds * SAMPLE_RATE:
        time.sleep(0.02)
