"""Files transcribed by the running daemon, with the models that it has loaded.

It owns the collecting of one private source's finals and words into a transcript. It gives the same answers as
`pipeline.transcriber.Transcriber`, which it stands in for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from clients.collected import Collected
from clients.network_source import NetworkSource
from clients.subscription import Subscription
from clients.terminal import legible
from pipeline import commands, transcript
from pipeline.audio_file import AudioFile
from pipeline.commands import ProgressReply, StatusReply
from pipeline.errors import StenoError
from pipeline.messages import SAMPLE_RATE
from pipeline.sockets import Wire
from pipeline.transcript import Transcript

NEEDED = ("encoder", "decoder")


class RemoteTranscriber:
    """Uses the daemon of a runtime directory."""

    def __init__(self, runtime: Path, align: bool, warn: Callable[[str], None]) -> None:
        """Reach the daemon.

        Raises:
            NotRunningError: there is none.
            StenoError: it has given up one of its workers.
        """
        self._wire = Wire(runtime)
        self._align = align
        self._warn = warn
        status = commands.ask(self._wire, commands.Status(), StatusReply)
        broken = [name for name in NEEDED if status.workers.get(name) == "failed"]
        if broken:
            raise StenoError(
                f"the daemon's {broken[0]} has failed",
                "Start the daemon again, or transcribe without it: --no-daemon",
            )

    def close(self) -> None:
        """Let the daemon go."""
        self._wire.close()

    def transcribe(
        self,
        path: Path,
        *,
        start: float = 0.0,
        duration: float | None = None,
        language: str | None = None,
        context: str | None = None,
        on_progress: Callable[[float, float | None], None] | None = None,
    ) -> Transcript:
        """The transcript of a file, or of a part of it; times in seconds from the start of the file.

        Raises:
            AudioError: the file cannot be read.
            NotRunningError: the daemon has gone.
            StenoError: the daemon could not do it, or not all of it.
        """
        audio = AudioFile(path, start, duration)
        begin = time.monotonic()
        request = commands.Open(
            kind="network",
            name=legible(path.name),
            language=language,
            context=context,
            commit=False,
            partials=False,
            align=self._align,
            whole=True,
            private=True,
        )
        collected, taken = self._send(request, audio, on_progress)
        if audio.warning:
            self._warn(audio.warning)
        utterances = collected.utterances(start, self._align, self._warn)
        return transcript.assemble(legible(path), utterances, taken / SAMPLE_RATE, time.monotonic() - begin)

    def _send(
        self, request: commands.Open, audio: AudioFile, on_progress: Callable[[float, float | None], None] | None
    ) -> tuple[Collected, int]:
        """Send the sound; what came back, and how many samples were taken."""
        collected = Collected()
        taken = 0
        with NetworkSource(self._wire, request) as source:
            subscription = Subscription(self._wire, source.id)
            try:
                subscription.first()  # no final can be missed from here on

                def look(progress: ProgressReply) -> None:
                    nonlocal taken
                    taken = progress.taken
                    collected.add(item.event for item in subscription.receive(0))
                    if on_progress is not None:
                        on_progress(progress.finished / SAMPLE_RATE, audio.duration)

                source.play(audio.blocks(), 0.0, look)
                collected.add(item.event for item in subscription.drain())
            finally:
                subscription.close()
        return collected, taken
