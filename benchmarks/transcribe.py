"""How fast a recording is transcribed: `python -m benchmarks.transcribe`.

Joins the shipped recordings to one of some minutes, and transcribes it in turn in this process and through a private
daemon. Prints the work for a second of sound (RTF), where it goes, and the ratio of the two ways.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from clients.private_daemon import PrivateDaemon
from clients.remote import RemoteTranscriber
from model import miniature
from pipeline.messages import SAMPLE_RATE
from pipeline.transcriber import Transcriber
from pipeline.transcript import Transcript

ROUNDS = 3
REPEATS = 4
"""Of all shipped recordings, about 80 s each time."""


def joined(path: Path) -> None:
    """Write the recordings, one after the other with a second between them."""
    pause = np.zeros(SAMPLE_RATE, np.int16)
    pieces = [part for sample in miniature.samples() for part in (soundfile.read(sample, dtype="int16")[0], pause)]
    soundfile.write(path, np.concatenate(pieces * REPEATS), SAMPLE_RATE)


def show(name: str, found: Transcript) -> None:
    """One line of figures."""
    stats = found.stats
    print(
        f"{name:12}RTF {stats.rtf:.4f}   encode {stats.encode:.2f} s   prefill {stats.prefill:.2f} s "
        f"({stats.prefill_rate:.0f} tokens/s)   generate {stats.generate:.2f} s ({stats.generate_rate:.0f} tokens/s)   "
        f"align {stats.align:.2f} s   of {stats.audio:.0f} s"
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joined.wav"
        joined(path)
        ratios = []
        with PrivateDaemon(None, {"daemon.source": "none"}) as daemon, Transcriber() as alone:
            daemon.wait_ready(lambda words: None)
            remote = RemoteTranscriber(daemon.runtime, align=True, warn=print)
            for _ in range(ROUNDS):
                here = alone.transcribe(path)
                there = remote.transcribe(path)
                show("one process", here)
                show("daemon", there)
                assert here.text == there.text
                ratios.append(there.stats.total / here.stats.total)
        print(f"daemon / one process, wall clock: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
