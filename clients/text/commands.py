"""What is said to Steno and not to be written: "new line", "scratch that", and the Chinese ones.

It owns the table of phrases and how they are recognised. It does not know what a typist does about them.

A phrase counts as a command where nothing else was said; those of a line break also where they are a whole sentence
("Dear Sam. New paragraph. Thank you."), and the plainest ones of taking back where they are the last sentence: what was
said before in the utterance is then not written. "Never mind" and a bare "undo" or "cancel" are no commands: people
write them to each other.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from pipeline import patterns

Command = Literal["line", "paragraph", "undo"]

_LINE = ("new line", "next line", "换行", "换一行", "另起一行", "新的一行", "換行", "換一行")
_PARAGRAPH = (
    *("new paragraph", "next paragraph", "新段落", "新的一段", "另起一段", "换段", "換段", "分段"),
    *("换一段", "換一段"),
)
_UNDO = (
    *("scratch that", "strike that", "undo that", "delete that"),
    *("删除", "删掉", "撤销", "撤消", "撤回", "取消这句", "删除这句", "删掉这句", "删除上一句", "删掉上一句"),
    *("刪除", "刪掉", "撤銷", "取消這句", "刪除這句", "刪掉這句", "刪除上一句", "刪掉上一句", "復原"),
)
_UNDO_AT_END = ("scratch that", "取消这句", "取消這句", "删掉这句", "刪掉這句")
_TEXT: dict[Command, str] = {"line": "\n", "paragraph": "\n\n", "undo": ""}

_SENTENCE = patterns.compile(r"[^.!?。！？…｡]*(?:[.!?。！？…｡]+[\"'”’»」』)\]]*\s*|$)")  # noqa: RUF001
_KEY = patterns.compile(r"[^\p{L}\p{M}\p{N}]+")
_LONGEST = 40
"""Characters; no command is longer, with its spaces and punctuation."""


def key(text: str) -> str:
    """The text as phrases are compared: letters and digits alone, whatever their case and width."""
    return _KEY.sub("", unicodedata.normalize("NFKC", text).casefold())


ALONE: dict[str, Command] = {
    **{key(phrase): "line" for phrase in _LINE},
    **{key(phrase): "paragraph" for phrase in _PARAGRAPH},
    **{key(phrase): "undo" for phrase in _UNDO},
}
"""Key of a phrase -> what it commands when nothing else was said."""
_BREAKS = {key(phrase) for phrase in (*_LINE, *_PARAGRAPH)}
_LAST = {key(phrase) for phrase in _UNDO_AT_END}


def alone(text: str) -> Command | None:
    """The command that is all of the text."""
    return ALONE.get(key(text)) if len(text) <= _LONGEST else None


def line_break(command: Command) -> str:
    """What a command writes."""
    return _TEXT[command]


def within(text: str) -> str | None:
    """The text with commands among its sentences carried out; None if it is taken back."""
    letters = key(text)
    if not any(phrase in letters for phrase in _BREAKS | _LAST):
        return text
    done: list[str] = []
    last = ""
    for sentence in filter(None, _SENTENCE.findall(text)):
        last = key(sentence) if len(sentence) <= _LONGEST else sentence
        if last in _BREAKS:
            done = [*done[:-1], *(before.rstrip(" ") for before in done[-1:]), line_break(ALONE[last])]
        else:
            done.append(sentence.lstrip(" ") if done and done[-1].endswith("\n") else sentence)
    return None if last in _LAST else "".join(done)
