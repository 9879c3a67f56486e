"""Whether what has the keyboard is a password field: asked of the accessibility service of the desktop (AT-SPI).

It owns that question. Programs tell by themselves, over a bus of their own, which of their parts has the focus; this
file remembers the last, and asks it before each answer. While it knows of none it looks for one itself: a program that
starts can have the focus before it tells anybody. A program that takes no part in accessibility is not seen.

Facts: the D-Bus interfaces of at-spi2-core (org.a11y.Bus, org.a11y.Status, org.a11y.atspi.Registry, .Accessible and
.Event.Object; roles and states by their number in atspi-constants.h).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.desktop.bus import NO_REPLY, BusError, Call, SessionBus
from pipeline.errors import StenoError

PASSWORD_FIELD = "a password field"
ROLE_PASSWORD_TEXT = 40
STATE_ACTIVE, STATE_FOCUSED, STATE_SHOWING = 1, 12, 25
REGISTRY, REGISTRY_PATH = "org.a11y.atspi.Registry", "/org/a11y/atspi/registry"
ROOT_PATH = "/org/a11y/atspi/accessible/root"
ACCESSIBLE = "org.a11y.atspi.Accessible"
EVENTS = "org.a11y.atspi.Event.Object"
FOCUS_EVENT = "object:state-changed:focused"
START_S = 2.0
"""The service may have to be started first, by the bus itself."""
ANSWER_S = 0.1
AGAIN_AFTER_S = 5.0
"""So long after a failure it is tried anew."""
LOOK_AFTER_S = 0.5
"""So long after the last search for the focus there is another, if it is still unknown."""
MOST_PARTS = 2000
"""Parts of windows that a search looks at."""
PACKAGES = "Install at-spi2-core (Debian, Fedora, Arch), and log in again."


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a program's window: the program's name on the accessibility bus, and an object path."""

    program: str
    path: str


