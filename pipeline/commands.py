"""What a client may ask of the daemon, and the answers: JSON over the command socket.

One request is one JSON object with the field `command`; one answer follows it. This file owns their fields and the
call itself (`ask`). It does not know what the daemon does with them. docs/protocol.md describes them for programs in
any language.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from model.errors import NotRunningError, StenoError, UsageError
from pipeline.lock import holder
from pipeline.paths import runtime_dir
from pipeline.sockets import COMMAND, Wire, socket_path


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", forbid_unknown_fields=True):
    """Root of the requests."""


class Status(Request, frozen=True, tag="status"):
    """What the daemon is and does -> StatusReply."""


class _Begin(Request, frozen=True):
    """What may be said of a take, the sound between a press and its release, when it begins."""

    at_ns: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Moment of the press on CLOCK_MONOTONIC, in nanoseconds; 0 for now."""
    held: bool = False
    """The key is held down: all that is said until the release is one utterance, whatever its pauses."""
    language: str | None = None
    """Forced language of this take; None takes that of the source."""
    context: str | None = None
    """Context of this take; None takes that of the source."""
    output: Literal["", "final", "commit", "live"] = ""
    """How the typist is to bring it to the window; empty as it is set. `commit` and `live` commit words."""
    owner: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0
    """Process id of the client that will stop it: the take ends if that process does; 0 for none."""
    key_press: bool = False
    """A key was pressed for it that whoever counts keys hears too: it is no sign of the user changing the text."""


class Start(_Begin, frozen=True, tag="start"):
    """Begin to listen -> ListeningReply. While the daemon listens, `held` and `owner` alone are taken over."""


class Stop(Request, frozen=True, tag="stop"):
    """Stop to listen -> ListeningReply.

    Without `at_ns` what was said becomes a final at once. With it, the word that was being said at that moment may end:
    listening goes on until there are `vad.tail_ms` of silence, at most `vad.release_tail_ms`.
    """

    at_ns: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Moment of the release on CLOCK_MONOTONIC, in nanoseconds."""
    key_press: bool = False
    """As of `start`."""


class Toggle(_Begin, frozen=True, tag="toggle"):
    """Start, or stop as of `at_ns` -> ListeningReply."""


class SetContext(Request, frozen=True, tag="set_context"):
    """Add to the context of the take that goes on, from its next utterance on -> Done.

    For a client that knows where the text will stand.
    """

    take: int
    """Number of the take; if it is over, nothing happens."""
    context: str


class TellTypist(Request, frozen=True, tag="tell_typist"):
    """Have the typist do something: it comes to it as the event `typist` -> Done."""

    action: Literal["retype-last", "undo-last"]


class CancelSpeech(Request, frozen=True, tag="cancel"):
    """Drop what is being said: its final comes empty. In on-demand mode also stop to listen -> ListeningReply."""

    key_press: bool = False
    """As of `start`."""


class Open(Request, frozen=True, tag="open"):
    """Open a source -> OpenReply.

    `network`: the client then pushes `Audio` messages to hub.sock itself. `file`: the daemon plays the file.
    """

    kind: Literal["network", "file"]
    name: str = ""
    """For people: shown in the id of the source."""
    path: str = ""
    """Of a file: absolute."""
    speed: float = 1.0
    """Of a file: 1 is real speed."""
    language: str | None = None
    """Forced language of this source; None takes the daemon's."""
    context: str | None = None
    """Context of this source; None takes the daemon's."""
    commit: bool | None = None
    """Commit words before the final; None takes the daemon's setting."""
    partials: bool | None = None
    """Publish partials; None takes the daemon's setting."""
    align: bool | None = None
    """Align the finals; None takes the daemon's setting."""
    live_words: bool | None = None
    """Publish provisional times of committed words (`live_words`); None takes the daemon's setting."""
    whole: bool = False
    """Cut utterances only where they grow too long, not at every pause: for recordings."""
    private: bool = False
    """Publish this source's events under `private.<source>.` instead of `event.`: for a client that asks for itself."""


class Commit(Request, frozen=True, tag="commit"):
    """Commit words while they are spoken, from the next utterance on, or no more -> Done."""

    on: bool
    source: str = ""
    """Id of the source; empty for all that follow `start` and `stop`."""


class Progress(Request, frozen=True, tag="progress"):
    """How far a source has come -> ProgressReply."""

    source: str


class Close(Request, frozen=True, tag="close"):
    """Drop a source and its open utterance -> Done."""

    source: str


