"""What several tests of the recipe need and what takes long to make: a bundle of two synthesisers."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the step speech.bundle, with espeak-ng and flite."""
    from model.miniature.recipe.speech.bundle import main

    folder = tmp_path_factory.mktemp("engines") / "bundle"
    assert main(["--out", str(folder), "--only", "espeak,flite"]) == 0
    return folder
