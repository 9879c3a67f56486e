"""`steno tray`: an icon that tells whether Steno listens, and a menu. The one file that knows pystray and Pillow.

It owns the pictures and the menu. What the daemon does it is told by `clients.status_watch`; what a menu's entry does
are the commands that the user could have typed.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from clients import place, status_watch
from clients.desktop.feedback import Feedback
from clients.status_view import Phase, View
from clients.terminal import clean_lines
from pipeline import commands
from pipeline.errors import EXIT_OK, StenoError

RED, GREY, AMBER, WHITE = (215, 45, 45), (130, 130, 130), (225, 150, 20), (255, 255, 255)
COLOURS: dict[Phase, tuple[int, int, int]] = {
    "off": GREY,
    "starting": GREY,
    "ready": WHITE,
    "listening": RED,
    "failed": AMBER,
}
SIZE = 64
"""Pixels of a picture; the desktop scales it."""
LOOK_S = 2.0
"""How often it is looked whether a tray shows the icon, where pystray does not see to that (X11)."""
X_BUTTON_PRESS, X_EXPOSURE, X_STRUCTURE_NOTIFY = 1 << 2, 1 << 15, 1 << 17
"""Bits of an X window's event mask: X11 protocol, "Common types", SETofEVENT."""
EXTRA = "Install what it needs into Steno's environment: pip install 'steno[tray]'"


def run(arguments: argparse.Namespace) -> int:
    """Show the icon until the user quits it.

    Raises:
        StenoError: pystray or Pillow is missing, or there is no desktop to show it on.
    """
    pystray = _pystray()
    with Feedback(place.settings(arguments).feedback, os.environ) as feedback:
        Tray(arguments, feedback, pystray).run()
    return EXIT_OK


def _pystray() -> Any:
    try:
        import pystray
        from PIL import Image, ImageDraw  # noqa: F401  # asked for here, so that it is missed before a window is made
    except ImportError as error:
        raise StenoError(f"the tray icon cannot be shown: {error}", EXTRA) from None
    except Exception as error:  # at its import it connects to the display; each system has its own errors for that
        raise StenoError(
            f"the tray icon cannot be shown: {error}", "Start it in a desktop session: DISPLAY must name a screen."
        ) from None
    return pystray


class Tray:
    """The icon. Pystray's own loop has the main thread; the daemon is watched on another one."""

    levels = False

    def __init__(self, arguments: argparse.Namespace, feedback: Feedback, pystray: Any) -> None:
        self._arguments = arguments
        self._feedback = feedback
        self._phase: Phase = "off"
        self._stopped = threading.Event()
        self._look_s = time.monotonic() + LOOK_S
        item, menu = pystray.MenuItem, pystray.Menu
        self._icon = pystray.Icon(
            "steno",
            picture("off"),
            "Steno",
            menu=menu(
                item(lambda _: self._toggle_text(), self._on(self._toggle), default=True, enabled=self._running),
                item("Throw away what is being said", self._on(self._cancel), enabled=self._listening),
                menu.SEPARATOR,
                item("Copy the last text", self._on(lambda: self._last("copy-last"))),
                item("Take back what was typed last", self._on(lambda: self._last("undo-last"))),
                menu.SEPARATOR,
                item("Quit this icon", self._stopped.set),
            ),
        )

    def run(self) -> None:
        """Show it until it is quit, or this process is told to end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopped.set())
        logging.getLogger("pystray").addHandler(_Failures())
        logging.getLogger("pystray").propagate = False
        if not self._icon.HAS_MENU:
            _want_clicks(self._icon)
            _say(
                "here the icon has no menu: a click on it starts and stops. For a menu, Steno's environment needs "
                "PyGObject and AppIndicator."
            )
        self._icon.run(self._watch)
        self._stopped.set()

    def _watch(self, icon: Any) -> None:
        """What pystray runs on its second thread."""
        icon.visible = True
        try:
            with place.wire(self._arguments) as wire:
                status_watch.watch(wire, self)
        except StenoError as error:
            _say(str(error))
        finally:
            icon.stop()

    def show(self, view: View) -> None:
        """The daemon is like this now."""
        if view.phase != self._phase or self._lost():
            self._phase = view.phase
            self._icon.icon = picture(self._phase)
            self._icon.update_menu()
        self._icon.title = f"Steno: {view.line()}"

    def _lost(self) -> bool:
        """Whether no tray shows the icon, looked at now and then: pystray then asks again with the next picture."""
        if time.monotonic() < self._look_s:
            return False
        self._look_s = time.monotonic() + LOOK_S
        # A tray that has just begun may have missed what it was asked, and nobody is told.
        return hasattr(self._icon, "_window") and not self._icon._window.get_attributes().map_state

    def ended(self) -> bool:
        """Whether the icon was quit."""
        return self._stopped.is_set()

    def close(self) -> None:
        """Pystray takes the icon away."""

    def _toggle_text(self) -> str:
        return "Stop listening" if self._phase == "listening" else "Start listening"

    def _running(self, _item: object) -> bool:
        return self._phase != "off"

    def _listening(self, _item: object) -> bool:
        return self._phase == "listening"

    def _on(self, action: Callable[[], object]) -> Callable[[], None]:
        """An entry's action, on a thread of its own: the desktop is not kept waiting for the daemon."""

        def act() -> None:
            try:
                action()
            except StenoError as error:
                _say(str(error))
                self._feedback.notify("Steno", error.message)

        return lambda: threading.Thread(target=act, daemon=True).start()

    def _toggle(self) -> None:
        at_ns = time.monotonic_ns()
        with place.wire(self._arguments) as wire:
            reply = commands.ask(wire, commands.Toggle(at_ns=at_ns), commands.ListeningReply)
        if reply.trouble:
            raise StenoError(reply.trouble)

    def _cancel(self) -> None:
        with place.wire(self._arguments) as wire:
            commands.ask(wire, commands.CancelSpeech(), commands.ListeningReply)

    def _last(self, command: str) -> None:
        from clients.typist import last

        last.run(argparse.Namespace(**vars(self._arguments) | {"command": command, "print": False}))


