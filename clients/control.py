"""`steno start`, `stop`, `toggle`, `cancel`, `status`: one question to the daemon, one answer printed.

It owns the words in which an answer is printed. It does not know the sockets.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import msgspec

from clients import place
from clients.terminal import clean
from pipeline import commands
from pipeline.commands import ListeningReply, StatusReply
from pipeline.errors import EXIT_OK, NotRunningError, StenoError
from pipeline.lock import holder
from pipeline.sockets import Wire

END_TIMEOUT_S = 5.0
LONGEST_START_NS = 2_000_000_000
"""A process that is older was something else before it became this command (`sleep 5; exec steno start`)."""


def run(arguments: argparse.Namespace) -> int:
    """Ask the daemon."""
    if arguments.command == "status" and (arguments.watch or arguments.format != "text"):
        from clients import status_watch

        return status_watch.run(arguments)
    with place.wire(arguments) as wire:
        if arguments.command == "status":
            reply = commands.ask(wire, commands.Status(), StatusReply)
            print(msgspec.json.encode(reply).decode() if arguments.json else describe(reply))
        elif arguments.command == "stop" and arguments.daemon:
            end_daemon(wire)
        else:
            answer = commands.ask(wire, _request(arguments), ListeningReply)
            print("listening" if answer.listening else "not listening")
            if answer.trouble:
                print(clean(f"steno: {answer.trouble}"), file=sys.stderr)
    return EXIT_OK


def _request(arguments: argparse.Namespace) -> commands.AnyRequest:
    """What is asked. A press or release counts from when the command was given, not from when Python has started."""
    if arguments.command == "cancel":
        return commands.CancelSpeech()
    at_ns = began_ns()
    if arguments.command == "stop":
        return commands.Stop(at_ns=at_ns)
    kind = commands.Start if arguments.command == "start" else commands.Toggle
    return kind(at_ns=at_ns, language=arguments.language, context=arguments.context, output=arguments.output or "")


def began_ns() -> int:
    """The moment of the monotonic clock at which this process was started.

    By what Linux says of it, exact to 10 ms however busy the machine is; elsewhere by the processor time that it has
    used, which on a busy machine is later than the truth.
    """
    now_ns = time.monotonic_ns()
    try:
        # proc_pid_stat(5): field 22, in ticks since the machine was booted; the name before it may hold anything.
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        age_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        age_ns = -1
    ages = (age for age in (age_ns, time.process_time_ns()) if 0 <= age <= LONGEST_START_NS)
    return now_ns - next(ages, 0)


def end_daemon(wire: Wire) -> None:
    """End the daemon and wait until its runtime directory is free.

    Raises:
        StenoError: it is still there after 5 s.
    """
    commands.ask(wire, commands.Shutdown(), commands.Done)
    deadline = time.monotonic() + END_TIMEOUT_S
    while (process := holder(wire.runtime)) is not None:
        if time.monotonic() > deadline:
            raise StenoError(
                f"the daemon (process {process}) has not ended within {END_TIMEOUT_S:g} s", f"End it: kill {process}"
            )
        time.sleep(0.02)


def describe(reply: StatusReply) -> str:
    """The status in lines for people."""
    state = "ready" if reply.ready else "not ready"
    hearing = "listening" if reply.listening else "not listening"
    lines = [
        f"daemon      {state}, {hearing} ({reply.mode}); process {reply.pid}, version {reply.version}, "
        f"up {_span(reply.uptime)}",
        f"utterances  {reply.utterances}, {reply.backlog:.1f} s of sound waiting",
    ]
    if reply.pace != "full":
        lines.append(f"pace        {reply.pace}, so as not to fall behind")
    for name, worker in reply.workers.items():
        detail = f"  {reply.details[name]}" if reply.details.get(name) else ""
        again = f"  (restarts: {reply.restarts[name]})" if reply.restarts.get(name) else ""
        lines.append(f"{name:<11} {worker}{detail}{again}")
    lines += [f"source      {name}: {state}" for name, state in reply.sources.items()]
    if not reply.sources:
        lines.append("source      none")
    return "\n".join(clean(line) for line in lines)


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def is_running(runtime: Path) -> bool:
    """Whether a daemon lives there.

    Raises:
        UsageError: the directory's path is too long for a socket.
    """
    try:
        commands.require_daemon(runtime)
    except NotRunningError:
        return False
    return True
