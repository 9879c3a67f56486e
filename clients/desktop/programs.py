"""A program that types for us: found, run with a time limit, and ended if it hangs.

It owns processes. It does not know what any program is told.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

TIMEOUT_S = 10.0
"""So long a program may take for one piece of text; each needs a fraction of a second."""


def found(name: str, environ: Mapping[str, str]) -> str | None:
    """Where a program lies; None if it is not installed."""
    return shutil.which(name, path=environ.get("PATH"))


def in_utf8(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, with UTF-8 as the encoding of text where it names another or none.

    Services often run without a locale. In that of C, wtype and xdotool lose every character beyond ASCII.
    """
    encoding = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    kept = dict(environ)
    if "utf" not in encoding.lower():
        kept["LC_ALL"] = "C.UTF-8"
    return kept


def run(line: Sequence[str], environ: Mapping[str, str], feed: str = "", timeout_s: float = TIMEOUT_S) -> str:
    """Run a program to its end with `feed` on standard input; what went wrong, for people, or nothing.

    A text is fed rather than given as an argument: arguments can be read by every user of the machine, and one that
    begins with a dash would be taken for an option.
    """
    try:
        done = subprocess.run(
            line, env=in_utf8(environ), input=feed.encode(), capture_output=True, check=False, timeout=timeout_s
        )
    except FileNotFoundError:
        return f"{line[0]} is not installed"
    except OSError as error:
        return f"{line[0]} could not be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{line[0]} did not end within {timeout_s:g} s and was stopped"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return f"{line[0]} failed: {said[-1] if said else f'exit code {done.returncode}'}"
