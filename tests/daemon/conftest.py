"""What several tests of the daemon need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.daemon.pressed import LoudVad


@pytest.fixture
def loud_vad() -> Iterator[None]:
    """Speech is what is loud."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.cutter.Vad", LoudVad)
        yield
