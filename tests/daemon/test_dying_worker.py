"""Real processes that die while they load, under a hub that turns in the test."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import daemon.hub
from daemon.hub import Hub
from daemon.supervisor import State
from pipeline.settings import AlignSettings, DaemonSettings, Settings
from pipeline.sockets import Wire


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(daemon.hub, "WORKER", "tests.daemon.dying_worker")
    runtime = Path(tempfile.mkdtemp(prefix="steno-"))
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))  # they are meant to die: no core files
    settings = Settings(daemon=DaemonSettings(source="none"), align=AlignSettings(enabled=False))
    with Wire(runtime) as wire:
        hub = Hub(settings, wire, Path("/nonexistent"), "d")
        yield hub
        hub.shut_down(5.0)
    resource.setrlimit(resource.RLIMIT_CORE, limits)
    shutil.rmtree(runtime)


def test_a_file_that_takes_its_worker_down_is_named_and_the_hub_lives_on(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    deadline = time.monotonic() + 60.0
    while set(hub.worker_states.values()) != {State.FAILED}:
        assert time.monotonic() < deadline, hub.worker_states
        hub.turn()
        time.sleep(0.02)
    for name in ("encoder", "decoder"):
        assert f"{name}: was killed by SIGABRT while it loaded /models/{name}.gguf, 2 times in a row" in caplog.text
        assert hub.supervisor.restarts(name) == 1
        assert caplog.text.count(f"the {name} was killed by SIGABRT; it is started again") == 1
    assert "steno model verify" in caplog.text
    hub.turn()
