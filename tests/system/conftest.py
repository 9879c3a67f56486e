"""A sound server of its own for each test that listens, and the hub's side of a runtime directory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.desktop.x11_desktop import X11Desktop
from clients.typist.backends.x11 import X11Backend
from pipeline.sockets import Inbox, Wire
from tests.system.screen import Screen
from tests.system.sound_server import DEFAULTS, MICROPHONE, SINK, SoundServer, require_packages
from tests.system.wayland_screen import WaylandScreen
from tests.system.x11_person import Person


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory whose path leaves room for the names of sockets."""
    directory = Path(tempfile.mkdtemp(prefix="steno-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def start_server(short_directory: Path) -> Iterator[Callable[[str], SoundServer]]:
    """Starts a sound server with the given lines in its script."""
    require_packages()
    servers: list[SoundServer] = []

    def start(setup: str) -> SoundServer:
        directory = short_directory / f"sound{len(servers)}"
        directory.mkdir()
        servers.append(SoundServer(directory, setup))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def sound_server(start_server: Callable[[str], SoundServer]) -> SoundServer:
    """A sound server with the sink `fake`; what is played into it is heard by the microphone `mic`."""
    return start_server(f"load-module {SINK}\nload-module {MICROPHONE}\n{DEFAULTS}")


@pytest.fixture
def runtime(short_directory: Path) -> Path:
    """A runtime directory."""
    directory = short_directory / "r"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def wire(runtime: Path) -> Iterator[Wire]:
    """The hub's side of the runtime directory."""
    with Wire(runtime) as opened:
        yield opened


@pytest.fixture
def inbox(wire: Wire) -> Inbox:
    """The hub's inbox."""
    return wire.inbox("hub")


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """An X screen with a window manager."""
    directory = tmp_path / "screen"
    directory.mkdir()
    opened = Screen(directory)
    yield opened
    opened.close()


@pytest.fixture
def wayland() -> Iterator[WaylandScreen]:
    """A Wayland screen with sway."""
    opened = WaylandScreen()
    yield opened
    opened.close()


@pytest.fixture
def person(screen: Screen) -> Person:
    """Somebody else on the X screen."""
    return Person(screen)


@pytest.fixture
def desktop(screen: Screen) -> Iterator[X11Desktop]:
    """The X screen as the typist sees it."""
    opened = X11Desktop(screen.environ["DISPLAY"])
    yield opened
    opened.close()


@pytest.fixture
def backend(screen: Screen) -> Iterator[X11Backend]:
    """The back-end that types on the X screen."""
    made = X11Backend(screen.environ["DISPLAY"])
    yield made
    made.close()
