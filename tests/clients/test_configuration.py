from __future__ import annotations

import os
import tomllib
from pathlib import Path

import msgspec
import pytest

from clients import configuration
from clients.config_text import documented, toml
from pipeline.config import load, sections
from pipeline.desktop_settings import Binding, Snippet
from pipeline.errors import StenoError, UsageError
from pipeline.settings import Settings
from tests.clients.conftest import ROOT, Steno

SHIPPED = ROOT / "config.toml"


def test_the_shipped_config_has_every_key_with_its_default_and_no_other() -> None:
    tree = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    keys = {name: set(table) for name, table in tree.items()}
    assert keys == {name: set(struct.__struct_fields__) for name, struct in sections().items()}
    assert load(SHIPPED, {}, {}) == Settings()


def test_the_shipped_config_is_the_text_made_from_the_structs() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == documented(), "write it again: see clients/config_text.py"


def test_every_key_is_explained() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    for struct in sections().values():
        for key in struct.__struct_fields__:
            place = next(i for i, line in enumerate(lines) if line.startswith(f"{key} = "))
            assert lines[place - 1].startswith("# ")


def test_texts_are_written_so_that_toml_reads_them_back() -> None:
    for text in ('a "quoted" word', "back\\slash", "line\nbreak", "\x7f\x01", "Grüße"):
        assert tomllib.loads(f"x = {toml(text)}")["x"] == text


def test_tables_within_a_section_come_from_every_place(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[text.snippets]]\nsay = "my address"\ninsert = "1 Main Street\\nTown"\n')
    settings = load(file, {"STENO_HOTKEY_BINDINGS": '[{ key = "f9", action = "hold" }]'}, {"typing.excluded": '["x*"]'})
    assert settings.text.snippets == (Snippet(say="my address", insert="1 Main Street\nTown"),)
    assert settings.hotkey.bindings == (Binding(key="f9", action="hold"),)
    assert settings.typing.excluded == ("x*",)
    assert tomllib.loads(f"x = {toml(settings.hotkey.bindings)}")["x"] == [{"key": "f9", "action": "hold"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[hotkey.bindings]]\naction = "hold"\n', "hotkey.bindings[0]"),
        ('[[hotkey.bindings]]\nkey = "f9"\nacton = "hold"\n', "acton"),
        ('[[typing.rules]]\nnewline = "return"\n', "typing.rules[0].newline"),
        ('[typing]\nrules = "none"\n', "typing.rules"),
    ],
)
def test_what_is_wrong_within_a_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(file, {}, {})
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_config_says_where_each_value_comes_from(steno: Steno, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[vad]\nhangover_ms = 800\n")
    done = steno("config", "--config", str(file), STENO_VAD_ONSET_MS="60")
    assert done.returncode == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "hangover_ms = 800 # file" in lines
    assert "onset_ms = 60 # environment: STENO_VAD_ONSET_MS" in lines
    assert "aggressiveness = 2 # default" in lines
    assert msgspec.convert(tomllib.loads(done.stdout), Settings).vad.hangover_ms == 800


def test_init_writes_a_file_that_is_then_read_and_never_overwrites_one(steno: Steno) -> None:
    place = Path(steno("config", "--path").stdout.strip())
    assert not place.exists()
    assert steno("config", "--init").returncode == 0
    assert str(place) in steno("config").stdout
    again = steno("config", "--init")
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert place.read_text(encoding="utf-8") == documented()


def test_a_value_out_of_range_is_a_usage_error_that_names_the_variable(steno: Steno) -> None:
    done = steno("config", STENO_VAD_ONSET_MS="1")
    assert done.returncode == 2
    assert "STENO_VAD_ONSET_MS" in done.stderr


def test_init_on_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StenoError, match="No space left"):
        configuration._init(tmp_path / "config.toml")
    assert list(tmp_path.iterdir()) == []
