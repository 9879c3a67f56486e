"""What comes into the hub's inbox: read a turn's worth, and live through what makes no sense. It owns the counting of
that; it does not know what a message means.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from pipeline import messages
from pipeline.messages import Malformed
from pipeline.sockets import Inbox

MESSAGES_A_TURN = 200
"""So many messages are read before work is given out again."""

log = logging.getLogger("steno")


class Intake:
    """Reads an inbox.

    Args:
        end: the inbox.
        take: called with each message and the frames beside it; may raise Malformed.
    """

    def __init__(self, end: Inbox, take: Callable[[messages.Any, list[bytes]], None]) -> None:
        self.end = end
        self._take = take
        self._malformed = 0

    def read(self) -> bool:
        """Take what has come. True if nothing is left."""
        for _ in range(MESSAGES_A_TURN):
            try:
                received = self.end.receive()
                if received is None:
                    return True
                self._take(*received)
            except Malformed as error:
                self._note(error)
            except Exception:
                # One message may be our own mistake; the others, and what was said in them, must not pay for it.
                log.exception("a message could not be handled")
        return False

    def _note(self, error: Malformed) -> None:
        self._malformed += 1
        if self._malformed.bit_count() == 1:
            # Said at the 1st, 2nd, 4th, 8th ... time, so that a flood of them does not become a flood of words.
            log.warning("passed over %d messages that make no sense, the last: %s", self._malformed, error.message)