class Accessibility:
    """The accessibility service of one session. Made within two seconds, whether or not it is there."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._bus: SessionBus | None = None
        self._focused: Part | None = None
        self._was_password = False
        self._missing = ""
        self._tried = 0.0
        self._looked = 0.0
        self._connect(START_S)

    @property
    def missing(self) -> str:
        """Why password fields cannot be seen here; empty if they can, in programs that take part."""
        return self._missing

    def enabled(self) -> bool:
        """Whether the desktop has accessibility switched on: GTK always takes part, Qt and browsers only then."""
        try:
            return session_enabled(self._environ)
        except StenoError:
            return False

    def focused_is_password(self) -> bool:
        """Whether the focus is in a password field, as far as programs tell. Takes 0.1 s, or 0.3 s when it searches.

        A program that does not answer in time is taken at its last word.
        """
        if self._bus is None and time.monotonic() - self._tried >= AGAIN_AFTER_S:
            self._connect(ANSWER_S)
        self.follow()
        if self._bus is None:
            return False
        try:
            if not self._knows(self._bus) and time.monotonic() - self._looked >= LOOK_AFTER_S:
                self._look(self._bus)
        except BusError as error:
            # Silent: the program is busy. Anything else: it is gone, or its field is.
            if error.name != NO_REPLY:
                self._focused, self._was_password = None, False
        return self._was_password

    def follow(self) -> None:
        """Take in what programs have told meanwhile, without waiting; whoever never asks lets it pile up."""
        try:
            while self._bus is not None and (signal := self._bus.receive(0)) is not None:
                self._heard(Part(signal.sender, signal.path), signal.body)
        except BusError as error:
            self._lose(error)

    def close(self) -> None:
        """Leave the accessibility bus."""
        if self._bus is not None:
            self._bus.close()
        self._bus = None

    def _heard(self, part: Part, body: tuple[object, ...]) -> None:
        if len(body) < 2 or body[0] != "focused":
            return
        if body[1]:
            self._focused, self._was_password = part, False
        elif part == self._focused:
            self._focused, self._was_password = None, False

    def _knows(self, bus: SessionBus) -> bool:
        """Ask the part that had the focus last what it is; whether it still has it."""
        if self._focused is None:
            self._was_password = False
            return False
        # Its state too: a program that lost the focus to one that takes no part may not have said so.
        calls = [_asked(self._focused, "GetRole"), _asked(self._focused, "GetState")]
        ((role,), (states,)) = bus.call_all(calls, ANSWER_S)
        focused = _has(states, STATE_FOCUSED)
        self._was_password = focused and role == ROLE_PASSWORD_TEXT
        return focused

    def _look(self, bus: SessionBus) -> None:
        """Search for the focus, and keep what was known where none is found."""
        found = _search(bus, time.monotonic() + ANSWER_S)
        self._looked = time.monotonic()
        if found is not None:
            self._focused = found
            self._knows(bus)

    def _connect(self, timeout_s: float) -> None:
        self._tried = time.monotonic()
        deadline = self._tried + timeout_s
        try:
            bus = SessionBus.at(accessibility_address(self._environ, _left(deadline)), _left(deadline))
        except StenoError as error:
            self._missing = error.message
            return
        try:
            bus.match(interface=EVENTS, member="StateChanged", first="focused")
            # Programs send only what somebody has asked the registry for.
            bus.call(REGISTRY, REGISTRY_PATH, REGISTRY, "RegisterEvent", "s", (FOCUS_EVENT,), _left(deadline))
            self._focused = _search(bus, deadline)
        except StenoError as error:
            bus.close()
            self._missing = error.message
            return
        self._bus, self._missing = bus, ""

    def _lose(self, error: BusError) -> None:
        self.close()
        self._focused, self._missing, self._tried = None, error.message, time.monotonic()


def password_field(accessibility: Accessibility | None) -> str:
    """What a desktop says of a password field that has the focus; empty if none has, or nothing sees them."""
    return PASSWORD_FIELD if accessibility is not None and accessibility.focused_is_password() else ""


def accessibility_address(environ: Mapping[str, str], timeout_s: float) -> str:
    """Where the accessibility bus of a session is.

    Raises:
        StenoError: there is no session bus, or no accessibility.
    """
    if environ.get("AT_SPI_BUS_ADDRESS"):
        return environ["AT_SPI_BUS_ADDRESS"]
    deadline = time.monotonic() + timeout_s
    session = SessionBus.connect(environ, timeout_s)
    try:
        answer = session.call("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", timeout_s=_left(deadline))
    except BusError as error:
        raise StenoError(f"there is no accessibility service: {error.message}", PACKAGES) from None
    finally:
        session.close()
    return str(answer[0])


def session_enabled(environ: Mapping[str, str]) -> bool:
    """Whether the session has accessibility switched on.

    Raises:
        StenoError: there is no session bus, or no accessibility.
    """
    session = SessionBus.connect(environ)
    try:
        return bool(session.property("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status", "IsEnabled", START_S))
    finally:
        session.close()


def _asked(part: Part, member: str) -> Call:
    return Call(part.program, part.path, ACCESSIBLE, member)


def _has(states: list[int], state: int) -> bool:
    """Whether a set of states, as 32-bit words, contains one."""
    return len(states) > state // 32 and bool(states[state // 32] >> state % 32 & 1)


def _search(bus: SessionBus, deadline: float) -> Part | None:
    """The part that has the focus already: what is focused in the active window, if it is found in time."""
    for program in _children(bus, [Part(REGISTRY, ROOT_PATH)], deadline):
        if time.monotonic() >= deadline:
            break
        try:
            windows = _with_state(bus, _children(bus, [program], deadline), STATE_ACTIVE, deadline)
            found = _focused_below(bus, windows, deadline)
        except BusError:
            # It hangs, or it has just ended: the others may still answer.
            continue
        if found is not None:
            return found
    return None


def _focused_below(bus: SessionBus, level: list[Part], deadline: float) -> Part | None:
    """Level by level, each with two round trips however wide it is."""
    seen = 0
    while level and seen < MOST_PARTS and time.monotonic() < deadline:
        focused = _with_state(bus, level, STATE_FOCUSED, deadline)
        if focused:
            return focused[0]
        seen += len(level)
        level = _with_state(bus, _children(bus, level, deadline)[:MOST_PARTS], STATE_SHOWING, deadline)
    return None


def _children(bus: SessionBus, parts: list[Part], deadline: float) -> list[Part]:
    answers = _ask_all(bus, parts, "GetChildren", deadline)
    return [Part(*child) for (children,) in answers for child in children if child[0]]


def _with_state(bus: SessionBus, parts: list[Part], state: int, deadline: float) -> list[Part]:
    answers = _ask_all(bus, parts, "GetState", deadline)
    return [part for part, (states,) in zip(parts, answers, strict=True) if _has(states, state)]


def _ask_all(bus: SessionBus, parts: list[Part], member: str, deadline: float) -> list[tuple[Any, ...]]:
    if not parts:
        return []
    return bus.call_all([_asked(part, member) for part in parts], min(ANSWER_S, _left(deadline)))


def _left(deadline: float) -> float:
    """Seconds until then; never none at all, so that what is there already is still taken."""
    return max(deadline - time.monotonic(), 0.01)
