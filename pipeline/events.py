"""The public events: what Steno tells the world, as JSON.

Each event is published as two frames, `[topic, json]`; docs/protocol.md describes them for programs in any language.
This file owns their fields and their one way in and out of JSON. Positions are seconds from the first sample of the
source, because this is the rim of the program; inside it a position is a sample index (`pipeline.messages`).
"""

from __future__ import annotations

from typing import Literal

import msgspec

PROTOCOL = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Fields that every event has."""

    protocol: int = PROTOCOL
    daemon: str
    """Id of the running daemon; another id means that it was restarted and that `seq` began anew."""
    seq: int
    """Counts the events of one stream from 1 without a gap."""
    time: float
    """Wall clock, seconds since 1970; for people, not for measuring."""


class State(Event, frozen=True, tag="state"):
    """The daemon's own state, published whenever it changes."""

    ready: bool
    """All worker processes have loaded their models."""
    listening: bool
    mode: Literal["always", "on-demand"]
    workers: dict[str, str]
    """Process name -> starting | ready | restarting | failed."""
    sources: dict[str, str]
    """Id of each open source -> starting | opened | silent | lost | failed."""
    pace: Literal["full", "fewer-partials", "no-live-words", "finals-only"] = "full"
    """What the daemon leaves out so as not to fall behind."""


class Listening(Event, frozen=True, tag="listening"):
    """A take begins or ends: the sound between a press and its release, or between `start` and `stop`."""

    on: bool
    take: int
    """Its number; counts from 1 in each daemon."""
    at_ns: int
    """The moment of the press or release, CLOCK_MONOTONIC."""
    held: bool
    """The key is held down: what is said is one utterance."""
    output: Literal["", "final", "commit", "live"]
    """How the typist is to bring it to the window; empty as it is set."""
    cancelled: bool = False
    """It was thrown away."""
    key_press: bool = False
    """A key was pressed for it that whoever counts keys hears too: it is no sign of the user changing the text."""


class Typist(Event, frozen=True, tag="typist"):
    """A client wants the typist to do something."""

    action: Literal["retype-last", "undo-last"]


class Source(Event, frozen=True, tag="source"):
    """A source opened, was lost, came back, or ended."""

    source: str
    state: Literal["opened", "silent", "lost", "failed", "ended"]
    detail: str = ""


class SpeechStarted(Event, frozen=True, tag="speech_started"):
    """The VAD heard speech; an utterance is open."""

    source: str
    utterance: int
    start: float
    """Where the utterance begins, pre-roll included."""
    origin_ns: int
    """Monotonic clock (CLOCK_MONOTONIC) at which second 0 of the source was captured."""
    take: int = 0
    """The take that it belongs to; 0 for none, in a daemon that listens always or a source of a client's own."""


class SpeechEnded(Event, frozen=True, tag="speech_ended"):
    """The utterance is closed; its final follows."""

    source: str
    utterance: int
    start: float
    end: float
    reason: Literal["silence", "length", "stop", "end", "cancel"]


class Partial(Event, frozen=True, tag="partial"):
    """What the utterance says so far. `committed` only ever grows; `tail` may change with every revision."""

    source: str
    utterance: int
    revision: int
    committed: str
    tail: str
    language: str
    end: float
    """The sound that was heard for this text ends here."""
    cost: float = 0.0
    """Seconds that encoder and decoder worked for it."""
    take: int = 0
    """The take that it belongs to; 0 for none."""


class LastStep(msgspec.Struct, frozen=True, kw_only=True):
    """The step that gave a final: when, in nanoseconds of CLOCK_MONOTONIC, and what it cost, in seconds."""

    asked_ns: int = 0
    """Handed to the encoder; before `closed_ns` if it was begun on speculation. 0 if there was no step."""
    answered_ns: int = 0
    """Its hypothesis was heard."""
    closed_ns: int = 0
    """The end of the utterance was known."""
    encode: float = 0.0
    prefill: float = 0.0
    generate: float = 0.0


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """What an utterance cost, all its steps together; seconds and tokens."""

    audio: float
    encode: float
    prefill: float
    prefill_tokens: int
    """Tokens that were computed in batches: new ones of prompt and sound, and drafts."""
    generate: float
    generate_tokens: int
    """Tokens that were chosen one by one."""
    steps: int
    wait: float
    """From the end of the utterance becoming known to its final leaving the daemon."""
    reused_tokens: int = 0
    """Tokens of prompt and sound that did not have to be computed again."""
    draft_tokens: int = 0
    """Tokens of earlier hypotheses that were checked in batches."""
    accepted_tokens: int = 0
    """Those of them that stood."""
    slowest: float = 0.0
    """Work of the step that took longest."""
    last_step: LastStep = LastStep()


class Final(Event, frozen=True, tag="final"):
    """The text of an utterance; exactly one for each, empty if nothing was said."""

    source: str
    utterance: int
    text: str
    language: str
    start: float
    end: float
    timings: Timings
    error: str = ""
    """Not empty when the text is incomplete because a stage failed; never part of the text."""
    take: int = 0
    """The take that it belongs to; 0 for none."""
    withheld: str = ""
    """Text that was held back, since no sound carries it; never part of the text."""


class TimedWord(msgspec.Struct, frozen=True):
    """A word and where it was said, in seconds of its source."""

    text: str
    start: float
    end: float


class Words(Event, frozen=True, tag="words"):
    """Word times of a final; follows each final when alignment is on. Empty when there is no text."""

    source: str
    utterance: int
    words: list[TimedWord]
    align: float
    """Seconds the aligner took."""
    error: str = ""
    take: int = 0
    """The take that it belongs to; 0 for none."""


class LiveWords(Event, frozen=True, tag="live_words"):
    """Provisional times of the words that are committed so far, for a source that asked for them; `words` has the
    lasting ones.
    """

    source: str
    utterance: int
    words: list[TimedWord]


class Notice(Event, frozen=True, tag="notice"):
    """Something the user should know."""

    level: Literal["info", "warning", "error"]
    code: str
    """A short name that does not change, for programs."""
    text: str
    hint: str = ""


class Snapshot(Event, frozen=True, tag="snapshot"):
    """Sent once to a subscriber of `snap.<id>`: everything up to and including event `seq`."""

    state: State
    partials: list[Partial]
    """The latest partial of each open utterance."""
    finals: list[Final]
    """The last finals, oldest first."""


Any = (
    State
    | Listening
    | Typist
    | Source
    | SpeechStarted
    | SpeechEnded
    | Partial
    | Final
    | Words
    | LiveWords
    | Notice
    | Snapshot
)

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Any)
_encoder = msgspec.json.Encoder()


def to_json(event: Any) -> bytes:
    """The event as one line of JSON, UTF-8."""
    return _encoder.encode(event)


def from_json(data: bytes) -> Any:
    """The event of a JSON text.

    Raises:
        msgspec.DecodeError: not JSON, or no event of this protocol.
    """
    return _decoder.decode(data)
