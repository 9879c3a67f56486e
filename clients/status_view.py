"""What `steno status --watch` knows of the daemon, and how that looks: as rows, as a line, as an object for waybar.

Sans-IO: events and answers in, text out; the time is passed in. It does not know where they come from, nor who reads.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

from clients.level_meter import LOWEST_DB, Meter
from clients.terminal import cells, clean
from pipeline import events
from pipeline.commands import StatusReply

Phase = Literal["off", "failed", "starting", "listening", "ready"]
SIGNS: dict[Phase, str] = {"off": "○", "failed": "!", "starting": "…", "listening": "●", "ready": "○"}
BROKEN_SOURCES = ("lost", "failed")
PLAIN_SIGN = "*"
NAME_COLUMNS = 12
LEVEL_COLUMNS = 10
"""The brackets of the meter, and ` -23 dB` behind it."""
NARROWEST_METER, WIDEST_METER = 10, 60


@dataclass
class _Known:
    """What is known of a daemon that runs."""

    ready: bool = False
    listening: bool = False
    take: int = 0
    held: bool = False
    pace: str = "full"
    workers: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    waiting: float = 0.0
    last_text: str = ""
    meters: dict[str, Meter] = field(default_factory=dict)


class View:
    """The daemon as it is known."""

    def __init__(self) -> None:
        self._daemon: _Known | None = None
        self.typist = ""
        """Who types, for people; empty if nobody does."""

    @property
    def phase(self) -> Phase:
        """The one word for it."""
        daemon = self._daemon
        if daemon is None:
            return "off"
        lost = daemon.sources and all(state in BROKEN_SOURCES for state in daemon.sources.values())
        if "failed" in daemon.workers.values() or lost:
            return "failed"
        if daemon.listening:
            return "listening"
        return "ready" if daemon.ready else "starting"

    @property
    def hears(self) -> bool:
        """Whether there is a level to be shown."""
        return self._daemon is not None and bool(self._daemon.sources)

    def gone(self) -> None:
        """There is no daemon."""
        self._daemon = None

    def event(self, event: events.Any | None) -> None:
        """An event came."""
        daemon = self._daemon or _Known()
        match event:
            case events.Snapshot(state=state, finals=finals):
                daemon = self._daemon = _Known()
                _state(daemon, state)
                _finals(daemon, finals)
            case events.State():
                self._daemon = daemon
                _state(daemon, event)
            case events.Listening(on=on, take=take, held=held):
                daemon.listening, daemon.take, daemon.held = on, take, on and held
            case events.Final():
                _finals(daemon, [event])

    def status(self, reply: StatusReply, now_s: float) -> None:
        """The daemon answered: `now_s` is the moment of a monotonic clock."""
        daemon = self._daemon = self._daemon or _Known()
        daemon.ready, daemon.listening, daemon.pace = reply.ready, reply.listening, reply.pace
        daemon.workers, daemon.sources = dict(reply.workers), dict(reply.sources)
        daemon.take, daemon.waiting = reply.take, reply.backlog
        daemon.held = reply.held
        daemon.meters = {name: daemon.meters.get(name, Meter()) for name in reply.sources}
        for name, meter in daemon.meters.items():
            meter.step(reply.levels.get(name, LOWEST_DB), now_s)

    def line(self) -> str:
        """All that matters, on one line; another one when something has changed."""
        typist = [f"typist {self.typist}"] if self.typist else []
        return clean("; ".join([self._headline(), *self._troubles(), *typist]))

    def rows(self, now_s: float, width: int, plain: bool = False) -> list[str]:
        """The rows for a terminal of so many columns."""
        rows = [f"{PLAIN_SIGN if plain else SIGNS[self.phase]} {self._headline()}"]
        daemon = self._daemon
        if daemon is not None:
            columns = max(NARROWEST_METER, min(WIDEST_METER, width - NAME_COLUMNS - LEVEL_COLUMNS))
            for name, meter in daemon.meters.items():
                rows.append(f"{_fitted(name)}[{meter.bar(now_s, columns, plain)}] {meter.text()}")
            rows += [f"{_fitted('trouble')}{trouble}" for trouble in self._troubles()]
            rows.append(f"{_fitted('last text')}{daemon.last_text or 'none'}; {daemon.waiting:.1f} s of sound waiting")
        rows.append(f"{_fitted('typist')}{self.typist or 'none'}")
        return [_cut(clean(row), width) for row in rows]

    def waybar(self) -> str:
        """One JSON object on one line, as a custom module of waybar reads it (waybar-custom(5))."""
        lines = [f"Steno: {self._headline()}", *self._troubles()]
        if self._daemon is not None and self._daemon.last_text:
            lines.append(f"last text {self._daemon.last_text}")
        fields = {
            "text": SIGNS[self.phase],
            "alt": self.phase,
            "class": self.phase,
            # Pango reads markup in it.
            "tooltip": "\n".join(html.escape(clean(line), quote=False) for line in lines),
        }
        return json.dumps(fields, ensure_ascii=False)

    def _headline(self) -> str:
        daemon = self._daemon
        if daemon is None:
            return "off: no daemon is running"
        words: list[str] = [self.phase]
        if daemon.listening:
            words += [f"take {daemon.take}"] if daemon.take else []
            words += ["key held"] if daemon.held else []
        if daemon.pace != "full":
            words.append(f"pace {daemon.pace}")
        return ", ".join(words)

    def _troubles(self) -> list[str]:
        if self._daemon is None:
            return []
        workers = [f"{name} {state}" for name, state in self._daemon.workers.items() if state != "ready"]
        return workers + [f"{name} {state}" for name, state in self._daemon.sources.items() if state != "opened"]


def _state(daemon: _Known, state: events.State) -> None:
    daemon.ready, daemon.listening, daemon.pace = state.ready, state.listening, state.pace
    daemon.workers, daemon.sources = dict(state.workers), dict(state.sources)
    daemon.held = daemon.held and state.listening


def _finals(daemon: _Known, finals: Iterable[events.Final]) -> None:
    for final in finals:
        if final.text:  # of which nothing but its time is ever shown
            daemon.last_text = time.strftime("%H:%M:%S", time.localtime(final.time))


def _fitted(name: str) -> str:
    short = name if len(name) < NAME_COLUMNS else name[: NAME_COLUMNS - 2] + "…"
    return f"{short:<{NAME_COLUMNS}}"


def _cut(row: str, width: int) -> str:
    """As much of the row as fits into so many columns."""
    columns = accumulate(cells(character) for character in row)
    return "".join(character for character, end in zip(row, columns, strict=True) if end <= width)
