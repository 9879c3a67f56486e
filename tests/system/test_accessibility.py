"""Password fields, as a real GTK program tells of them over a real accessibility bus."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.desktop.accessibility import PASSWORD_FIELD, Accessibility
from clients.desktop.unknown_desktop import UnknownDesktop
from tests.system.screen import Field, Screen
from tests.system.session_bus import PACKAGES, SessionBusDaemon
from tests.system.sound_server import until

pytestmark = pytest.mark.system

LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")


@pytest.fixture
def session(screen: Screen, tmp_path: Path) -> Iterator[SessionBusDaemon]:
    """The bus of a session on the screen, whose programs take part in accessibility."""
    if not LAUNCHER.exists() or shutil.which("dbus-daemon") is None:
        pytest.fail(f"missing: at-spi2-core. Run `make test-system`, or: apt-get install {PACKAGES}")
    bus = SessionBusDaemon(tmp_path / "bus", {k: v for k, v in screen.environ.items() if k != "NO_AT_BRIDGE"})
    screen.environ = bus.environ
    yield bus
    bus.close()


@pytest.fixture
def accessibility(session: SessionBusDaemon) -> Iterator[Accessibility]:
    made = Accessibility(session.environ)
    yield made
    made.close()


def focus(field: Field, accessibility: Accessibility, secret: bool) -> None:
    field.focus()
    until(lambda: accessibility.focused_is_password() == secret)


def test_a_password_field_is_told_from_another(screen: Screen, accessibility: Accessibility) -> None:
    assert accessibility.missing == ""
    assert not accessibility.focused_is_password()
    plain, secret, terminal = screen.gtk(), screen.gtk("--secret"), screen.xterm()
    for _ in range(3):
        focus(secret, accessibility, True)
        focus(plain, accessibility, False)
        focus(secret, accessibility, True)
        # A program that takes no part does not tell that it has the focus now.
        focus(terminal, accessibility, False)


def test_a_field_that_had_the_focus_before_is_found(screen: Screen, session: SessionBusDaemon) -> None:
    plain, secret = screen.gtk(), screen.gtk("--secret")
    for field, answer in ((secret, True), (plain, False), (secret, True)):
        field.focus()

        def found(wanted: bool = answer) -> bool:
            late = Accessibility(session.environ)
            seen = late.focused_is_password()
            late.close()
            return seen == wanted

        until(found)


def test_a_focus_that_no_program_told_of_is_found(
    screen: Screen, accessibility: Accessibility, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Accessibility, "_heard", lambda *_: None)
    plain, secret, terminal = screen.gtk(), screen.gtk("--secret"), screen.xterm()
    focus(secret, accessibility, True)
    focus(plain, accessibility, False)
    focus(secret, accessibility, True)
    focus(terminal, accessibility, False)


def test_a_program_that_hangs_is_taken_at_its_last_word(screen: Screen, accessibility: Accessibility) -> None:
    secret = screen.gtk("--secret")
    focus(secret, accessibility, True)
    secret.process.send_signal(signal.SIGSTOP)
    assert accessibility.focused_is_password()
    assert accessibility.focused_is_password()
    secret.process.send_signal(signal.SIGCONT)
    assert accessibility.focused_is_password()


def test_a_hanging_program_does_not_hide_the_others(screen: Screen, session: SessionBusDaemon) -> None:
    other, secret = screen.gtk(), screen.gtk("--secret")
    other.focus()
    secret.focus()
    other.process.send_signal(signal.SIGSTOP)

    def found() -> bool:
        late = Accessibility(session.environ)
        seen = late.focused_is_password()
        late.close()
        return seen

    until(found)


def test_a_program_that_ends_leaves_no_password_field(screen: Screen, accessibility: Accessibility) -> None:
    secret = screen.gtk("--secret")
    focus(secret, accessibility, True)
    secret.close()
    assert not accessibility.focused_is_password()
    assert accessibility.missing == ""


def test_without_its_bus_accessibility_says_so(
    session: SessionBusDaemon, accessibility: Accessibility, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.desktop.accessibility.AGAIN_AFTER_S", 0.0)
    session.close()
    until(lambda: not accessibility.focused_is_password() and accessibility.missing != "")
    assert not accessibility.focused_is_password()


def test_a_desktop_that_cannot_be_asked_sees_passwords_all_the_same(screen: Screen, session: SessionBusDaemon) -> None:
    desktop = UnknownDesktop("GNOME (Wayland)", Accessibility(session.environ))
    assert desktop.secret() == ""
    secret = screen.gtk("--secret")
    secret.focus()
    until(lambda: desktop.secret() == PASSWORD_FIELD)
    desktop.close()


def test_whether_the_desktop_has_it_switched_on_is_told(
    session: SessionBusDaemon, accessibility: Accessibility
) -> None:
    assert not accessibility.enabled()
