"""How far long work on a model's files has come, on stderr.

It owns the bar on a terminal and the lines elsewhere. It does not know the work.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from clients.terminal import clean, is_live
from pipeline.model_pull import gigabytes
from pipeline.model_store import Progress


class Bars(Progress):
    """A bar for each part, or a line where stderr is no terminal. A context manager: the last bar is closed."""

    def __init__(self) -> None:
        self._live = is_live(sys.stderr)
        self._bar: Any = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def begin(self, what: str, total: int = 0) -> None:
        """Show the next part."""
        self._close()
        if not self._live:
            size = f" ({gigabytes(total)})" if total else ""
            print(clean(f"steno: {what}{size}"), file=sys.stderr, flush=True)
            return
        from tqdm import tqdm

        self._bar = tqdm(desc=clean(what), total=total or None, unit="B", unit_scale=True, file=sys.stderr)

    def advance(self, amount: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(amount)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
