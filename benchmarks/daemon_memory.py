"""What a whole daemon holds in memory, and how soon it is ready: `python -m benchmarks.daemon_memory --asr PACKAGE`.

Starts a real daemon without a source and without word times, once to fill the page cache and then again, measures the
time until it says that it is ready, lets it transcribe a shipped recording, and adds up the memory of all its
processes: pages that several of them map count once.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.memory import Memory, family, memory
from clients import samples
from clients.private_daemon import PrivateDaemon
from clients.remote import RemoteTranscriber

ROUNDS = 3


def measure(settings: Mapping[str, str], recording: Path) -> tuple[float, Memory, str]:
    """Seconds until ready, memory after a transcription, and what was heard."""
    others = set(family(os.getpid()))
    began = time.monotonic()
    with PrivateDaemon(None, settings) as daemon:
        daemon.wait_ready(lambda words: None)
        ready = time.monotonic() - began
        remote = RemoteTranscriber(daemon.runtime, align=False, warn=print)
        text = remote.transcribe(recording).text
        held = memory([pid for pid in family(os.getpid()) if pid not in others])
        remote.close()
    return ready, held, text


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asr", default="miniature", help="folder of the converted model")
    parser.add_argument("--encoder", default="int8", help="precision of the encoder")
    parser.add_argument("--decoder", default="q4_k", help="precision of the decoder")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting to try")
    options = parser.parse_args()
    settings = {
        "daemon.source": "none",
        "align.enabled": "false",
        "model.asr": options.asr,
        "model.encoder": options.encoder,
        "model.decoder": options.decoder,
    }
    settings |= dict(item.split("=", 1) for item in options.set)
    recording = samples.shipped(samples.SHORT).path
    for turn in range(ROUNDS):
        ready, held, text = measure(settings, recording)
        print(
            f"{'first start' if turn == 0 else 'warm cache':12}ready after {ready:.2f} s, "
            f"{held.proportional / 1e6:.0f} MB in all processes, of which {held.anonymous / 1e6:.0f} MB anonymous"
        )
    print(text)


if __name__ == "__main__":
    main()
