"""Where settings come from: defaults < config.toml < environment < command line.

This file reads and checks them and says what is wrong, with the file and the key. It does not know what a setting
means: `pipeline.settings` owns that.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from model.errors import UsageError
from pipeline.desktop_settings import Section
from pipeline.settings import Settings

PREFIX = "STENO_"


def sections() -> dict[str, type[Section]]:
    """Name of each section and its struct."""
    return {field.name: field.type for field in msgspec.structs.fields(Settings)}


def load(path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, str]) -> Settings:
    """The settings in force.

    Args:
        path: config.toml, or None for none.
        environ: variables `STENO_<SECTION>_<KEY>` set a key.
        overrides: `section.key` -> text, from the command line.

    Raises:
        UsageError: unreadable file, unknown key, wrong type, value out of range; it names the place. Or keys that
            contradict each other, wherever they come from.
    """
    settings = Settings()
    if path is not None:
        settings = _merge(settings, _read(path), str(path))
    known = {f"{PREFIX}{name}_{key}".upper(): (name, key) for name, key in _keys()}
    for variable in sorted(environ):
        if variable.startswith(tuple(f"{PREFIX}{name}_".upper() for name in sections())) and variable not in known:
            raise UsageError(f"environment: unknown setting {variable}", _nearest(variable, known))
    for variable in sorted(environ.keys() & known.keys()):
        name, key = known[variable]
        settings = _merge(settings, {name: {key: _value(name, key, environ[variable])}}, f"environment: {variable}")
    for dotted, text in overrides.items():
        name, _, key = dotted.partition(".")
        place = "command line"
        _check_names({name: {key: text}}, place)
        settings = _merge(settings, {name: {key: _value(name, key, text)}}, place)
    return _consistent(settings)


def check(text: str, place: str) -> Settings:
    """The settings that a config.toml of this text gives over the defaults.

    Args:
        place: what errors call the text.

    Raises:
        UsageError: no TOML, unknown key, wrong type, value out of range, keys that contradict each other.
    """
    return _consistent(_merge(Settings(), _parse(text, place), place))


def _consistent(settings: Settings) -> Settings:
    """The same, once all places are merged: what is wrong only between keys that may come from different ones."""
    vad = settings.vad
    if vad.tail_ms > vad.hangover_ms:
        raise UsageError(
            f"vad.tail_ms is {vad.tail_ms}, more than vad.hangover_ms, which is {vad.hangover_ms}",
            "An utterance cannot keep more silence than ends it: lower vad.tail_ms or raise vad.hangover_ms.",
        )
    return settings


def _keys() -> list[tuple[str, str]]:
    return [(name, key) for name, struct in sections().items() for key in struct.__struct_fields__]


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    return _parse(text, str(path))


def _parse(text: str, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place} is not valid TOML: {error}") from None


def _value(section: str, key: str, text: str) -> Any:
    """A text from environment or command line as the type that the key has."""
    field = {f.name: f for f in msgspec.structs.fields(sections()[section])}[key]
    kind = get_args(field.type)[0] if hasattr(field.type, "__metadata__") else field.type
    if kind is bool and text.lower() in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        return text.lower() in ("true", "yes", "on", "1")
    if get_origin(kind) is tuple:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    for number in (int, float):
        if kind is number:
            try:
                return number(text)
            except ValueError:
                return text
    return text


def _check_names(tree: Mapping[str, Any], place: str) -> None:
    for name, table in tree.items():
        if name not in sections():
            raise UsageError(f"{place}: unknown section [{name}]", _nearest(name, sections()))
        if not isinstance(table, Mapping):
            raise UsageError(f"{place}: {name} must be a section", f"Write [{name}] on a line of its own.")
        fields = sections()[name].__struct_fields__
        for key in table:
            if key not in fields:
                raise UsageError(f"{place}: unknown key {name}.{key}", _nearest(key, fields))


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."


def _merge(settings: Settings, tree: Mapping[str, Any], place: str) -> Settings:
    _check_names(tree, place)
    for name, table in tree.items():
        merged = msgspec.to_builtins(getattr(settings, name)) | dict(table)
        try:
            section = msgspec.convert(merged, sections()[name])
        except msgspec.ValidationError as error:
            allowed = _allowed(sections()[name], str(error).partition(" - at `$")[2])
            hint = f"One of: {', '.join(allowed)}." if allowed else "See `steno config` for every key."
            raise UsageError(f"{place}: {_plain(name, str(error), table)}", hint) from None
        settings = msgspec.structs.replace(settings, **{name: section})
    return settings


def _allowed(kind: Any, where: str) -> tuple[str, ...]:
    """The words that may stand at this place of a section, such as `.bindings[0].output`; none if any may."""
    for name in re.findall(r"[a-z_]+", where):
        kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == name)
        if get_origin(kind) is tuple:
            kind = get_args(kind)[0]
    chosen = [part for part in (kind, *get_args(kind)) if get_origin(part) is Literal]
    return tuple(word or "empty" for part in chosen for word in get_args(part))


def _plain(section: str, error: str, table: Mapping[str, Any]) -> str:
    """The validator's words with the key's full name and the value that was given."""
    what, _, where = error.partition(" - at `$.")
    key = re.sub(r"`$", "", where)
    given = f" (it is {table[key]!r})" if key in table and repr(table[key]) not in what else ""
    return f"{section}.{key}: {what[:1].lower()}{what[1:]}{given}" if key else f"{section}: {error}"
