"""Files that `steno service` puts where a service manager looks for them, and knows again.

It owns the line in each by which one that was changed by hand is recognised: such a file is neither overwritten nor
removed. It does not know what stands in them.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Literal

from pipeline.errors import StenoError

MARK = "Written by `steno service install`, which leaves it alone once it is changed by hand"
_MARKED = re.compile(rf"^.*{re.escape(MARK)} \((\w+)\).*\n", re.MULTILINE)

State = Literal["absent", "ours", "changed"]


def marked(text: str, before: str, after: str = "", line: int = 0) -> str:
    """The text with a line in it that tells whose it is, and what the rest must be.

    Args:
        text: lines, the last one ended.
        before: what begins a comment in such a file.
        after: what ends it.
        line: how many lines come before it.
    """
    lines = text.splitlines(keepends=True)
    mark = f"{before}{MARK} ({_digest(text)}){after}\n"
    return "".join([*lines[:line], mark, *lines[line:]])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def state(path: Path) -> State:
    """Whether the file is there, and whether it is as it was written.

    Raises:
        StenoError: it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return "absent"
    except OSError as error:
        raise StenoError(f"cannot read {path}: {error.strerror}") from None
    found = _MARKED.search(text)
    return "ours" if found and _digest(text[: found.start()] + text[found.end() :]) == found[1] else "changed"


def require_ours(path: Path, remedy: str) -> State:
    """Its state, if nobody has changed it.

    Raises:
        StenoError: it was changed by hand, or is somebody else's.
    """
    found = state(path)
    if found == "changed":
        raise StenoError(f"{path} was changed by hand, or is not Steno's: it is left alone", remedy)
    return found


def write(path: Path, text: str) -> bool:
    """Write the file, whole or not at all. Returns whether it is other than it was.

    Raises:
        StenoError: it cannot be written.
    """
    data = text.encode()
    try:
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                os.fsync(file.fileno())
            Path(part).chmod(0o644)
            Path(part).replace(path)
        except OSError:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StenoError(f"cannot write {path}: {error.strerror}") from None
    return True


def remove(path: Path) -> None:
    """Remove it.

    Raises:
        StenoError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StenoError(f"cannot remove {path}: {error.strerror}") from None
