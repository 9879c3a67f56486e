"""`steno transcribe`: recordings to text, subtitles and JSON.

It owns the command's course over its files, what is printed, and the exit code. Who transcribes (the running daemon or
a pipeline of its own) and who writes are other rooms.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from clients import outputs, place
from clients.control import is_running
from clients.terminal import clean, clean_lines, legible
from pipeline import paths
from pipeline.errors import EXIT_FAILURE, EXIT_OK, NotRunningError, StenoError
from pipeline.transcript import Stats, Transcript

if TYPE_CHECKING:
    from clients.remote import RemoteTranscriber
    from pipeline.transcriber import Transcriber


def run(arguments: argparse.Namespace) -> int:
    """Transcribe each file; one that fails does not stop the others.

    Raises:
        NotRunningError: the daemon has gone; no other file is tried.
    """
    files = [Path(file) for file in arguments.files]
    kinds = [kind for kind in outputs.WRITERS if getattr(arguments, kind)]
    directory = None if arguments.output_dir is None else Path(arguments.output_dir)
    targets = outputs.plan(files, kinds, directory)
    transcriber = _transcriber(arguments)
    failed = 0
    try:
        for file in files:
            try:
                transcript = _one(transcriber, file, arguments)
                for kind, target in targets[file].items():
                    outputs.write(target, outputs.WRITERS[kind](transcript))
            except (NotRunningError, BrokenPipeError):
                raise
            except (StenoError, OSError) as error:
                failed += 1
                _say(str(error) if str(file) in str(error) else f"{file}: {error}")
                continue
            _print(transcript, arguments, several=len(files) > 1)
    finally:
        transcriber.close()
    return EXIT_FAILURE if failed else EXIT_OK


def _transcriber(arguments: argparse.Namespace) -> Transcriber | RemoteTranscriber:
    align = not arguments.no_align
    if not arguments.no_daemon and not place.overrides(arguments) and is_running(place.runtime(arguments)):
        from clients.remote import RemoteTranscriber

        return RemoteTranscriber(place.runtime(arguments), align, _say)
    settings = place.settings(arguments)
    from pipeline.transcriber import Transcriber

    return Transcriber(settings, paths.cache_dir(), align=align, progress=_say)


def _one(transcriber: Transcriber | RemoteTranscriber, file: Path, arguments: argparse.Namespace) -> Transcript:
    with _Bar(file.name) as bar:
        transcript = transcriber.transcribe(
            file,
            start=arguments.start,
            duration=arguments.duration,
            language=arguments.language,
            context=arguments.context,
            on_progress=bar.show,
        )
    return msgspec.structs.replace(transcript, file=legible(file))


class _Bar:
    """A progress bar on stderr, if that is a terminal."""

    def __init__(self, name: str) -> None:
        self._name = clean(name)
        self._bar: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: float, whole: float | None) -> None:
        """So many seconds are done."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            from tqdm import tqdm

            form = "{desc} {bar} {n:.0f}/{total:.0f} s" if whole else "{desc} {n:.0f} s"
            self._bar = tqdm(desc=self._name, total=whole, file=sys.stderr, leave=False, bar_format=form)
        self._bar.n = done if whole is None else min(done, whole)
        self._bar.refresh()


def _print(transcript: Transcript, arguments: argparse.Namespace, several: bool) -> None:
    show: Callable[[str], str] = clean if sys.stdout.isatty() else str
    if arguments.json_stdout:
        print(msgspec.json.encode(transcript).decode(), flush=True)
    elif not any(getattr(arguments, kind) for kind in outputs.WRITERS):
        if several:
            print(f"==> {clean(transcript.file)} <==")
        print(show(transcript.text), flush=True)
    title = [clean(transcript.file)] if several else []
    print("\n".join([*title, *statistics(transcript.stats)]), file=sys.stderr)


def statistics(stats: Stats) -> Sequence[str]:
    """The cost of a transcript, a line for each part."""
    return [
        f"RTF       {stats.rtf:9.3f}",
        f"audio     {stats.audio:9.2f} s",
        f"total     {stats.total:9.2f} s",
        f"encode    {stats.encode:9.2f} s",
        f"prefill   {stats.prefill:9.2f} s  ({stats.prefill_tokens} tokens, {stats.prefill_rate:.0f} tokens/s)",
        f"generate  {stats.generate:9.2f} s  ({stats.generate_tokens} tokens, {stats.generate_rate:.0f} tokens/s)",
        f"align     {stats.align:9.2f} s",
    ]


def _say(text: str) -> None:
    print(clean_lines(f"steno: {text}"), file=sys.stderr, flush=True)
