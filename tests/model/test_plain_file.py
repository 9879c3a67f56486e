from __future__ import annotations

import os
from pathlib import Path

import pytest

from model.errors import ModelError
from model.plain_file import checked_file, read_text


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        checked_file(path, "Look again.")
    assert caught.value.hint == "Look again."
    return caught.value.message


def test_a_file_s_size_and_text_are_given(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("größer", encoding="utf-8")
    assert checked_file(tmp_path / "file", "").st_size == 8
    assert read_text(tmp_path / "file", "") == "größer"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == f"{tmp_path / 'pipe'} is no file"


def test_links_that_lead_nowhere_or_in_a_circle_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "lost").symlink_to(tmp_path / "nothing")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "link to a file that is missing" in refused(tmp_path / "lost")
    assert "leads in a circle" in refused(tmp_path / "circle")
    assert refused(tmp_path / "nothing").endswith("nothing is missing")


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert "no name of a file" in refused(tmp_path / "a\0b")
    assert "cannot be read" in refused(tmp_path / ("a" * 300))


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="file cannot be read"):
        read_text(tmp_path / "file", "")
