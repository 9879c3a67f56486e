"""The name of a process: the one question that every desktop leaves open. It owns no more."""

from __future__ import annotations


def name_of(pid: int) -> str:
    """The name of a running process; empty if there is none, or it may not be asked."""
    import psutil

    if pid <= 0:
        return ""
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""
