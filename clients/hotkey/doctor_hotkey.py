"""The doctor's check of the hotkey: what hears the keys here, and the proof that it hears one.

It owns the round trip: a key is pressed by program, and the listener has to hear it. It does not know how a listener
hears.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping

from clients import place
from clients.desktop import desktops
from clients.doctor_finding import Finding
from clients.hotkey import choice, desktop_lines, keys
from clients.hotkey.command import LOCK
from clients.hotkey.keys import Keys
from clients.hotkey.listener import Listener
from pipeline.errors import StenoError
from pipeline.lock import holder_of

NAME = "hotkey"
HEARD_S = 3.0
"""So long the listener has for hearing the key."""
STEP_S = 0.02


def check(arguments: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Finding:
    """What hears the keys of the settings, proven where that can be done without the user."""
    settings = place.settings(arguments).hotkey
    bound = keys.read(settings)
    names = ", ".join(str(chord) for chord in bound.chords)
    kind = desktops.kind(environ)
    try:
        listener, why = choice.choose(settings.backend, bound, environ)
    except StenoError as error:
        if settings.backend != "auto":
            return Finding(NAME, "broken", error.message, error.hint)
        if kind == "none":
            return Finding(NAME, "ok", "there is no desktop here: no keys to hear")
        return Finding(NAME, "warning", error.message, details=tuple(error.hint.splitlines()))
    if listener.name == "portal":
        lines = ["or, without the portal, bind them yourself:", *desktop_lines.all_lines(kind, bound)]
        return Finding(NAME, "ok", f"{names}; {why}", details=tuple(lines))
    if listener.name == "evdev":
        return Finding(NAME, "ok", f"{names}; {why}; that it hears shows when you press one")
    running = holder_of(place.runtime(arguments) / LOCK) is not None
    return round_trip(listener, bound, why, running, environ)


def round_trip(listener: Listener, bound: Keys, why: str, running: bool, environ: Mapping[str, str]) -> Finding:
    """Press a key by program and see whether the listener hears it.

    While a `steno hotkey` is running it has the keys: then only hearing is proven.
    """
    names = ", ".join(str(chord) for chord in bound.chords)
    nothing = Keys((), (), None, bound.tap_ns)
    try:
        listener.run(nothing if running else bound, lambda event: None)
    except StenoError as error:
        return Finding(NAME, "broken", error.message, error.hint)
    try:
        before = listener.heard
        _press(environ)
        deadline = time.monotonic() + HEARD_S
        while listener.heard == before and time.monotonic() < deadline:
            time.sleep(STEP_S)
        heard = listener.heard > before
    except StenoError as error:
        return Finding(NAME, "broken", error.message, error.hint)
    finally:
        listener.close()
    if not heard:
        text = f"{listener.name} hears nothing: a key that was pressed did not reach it"
        return Finding(NAME, "broken", text, "Choose another listener: hotkey.backend, or steno hotkey --backend NAME")
    details = ("steno hotkey is running",) if running else ()
    return Finding(NAME, "ok", f"{names}; a key that was pressed was heard by {why}", details=details)


def _press(environ: Mapping[str, str]) -> None:
    """Press a key that does nothing, and let it go."""
    if desktops.kind(environ) != "x11":
        from clients.desktop import input_library

        input_library.tap("shift")
        return
    from clients.desktop.x11_library import X
    from clients.hotkey.x11_requests import open_connection

    display = open_connection(environ.get("DISPLAY"))
    first = display.display.info.min_keycode
    rows = display.get_keyboard_mapping(first, display.display.info.max_keycode - first + 1)
    shift = display.keysym_to_keycode(0xFFE1)
    spare = next((first + offset for offset, row in enumerate(rows) if not any(row)), shift)
    for kind in (X.KeyPress, X.KeyRelease):
        display.xtest_fake_input(kind, spare)
    display.sync()
    display.close()
