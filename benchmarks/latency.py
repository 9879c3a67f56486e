"""From the mouth to the screen: `python -m benchmarks.latency`.

Plays the shipped recordings at real speed through a source process into a private daemon, and measures what a client
sees: first partial, word latency, end of speech to final, work for a second of sound. The definitions are those of
`clients.latency`; end of speech is the true end of the last word, so the hangover is in the figure. Writes
benchmarks/out/latency.json.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from clients import samples
from clients.latency import LatencyMeter, percentile
from clients.private_daemon import PrivateDaemon
from clients.subscription import Subscription
from pipeline import commands, events, transcript

OUT = Path(__file__).parent / "out"
NAMES = (
    "01_short_seen",
    "02_dictation_seen",
    "03_corpus_seen",
    "05_corpus_held",
    "07_numbers_seen",
    "09_long_pause",
    "10_noise_10db",
    "12_long",
)


def measure(daemon: PrivateDaemon, subscription: Subscription, name: str) -> dict[str, Any]:
    """Play one recording and watch what is published."""
    recording = samples.shipped(name)
    meter, texts, work = LatencyMeter(recording.words), [""], 0.0
    request = commands.Open(kind="file", name=name, path=str(recording.path))
    source = commands.ask(daemon.wire, request, commands.OpenReply).source
    while True:
        daemon.check()
        for item in subscription.receive(0.5):
            event, now = item.event, time.monotonic_ns()
            if getattr(event, "source", None) != source:
                continue
            if isinstance(event, events.SpeechStarted):
                meter.begin(event.origin_ns)
            elif isinstance(event, events.Partial):
                meter.shown(now, transcript.join([*texts, event.committed + event.tail]), event.end)
            elif isinstance(event, events.Final):
                texts.append(event.text)
                meter.shown(now, transcript.join(texts), event.end)
                meter.final(now, event.start, event.end)
                cost = event.timings
                work += cost.encode + cost.prefill + cost.generate
            elif isinstance(event, events.Words):
                work += event.align
            elif isinstance(event, events.Source) and event.state == "ended":
                seconds = max(word.end for word in recording.words)
                return {
                    "name": name,
                    "first_partial": meter.first_partial,
                    "words": meter.words,
                    "expected": meter.expected,
                    "finals": meter.finals,
                    "rtf": work / seconds,
                }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting to try")
    options = parser.parse_args()
    settings = {"daemon.source": "none"} | dict(item.split("=", 1) for item in options.set)
    rows = []
    with PrivateDaemon(None, settings) as daemon:
        daemon.wait_ready(lambda words: None)
        subscription = Subscription(daemon.wire)
        subscription.first()
        print(f"{'':20}{'first':>8}{'word p50':>10}{'p95':>8}{'right':>10}{'to final':>10}{'RTF':>8}")
        for name in NAMES:
            rows.append(measure(daemon, subscription, name))
            print(_line(rows[-1]))
    whole = {
        "name": "all",
        "first_partial": percentile([row["first_partial"] for row in rows], 50),
        "words": [value for row in rows for value in row["words"]],
        "expected": sum(row["expected"] for row in rows),
        "finals": [value for row in rows for value in row["finals"]],
        "rtf": sum(row["rtf"] for row in rows) / len(rows),
    }
    print(_line(whole))
    print(f"end of speech -> final: p95 {percentile(whole['finals'], 95):.2f} s, max {max(whole['finals']):.2f} s")
    OUT.mkdir(exist_ok=True)
    (OUT / "latency.json").write_text(json.dumps({"settings": settings, "rows": [*rows, whole]}, indent=1) + "\n")


def _line(row: dict[str, Any]) -> str:
    p50, p95 = (percentile(row["words"], percent) for percent in (50, 95))
    right = f"{len(row['words'])}/{row['expected']}"
    final = percentile(row["finals"], 50)
    return f"{row['name']:20}{row['first_partial']:8.2f}{p50:10.2f}{p95:8.2f}{right:>10}{final:10.2f}{row['rtf']:8.2f}"


if __name__ == "__main__":
    main()
