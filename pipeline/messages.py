"""The words that Steno's processes say to each other.

Frozen structs, sent as msgpack over the sockets of `pipeline.sockets`; arrays travel beside them as raw frames. This
file owns every internal message and their units. It knows neither sockets nor what a stage does. The public events
are another file: `pipeline.events`.

A position in sound is the index of a sample at 16 kHz, counted from the first sample of its source. An interval or a
moment is in nanoseconds of the monotonic clock.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from model.errors import StenoError

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 320
"""Samples of one audio frame: 20 ms, the unit of the sources and of the VAD."""

Count = Annotated[int, Meta(ge=0, le=2**62)]
"""Samples, nanoseconds, tokens, numbers of things: no arithmetic on them leaves 64 bits."""


class Malformed(StenoError):
    """Frames that are no message, or a message that makes no sense; its sender is at fault, not its receiver."""


class Message(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Root of the internal messages; the tag is the class name."""


class Audio(Message, frozen=True):
    """Source -> hub. One array frame follows: int16 mono at 16 kHz, any whole number of samples (0 with `end`)."""

    source: str
    """Id of the source, as the hub named it."""
    first_sample: Count
    """Index of the first sample of the frame in this source."""
    captured_ns: Count
    """Monotonic moment at which the last sample of the frame was captured."""
    overflows: Count = 0
    """Times the device lost sound before this frame since the last message."""
    end: bool = False
    """True on the last message of a source that ends."""


class SourceState(Message, frozen=True):
    """Source -> hub: the state of a live device."""

    source: str
    state: str
    """One of: opened, lost, silent."""
    detail: str = ""
    """The device's name, or the reason, for the eyes of the user."""
    hint: str = ""


class Speech(Message, frozen=True):
    """Hub -> encoder: one step of an utterance. One array frame: the int16 samples that are new in this epoch."""

    utterance: Count
    epoch: Count
    """Raised by the hub when an utterance is replayed; a stage forgets what it held of an older epoch."""
    seq: Count
    """Step of the utterance within its epoch, from 0."""
    from_sample: Count
    """Offset of the first sample of the frame from the start of the utterance. Where the encoder already has sound from
    there on, it forgets it: a cut of an utterance grown too long lies before what was heard last."""
    last: bool
    """True for the final step: nothing follows."""
    language: str = ""
    """Forced language, in the model's own English name; empty lets the model decide."""
    context: str = ""
    """Text of the system turn."""
    forced: tuple[int, ...] = ()
    """Token ids that the answer must begin with: what was already committed."""
    hush: Count = 0
    """Samples of silence that the model hears behind the sound, in this step alone; see `pipeline.segmenter.hush`."""


class Features(Message, frozen=True):
    """Encoder -> decoder. One array frame: float32[n, d], the embeddings from `from_token` on; those before it are
    still what an earlier step of this epoch said.
    """

    utterance: Count
    epoch: Count
    seq: Count
    from_token: Count
    last: bool
    language: str
    context: str
    forced: tuple[int, ...]
    samples: Count
    """Samples of the utterance that the embeddings cover."""
    encode_ns: Count
    """Time this step spent in log-mel and encoder."""


class Hypothesis(Message, frozen=True):
    """Decoder -> hub: what the model hears in the utterance so far."""

    utterance: Count
    epoch: Count
    seq: Count
    last: bool
    samples: Count
    language: str
    """The language the model named; empty for none (silence, noise)."""
    text: str
    """The transcript, without language tag or special tokens."""
    tokens: tuple[int, ...]
    """All tokens of the answer, language tag included, end token not."""
    ends: tuple[int, ...]
    """For each token, how many characters of `text` stand once it is written; -1 in the middle of a character."""
    encode_ns: Count
    prefill_ns: Count
    prefill_tokens: Count
    """Tokens that were computed in batches: of prompt and sound those that were new, and the draft."""
    generate_ns: Count
    generate_tokens: Count
    """Tokens that were chosen one by one, end token included."""
    reused_tokens: Count = 0
    """Tokens of prompt and sound whose keys and values were still there from an earlier step."""
    draft_tokens: Count = 0
    """Tokens of the last hypothesis that were given to the model to agree with."""
    accepted_tokens: Count = 0
    """Those of them that it would have chosen itself."""
    guard: str = ""
    """What made the decoder begin anew, without context: "loop", "budget" or "echo"; empty for nothing."""
    confidence: float = 0.0
    """The mean natural logarithm of the probabilities of the text's tokens, the end token's included, forced ones' not;
    0.0 for no text."""

    def __post_init__(self) -> None:
        if len(self.ends) != len(self.tokens) or max(self.ends, default=0) > len(self.text):
            raise ValueError("tokens, ends and text do not belong together")


class Align(Message, frozen=True):
    """Hub -> aligner. One array frame: int16, the whole utterance, or what there is of it yet."""

    utterance: Count
    epoch: Count
    text: str
    language: str
    live: bool = False
    """The utterance still goes on, and so will its text: the times are provisional."""


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A word and the samples it spans, counted from the start of the utterance."""

    text: str
    start_sample: Count
    end_sample: Count


class Words(Message, frozen=True):
    """Aligner -> hub: the word times of an utterance."""

    utterance: Count
    epoch: Count
    words: tuple[Word, ...]
    align_ns: Count
    live: bool = False
    """As in the `Align` that it answers."""


class Failed(Message, frozen=True):
    """Stage -> hub: this step could not be done; the process itself is well."""

    process: str
    utterance: Count
    epoch: Count
    seq: Count
    error: str
    hint: str = ""


class Loading(Message, frozen=True):
    """Worker -> hub: the process is about to give these files to native libraries, and may not survive it."""

    process: str
    pid: Count
    files: tuple[str, ...]
    """Their paths."""


class Ready(Message, frozen=True):
    """Worker or source -> hub: the process has loaded and works."""

    process: str
    pid: Count
    detail: str = ""
    """What it runs: files, precision, provider, threads."""
    stretch_ns: Count = 0
    """The longest that its work goes on without a sign of life, as measured after loading; 0 for no time at all."""


class Beat(Message, frozen=True):
    """Worker -> hub, from the work loop: alive."""

    process: str
    pid: Count
    utterance: Count = 0
    """The utterance that it begins to work on; 0 if this says nothing of work."""


class Refused(Message, frozen=True):
    """Worker or source -> hub: the process cannot do its work and will exit; starting it again is no remedy."""

    process: str
    pid: Count
    error: str
    hint: str = ""


class Cancel(Message, frozen=True):
    """Hub -> workers, on the bus: give up what you have of this utterance below this epoch and step."""

    utterance: Count
    epoch: Count
    below_seq: Count


class Forget(Message, frozen=True):
    """Hub -> workers, on the bus: the utterance is over; free its memory."""

    utterance: Count


class Shutdown(Message, frozen=True):
    """Hub -> workers and sources, on the bus: end now."""


Any = (
    Audio
    | SourceState
    | Speech
    | Features
    | Hypothesis
    | Align
    | Words
    | Failed
    | Loading
    | Ready
    | Beat
    | Refused
    | Cancel
    | Forget
    | Shutdown
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Any)


def to_bytes(message: Any) -> bytes:
    """The message as msgpack."""
    return _encoder.encode(message)


def from_bytes(data: bytes) -> Any:
    """The message of a msgpack text.

    Raises:
        Malformed: not msgpack, an unknown message, or fields of the wrong type.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"not a message: {error}") from None
