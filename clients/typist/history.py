"""What was typed where: what stands before the next text, and what `undo-last` may take back.

It owns both and the rules for them. It types nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from clients.desktop.window import Window, same
from clients.typist.correction import erasable
from clients.typist.journal import Entry
from clients.typist.speech import Do, Record, Result, Say, View

REMEMBERED = 200
"""Characters that are kept of what stands before the next text."""
STEPS = 50
"""So many insertions can be taken back, one after the other, and of so many windows it is known what stands there."""


@dataclass(slots=True)
class Insertion:
    """A text that stands in a window."""

    entry: Entry
    window: Window | None
    mark: int | None
    """Disturbances when it was complete; None: what has happened since is not known."""
    entered: bool
    """Enter was pressed within it or behind it."""
    before: str | None


@dataclass(slots=True)
class _Memory:
    window: Window | None
    text: str
    mark: int | None


class History:
    """The windows and what was typed last in each of them."""

    def __init__(self) -> None:
        self._memories: list[_Memory] = []
        self._insertions: list[Insertion] = []

    def remember(self, window: Window | None, text: str, mark: int | None) -> None:
        """This stands there now before the caret.

        Args:
            mark: disturbances now; None if the desktop does not tell.
        """
        self.forget(window)
        self._memories = [*self._memories[-STEPS + 1 :], _Memory(window, text[-REMEMBERED:], mark)]

    def forget(self, window: Window | None) -> None:
        """What stands there is not known."""
        self._memories = [memory for memory in self._memories if not same(memory.window, window)]

    def before(self, window: Window | None, disturbances: int | None) -> str | None:
        """What Steno typed last there; None if something else has happened since, or it typed nothing.

        Where the desktop does not tell what happened, it is taken for nothing.
        """
        memory = next((memory for memory in self._memories if same(memory.window, window)), None)
        if memory is None or (memory.mark != disturbances and None not in (memory.mark, disturbances)):
            return None
        return memory.text

    def forgive(self, now: int) -> None:
        """One of the disturbances up to `now` was a key that has Steno listen: it changed no text."""
        marked: list[_Memory | Insertion] = [*self._memories, *self._insertions]
        for known in marked:
            if known.mark is not None and known.mark < now:
                known.mark += 1

    def add(self, insertion: Insertion) -> None:
        """A text is complete, or was kept: then nothing of it stands there."""
        self._insertions = [*self._insertions[-STEPS + 1 :], insertion]

    def last(self, view: View) -> Insertion | str:
        """What can be taken back now, or why nothing can."""
        if view.gone or view.secret:
            return view.gone or f"the focus is in {view.secret}: nothing was taken back"
        if not self._insertions:
            return "nothing was typed that could be taken back"
        last = self._insertions[-1]
        if not last.entry.sure:
            self._insertions.pop()
            return "the last text was not typed: there is nothing to take back"
        if not view.sees_focus or view.disturbances is None:
            return "this desktop does not tell whether something else was typed since: nothing was taken back"
        if last.entered:
            return "Enter was pressed with the last text, which may have sent it off: nothing was taken back"
        if last.mark != view.disturbances:
            return "keys or mouse buttons were pressed since the last text: nothing was taken back"
        if not same(view.window, last.window):
            return "the window of the last text does not have the focus: nothing was taken back"
        if not erasable(last.entry.text[: last.entry.sure]):
            return "the last text has characters that backspaces do not take back exactly: nothing was taken back"
        return last

    def taken_back(self, insertion: Insertion, result: Result) -> list[Do]:
        """What came of the backspaces; returns what is to be written down and said about it.

        If nothing of it stands there any more, the one before is the last one.
        """
        entry, known = insertion.entry, not (result.disturbed or result.uncertain)
        entry.sure = entry.maybe = entry.sure - result.done
        entry.state = "typed" if entry.sure else "undone"
        if entry.sure:
            insertion.mark = result.disturbances if known else None
            self.forget(insertion.window)
            why = result.detail or result.stopped
            return [Record((entry,)), Say(f"{entry.sure} characters were not taken back: {why}", alert=True)]
        self._insertions.remove(insertion)
        self.forget(insertion.window)
        if known and insertion.before is not None:
            self.remember(insertion.window, insertion.before, result.disturbances)
        return [Record((entry,))]
