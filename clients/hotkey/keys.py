"""The names of keys, and the chords that bindings are made of.

It owns what may stand in `hotkey.bindings` and which bindings get in each other's way. It does not know how a system
numbers its keys: each listener maps these names to its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.desktop_settings import Binding, HotkeySettings
from pipeline.errors import UsageError

CAPS_LOCK = "caps_lock"
LOCKS = (CAPS_LOCK, "num_lock", "scroll_lock")
MOUSE = "mouse:"
MODIFIERS = ("ctrl", "alt", "shift", "cmd")
"""Each stands for the left and the right key of that name."""
_SIDED = tuple(f"{name}_{side}" for name in MODIFIERS for side in "lr")
MODIFIER_KEYS = frozenset({*_SIDED, "alt_gr"})
_TYPED = ("space", "enter", "backspace", "tab")
NAMES = (
    *MODIFIERS,
    *_SIDED,
    "alt_gr",
    *LOCKS,
    *("esc", "insert", "delete", "home", "end", "page_up", "page_down"),
    *("up", "down", "left", "right", "menu", "pause", "print_screen"),
    *_TYPED,
    *(f"f{number}" for number in range(1, 25)),
    *("media_play_pause", "media_stop", "media_next", "media_previous"),
    *("media_volume_up", "media_volume_down", "media_volume_mute"),
    *("mouse:middle", "mouse:x1", "mouse:x2"),
)
"""Every key that has a name, as pynput names them; besides, any character that a key types without Shift."""
OTHER_NAMES = {
    "control": "ctrl",
    "escape": "esc",
    "capslock": CAPS_LOCK,
    "return": "enter",
    "super": "cmd",
    "win": "cmd",
    "meta": "cmd",
    "option": "alt",
    "altgr": "alt_gr",
    "del": "delete",
    "ins": "insert",
    "pageup": "page_up",
    "pagedown": "page_down",
}
"""What others call them."""


@dataclass(frozen=True, slots=True)
class Chord:
    """Keys that are pressed together: the modifiers first, `key` last."""

    key: str
    modifiers: frozenset[str] = frozenset()

    def __str__(self) -> str:
        first = [name for name in NAMES if name in self.modifiers]
        return "+".join([*first, self.key])


@dataclass(frozen=True, slots=True)
class Keys:
    """What a listener is to hear."""

    bindings: tuple[Binding, ...]
    chords: tuple[Chord, ...]
    """Of each binding."""
    cancel: Chord | None
    tap_ns: int


def covers(name: str, key: str) -> bool:
    """Whether this name means that key: `ctrl` means `ctrl_l` and `ctrl_r`, and itself."""
    return name == key or (name in MODIFIERS and key in (f"{name}_l", f"{name}_r"))


def is_modifier(name: str) -> bool:
    """Whether it is a key that changes what other keys do; CapsLock and NumLock are none."""
    return name in MODIFIERS or name in MODIFIER_KEYS


def counts(chord: Chord) -> bool:
    """Whether a press of it is one that a desktop counts: not that of a modifier or a lock."""
    return not is_modifier(chord.key) and chord.key not in LOCKS


def read(settings: HotkeySettings, key: str | None = None, action: str | None = None) -> Keys:
    """The keys of the settings; `key` and `action` are those of the command line, in the place of all bindings.

    Raises:
        UsageError: an unknown name, or two that get in each other's way.
    """
    bindings, places = settings.bindings, [f"hotkey.bindings[{i}].key" for i in range(len(settings.bindings))]
    if action is not None and key is None:
        raise UsageError("--action says what --key does, and there is no --key", "Give both: --key f9 --action hold")
    if key is not None:
        given = next(name for name in ("auto", "hold", "toggle") if name == (action or "auto"))
        bindings, places = (Binding(key=key, action=given),), ["--key"]
    if not bindings:
        raise UsageError("hotkey.bindings: no key is bound", 'Add one to config.toml: bindings = [{ key = "ctrl_r" }]')
    chords = tuple(parse(binding.key, place) for binding, place in zip(bindings, places, strict=True))
    for place, chord in zip(places, chords, strict=True):
        _require_spare(chord, place)
    _require_apart(list(zip(places, chords, strict=True)))
    cancel = parse(settings.cancel, "hotkey.cancel") if settings.cancel else None
    for place, chord in zip(places, chords, strict=True):
        if cancel is not None and _overlap(cancel, chord):
            raise UsageError(
                f"hotkey.cancel and {place} are the same key: {chord}",
                "Choose another for one of them; an empty hotkey.cancel is none.",
            )
    return Keys(bindings, chords, cancel, settings.tap_ms * 1_000_000)


def parse(text: str, place: str) -> Chord:
    """The chord of `ctrl+alt+d`.

    Raises:
        UsageError: it names no key that there is, or one that cannot be spared.
    """
    parts = [part.strip().lower() for part in text.split("+")]
    names = [OTHER_NAMES.get(part, part) for part in parts]
    if "" in names:
        what = f"a key is missing beside a + in {text!r}" if len(names) > 1 else "no key is named"
        raise UsageError(f"{place}: {what}", "Write the modifiers first and one key last: ctrl+alt+d")
    for name in names:
        if name in ("mouse:left", "mouse:right"):
            raise UsageError(f"{place}: {name} is needed for pointing", "Take mouse:middle, mouse:x1 or mouse:x2.")
        if name not in NAMES and not _is_character(name):
            within = f" in {text!r}" if len(parts) > 1 else ""
            raise UsageError(f"{place}: unknown key {name!r}{within}", _nearest(name))
    *first, last = names
    for name in first:
        if not is_modifier(name):
            raise UsageError(
                f"{place}: {name} comes before another key in {text!r}, but only Ctrl, Alt, Shift and Super are held",
                "Write those first and one key last: ctrl+alt+d",
            )
    if len(set(names)) < len(names) or any(covers(name, last) or covers(last, name) for name in first):
        raise UsageError(f"{place}: the same key twice in {text!r}", "Write each once: ctrl+alt+d")
    return Chord(last, frozenset(first))


def _is_character(name: str) -> bool:
    return len(name) == 1 and name.isprintable() and not name.isspace()


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, [*NAMES, *OTHER_NAMES], n=4, cutoff=0.5)
    meant = list(dict.fromkeys(OTHER_NAMES.get(found, found) for found in near))
    return (f"Near it: {', '.join(meant)}. " if meant else "") + "docs/hotkeys.md lists the names."


def _require_spare(chord: Chord, place: str) -> None:
    """Refuse a key that is needed for typing."""
    if (chord.key in _TYPED or _is_character(chord.key)) and not any(
        not covers("shift", name) for name in chord.modifiers
    ):
        raise UsageError(
            f"{place}: {chord} is needed for typing", f"Take another, or hold something with it: ctrl+alt+{chord.key}"
        )


def _require_apart(chords: list[tuple[str, Chord]]) -> None:
    """Refuse two bindings of which one would always act when the other is meant."""
    for index, (place, chord) in enumerate(chords):
        for other_place, other in chords[:index]:
            if _overlap(chord, other):
                what = f"are both {chord}" if chord == other else f"get in each other's way: {other} and {chord}"
                raise UsageError(f"{other_place} and {place} {what}", "Choose another key for one of them.")
            for short, long in ((chord, other), (other, chord)):
                if not short.modifiers and any(covers(short.key, name) for name in long.modifiers):
                    raise UsageError(
                        f"{other_place} and {place} get in each other's way: {long} begins with {short}",
                        "Choose another key for one of them.",
                    )


def _overlap(one: Chord, other: Chord) -> bool:
    """Whether they end with the same key, and the modifiers of one are among those of the other."""
    if not (covers(one.key, other.key) or covers(other.key, one.key)):
        return False
    return _among(one.modifiers, other.modifiers) or _among(other.modifiers, one.modifiers)


def _among(few: Iterable[str], many: Iterable[str]) -> bool:
    return all(any(covers(name, key) or covers(key, name) for key in many) for name in few)
