"""The hub's inbox and desk under messages that are shaped right and mean nothing: it must live through all of them."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from daemon.desk import Desk
from daemon.hub import Hub
from daemon.outcome import Outcome
from daemon.utterance import Options
from pipeline import commands, events, messages
from pipeline.arrays import Array, pack
from pipeline.errors import UsageError
from pipeline.messages import Audio, Cancel, Failed, Hypothesis, Malformed, Ready, Refused, SourceState, Word, Words
from pipeline.segmenter import Closed, Found, Opened
from pipeline.settings import AlignSettings, DaemonSettings, Settings
from pipeline.sockets import Poll, Wire

EDGE = (0, 1, 2, 7, 320, 2**31, 2**62)


@pytest.fixture
def runtime() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="steno-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


class QuietHub(Hub):
    """A hub that starts no processes."""

    def _start(self, name: str) -> None:
        pass


@pytest.fixture
def wire(runtime: Path) -> Iterator[Wire]:
    with Wire(runtime) as wire:
        yield wire


@pytest.fixture
def hub(wire: Wire) -> QuietHub:
    settings = Settings(daemon=DaemonSettings(source="none"), align=AlignSettings(enabled=True))
    return QuietHub(settings, wire, Path("/nonexistent"), "d")


@pytest.fixture
def desk(hub: QuietHub, wire: Wire) -> Desk:
    return Desk(hub, wire.command_server())


def some_message(rng: random.Random, source: str) -> tuple[Any, tuple[Any, ...]]:
    """A message that decodes, with fields at the edges of what they may be."""

    def n() -> int:
        return rng.choice(EDGE)

    text = rng.choice(["", "so", "a longer text with words", "\x1b[2J\u202e", "你好"])
    size = rng.choice([0, 1, 319, 320, 4000])
    pcm = pack(rng.choice([np.zeros(size, np.int16), np.full(size, -32768, np.int16), np.zeros((2, 2), np.float32)]))
    heard = Hypothesis(
        n() % 4, n() % 3, n() % 3, rng.random() < 0.5, n(), "English", text, (5,) * len(text),
        tuple(range(1, len(text) + 1)), n(), n(), n(), n(), n(),
    )  # fmt: skip
    return rng.choice(
        [
            (Audio(rng.choice([source, "nobody"]), n(), n(), n(), rng.random() < 0.01), pcm),
            (heard, ()),
            (Words(n() % 4, n() % 3, (Word(text, n(), n()),), n()), ()),
            (Failed(rng.choice(["decoder", "aligner", "x"]), n() % 4, n() % 3, n() % 3, text), ()),
            (Ready(rng.choice(["decoder", source, "x"]), n()), ()),
            (Refused(rng.choice(["decoder", source, "x"]), n(), text), ()),
            (SourceState(rng.choice([source, "x"]), rng.choice(["opened", "lost", "silent", "x"]), text), ()),
            (Cancel(n(), n(), n()), ()),
        ]
    )


def test_no_message_that_decodes_stops_the_hub(hub: QuietHub, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(11)
    outbox = wire.outbox("hub")
    source = hub.sources.open(commands.Open(kind="network")).origin.id
    poll = Poll()
    poll.add(hub._intake.end)
    for _ in range(60):
        for _ in range(50):
            message, frames = some_message(rng, source)
            outbox.send(message, *frames)
        poll.wait(1.0)
        hub.turn(0.0)
        if hub.sources.find(source) is None:
            source = hub.sources.open(commands.Open(kind="network")).origin.id
    assert "could not be handled" not in caplog.text


def test_a_hypothesis_whose_parts_do_not_belong_together_is_malformed() -> None:
    good = Hypothesis(1, 0, 0, True, 1, "", "ab", (1, 2), (1, 2), 0, 0, 0, 0, 0)
    assert messages.from_bytes(messages.to_bytes(good)) == good
    data = msgspec.msgpack.decode(messages.to_bytes(good))
    for field, value in (("ends", [1]), ("ends", [1, 3]), ("samples", -1), ("tokens", "x"), ("extra", 1)):
        with pytest.raises(Malformed):
            messages.from_bytes(msgspec.msgpack.encode({**data, field: value}))


@pytest.mark.parametrize(
    "request_",
    [
        commands.Open(kind="file", path="relative.wav"),
        commands.Open(kind="file", path="/a\0b"),
        commands.Open(kind="file", path="/a.wav", speed=-1),
        commands.Open(kind="file", path="/a.wav", speed=float("nan")),
        commands.Progress(source="nobody"),
        commands.Close(source="nobody"),
        commands.Commit(on=True, source="nobody"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(desk: Desk, request_: commands.AnyRequest) -> None:
    with pytest.raises(UsageError):
        desk._answer(request_)


def test_a_client_is_not_taken_for_dead_because_the_daemon_itself_slept(hub: QuietHub, desk: Desk) -> None:
    hub.sources.open(commands.Open(kind="network"))
    source = desk._answer(commands.Open(kind="network"))
    assert isinstance(source, commands.OpenReply)
    desk._asked[source.source] -= 100.0
    desk.turn(slept_s=100.0)
    track = hub.sources.find(source.source)
    assert track is not None
    assert not track.ended
    desk._asked[source.source] -= 100.0
    desk.turn()
    assert track.ended


def test_why_a_worker_was_given_up_is_told_in_the_status(hub: QuietHub, desk: Desk) -> None:
    hub.details["encoder"] = "what it ran before"
    hub.act(hub.supervisor.refused("encoder", "there is no model 'x'", "fetch it"))
    status = desk._answer(commands.Status())
    assert isinstance(status, commands.StatusReply)
    assert status.workers["encoder"] == "failed"
    assert status.details["encoder"] == "there is no model 'x'. fetch it"


def test_what_is_wrong_with_a_microphone_is_told_in_the_status_and_on_the_daemons_own_output(
    hub: QuietHub, desk: Desk, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    source = hub.sources.open(commands.Open(kind="network")).origin.id
    hub.ear.take_state(SourceState(source, "lost", "no such device", "plug it in"))
    status = desk._answer(commands.Status())
    assert isinstance(status, commands.StatusReply)
    assert status.details[source] == "no such device. plug it in"
    assert "no such device" in caplog.text
    assert "plug it in" in caplog.text


def opened(desk: Desk, **fields: Any) -> str:
    """The id of a new source."""
    reply = desk._answer(commands.Open(kind="network", **fields))
    assert isinstance(reply, commands.OpenReply)
    return reply.source


def options(hub: QuietHub, source: str) -> Options:
    track = hub.sources.find(source)
    assert track is not None
    return track.origin.options


def test_one_source_is_told_to_commit_and_no_other(hub: QuietHub, desk: Desk) -> None:
    first, second = opened(desk), opened(desk, commit=True)
    assert not options(hub, first).commit
    assert isinstance(desk._answer(commands.Commit(on=True, source=first)), commands.Done)
    assert isinstance(desk._answer(commands.Commit(on=False, source=second)), commands.Done)
    assert (options(hub, first).commit, options(hub, second).commit) == (True, False)


def test_without_a_name_the_sources_that_follow_start_and_stop_are_told_to_commit(hub: QuietHub, desk: Desk) -> None:
    private = opened(desk)
    hub.settings = Settings(daemon=DaemonSettings(source="file:/speech.wav"))
    hub.sources._settings = hub.settings
    track = hub.sources.open_default(hub.takes.first)
    assert track is not None
    desk._answer(commands.Commit(on=True))
    assert track.origin.options.commit
    assert not options(hub, private).commit


def test_the_level_of_each_source_that_gives_sound_is_told(hub: QuietHub, desk: Desk) -> None:
    loud, _silent = opened(desk), opened(desk)
    loud_track = hub.sources.find(loud)
    assert loud_track is not None
    for peak in (30000, 3277):
        hub.ear.hear(Audio(loud, loud_track.end, 0), np.full(1600, peak, np.int16))
    assert desk._status().levels == {loud: -20.0}
    hub.ear.take_state(SourceState(loud, "lost", "unplugged"))
    assert desk._status().levels == {}


def test_a_take_is_numbered_in_answers_and_the_typist_is_told_what_it_is_asked_for(hub: QuietHub, desk: Desk) -> None:
    said: list[tuple[type[events.Event], dict[str, Any]]] = []
    hub.publisher.publish = lambda kind, **fields: said.append((kind, fields))  # type: ignore[method-assign]
    desk._answer(commands.Stop())
    start = commands.Start(at_ns=5, held=True, output="live", key_press=True, owner=os.getpid())
    deaf = f"nothing comes of what is said: {hub.ear.trouble}"
    assert desk._answer(start) == commands.ListeningReply(listening=True, take=1, trouble=deaf)
    assert desk._status().held
    assert desk._answer(commands.SetContext(take=1, context="names")) == commands.Done()
    assert hub.takes.latest.added == "names"
    assert desk._answer(commands.Toggle(at_ns=7)) == commands.ListeningReply(listening=False, take=1)
    assert not desk._status().held
    desk._answer(commands.TellTypist(action="undo-last"))
    assert said[1:] == [
        (
            events.Listening,
            {"on": on, "take": 1, "at_ns": at_ns, "held": True, "output": "live", "cancelled": False}
            | {"key_press": key_press},
        )
        for on, at_ns, key_press in ((True, 5, True), (False, 7, False))
    ] + [(events.Typist, {"action": "undo-last"})]


def test_what_a_source_asks_for_comes_before_the_settings(hub: QuietHub, desk: Desk) -> None:
    assert options(hub, opened(desk, live_words=True)).live_words
    assert not options(hub, opened(desk)).live_words


def test_an_utterance_that_waits_for_its_workers_is_work_and_silence_is_none(hub: QuietHub, desk: Desk) -> None:
    source = opened(desk)
    track = hub.sources.find(source)
    assert track is not None

    def working() -> bool:
        reply = desk._answer(commands.Progress(source=source))
        assert isinstance(reply, commands.ProgressReply)
        return reply.working

    track.take(np.zeros(16000, np.int16), 0, 0)
    assert not working()
    hub.utterances.segmented(track, [Opened(0)], 0)
    track.segment()
    assert working()


def test_words_that_a_source_asks_for_where_there_is_no_aligner_come_without_times(wire: Wire) -> None:
    settings = Settings(daemon=DaemonSettings(source="none"), align=AlignSettings(enabled=False))
    hub = QuietHub(settings, wire, Path("/nonexistent"), "d")
    said: list[tuple[type[events.Event], dict[str, Any]]] = []
    hub.publisher.publish = lambda kind, **fields: said.append((kind, fields))  # type: ignore[method-assign]
    track = hub.sources.open(commands.Open(kind="network", align=True))
    track.take(np.zeros(16000, np.int16), 0, 0)
    found: list[Found] = [Opened(0), Closed(0, 16000, "stop", 8000, ((0, 8000),))]
    hub.utterances.segmented(track, found, 0)
    next(iter(hub.utterances)).outcome = Outcome("one two three four five six seven", "English")
    hub.utterances.advance(set(), 0)
    kinds = [kind for kind, _ in said]
    assert kinds[-2:] == [events.Final, events.Words]
    assert "align.enabled" in said[-1][1]["error"]


def test_sound_may_be_gathered_only_while_nobody_speaks(hub: QuietHub, desk: Desk) -> None:
    track = hub.sources.find(opened(desk))
    assert track is not None

    def idle_after(pcm: Array) -> bool:
        track.take(pcm, track.end, 0)
        hub.utterances.segmented(track, track.segment(), 0)
        return hub.idle

    silence = np.zeros(16000, np.int16)
    noise = np.random.default_rng(1).normal(0, 3000, 320).astype(np.int16)
    assert idle_after(silence)
    assert not idle_after(noise)
    assert list(hub.utterances) == []
    assert idle_after(silence)


def test_at_the_end_a_final_that_is_decided_already_leaves_before_the_daemon_does(hub: QuietHub, desk: Desk) -> None:
    said: list[type[events.Event]] = []
    hub.publisher.publish = lambda kind, **_: said.append(kind)  # type: ignore[method-assign]
    track = hub.sources.find(opened(desk, align=False))
    assert track is not None
    track.take(np.zeros(16000, np.int16), 0, 0)
    hub.utterances.segmented(track, [Opened(0), Closed(0, 16000, "end", 8000)], 0)
    next(iter(hub.utterances)).outcome = Outcome("so", "English")
    hub.finish()
    assert said[-1] is events.Final
    assert not hub.unfinished
