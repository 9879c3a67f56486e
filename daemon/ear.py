"""What the daemon hears: every source's sound, and which of it becomes utterances.

It owns the sources' states. Whether the daemon listens is `daemon.takes`' to say. It does not know the processes that
the sources are, nor what becomes of an utterance.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from daemon.sourcebook import Sourcebook, recovered, recovery_done
from daemon.track import Track
from daemon.utterances import Utterances
from model.errors import UsageError
from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE, Audio, Malformed, SourceState


class Outside(Protocol):
    """What the ear may want done."""

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event."""

    def notice(self, level: str, code: str, text: str, hint: str = "") -> None:
        """Tell the user something."""


class Ear:
    """See the top of the file."""

    def __init__(self, sources: Sourcebook, utterances: Utterances, outside: Outside) -> None:
        self.sources = sources
        self._utterances = utterances
        self._outside = outside

    def hear(self, audio: Audio, pcm: Array) -> None:
        """Take sound of a source.

        Raises:
            Malformed: there is no such source.
        """
        track = self.sources.find(audio.source)
        if track is None:
            raise Malformed(f"sound of a source that is not open: {audio.source}")
        if track.ended:
            return
        if track.state == "starting":
            self._set_source(track, "opened", "")
        track.arrived_ns = time.monotonic_ns()
        missing = track.take(pcm, audio.first_sample, audio.captured_ns) if len(pcm) else 0
        if missing or audio.overflows:
            self._outside.notice(
                "warning", "sound-lost", f"{track.origin.id} lost sound", "The machine may be too busy."
            )
        self.cut(track)
        if audio.end:
            self.end(track)
        track.settle(self._utterances.decided_to(track))
        track.release(self._utterances.finished_to(track))

    def cut(self, track: Track) -> None:
        """Cut what has come of this source."""
        self._segmented(track, track.segment())
        while track.proceed():
            self._segmented(track, track.segment())

    def _segmented(self, track: Track, found: list[Any]) -> None:
        self._utterances.segmented(track, found, time.monotonic_ns())

    def take_state(self, message: SourceState) -> None:
        """A live source says how its device is.

        Raises:
            Malformed: there is no such source, or no such state.
        """
        track = self.sources.find(message.source)
        if track is None or message.state not in ("opened", "lost", "silent"):
            raise Malformed(f"state {message.state!r} of source {message.source!r}")
        if message.state == "lost":
            self._segmented(track, track.end_take("end") if track.releasing else track.close_open("end"))
            self._outside.notice(
                "warning", "microphone-lost", f"the microphone is lost: {message.detail}", message.hint
            )
        track.detail = f"{message.detail}. {message.hint}" if message.hint else message.detail
        self._set_source(track, message.state, message.detail)

    def _set_source(self, track: Track, state: str, detail: str) -> None:
        if state != track.state:
            track.state = state
            self._outside.publish(events.Source, source=track.origin.id, state=state, detail=detail)

    @property
    def followers(self) -> list[Track]:
        """The sources that follow `start` and `stop`."""
        return [track for track in self.sources if track.origin.follows_listening and not track.ended]

    @property
    def trouble(self) -> str:
        """Why nothing would be heard now, and what to do, for people; empty if something would."""
        followers = self.followers
        if not followers:
            return "there is no microphone: the daemon was started without one, or it has failed. See: steno devices"
        if any(track.state != "lost" for track in followers):
            return ""
        return f"the microphone is lost: {followers[0].detail}"

    def end_take(self, track: Track, reason: str) -> None:
        """No more sound of the oldest take of this source is taken."""
        self._segmented(track, track.end_take(reason))

    def stop(self, reason: str) -> None:
        """All takes end here and now."""
        for track in self.followers:
            self.cut(track)
            self._segmented(track, track.stop(reason))

    def close_open(self, reason: str) -> None:
        """What is being said to the sources that follow `start` and `stop` ends here; they are listened to further."""
        for track in self.followers:
            self._segmented(track, track.close_open(reason))

    def commit(self, on: bool, source: str = "") -> None:
        """Commit words while they are spoken, or no more, from the next utterance on.

        Args:
            on: commit them.
            source: its id; empty for all that follow `start` and `stop`.

        Raises:
            UsageError: there is no such source.
        """
        track = self.sources.find(source)
        if source and track is None:
            raise UsageError(f"there is no source {source!r}")
        for chosen in [t for t in self.sources if t.origin.follows_listening] if track is None else [track]:
            chosen.commit(on)

    def end(self, track: Track, error: str = "") -> None:
        """No sound comes from it any more; its last utterance is closed."""
        if not track.ended:
            track.error = error
            self.cut(track)
            self._segmented(track, track.finish())

    def drop(self, track: Track) -> None:
        """Its client wants no more of it: the open utterance is cancelled."""
        self._segmented(track, track.close_open("cancel"))
        self.end(track)

    def recover(self) -> None:
        """Take up what a daemon before this one left without a final."""
        for name, pcm in recovered(self.sources.runtime):
            track = self.sources.open_recovered(name)
            seconds = len(pcm) / SAMPLE_RATE
            self._outside.notice("info", "recovered", f"{seconds:.1f} s of sound were left by a daemon that died")
            self._set_source(track, "opened", name)
            track.take(pcm, 0, time.monotonic_ns())
            self.end(track)
        recovery_done(self.sources.runtime)

    def finish(self) -> None:
        """The daemon is to end: no more sound is taken, and what is open is closed."""
        for track in self.sources:
            self.end(track)

    def over(self) -> list[Track]:
        """The sources that have ended and whose utterances are over."""
        return [track for track in self.sources if track.ended and not self._utterances.of(track.origin.id)]

    def let_go(self, track: Track) -> None:
        """The source is over."""
        source = track.origin.id
        self._utterances.let_go(source)
        self.sources.remove(source)
        state = "failed" if track.error else "ended"
        self._outside.publish(events.Source, source=source, state=state, detail=track.error)
