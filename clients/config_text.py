"""The text of a config.toml that explains every key, made from the settings' own structs.

It owns the wording around a key: its docstring, range and default. config.toml in the repository is this text, and a
test keeps it so. It does not know where the file goes.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any, Literal, get_args, get_origin

import msgspec

from pipeline import desktop_settings, settings

WIDTH = 100
HEAD = """\
# Steno's settings. Every key is here with its default; what is not set keeps it.
#
# A key can also be set by environment (STENO_VAD_HANGOVER_MS=800) or for one daemon (steno daemon --set
# vad.hangover_ms=800). The command line comes before the environment, that before this file.
# `steno config` shows what is in force. This text is made from pipeline/settings.py
# and pipeline/desktop_settings.py.
"""


def documented() -> str:
    """The whole file."""
    documents = _documents()
    parts = [HEAD]
    for section in msgspec.structs.fields(settings.Settings):
        struct = section.type
        title = inspect.cleandoc(struct.__doc__ or "").partition(": ")[2].rstrip(".")
        parts.append(f"\n[{section.name}]  # {title}\n")
        for field in msgspec.structs.fields(struct):
            about = [documents[struct.__name__][field.name], *_range(field.type)]
            parts.append("\n" + textwrap.indent("\n".join(textwrap.wrap(" ".join(about), WIDTH)), "# ") + "\n")
            parts.append(f"{field.name} = {toml(field.default)}\n")
    return "".join(parts)


def toml(value: Any) -> str:
    """A setting's value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are a subset of those of a TOML basic string (TOML 1.0), but for DEL.
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007F")
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, msgspec.Struct):
        # What has its default is left out.
        given = {
            field.name: getattr(value, field.name)
            for field in msgspec.structs.fields(type(value))
            if field.required or getattr(value, field.name) != field.default
        }
        return "{ " + ", ".join(f"{name} = {toml(item)}" for name, item in given.items()) + " }"
    return repr(value)


def _documents() -> dict[str, dict[str, str]]:
    """Struct -> field -> the docstring below it; Python keeps those in the source alone."""
    found: dict[str, dict[str, str]] = {}
    for struct in [
        item for module in (settings, desktop_settings) for item in ast.parse(inspect.getsource(module)).body
    ]:
        if not isinstance(struct, ast.ClassDef):
            continue
        fields = found.setdefault(struct.name, {})
        for field, text in zip(struct.body, struct.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                fields[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def _range(kind: Any) -> list[str]:
    """What the value may be, as a sentence."""
    if get_origin(kind) is Literal:
        return [f"One of: {', '.join(get_args(kind))}."]
    for meta in getattr(kind, "__metadata__", ()):
        if meta.ge is not None and meta.le is not None:
            return [f"Range: {meta.ge} to {meta.le}."]
        if meta.gt is not None and meta.le is not None:
            return [f"Range: more than {meta.gt}, at most {meta.le}."]
        if meta.max_length is not None:
            return [f"At most {meta.max_length} characters."]
    return []