class Shutdown(Request, frozen=True, tag="shutdown"):
    """End the daemon -> Done."""


OfTakes = Start | Stop | Toggle | CancelSpeech | SetContext | TellTypist
AnyRequest = Status | OfTakes | Open | Commit | Progress | Close | Shutdown


class StatusReply(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon's state."""

    daemon: str
    version: str
    pid: int
    uptime: float
    """Seconds."""
    ready: bool
    listening: bool
    mode: str
    workers: dict[str, str]
    details: dict[str, str]
    """Process name -> what it runs, id of a source -> its device; or why it failed or is lost, and what to do."""
    sources: dict[str, str]
    restarts: dict[str, int]
    """Process name -> how often it was started again."""
    utterances: int
    """Finals published since the start."""
    backlog: float
    """Seconds of sound that wait for a final."""
    pace: str = "full"
    """What the daemon leaves out so as not to fall behind, as in the event `state`."""
    take: int = 0
    """Number of the take that goes on, or of the last one; 0 before the first."""
    held: bool = False
    """That take goes on, and its key is held down."""
    levels: dict[str, float] = {}
    """Id of each open source that gave sound -> peak of its last tenth of a second, dB below full scale (-90 to 0)."""


class ListeningReply(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the daemon listens now."""

    listening: bool
    take: int = 0
    """Number of the take that goes on, or of the last one; 0 before the first."""
    trouble: str = ""
    """Why nothing comes of what is said although the daemon listens, and what to do; empty if something does."""


class OpenReply(msgspec.Struct, frozen=True, kw_only=True):
    """The id of the new source."""

    source: str


class ProgressReply(msgspec.Struct, frozen=True, kw_only=True):
    """How far a source has come."""

    taken: int
    """Samples that reached the daemon."""
    finished: int
    """Samples up to which every utterance has its final (and its words, when aligned)."""
    ended: bool
    """The source has ended and every utterance of it is finished."""
    error: str = ""
    """Why the source failed, if it did."""
    working: bool = False
    """Work for it is with the encoder, the decoder or the aligner."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to add."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The request was not done."""

    error: str
    hint: str = ""
    exit_code: int = 1


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What comes back: `ok` with `data`, or a failure."""

    ok: bool
    data: msgspec.Raw = msgspec.Raw(b"{}")
    failure: Failure | None = None


_requests: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_answers = msgspec.json.Decoder(Answer)
_encoder = msgspec.json.Encoder()
Reply = TypeVar("Reply", StatusReply, ListeningReply, OpenReply, ProgressReply, Done)


def read_request(text: bytes) -> AnyRequest:
    """The request of a JSON text.

    Raises:
        UsageError: not JSON, an unknown command, or a field that is wrong.
    """
    try:
        return _requests.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"not a command: {error}", "docs/protocol.md lists them.") from None


def write_answer(data: Any | StenoError) -> bytes:
    """The JSON text of a reply struct, or of an error."""
    if isinstance(data, StenoError):
        failure = Failure(error=data.message, hint=data.hint, exit_code=data.exit_code)
        return _encoder.encode(Answer(ok=False, failure=failure))
    return _encoder.encode(Answer(ok=True, data=msgspec.Raw(_encoder.encode(data))))


def ask(wire: Wire, request: AnyRequest, reply: type[Reply], timeout_s: float = 5.0) -> Reply:
    """Send one request to the daemon of the wire's runtime directory and return its answer.

    Raises:
        NotRunningError: there is no daemon, or it does not answer.
        StenoError: the daemon refused; message, hint and exit code are its own.
    """
    require_daemon(wire.runtime)
    client = wire.command_client()
    try:
        answer = _answers.decode(client.request(_encoder.encode(request), timeout_s))
    finally:
        client.close()
    if answer.failure is not None:
        error = StenoError(answer.failure.error, answer.failure.hint)
        error.exit_code = answer.failure.exit_code
        raise error
    return msgspec.json.decode(answer.data, type=reply)


def require_daemon(runtime: Path) -> None:
    """Check that a daemon lives in this runtime directory.

    Raises:
        NotRunningError: there is none.
    """
    if not socket_path(runtime, COMMAND).exists() or holder(runtime) is None:
        raise NotRunningError(
            f"no daemon is running in {runtime}",
            "Start one with: steno daemon" + ("" if runtime == runtime_dir(None) else f" --runtime-dir {runtime}"),
        )
