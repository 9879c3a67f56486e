"""Which listener is chosen, why others are not, and the lines for a desktop that owns the keys."""

from __future__ import annotations

import subprocess

import pytest

from clients.hotkey import choice, desktop_lines
from clients.hotkey.choice import choose
from clients.hotkey.keys import Keys, parse
from clients.hotkey.listener import Hearing
from clients.hotkey.portal_shortcuts import PortalShortcuts
from clients.hotkey.pynput_keys import PynputKeys
from pipeline.desktop_settings import Binding
from pipeline.errors import StenoError, UsageError

SWAY = {"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": "wayland-1", "SWAYSOCK": "/nowhere", "DISPLAY": ":99"}
HOLD = Binding(key="f9", action="hold")


@pytest.fixture(autouse=True)
def _steno_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.hotkey.desktop_lines.shutil.which", lambda name: f"/usr/bin/{name}")


@pytest.fixture
def no_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PortalShortcuts, "probe", lambda self: Hearing(False, "no portal", "none"))


def keys(*bindings: Binding) -> Keys:
    return Keys(bindings, tuple(parse(binding.key, "key") for binding in bindings), None, 250_000_000)


@pytest.mark.parametrize("name", ["x11", "pynput"])
def test_what_hears_only_x11_windows_is_refused_on_wayland_with_the_reason(name: str) -> None:
    with pytest.raises(StenoError, match=r"only keys pressed in windows of X11 programs"):
        choose(name, keys(HOLD), SWAY)


@pytest.mark.usefixtures("no_portal")
def test_on_wayland_without_a_portal_the_lines_of_the_desktop_are_told() -> None:
    with pytest.raises(StenoError, match="the desktop itself owns the keys") as caught:
        choose("auto", keys(HOLD), SWAY)
    assert "bindsym --no-repeat F9 exec steno start\nbindsym --release F9 exec steno stop" in caught.value.hint


def test_on_wayland_with_a_portal_that_is_taken_and_never_evdev(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PortalShortcuts, "probe", lambda self: Hearing(True, "shortcuts"))
    listener, why = choose("auto", keys(HOLD), SWAY)
    assert listener.name == "portal"
    assert why == "portal (sway): shortcuts"
    assert all("evdev" not in names for names in choice.AUTO.values())


def test_without_a_display_that_is_said() -> None:
    with pytest.raises(StenoError, match="there is no desktop session"):
        choose("auto", keys(HOLD), {})
    for name in ("x11", "pynput"):
        with pytest.raises(StenoError, match=rf"hotkey\.backend {name}: there is no X display"):
            choose(name, keys(HOLD), {})


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(StenoError, match=r":4242") as caught:
        choose("x11", keys(HOLD), {"DISPLAY": ":4242", "XDG_SESSION_TYPE": "x11"})
    assert caught.value.hint


def test_an_unknown_listener_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        choose("kernel", keys(HOLD), {})
    assert caught.value.hint == "There are: auto, x11, pynput, portal, evdev"


def test_on_macos_what_must_be_allowed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.desktop.input_library.accessible", lambda: False)
    found = PynputKeys({}, "darwin").probe()
    assert not found.usable
    assert "Accessibility" in found.hint


@pytest.mark.parametrize(
    ("kind", "binding", "expected"),
    [
        ("sway", HOLD, ["bindsym --no-repeat F9 exec steno start", "bindsym --release F9 exec steno stop"]),
        ("sway", Binding(key="f9", action="toggle"), ["bindsym --no-repeat F9 exec steno toggle"]),
        (
            "sway",
            Binding(key="ctrl+alt+d", language="German"),
            [
                "bindsym --no-repeat Ctrl+Mod1+d exec steno start --language German",
                "bindsym --release Ctrl+Mod1+d exec steno stop",
            ],
        ),
        (
            "sway",
            Binding(key="ctrl_r"),
            ["bindsym --no-repeat Control_R exec steno start", "bindsym --release Control_R exec steno stop"],
        ),
        (
            "sway",
            Binding(key="mouse:x1"),
            [
                "bindcode --whole-window 275 exec steno start",
                "bindcode --whole-window --release 275 exec steno stop",
            ],
        ),
        ("hyprland", HOLD, ["bind = , F9, exec, steno start", "bindr = , F9, exec, steno stop"]),
        (
            "hyprland",
            Binding(key="ctrl_r"),
            ["bind = , Control_R, exec, steno start", "bindr = CTRL, Control_R, exec, steno stop"],
        ),
        ("hyprland", Binding(key="cmd+d", action="toggle"), ["bind = SUPER, d, exec, steno toggle"]),
        ("hyprland", Binding(key="ctrl+alt+;", action="toggle"), ["bind = CTRL ALT, semicolon, exec, steno toggle"]),
        ("hyprland", Binding(key="mouse:x2", action="toggle"), ["bind = , mouse:276, exec, steno toggle"]),
    ],
)
def test_the_lines_of_a_desktop(kind: str, binding: Binding, expected: list[str]) -> None:
    assert desktop_lines.lines(kind, binding) == expected


def test_a_context_with_blanks_stays_one_word_of_the_command() -> None:
    [line] = desktop_lines.lines("sway", Binding(key="f9", action="toggle", context="Ada Lovelace's notes"))
    assert line.endswith("""steno toggle --context 'Ada Lovelace'"'"'s notes'""")


def test_gnome_gets_what_it_can_bind_and_is_told_what_it_cannot() -> None:
    lines = desktop_lines.lines("gnome", Binding(key="ctrl+alt+d", language="German"), 1)
    assert any(line.endswith("binding '<Control><Alt>d'") for line in lines)
    assert any(line.endswith("command 'steno toggle --language German'") for line in lines)
    assert "steno1/" in lines[-1]
    assert "GNOME cannot bind ctrl_r" in desktop_lines.lines("gnome", Binding(key="ctrl_r"))[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@as []", "['/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/steno0/']"),
        ("['/a/']", "['/a/', '/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/steno0/']"),
    ],
)
def test_the_line_for_gnome_keeps_the_shortcuts_that_are_there(before: str, after: str) -> None:
    line = desktop_lines.lines("gnome", HOLD)[-1]
    shell = f'gsettings() {{ if [ $1 = get ]; then echo "{before}"; else echo "$4"; fi; }}; {line}'
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == after


@pytest.mark.parametrize("kind", ["kde", "wayland"])
def test_other_desktops_get_the_commands(kind: str) -> None:
    told = "\n".join(desktop_lines.lines(kind, Binding(key="f9")))
    assert "f9" in told
    assert "steno toggle" in told


def test_every_binding_gets_its_lines() -> None:
    assert len(desktop_lines.all_lines("sway", keys(HOLD, Binding(key="f10")))) == 4
