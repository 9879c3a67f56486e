"""Words where nobody speaks: `python -m benchmarks.silence --minutes 60`.

Plays each kind of sound without speech (benchmarks/noise.py) into a private daemon, faster than real, without a context
and with one, and counts: utterances that the VAD opened, words in finals, words that partials showed, words that were
withheld. Writes benchmarks/out/NAME.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.feeding import feed, paced
from benchmarks.noise import KINDS, noise
from clients.private_daemon import PrivateDaemon
from pipeline import commands, events

OUT = Path(__file__).parent / "out"
CONTEXT = "Zelvario, Kethrun, Brindlemoor, Kirkart"
MOST_EXAMPLES = 5


@dataclass
class Count:
    """What came of one sound."""

    kind: str
    context: bool
    minutes: float
    utterances: int = 0
    """That the VAD opened."""
    words: int = 0
    """In finals."""
    shown: int = 0
    """Most words that a partial of an utterance showed, summed over the utterances."""
    withheld: int = 0
    """Words that were held back since no sound carries them."""
    notices: dict[str, int] = field(default_factory=dict)
    """Code -> how often."""
    examples: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """That it took."""
    _longest: dict[int, int] = field(default_factory=dict)

    def take(self, event: events.Any) -> None:
        """Count an event."""
        match event:
            case events.SpeechStarted():
                self.utterances += 1
            case events.Partial():
                words = len((event.committed + event.tail).split())
                self._longest[event.utterance] = max(words, self._longest.get(event.utterance, 0))
                self.shown = sum(self._longest.values())
            case events.Final():
                self.words += len(event.text.split())
                self.withheld += len(event.withheld.split())
                if event.text and len(self.examples) < MOST_EXAMPLES:
                    self.examples.append(event.text)
            case events.Notice():
                self.notices[event.code] = self.notices.get(event.code, 0) + 1
            case _:
                pass

    def written(self) -> dict[str, Any]:
        """All of it that is worth keeping."""
        return {key: value for key, value in dataclasses.asdict(self).items() if not key.startswith("_")}


def measure(daemon: PrivateDaemon, kind: str, context: str, options: argparse.Namespace) -> Count:
    """Play one sound to its end."""
    count, began = Count(kind, bool(context), options.minutes), time.monotonic()
    request = commands.Open(kind="network", name=kind, context=context)
    feed(daemon, request, paced(noise(kind, 60 * options.minutes), options.speed), count.take)
    count.seconds = time.monotonic() - began
    return count


def summary(counts: Sequence[Count]) -> dict[str, Any]:
    """The flat figures that are judged."""
    hours = sum(count.minutes for count in counts) / 60
    return {
        "hours": hours,
        "words": sum(count.words for count in counts),
        "words_an_hour": sum(count.words for count in counts) / hours,
        "shown": sum(count.shown for count in counts),
        "withheld": sum(count.withheld for count in counts),
        "utterances": sum(count.utterances for count in counts),
        **{
            f"words {kind}": sum(one.words for one in counts if one.kind == kind)
            for kind in dict.fromkeys(count.kind for count in counts)
        },
    }


def line(count: Count) -> str:
    """One line of the table."""
    with_context = "with context" if count.context else ""
    return (
        f"{count.kind:10}{with_context:14}{count.utterances:12}{count.words:8}{count.shown:8}{count.withheld:10}"
        f"{60 * count.minutes / count.seconds:9.0f} x"
    )


def main() -> None:
    """Measure, print and write."""
    options = _arguments()
    about = machine.about()
    settings = {"daemon.source": "none"} | dict(item.split("=", 1) for item in options.set)
    print(machine.heading(about))
    print(f"{options.minutes:g} minutes of each")
    print(f"{'':24}{'utterances':>12}{'words':>8}{'shown':>8}{'withheld':>10}{'speed':>11}")
    counts = []
    with PrivateDaemon(None, settings) as daemon:
        daemon.wait_ready(lambda words: None)
        for kind in options.kinds:
            for context in ("", CONTEXT):
                counts.append(measure(daemon, kind, context, options))
                print(line(counts[-1]), flush=True)
    for count in counts:
        for text in count.examples:
            print(f"{count.kind}{', with context' * count.context}: {text}")
    whole = {"about": about, "summary": summary(counts), "rows": [count.written() for count in counts]}
    OUT.mkdir(exist_ok=True)
    (OUT / f"{options.out}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="of each sound")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(KINDS), metavar="LIST")
    parser.add_argument("--speed", type=float, default=0.0, help="times real speed at most; 0: as fast as it is taken")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting to try")
    parser.add_argument("--out", default="silence", metavar="NAME", help="of the file that is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
