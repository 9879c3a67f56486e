"""A file of a user's directory: whether its name leads to one that can be read, and its text.

This file owns that check: links that lead nowhere or in a circle, and what is no file at all, such as a pipe, which
would be waited for without end. It does not know what the files hold.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from model.errors import ModelError


def checked_file(path: Path, hint: str) -> os.stat_result:
    """The status of a file that can be read.

    Raises:
        ModelError: missing, a link into nothing or in a circle, no file, or not readable.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{path} is no file", hint)
        path.open("rb").close()
    except FileNotFoundError:
        what = "is a link to a file that is missing" if path.is_symlink() else "is missing"
        raise ModelError(f"{path} {what}", hint) from None
    except OSError as error:
        what = "is a link that leads in a circle" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror}"
        raise ModelError(f"{path} {what}", hint) from None
    except ValueError:  # a NUL
        raise ModelError(f"{str(path)!r} is no name of a file", hint) from None
    return status


def read_text(path: Path, hint: str) -> str:
    """The text of a file, in UTF-8.

    Raises:
        ModelError: as in `checked_file`, or it is no UTF-8.
    """
    checked_file(path, hint)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", hint) from error
