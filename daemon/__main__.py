"""`python -m daemon`: read the settings, take the runtime directory, run the loop, leave nothing behind."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from daemon.desk import Desk
from daemon.hub import TICK_S, Hub
from daemon.manager import Manager
from daemon.processes import Signals
from daemon.sourcebook import SPOOL
from model.errors import StenoError, UsageError
from pipeline import config, paths
from pipeline.lock import RuntimeLock
from pipeline.settings import Settings
from pipeline.sockets import HUB, NAMES, Poll, Wire, socket_path

GATHER_S = 0.08
"""While nobody speaks, sound may wait so long to be heard together: a turn of the loop costs as much as two frames. It
is less than the usual onset, so that no utterance opens later for it: from the first voiced frame on nothing waits."""
SLEPT_S = 2.0
"""A turn that comes so late means that the machine slept, not that the others hang."""
FINISH_S = 1.5
"""At the end, so long for the finals of what was already said."""
END_S = 0.8
"""And so long for the processes to end by themselves; together less than 3 s."""
LISTENS = {"always": "listening always", "on-demand": "listening when told to: steno start, steno hotkey"}

log = logging.getLogger("steno")


def parse(arguments: Sequence[str] | None) -> tuple[Settings, Path]:
    """The settings in force and the runtime directory.

    Raises:
        UsageError: a setting is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m daemon", description=__doc__)
    parser.add_argument("--runtime-dir")
    parser.add_argument("--config")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    options = parser.parse_args(arguments)
    overrides = {}
    for item in options.set:
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"--set {item}: it must be SECTION.KEY=VALUE")
        overrides[key] = value
    settings = config.load(paths.config_file(options.config), os.environ, overrides)
    return settings, paths.runtime_dir(options.runtime_dir)


def run(settings: Settings, runtime: Path) -> None:
    """Be the daemon until a signal or a client ends it.

    Raises:
        StenoError: the runtime directory cannot be used, or another daemon lives there.
    """
    socket_path(runtime, HUB)
    paths.make_private(runtime)
    os.umask(0o077)
    with RuntimeLock(runtime):
        _clear_sockets(runtime)
        signals = Signals()
        try:
            with Wire(runtime) as wire:
                hub = Hub(settings, wire, paths.cache_dir(), uuid.uuid4().hex[:12])
                desk = Desk(hub, wire.command_server())
                _loop(hub, desk, signals)
        finally:
            _clear_sockets(runtime)


def _loop(hub: Hub, desk: Desk, signals: Signals) -> None:
    poll, others = Poll(), Poll()
    manager = Manager()
    hub.watch(poll, others, signals)
    desk.watch(poll)
    desk.watch(others)
    try:
        hub.open_default()
        log.info("running in %s (process %d), %s", hub.runtime, os.getpid(), LISTENS[hub.settings.daemon.mode])
        last = hub.now
        while not (signals.ended or desk.shutdown_asked):
            if hub.idle:
                others.wait(GATHER_S)
            poll.wait(TICK_S)
            signals.drain()
            last, passed = hub.now, hub.now - last
            slept = passed if passed > SLEPT_S else 0.0
            hub.turn(slept)
            if desk.turn(slept):
                hub.turn()  # a release may have decided a final: it waits for no more sound
            manager.turn(hub.worker_states, hub.now)
        manager.end()
        hub.finish()
        deadline = time.monotonic() + FINISH_S
        while hub.unfinished and time.monotonic() < deadline:
            poll.wait(TICK_S / 10)
            signals.drain()
            hub.turn(0.0)
    finally:
        hub.shut_down(END_S)
    log.info("ended")


def _clear_sockets(runtime: Path) -> None:
    """A socket file outlives a process that was killed."""
    for name in NAMES:
        socket_path(runtime, name).unlink(missing_ok=True)
    spool = runtime / SPOOL
    if spool.is_dir() and not any(spool.iterdir()):
        spool.rmdir()


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    try:
        run(*parse(arguments))
    except StenoError as error:
        print(f"steno: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
