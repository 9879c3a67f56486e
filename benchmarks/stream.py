"""From the mouth to the screen: `python -m benchmarks.stream`.

Plays recordings with known word times into a private daemon, as a microphone would, and measures what a client sees:
how soon each word stands there, stays and is committed; how long after the end of speech the final comes, and where
that time goes; what the steps cost; what is taken back; and whether the text is that of an offline decode of the same
samples. `benchmarks.stream_measures` has the definitions, `benchmarks.stream_checks` what makes a run worthless. Writes
benchmarks/out/NAME.json and NAME.png.

    python -m benchmarks.stream --virtual                    # the shipped recordings, as fast as the daemon allows
    python -m benchmarks.stream --only 12_long --commit --set model.draft=false --out no-draft
    python -m benchmarks.stream --compare stream no-draft    # pairs two runs on the same sound
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import stream_checks, stream_compare, stream_offline, stream_summary
from benchmarks.stream_daemon import DaemonLine
from benchmarks.stream_measures import measure
from benchmarks.stream_play import Player
from benchmarks.stream_take import Run, Sound, Take, load, read, write
from clients import samples
from clients.private_daemon import PrivateDaemon
from pipeline import commands, config
from pipeline.cores import physical_cores
from pipeline.errors import StenoError

OUT = Path(__file__).parent / "out"
SILENCE_S = 1.5
"""Behind each recording: more than the hangover, so that the daemon itself finds the end of speech."""


def run(
    sounds: Sequence[Sound],
    settings: Mapping[str, str],
    *,
    commit: bool = False,
    virtual: bool = False,
    repeat: int = 1,
    offline: bool = True,
    silence_s: float = SILENCE_S,
    late_s: float = stream_checks.LATE_S,
    out: str = "",
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Play the sounds to a daemon of their own, measure, and save the run if `out` names it.

    Args:
        sounds: of `found`, with `silence_s` behind each.
        settings: `section.key` -> value.
        commit: have words committed before the finals.
        virtual: leave out the time in which the daemon has nothing to do.
        repeat: plays of each sound.
        offline: also decode the samples of each utterance in this process.
        late_s: a player that is later, with a frame or in listening, makes the run worthless.
        out: name of the files in benchmarks/out, without ending; empty for none.
        say: told how far it is.

    Returns:
        The run as JSON; `summary` has the figures.

    Raises:
        Untrustworthy: the run cannot be believed.
        StenoError: the daemon failed.
    """
    whole = {"daemon.source": "none"} | dict(settings)
    partials = config.load(None, os.environ, whole).stream.partials
    with PrivateDaemon(None, whole) as daemon:
        daemon.wait_ready(lambda words: None)
        details = commands.ask(daemon.wire, commands.Status(), commands.StatusReply).details
        line = DaemonLine(daemon)
        takes: list[Take] = []
        for turn in range(repeat):
            for sound in sounds:
                takes.append(Player(line, sound, commit=commit, virtual=virtual).play(turn))
                stream_checks.check_take(takes[-1], late_s)
                say(f"{sound.name}: {takes[-1].sent[-1].end:.1f} s in {takes[-1].wall:.1f} s")
        line.close()
    if offline:
        takes = stream_offline.decoded(takes, {sound.name: sound for sound in sounds}, whole)
    measured = [measure(take) for take in takes]
    stream_checks.check_run(measured, partials)
    done = Run(
        made=time.strftime("%Y-%m-%d %H:%M"),
        machine=f"{platform.system()} {platform.machine()}, {physical_cores()} cores",
        pace="virtual" if virtual else "real",
        commit=commit,
        silence=silence_s,
        settings=dict(settings),
        details=details,
        takes=takes,
        summary=stream_summary.summary(measured),
    )
    if out:
        _save(done, out)
    return dict(msgspec.to_builtins(done))


def _save(done: Run, name: str) -> None:
    from benchmarks import stream_picture  # loads matplotlib, which only a picture needs

    OUT.mkdir(exist_ok=True)
    write(done, OUT / f"{name}.json")
    stream_picture.draw(done, OUT / f"{name}.png")


def found(folder: Path | None, only: Sequence[str], silence_s: float = SILENCE_S) -> list[Sound]:
    """The recordings of a folder, None for the shipped ones; all of them, or those whose name begins so.

    Raises:
        StenoError: there are none, or one of them has no reference beside it.
    """
    folder = samples.shipped(samples.SHORT).path.parent if folder is None else folder
    paths = [path for path in sorted(folder.glob("*.wav")) if not only or path.stem.startswith(tuple(only))]
    if not paths:
        raise StenoError(f"no such recording in {folder}")
    return [load(samples.recording(path), silence_s) for path in paths]


def compare(first: Path, second: Path) -> None:
    """Print how far two saved runs are apart.

    Raises:
        StenoError: they cannot be read, or are not of the same sound.
    """
    runs = [read(path) for path in (first, second)]
    a, b = ([measure(take) for take in one.takes] for one in runs)
    differences = stream_compare.compare(a, b)
    for line in (*stream_compare.headings(*runs), "", *stream_compare.table(differences)):
        print(line)
    for flag in stream_compare.flags(a, b):
        print(f"NOTE: {flag}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sound", type=Path, metavar="DIR", help="WAV files, each with its words in NAME.json")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="recordings whose name begins so")
    parser.add_argument(
        "--virtual", action="store_true", help="leave out the time in which the daemon has nothing to do"
    )
    parser.add_argument("--commit", action="store_true", help="have words committed before the finals")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="plays of each recording")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting to try")
    parser.add_argument("--no-offline", action="store_true", help="do not decode the utterances offline afterwards")
    parser.add_argument("--silence", type=float, default=SILENCE_S, metavar="S", help="behind each recording")
    parser.add_argument(
        "--late", type=float, default=stream_checks.LATE_S, metavar="S", help="the player may be so late"
    )
    parser.add_argument("--out", default="stream", metavar="NAME", help="of the files in benchmarks/out")
    parser.add_argument("--compare", nargs=2, metavar="NAME", help="two runs in benchmarks/out, or their paths")
    options = parser.parse_args()
    try:
        if options.compare:
            first, second = (Path(name) if name.endswith(".json") else OUT / f"{name}.json" for name in options.compare)
            compare(first, second)
            return 0
        done = run(
            found(options.sound, options.only, options.silence),
            dict(item.split("=", 1) for item in options.set),
            commit=options.commit,
            virtual=options.virtual,
            repeat=options.repeat,
            offline=not options.no_offline,
            silence_s=options.silence,
            late_s=options.late,
            out=options.out,
        )
    except StenoError as error:
        print(f"stream: {error}", file=sys.stderr)
        return error.exit_code
    for line in stream_summary.table(done["summary"]):
        print(line)
    print(f"{OUT / options.out}.json and .png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
