from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import ModelError
from model.json_file import Node, load, parsed


def test_what_is_written_is_read() -> None:
    assert parsed('{"a": ["\\ud83d\\ude00", "\\u0120", 1.5]}') == {"a": ["\U0001f600", "\u0120", 1.5]}
    assert parsed(b'{"a": null}') == {"a": None}


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"a":' * 100_000, '{"\\ud800": 1}', '["\\uDFFF"]', "9" * 5_000]
)
def test_what_is_no_json_or_cannot_be_written_again_is_refused(tmp_path: Path, text: str) -> None:
    for given in (text, text.encode()):
        with pytest.raises(ValueError):  # noqa: PT011  # json's own words differ
            parsed(given)
    (tmp_path / "file.json").write_text(text)
    with pytest.raises(ModelError, match=r"file\.json cannot be read"):
        load(tmp_path / "file.json")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1.0", "0", "1e300", "true", '"1"'])
def test_a_number_that_no_library_takes_is_refused_by_file_and_key(tmp_path: Path, value: str) -> None:
    node = Node(tmp_path / "file.json", ("part",), parsed(f'{{"key": {value}}}'))
    with pytest.raises(ModelError, match=r"file\.json:part\.key is"):
        node.positive("key")


def test_a_size_has_a_limit(tmp_path: Path) -> None:
    node = Node(tmp_path / "file.json", (), {"key": 12, "large": 10**30})
    assert node.size("key") == node.size("key", most=12) == 12
    with pytest.raises(ModelError, match="key is 12, expected a number from 1 to 11"):
        node.size("key", most=11)
    with pytest.raises(ModelError, match="large is 1000"):
        node.size("large")
