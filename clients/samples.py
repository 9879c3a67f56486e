"""The recordings that ship with Steno, and what is said in them.

It owns where they lie and the form of the files beside a recording: `NAME.txt`, the text; `NAME.json`, its language
and its words with their true times. It does not know what they are used for.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.errors import StenoError

SHORT = "02_dictation_seen"
"""Two sentences in 9 s."""


class SpokenWord(msgspec.Struct, frozen=True):
    """A word of the reference, in seconds of the recording."""

    word: str
    start: float
    end: float


class _Description(msgspec.Struct):
    words: list[SpokenWord]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording; without a reference `text` is empty, without word times `words` is."""

    path: Path
    text: str
    words: tuple[SpokenWord, ...]
    language: str = ""
    """In the model's English name; empty if nothing says it."""


def shipped(name: str) -> Recording:
    """The shipped recording of that name.

    Raises:
        StenoError: this installation has none.
    """
    # The folder alone is asked for: clients do not load the model's code.
    found = importlib.util.find_spec("model.miniature")
    for place in (found.submodule_search_locations or []) if found is not None else []:
        path = Path(place) / "samples" / f"{name}.wav"
        if path.is_file():
            return recording(path)
    raise StenoError(f"the recording {name}.wav is missing from this installation", "Install Steno again.")


def one_of_each_language(first: Recording) -> list[Recording]:
    """A recording, and from its folder the first one by name of each other language in which something is said.

    Raises:
        StenoError: what stands beside one of them cannot be read or is of another form.
    """
    found = {first.language: first}
    for path in sorted(first.path.parent.glob("*.wav") if first.language else ()):
        other = recording(path)
        if other.text and other.language:
            found.setdefault(other.language, other)
    return list(found.values())


def recording(path: Path) -> Recording:
    """A recording with what stands beside it.

    Raises:
        StenoError: no such file, or what stands beside it cannot be read or is of another form.
    """
    if not path.is_file():
        raise StenoError(f"no such file: {path}")
    text, description = path.with_suffix(".txt"), path.with_suffix(".json")
    try:
        about = msgspec.json.decode(description.read_bytes(), type=_Description) if description.is_file() else None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StenoError(f"{description} does not describe a recording: {error}") from None
    try:
        said = text.read_text(encoding="utf-8").strip() if text.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StenoError(f"{text} is not the text of a recording: {error}") from None
    return Recording(path, said, tuple(about.words), about.language) if about else Recording(path, said, ())
