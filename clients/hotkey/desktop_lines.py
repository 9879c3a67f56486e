"""What to write into a desktop's own settings so that it runs Steno when a key is pressed.

It owns the lines for each desktop, and what it can be told: not all of them run a command when a key is let go. It does
not know the desktop that is running.

Facts: sway(5), "bindsym"; Hyprland's wiki, "Binds"; the schema org.gnome.settings-daemon.plugins.media-keys.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import msgspec

from clients.hotkey.keys import MOUSE, Chord, Keys, is_modifier, parse
from clients.hotkey.xkb_names import xkb_name
from pipeline.desktop_settings import Binding

SWAY = {"ctrl": "Ctrl", "alt": "Mod1", "shift": "Shift", "cmd": "Mod4", "alt_gr": "Mod5"}
HYPRLAND = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "cmd": "SUPER", "alt_gr": "MOD5"}
GNOME = {"ctrl": "<Control>", "alt": "<Alt>", "shift": "<Shift>", "cmd": "<Super>", "alt_gr": "<Mod5>"}
KERNEL_BUTTONS = {"mouse:middle": 274, "mouse:x1": 275, "mouse:x2": 276}
"""BTN_MIDDLE, BTN_SIDE, BTN_EXTRA of linux/input-event-codes.h."""
MEDIA_KEYS = "org.gnome.settings-daemon.plugins.media-keys"
FOLDER = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings"


def all_lines(kind: str, keys: Keys) -> list[str]:
    """The lines of all bindings."""
    return [line for number, binding in enumerate(keys.bindings) for line in lines(kind, binding, number)]


def lines(kind: str, binding: Binding, number: int = 0) -> list[str]:
    """What to write for one binding; a line that begins with `#` says something about the next.

    Where the desktop can run a command at a release, a key of action hold or auto is held; elsewhere it toggles.

    Args:
        kind: as `clients.desktop.desktops.kind`; of an unknown desktop the commands alone are told.
        binding: the key and what it does.
        number: of the binding, where the desktop wants a name for each.
    """
    chord = parse(binding.key, "key")
    held = binding.action != "toggle"
    if kind == "sway":
        return _sway(chord, binding, held)
    if kind == "hyprland":
        return _hyprland(chord, binding, held)
    if kind == "gnome":
        return _gnome(chord, binding, number)
    if kind == "kde":
        return [
            f"# {binding.key}: System Settings > Keyboard > Shortcuts > Add New > Command or Script.",
            "# KDE runs nothing at a release, so the key toggles. The command:",
            steno("toggle", binding),
        ]
    return [
        f"# Have the desktop run this when {binding.key} is pressed:",
        steno("start" if held else "toggle", binding),
        *(["# and this when it is let go (or, if it cannot, `steno toggle` for both):", steno("stop")] if held else []),
    ]


def steno(command: str, binding: Binding | None = None) -> str:
    """The command line: by its whole path, where a desktop would not find it by name."""
    own = Path(sys.argv[0])
    found = shutil.which("steno")
    program = "steno" if found else str(own.resolve()) if own.name == "steno" else "steno"
    words = [program, command]
    if binding is not None:
        given = (("--language", binding.language), ("--context", binding.context), ("--output", binding.output))
        words += [word for option, value in given if value for word in (option, value)]
    return shlex.join(words)


def _modifiers(chord: Chord, names: dict[str, str]) -> list[str]:
    """The desktop's names of the modifiers; none of them tells left from right."""
    plain = {name if name == "alt_gr" else name.removesuffix("_l").removesuffix("_r") for name in chord.modifiers}
    return [names[name] for name in names if name in plain]


def _sway(chord: Chord, binding: Binding, held: bool) -> list[str]:
    if chord.key.startswith(MOUSE):
        code = KERNEL_BUTTONS[chord.key]
        keys = "+".join([*_modifiers(chord, SWAY), str(code)])
        if not held:
            return [f"bindcode --whole-window {keys} exec {steno('toggle', binding)}"]
        start = f"bindcode --whole-window {keys} exec {steno('start', binding)}"
        return [start, f"bindcode --whole-window --release {keys} exec {steno('stop')}"]
    keys = "+".join([*_modifiers(chord, SWAY), xkb_name(chord.key)])
    if not held:
        return [f"bindsym --no-repeat {keys} exec {steno('toggle', binding)}"]
    return [
        f"bindsym --no-repeat {keys} exec {steno('start', binding)}",
        f"bindsym --release {keys} exec {steno('stop')}",
    ]


def _hyprland(chord: Chord, binding: Binding, held: bool) -> list[str]:
    key = f"mouse:{KERNEL_BUTTONS[chord.key]}" if chord.key.startswith(MOUSE) else xkb_name(chord.key)
    modifiers = _modifiers(chord, HYPRLAND)
    pressed = f"{' '.join(modifiers)}, {key}"
    own = _modifiers(Chord("", frozenset({chord.key})), HYPRLAND) if is_modifier(chord.key) else []
    let_go = f"{' '.join([*modifiers, *own])}, {key}"  # a modifier that is let go is in force itself
    if not held:
        return [f"bind = {pressed}, exec, {steno('toggle', binding)}"]
    return [f"bind = {pressed}, exec, {steno('start', binding)}", f"bindr = {let_go}, exec, {steno('stop')}"]


def _gnome(chord: Chord, binding: Binding, number: int) -> list[str]:
    if is_modifier(chord.key) or chord.key.startswith(MOUSE):
        other = msgspec.structs.replace(binding, key="f9")
        told = f"# GNOME cannot bind {binding.key}, only keys such as F9 or Ctrl+Alt+D. With F9 in its place:"
        return [told, *_gnome(Chord("f9"), other, number)]
    path = f"{FOLDER}/steno{number}/"
    one = f"{MEDIA_KEYS}.custom-keybinding:{path}"
    accelerator = "".join([*_modifiers(chord, GNOME), xkb_name(chord.key)])
    add = (
        f"old=$(gsettings get {MEDIA_KEYS} custom-keybindings | sed \"s/^@as //; s/]$//; s/'$/', /\"); "
        f"gsettings set {MEDIA_KEYS} custom-keybindings \"$old'{path}']\""
    )
    return [
        f"# {binding.key}, for a terminal; GNOME runs nothing at a release, so the key toggles.",
        f"gsettings set {one} name {shlex.quote('Steno: ' + binding.key)}",
        f"gsettings set {one} command {shlex.quote(steno('toggle', binding))}",
        f"gsettings set {one} binding {shlex.quote(accelerator)}",
        "# once: adds it to the list of your own shortcuts",
        add,
    ]
