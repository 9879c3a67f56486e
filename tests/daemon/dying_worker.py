"""A worker whose native library cannot bear its file: `python -m tests.daemon.dying_worker NAME --runtime-dir=DIR`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pipeline.messages import Loading
from pipeline.sockets import HUB, Wire

if __name__ == "__main__":
    sys.stdin.buffer.read()
    runtime = next(word.partition("=")[2] for word in sys.argv if word.startswith("--runtime-dir="))
    hub = Wire(Path(runtime)).outbox(HUB)
    hub.send(Loading(sys.argv[1], os.getpid(), (f"/models/{sys.argv[1]}.gguf",)))
    time.sleep(0.3)
    os.abort()
