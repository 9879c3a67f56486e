"""The abort callback of llama.cpp: it passes beats on while the library computes, and whether to give up back to it.

This file owns how often the beat is passed on, and what becomes of an error in it. It knows nothing of what is
computed.
"""

from __future__ import annotations

import ctypes
import time

from model.beat import Beat, steady
from model.errors import Cancelled
from model.llama_library import api

_BEAT_NS = 10_000_000
"""The library asks whether to abort at every node of its graph; the beat is passed on only this often."""


class Abort:
    """What a context asks whether to go on, and whom it asks in its turn, one call of the library after the other.

    Attributes:
        native: the callback for the context, which must not outlive this.
    """

    def __init__(self) -> None:
        self.native = api.ggml_abort_callback(self._on_node)
        self._beat: Beat = steady
        self._asked_ns = 0
        self._aborted = False
        self._raised: BaseException | None = None

    def begin(self, beat: Beat) -> None:
        """A call of the library begins; `beat` is asked until `end`."""
        self._beat, self._asked_ns, self._aborted = beat, time.monotonic_ns(), False

    def end(self) -> None:
        """The call is over: nobody is asked any more."""
        self._beat = steady

    def ask(self) -> bool:
        """Beat; whether to abort."""
        self._asked_ns = time.monotonic_ns()
        try:
            self._aborted = self._beat()
        except BaseException as error:  # none can pass through the library: raised again behind it
            self._raised = error
            self._aborted = True
        return self._aborted

    def check(self) -> None:
        """Raise what made the last call give up, if the beat did.

        Raises:
            Cancelled: the beat asked for it.
            Whatever the beat raised.
        """
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        if self._aborted:
            raise Cancelled("the work was given up")

    def _on_node(self, _: ctypes.c_void_p) -> bool:
        return self._aborted or (time.monotonic_ns() - self._asked_ns >= _BEAT_NS and self.ask())
