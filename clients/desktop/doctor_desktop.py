"""The doctor's check of the desktop: which it is, what it tells, and what can type there.

It owns the wording. The answers are those of the desktop, of accessibility and of the back-ends themselves.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping

from clients import place
from clients.desktop import accessibility
from clients.desktop.accessibility import Accessibility
from clients.desktop.desktops import NAMES, kind, open_desktop
from clients.desktop.window import Desktop
from clients.doctor_finding import Finding
from clients.typist import choice
from pipeline.desktop_settings import TypingSettings
from pipeline.errors import StenoError

NAME = "desktop"
SWITCH_ON = "gsettings set org.gnome.desktop.interface toolkit-accessibility true"


def check(arguments: argparse.Namespace) -> Finding:
    """What `steno type` finds here. Nothing of it is needed for the daemon, so nothing counts as broken."""
    settings, here = place.settings(arguments).typing, kind(os.environ)
    if here == "none":
        return Finding(NAME, "ok", "there is none here: neither DISPLAY nor WAYLAND_DISPLAY is set")
    try:
        desktop = open_desktop(os.environ)
    except StenoError as error:
        return Finding(NAME, "warning", f"{NAMES[here]}: {error.message}", error.hint)
    try:
        return _found(settings, os.environ, desktop)
    finally:
        desktop.close()


def _found(settings: TypingSettings, environ: Mapping[str, str], desktop: Desktop) -> Finding:
    hints = []
    try:
        backend, said = choice.choose(settings.backend, environ, desktop)
        backend.close()
        typist = f"{said.removesuffix('.')} (typing.backend = {settings.backend})"
    except StenoError as error:
        typist = error.message
        hints.append(error.hint or "docs/desktop.md says what each desktop needs.")
    passwords, advice = _passwords(environ)
    if advice:
        hints.append(advice)
    details = [_focus(settings, desktop), passwords, *_survey(environ, desktop)]
    all_well = not hints and desktop.sees_focus
    return Finding(NAME, "ok" if all_well else "warning", f"{desktop.name}; {typist}", "\n".join(hints), tuple(details))


def _focus(settings: TypingSettings, desktop: Desktop) -> str:
    if desktop.sees_focus:
        return "focus: it tells which window has it"
    does = {"type": "text is typed all the same", "keep": "text is kept"}[settings.unknown_window]
    return f"focus: it does not tell which window has it; {does} (typing.unknown_window = {settings.unknown_window})"


def _passwords(environ: Mapping[str, str]) -> tuple[str, str]:
    """Whether password fields are seen, and what to do if not."""
    if kind(environ) in ("windows", "macos"):
        return "password fields: not seen on this system", ""
    asked = Accessibility(environ)
    try:
        if asked.missing:
            return f"password fields: not seen; {asked.missing}", accessibility.PACKAGES
        if not asked.enabled():
            return f"password fields: seen in GTK and Qt programs; in browsers after `{SWITCH_ON}`", ""
        return "password fields: seen in programs that take part in accessibility", ""
    finally:
        asked.close()


def _survey(environ: Mapping[str, str], desktop: Desktop) -> Iterator[str]:
    for name, probe in choice.survey(environ, desktop):
        yield f"{name}: {'can type' if probe.usable else 'cannot'}: {probe.text}" + (
            f" ({probe.hint})" if probe.hint and not probe.usable else ""
        )
