"""A conversion in a process of its own, whose memory can be measured: `python -m benchmarks.conversion CHECKPOINT OUT`.

It owns nothing but the command line; `benchmarks.sizes` starts it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.convert import convert


def main() -> None:
    """Convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--encoders", default="fp32")
    parser.add_argument("--decoders", default="f16")
    options = parser.parse_args()
    convert(options.checkpoint, options.out, options.encoders.split(","), options.decoders.split(","))


if __name__ == "__main__":
    main()
