"""Regular expressions that know Unicode, and that end: the one file that knows regex."""

from __future__ import annotations

from collections.abc import Callable

import regex

from model.errors import StenoError, UsageError

Pattern = regex.Pattern[str]


class TookTooLong(StenoError):
    """An expression did not end within its time."""


def compile(pattern: str, ignore_case: bool = False) -> Pattern:  # noqa: A001
    """The expression, in regex's syntax: Python's, and the properties and set operations of Unicode TR 18.

    Raises:
        UsageError: it is none.
    """
    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise UsageError(f"{pattern!r} is no regular expression: {error}") from None


def substitute(pattern: Pattern, replacement: str | Callable[[str], str], text: str, seconds: float) -> str:
    r"""The text with each match replaced.

    Args:
        replacement: with the match's groups as \1, \g<name>; or called with what matched.
        seconds: the expression may take.

    Raises:
        TookTooLong: it took longer.
        UsageError: the replacement names a group that the expression does not have.
    """
    put = replacement if isinstance(replacement, str) else (lambda match: replacement(match[0]))
    try:
        return pattern.sub(put, text, timeout=seconds)
    except TimeoutError:
        raise TookTooLong(f"the expression {pattern.pattern!r} did not end within {seconds:g} s") from None
    except (regex.error, IndexError) as error:
        raise UsageError(f"the replacement {replacement!r} does not fit {pattern.pattern!r}: {error}") from None
