"""Make background sound: `python -m model.miniature.recipe.sound --out DIR`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from model.miniature.recipe.sound.background import write
from model.miniature.recipe.sound.waves import RATE


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 1 when the files cannot be written."""
    parser = argparse.ArgumentParser(
        prog="python -m model.miniature.recipe.sound", description="Make sound without speech for the training."
    )
    parser.add_argument("--out", type=Path, required=True, help="directory for background.pcm and background.json")
    parser.add_argument("--seconds", type=float, default=5_400.0, help="how much (default: an hour and a half)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    given = parser.parse_args(arguments)
    if given.seconds <= 0 or given.workers < 1 or given.seed < 0:
        parser.error("--seconds and --workers must be above 0, --seed not below")
    try:
        clips = write(given.out, given.seconds, given.seed, given.workers)
    except OSError as error:
        sys.stderr.write(f"cannot write the background sound: {error}\n")
        return 1
    held = sum(one.samples for one in clips if one.split == "held") / RATE
    total = sum(one.samples for one in clips) / RATE
    sys.stdout.write(f"{len(clips)} clips, {total:.0f} s, of them {held:.0f} s held out\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
