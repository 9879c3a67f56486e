"""The page for users: its settings are ones that work, its commands are commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from clients.text import commands, spacing
from clients.text.form import Former, Style
from pipeline.desktop_settings import TextSettings, TypingSettings

PAGE = (Path(__file__).parents[3] / "docs" / "dictating.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def rows(heading: str) -> list[list[str]]:
    lines = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0].splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert len(table) > 2, heading
    return table[2:]


def settings(example: str) -> TextSettings:
    return msgspec.convert(tomllib.loads(example).get("text", {}), TextSettings)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_setting(example: str) -> None:
    Former(settings(example))
    msgspec.convert(tomllib.loads(example).get("typing", {}), TypingSettings)


def test_the_replacements_do_what_they_say() -> None:
    former = Former(settings(next(example for example in EXAMPLES if "text.replacements" in example)))
    formed = former.final("I, um, ask stino: 5 percent. Bullet milk bullet bread", "", Style("never", True))
    assert formed.text == "I, ask Steno: 5%.\n- milk\n- bread"


def test_every_command_of_the_table_is_one_and_none_is_missing() -> None:
    effects = {"a line break": "line", "two line breaks": "paragraph", "what Steno typed last is taken back": "undo"}
    named = [
        (phrase, effects[effect]) for said, effect in rows("Spoken commands") for phrase in re.split("[,;] ", said)
    ]
    assert [phrase for phrase, command in named if commands.alone(phrase) != command] == []
    assert {commands.key(phrase) for phrase, _ in named} == set(commands.ALONE)


def test_the_spaces_of_the_table_are_those_that_are_typed() -> None:
    for last, now, typed in ([cell.strip("`") for cell in row] for row in rows("Spaces")):
        assert last + " " * spacing.belongs_between(last, now) + now == typed
