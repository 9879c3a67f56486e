"""Settings: where they come from, which wins, and what is said about those that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import config
from pipeline.errors import UsageError


def written(directory: Path, text: str) -> Path:
    path = directory / "config.toml"
    path.write_text(text)
    return path


def test_defaults_give_way_to_the_file_the_file_to_the_environment_and_that_to_the_command_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[vad]\nhangover_ms = 700\nonset_ms = 120\naggressiveness = 1\n")
    settings = config.load(
        path, {"STENO_VAD_HANGOVER_MS": "800", "STENO_VAD_ONSET_MS": "140"}, {"vad.hangover_ms": "900"}
    )
    assert settings.vad.hangover_ms == 900
    assert settings.vad.onset_ms == 140
    assert settings.vad.aggressiveness == 1
    assert settings.vad.pre_roll_ms == 1000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[vad]\nhangover = 3\n", ["config.toml", "vad.hangover", "hangover_ms"]),
        ("[vda]\n", ["config.toml", "[vda]", "vad"]),
        ("vad = 3\n", ["config.toml", "vad must be a section"]),
        ("[vad]\nhangover_ms = 99999\n", ["config.toml", "vad.hangover_ms", "5000", "99999"]),
        ('[vad]\nhangover_ms = "long"\n', ["config.toml", "vad.hangover_ms", "int"]),
        (
            '[daemon]\nmode = "never"\n',
            ["config.toml", "daemon.mode: invalid enum value 'never'\n", "always, on-demand"],
        ),
        (
            '[hotkey]\nbindings = [{ key = "f9", output = "x" }]\n',
            ["hotkey.bindings[0].output", "empty, final, commit"],
        ),
        ('[typing]\nrules = [{ program = "a", newline = 3 }]\n', ["typing.rules[0].newline", "One of: "]),
        ("[stream]\nhold_back_s = nan\n", ["config.toml", "stream.hold_back_s"]),
        ("[vad\n", ["config.toml", "TOML"]),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_place(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        config.load(written(tmp_path, text), {}, {})
    for words in told:
        assert words in str(caught.value)


def test_a_mistyped_variable_is_an_error_and_foreign_ones_are_not() -> None:
    with pytest.raises(UsageError, match="STENO_VAD_HANGOVR_MS"):
        config.load(None, {"STENO_VAD_HANGOVR_MS": "900"}, {})
    assert config.load(None, {"STENO_RUNTIME_DIR": "/x", "STENO_CACHE_DIR": "/y", "HOME": "/z"}, {}) == config.load(
        None, {}, {}
    )


@pytest.mark.parametrize(("text", "value"), [("true", True), ("on", True), ("0", False), ("No", False)])
def test_truth_may_be_written_in_several_ways(text: str, value: bool) -> None:
    assert config.load(None, {"STENO_STREAM_COMMIT": text}, {}).stream.commit is value


@pytest.mark.parametrize("overrides", [{"stream.commit": "perhaps"}, {"vad.x": "1"}, {"x": "1"}, {"vad": "1"}])
def test_what_is_wrong_on_the_command_line_is_named(overrides: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="command line"):
        config.load(None, {}, overrides)


def test_an_utterance_cannot_keep_more_silence_than_ends_it_wherever_the_two_keys_come_from(tmp_path: Path) -> None:
    path = written(tmp_path, "[vad]\ntail_ms = 500\n")
    assert config.load(path, {}, {"vad.hangover_ms": "500"}).vad.tail_ms == 500
    with pytest.raises(UsageError, match=r"vad\.tail_ms is 500, more than vad\.hangover_ms, which is 400"):
        config.load(path, {"STENO_VAD_HANGOVER_MS": "400"}, {})
    with pytest.raises(UsageError, match=r"lower vad\.tail_ms or raise vad\.hangover_ms"):
        config.check("[vad]\nhangover_ms = 100\n", "config.toml")
