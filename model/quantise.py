"""A decoder in fewer bits: llama.cpp's own quantiser, run in a process of its own.

This file owns that process, `python -m model.quantise SOURCE TARGET PRECISION`. The library works for minutes without
a look at Python, so only a process of its own can be interrupted; and its memory is given back with it. It does not
know what is in the files.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from model import gguf_file
from model.errors import ModelError
from model.gguf_header import read_header
from model.llama_library import quantise
from model.progress import Progress

_FULL = 1 << 20
"""A disk with fewer free bytes is the reason, whatever the library says: it only knows that its stream failed."""


def quantised(source: Path, target: Path, precision: str, progress: Progress) -> None:
    """Write `source`, a float16 GGUF file, as `target` in that precision.

    Args:
        precision: one of `precisions.QUANTISED`.
        progress: told the bytes of the source that are done.

    Raises:
        ModelError: the library refused, or the disk is full.
    """
    # -P: the folder that the user happens to be in may hold a model.py of its own.
    command = [sys.executable, "-P", "-m", "model.quantise", str(source), str(target), precision]
    size, told = source.stat().st_size, 0
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        for line in child.stdout:
            done, total = (int(word) for word in line.split())
            now = size * done // max(1, total)
            progress.advance(now - told)
            told = now
        _, complaint = child.communicate()
    finally:
        child.kill()
        child.wait()
    reason = ""
    if child.returncode:
        reason = (complaint.strip().splitlines() or [f"the quantiser ended with code {child.returncode}"])[-1]
    elif gguf_file.end(read_header(target)) > target.stat().st_size:
        # The library does not notice a full disk at the very end: its stream swallows the error.
        reason = os.strerror(errno.ENOSPC)
    if reason:
        if shutil.disk_usage(target.parent).free < _FULL:
            reason = os.strerror(errno.ENOSPC)
        raise ModelError(f"{target.name} cannot be written: {reason}", "Free some memory or disk space and try again.")


def main(arguments: Sequence[str]) -> int:
    """Quantise in this process; a line `DONE TOTAL` on standard output for each tensor."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    source, target, precision = arguments

    def tell(done: int, total: int) -> None:
        try:
            sys.stdout.write(f"{done} {total}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever wanted the file was killed; the library itself would go on for minutes.
            os._exit(1)

    try:
        quantise(Path(source), Path(target), precision, os.cpu_count() or 1, tell)
    except ModelError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
