"""A typist at work: what the session decides, done on a desktop, and what is seen there brought to the session.

It owns the desktop and the hand, with what happens when the display goes away and comes back, and in which order things
are written down and done. It does not know where events come from.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from clients.desktop.desktops import open_desktop
from clients.desktop.feedback import Feedback
from clients.desktop.processes import name_of
from clients.desktop.window import FocusNews
from clients.terminal import clean
from clients.text.form import Former
from clients.typist.hand import Hand
from clients.typist.journal import Journal
from clients.typist.placing import Rules
from clients.typist.session import Session
from clients.typist.speech import Context, Insert, Record, Say, TakeBack, View
from pipeline import events
from pipeline.desktop_settings import Output
from pipeline.errors import StenoError
from pipeline.settings import Settings

REOPEN_S = 2.0
"""How often a display that went away is looked for."""
LOOK_S = 0.1
"""How often the focus is looked at while it matters when it moves, and the desktop does not tell or told just now."""
SETTLING_S = 1.0
"""So long after a desktop has told that the focus moves it may not have got there."""
IDLE_S = 0.5
"""How often it is looked whether the display is back, and whether windows are still there for which texts wait."""


class Typist:
    """The desktop's side of `steno type`; a context manager. The caller holds the lease.

    Args:
        runtime: its directory.
        backend: name of the back-end, or `auto`.
        send_context: called with the number of a take and the context that its window's rule gives it.
        beat: called again and again while it works.

    Raises:
        StenoError: nothing can type here.
    """

    def __init__(
        self,
        runtime: Path,
        settings: Settings,
        mode: Output,
        backend: str,
        environ: Mapping[str, str],
        send_context: Callable[[int, str], None],
        beat: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._environ = environ
        self._send_context = send_context
        self._beat = beat
        former = Former(settings.text)
        self._desktop = open_desktop(environ)
        self._hand = self._new_hand()
        self._gone = ""
        self._looked_ns = self._moved_ns = 0
        rules = Rules(settings.typing, settings.text)
        self.session = Session(settings.typing, mode, rules, former)
        self.journal = Journal(runtime, say)
        self._feedback = Feedback(settings.feedback, environ)

    @property
    def sentence(self) -> str:
        """What types and why, and where."""
        where = f"Typing into the focused window ({self._desktop.name})."
        return f"{self._hand.sentence} {where}"

    def view(self) -> View:
        """What can be seen now."""
        ns = time.monotonic_ns()
        if self._gone and not self._reopened(ns):
            return View(ns, gone=self._gone)
        desktop = self._desktop
        try:
            return View(ns, desktop.focused(), desktop.sees_focus, desktop.secret(), desktop.disturbances())
        except (StenoError, OSError) as error:
            self._lose(error, ns)
            return View(ns, gone=self._gone)

    @property
    def news(self) -> int | None:
        """A descriptor that becomes readable when the focus may have moved or the display has gone: then `watch` is to
        be called. None if there is none.
        """
        if self._gone or not isinstance(self._desktop, FocusNews):
            return None
        return self._desktop.fileno()

    @property
    def patience_s(self) -> float:
        """After so long `watch` is to be called even if there are no news."""
        if not self.session.watching:
            return IDLE_S
        settling = time.monotonic_ns() - self._moved_ns < SETTLING_S * 1e9
        return LOOK_S if self.news is None or settling else IDLE_S

    def hear(self, event: events.Any) -> None:
        """An event of the daemon."""
        self.session.hear(event, self.view())

    def watch(self) -> None:
        """See whether the focus has moved, or the display is gone or back, and do what is to be done then."""
        self._hear_desktop()
        if self._gone:
            self.view()
        if not self.session.watching:
            return
        hearing = self.session.hearing
        for window in hearing.awaited:
            if window.pid and not name_of(window.pid):
                hearing.vanished(window)
                self.work()
        ns = time.monotonic_ns()
        try:
            now = None if self._gone else self._desktop.focused()
        except (StenoError, OSError) as error:
            self._lose(error, ns)
            return
        hearing.look(View(ns, now))
        if not hearing.nothing_for(now):
            self.work()

    def _hear_desktop(self) -> None:
        """Take in what the desktop tells by itself of the focus."""
        if self._gone or not isinstance(self._desktop, FocusNews):
            return
        try:
            moves = self._desktop.focus_log()
        except (StenoError, OSError) as error:
            self._lose(error, time.monotonic_ns())
            return
        for ns, window in moves:
            self.session.hearing.look(View(ns, window))
            self._moved_ns = time.monotonic_ns()

    def _lose(self, error: Exception, ns: int) -> None:
        self._gone, self._looked_ns = f"the display is gone ({_text(error)})", ns
        self._tell(Say(f"{self._gone}; texts are kept until it is back", alert=True))

    def work(self) -> None:
        """Do all that is to be done now."""
        if self.session.idle:
            return
        view = self.view()
        while (do := self.session.next(view)) is not None:
            match do:
                case Insert() | TakeBack():
                    self.session.told(self._hand.perform(do, self.journal))
                    self.journal.put(do.entry)
                    view = self.view()
                case _:
                    self._tell(do)

    def _tell(self, do: Record | Say | Context) -> None:
        match do:
            case Record(entries=entries, aim=aim):
                self.journal.put(*entries)
                if aim is not None:
                    self.journal.aim(aim)
            case Say(text=text, alert=alert):
                say(text)
                if alert:
                    self._feedback.play("error")
                    self._feedback.notify("Steno", text)
            case Context(take=take, context=context):
                self._send_context(take, context)

    def _new_hand(self) -> Hand:
        wait_s = self._settings.typing.modifier_wait_s
        return Hand(self._backend, self._environ, self._desktop, wait_s, self._beat, say)

    def _reopened(self, ns: int) -> bool:
        """Whether the display is back."""
        if ns - self._looked_ns < REOPEN_S * 1e9:
            return False
        self._looked_ns = ns
        try:
            desktop = open_desktop(self._environ)
        except (StenoError, OSError):
            return False
        self._let_go()
        self._desktop = desktop
        try:
            self._hand = self._new_hand()
        except (StenoError, OSError):
            return False
        self._gone = ""
        self.session.estranged()
        say(f"the display is back. {self.sentence}")
        return True

    def _let_go(self) -> None:
        for close in (self._hand.close, self._desktop.close):
            with contextlib.suppress(StenoError, OSError):
                close()

    def __enter__(self) -> Typist:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: in order unless something unexpected went wrong, for then the next typist goes on."""
        orderly = kind is None or issubclass(kind, KeyboardInterrupt | SystemExit)
        try:
            for do in self.session.close() if orderly else []:
                if isinstance(do, Record | Say | Context):
                    self._tell(do)
        finally:
            self.journal.close(orderly)
            self._let_go()
            self._feedback.close()


def say(text: str) -> None:
    """Tell the user at the terminal."""
    print(f"steno: {clean(text)}", file=sys.stderr, flush=True)


def _text(error: Exception) -> str:
    return error.message if isinstance(error, StenoError) else str(error)