def _want_clicks(icon: Any) -> None:
    """Have an X server deliver the clicks for which pystray has a handler: 0.19.5 does not ask for them."""
    if hasattr(icon, "_window"):
        icon._window.change_attributes(event_mask=X_EXPOSURE | X_STRUCTURE_NOTIFY | X_BUTTON_PRESS)


class _Failures(logging.Handler):
    """What pystray says when there is no tray: said once, in other words."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Pystray reports an error."""
        if not self._said:
            self._said = True
            _say(
                "there is no tray to show the icon in, or it refuses it; it is tried again until there is one. "
                "GNOME has none without an extension (AppIndicator)."
            )


def picture(phase: Phase) -> Any:
    """The icon: a microphone. Struck out without a daemon, on a disc while it listens, with a mark in trouble."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    colour = COLOURS[phase]
    if phase == "listening":
        draw.ellipse((0, 0, 63, 63), fill=colour)
        colour = WHITE
    else:  # an edge, so that it is seen on a bright and on a dark panel
        _microphone(draw, (40, 40, 40), 3)
    _microphone(draw, colour, 0)
    if phase == "off":
        draw.line((10, 54, 54, 10), fill=(40, 40, 40), width=11)
        draw.line((10, 54, 54, 10), fill=colour, width=6)
    elif phase == "failed":
        draw.ellipse((38, 34, 63, 59), fill=RED)
        draw.rectangle((49, 38, 52, 49), fill=WHITE)
        draw.rectangle((49, 52, 52, 55), fill=WHITE)
    elif phase == "starting":
        for left in (38, 47, 56):
            draw.ellipse((left, 52, left + 6, 58), fill=WHITE)
    return image


def _microphone(draw: Any, colour: tuple[int, int, int], edge: int) -> None:
    draw.rounded_rectangle((24 - edge, 8 - edge, 40 + edge, 36 + edge), radius=8 + edge, fill=colour)
    draw.arc((17 - edge, 18 - edge, 47 + edge, 44 + edge), 0, 180, fill=colour, width=4 + 2 * edge)
    draw.rectangle((30 - edge, 43, 34 + edge, 52 + edge), fill=colour)
    draw.rectangle((22 - edge, 51 - edge, 42 + edge, 55 + edge), fill=colour)


def _say(text: str) -> None:
    print(clean_lines(f"steno: {text}"), file=sys.stderr, flush=True)
