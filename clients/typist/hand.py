"""The hand that types: brings a text to a window by a back-end, line by line, and writes down how far it is.

It owns the back-ends in use, what follows when one fails, and the patience with held modifiers. It does not know which
text it is, nor what becomes of what it could not type.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from clients.desktop.window import Desktop
from clients.typist import choice
from clients.typist.backend import Backend, Key, Outcome, Place, Stopped
from clients.typist.journal import Journal
from clients.typist.placing import Terms
from clients.typist.speech import Insert, Result, TakeBack
from pipeline.errors import StenoError

SLICE_S = 1.0
"""Held modifiers are waited for so long at a time, between signs of life."""


@dataclass(slots=True)
class _Tally:
    """How far one request is."""

    done: int = 0
    stopped: Stopped = ""
    detail: str = ""
    uncertain: bool = False
    entered: bool = False


class Hand:
    """Types on one desktop.

    Args:
        name: of the back-end that is wanted, or `auto`.
        environ: of the desktop session.
        modifier_wait_s: so long held modifiers are waited for.
        beat: called while it works, as a sign of life.
        say: called with what the user should know.

    Raises:
        StenoError: nothing can type here.
    """

    def __init__(
        self,
        name: str,
        environ: Mapping[str, str],
        desktop: Desktop,
        modifier_wait_s: float,
        beat: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._name = name
        self._environ = environ
        self._desktop = desktop
        self._wait_s = modifier_wait_s
        self._beat = beat
        self._say = say
        self._failed: list[str] = []
        self._others: dict[str, Backend] = {}
        self._usual, self.sentence = choice.choose(name, environ, desktop)

    def perform(self, do: Insert | TakeBack, journal: Journal) -> Result:
        """Do it. What goes wrong is part of the result."""
        journal.put(do.entry)
        tally = _Tally()
        try:
            before = self._desktop.disturbances()
            if isinstance(do, Insert):
                self._insert(do, journal, tally)
            else:
                self._strike("backspace", do.count, do, tally)
            after = self._desktop.disturbances()
        except (StenoError, OSError) as error:
            return Result(tally.done, "failed", _text(error), True, tally.entered, True)
        return Result(
            done=tally.done,
            stopped=tally.stopped,
            detail=tally.detail,
            uncertain=tally.uncertain,
            entered=tally.entered,
            disturbed=tally.stopped == "disturbed" or (before is not None and after != before),
            disturbances=before,
        )

    def _insert(self, do: Insert, journal: Journal, tally: _Tally) -> None:
        """Type the rest of a text, and press Enter behind it if that is wanted."""
        entry = do.entry
        begin = entry.sure
        rest = entry.text[begin:]
        rest = rest.replace("\n", " ") if do.terms.newline == "space" else rest
        for piece in re.findall(r"[^\n]+|\n", rest):
            self._piece(piece, do, journal, tally)
            entry.sure = begin + tally.done
            if tally.stopped or tally.uncertain:
                break
        entry.sure = begin
        if do.submit and not tally.stopped and not tally.uncertain:
            self._press("enter", 1, do, tally)

    def close(self) -> None:
        """Let the back-ends go."""
        for backend in (self._usual, *self._others.values()):
            backend.close()

    def _piece(self, piece: str, do: Insert, journal: Journal, tally: _Tally) -> None:
        """One line, or one line break."""
        entry, begin = do.entry, do.entry.sure
        if piece == "\n" and do.terms.newline != "space":  # those that become spaces already are
            journal.progress(entry, begin + 1)
            self._press(do.terms.newline, 1, do, tally)
            tally.done += not tally.stopped
            return
        done = 0

        def attempt(backend: Backend, place: Place) -> Outcome:
            nonlocal done
            on_its_way = begin + done

            def about(count: int) -> None:
                nonlocal on_its_way
                self._beat()
                entry.sure, on_its_way = on_its_way, begin + done + count
                journal.progress(entry, on_its_way)

            outcome = backend.type(piece[done:], place, about)
            done += outcome.done
            entry.sure = begin + done
            return outcome

        self._try(attempt, do, tally)
        tally.done += done

    def _press(self, key: Key, count: int, do: Insert, tally: _Tally) -> None:
        tally.entered |= key == "enter"  # whether it arrives or not: what stood before it may have been sent
        self._strike(key, count, do, tally, counted=False)

    def _strike(self, key: Key, count: int, do: Insert | TakeBack, tally: _Tally, counted: bool = True) -> None:
        done = 0

        def attempt(backend: Backend, place: Place) -> Outcome:
            nonlocal done
            self._beat()
            outcome = backend.press(key, count - done, place)
            done += outcome.done
            return outcome

        self._try(attempt, do, tally)
        tally.done += done if counted else 0

    def _try(self, attempt: Callable[[Backend, Place], Outcome], do: Insert | TakeBack, tally: _Tally) -> None:
        """Try until it is done, with patience for modifiers, and with the next back-end if one fails."""
        patience_s = self._wait_s if do.patient else 0.0
        deadline = time.monotonic() + patience_s
        undisturbed = do.undisturbed if isinstance(do, TakeBack) else None
        place = Place(do.window, min(SLICE_S, patience_s), do.terms.paste_keys, undisturbed)
        while True:
            try:
                backend = self._backend(do.terms)
                outcome = attempt(backend, place)
            except (StenoError, OSError) as error:
                tally.stopped, tally.detail, tally.uncertain = "failed", _text(error), True
                return
            if outcome.stopped == "modifiers" and (left := deadline - time.monotonic()) > 0:
                place = replace(place, modifier_wait_s=min(SLICE_S, left))
                continue
            if outcome.stopped == "failed" and self._next_backend(backend, outcome.detail):
                continue
            tally.stopped, tally.detail = outcome.stopped, outcome.detail
            return

    def _backend(self, terms: Terms) -> Backend:
        name = terms.backend
        if not name or name == self._usual.name:
            return self._usual
        if name not in self._others:
            self._others[name], _ = choice.choose(name, self._environ, self._desktop)
        return self._others[name]

    def _next_backend(self, failed: Backend, why: str) -> bool:
        """Take another one in the place of one that failed, if it was not asked for by name."""
        if failed is not self._usual or self._name != "auto":
            return False
        self._failed.append(failed.name)
        try:
            self._usual, sentence = choice.choose("auto", self._environ, self._desktop, tuple(self._failed))
        except StenoError:
            self._failed.pop()
            return False
        failed.close()
        self._say(f"{failed.name} failed: {why}. {sentence}")
        return True


def _text(error: Exception) -> str:
    return error.message if isinstance(error, StenoError) else str(error)
