"""Which back-end types: the one that was asked for, or the best that works here.

It owns the order in which back-ends are tried on each kind of desktop, and the sentence that says what was chosen. How
a back-end finds out whether it works is its own business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clients.desktop.desktops import NAMES, kind
from clients.desktop.window import Desktop
from clients.typist.backend import Backend, Probe
from pipeline.errors import StenoError, UsageError

WLROOTS = ("wtype", "dotool", "ydotool", "portal", "paste")
OTHERS = ("portal", "dotool", "ydotool")
ORDER = {
    "x11": ("x11", "paste"),
    "sway": WLROOTS,
    "hyprland": WLROOTS,
    "wayland": WLROOTS,
    "gnome": OTHERS,
    "kde": OTHERS,
    "windows": ("pynput",),
    "macos": ("pynput",),
}
"""Kind of desktop -> what `auto` tries, the best first. xdotool mistypes, and pynput does not reach every program of
X11: both are there for those who ask for them."""

Maker = Callable[[Mapping[str, str], Desktop], Backend]


def _x11(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.x11 import X11Backend

    return X11Backend(environ.get("DISPLAY", ""), desktop)


def _paste(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.paste import PasteBackend

    return PasteBackend(environ, desktop)


def _wtype(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.wtype import WtypeBackend

    return WtypeBackend(environ, desktop)


def _portal(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.portal import PortalBackend

    return PortalBackend(environ, desktop)


def _dotool(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.dotool import DotoolBackend

    return DotoolBackend(environ, desktop)


def _ydotool(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.ydotool import YdotoolBackend

    return YdotoolBackend(environ, desktop)


def _xdotool(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.xdotool import XdotoolBackend

    return XdotoolBackend(environ, desktop)


def _pynput(environ: Mapping[str, str], desktop: Desktop) -> Backend:
    from clients.typist.backends.pynput_keys import PynputBackend

    return PynputBackend(environ, desktop)


MAKERS: dict[str, Maker] = {
    "x11": _x11,
    "wtype": _wtype,
    "portal": _portal,
    "paste": _paste,
    "dotool": _dotool,
    "ydotool": _ydotool,
    "xdotool": _xdotool,
    "pynput": _pynput,
}


def make(name: str, environ: Mapping[str, str], desktop: Desktop) -> Backend:
    """The back-end of that name, whether it works here or not.

    Raises:
        UsageError: there is none of that name.
    """
    maker = MAKERS.get(name)
    if maker is None:
        raise UsageError(f"There is no back-end {name!r} for typing", hint=f"one of: auto, {', '.join(MAKERS)}")
    return maker(environ, desktop)


def survey(environ: Mapping[str, str], desktop: Desktop) -> list[tuple[str, Probe]]:
    """Every back-end by name, those first that `auto` tries here, and whether it works."""
    tried = ORDER.get(kind(environ), ())
    return [(name, _probe(name, environ, desktop)) for name in (*tried, *(n for n in MAKERS if n not in tried))]


def choose(name: str, environ: Mapping[str, str], desktop: Desktop, exclude: Sequence[str] = ()) -> tuple[Backend, str]:
    """The back-end of that name, or with `auto` the best that works here and is not excluded.

    Returns:
        It, and a sentence that says what types and why.

    Raises:
        UsageError: there is none of that name.
        StenoError: it does not work here, or none does.
    """
    here = kind(environ)
    if here == "none":
        raise StenoError(
            "There is no desktop to type into: neither DISPLAY nor WAYLAND_DISPLAY is set",
            hint="run this in a terminal of your desktop; for a service, have the session pass them on: "
            "systemctl --user import-environment DISPLAY WAYLAND_DISPLAY XDG_SESSION_TYPE XDG_CURRENT_DESKTOP",
        )
    if name != "auto":
        backend = make(name, environ, desktop)
        probe = backend.probe()
        if not probe.usable:
            backend.close()
            raise StenoError(f"The back-end {name} cannot type here: {probe.text}", hint=probe.hint)
        return backend, f"{name} types, as asked for: {probe.text}."
    missed: list[tuple[str, Probe]] = []
    for candidate in ORDER[here]:
        if candidate in exclude:
            continue
        backend = make(candidate, environ, desktop)
        probe = backend.probe()
        if probe.usable:
            return backend, _sentence(candidate, probe, here, missed)
        backend.close()
        missed.append((candidate, probe))
    found = "; ".join(f"{candidate}: {probe.text}" for candidate, probe in missed) or "all that there are have failed"
    hint = next((probe.hint for _, probe in missed if probe.hint), "")
    raise StenoError(f"Nothing can type on {NAMES[here]}: {found}", hint=hint)


def _sentence(name: str, probe: Probe, here: str, missed: Sequence[tuple[str, Probe]]) -> str:
    text = f"{name} types, the best that works on {NAMES[here]}: {probe.text}"
    if not missed:
        return f"{text}."
    better, why = missed[0]
    return f"{text}. {better} would be better, but {why.text}" + (f" ({why.hint})." if why.hint else ".")


def _probe(name: str, environ: Mapping[str, str], desktop: Desktop) -> Probe:
    backend = make(name, environ, desktop)
    try:
        return backend.probe()
    finally:
        backend.close()
