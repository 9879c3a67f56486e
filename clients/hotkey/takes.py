"""What a gesture has the daemon do, and what the user hears of it.

It owns the commands, the sounds after them, and the take that this client has begun: the sound between a press and its
release. It does not know keys. Should this process be killed, the daemon ends the take: it is told whose it is.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from clients.hotkey.gestures import Cancel, Gesture, Press, Release, Tapped
from clients.hotkey.keys import Keys, counts
from pipeline import commands
from pipeline.commands import ListeningReply
from pipeline.errors import StenoError
from pipeline.sockets import Wire

if TYPE_CHECKING:
    from clients.desktop.feedback import Feedback

ANSWER_S = 2.0


class Takes:
    """The takes of one `steno hotkey`."""

    def __init__(self, wire: Wire, keys: Keys, feedback: Feedback, swallows: bool = False) -> None:
        """Have none yet; `swallows`: the keys do not reach the window that has the focus."""
        self._wire = wire
        self._keys = keys
        self._swallows = swallows
        self._feedback = feedback
        self._told = ""
        """The failure that the user has been told of; told again when something else fails, or after a success."""
        self.daemon = ""
        """Id of the daemon, as far as it is known."""
        self.number: int | None = None
        """Of the take that this client has begun and not ended."""

    def do(self, gesture: Gesture) -> bool:
        """Have the daemon do it. False: it failed, and the user was told; what had begun is over.

        A press that failed is over with its release: a daemon that did not answer in time may yet begin, so it is then
        told to stop, in silence.
        """
        if self.number is None and not isinstance(gesture, Press):
            self.stop()
            return False
        try:
            match gesture:
                case Press(binding, at_ns, held):
                    key_press = counts(self._keys.chords[binding])
                    reply = self._ask(self._start(binding, at_ns, held, key_press))
                    self.number = reply.take
                    if reply.trouble:
                        self.say(StenoError(reply.trouble))
                        return True
                    self._feedback.play("start")
                case Tapped(binding, at_ns):
                    self._ask(self._start(binding, at_ns, held=False))
                case Release(at_ns=at_ns, pressed=pressed):
                    key_press = pressed is not None and counts(self._keys.chords[pressed])
                    self._end(commands.Stop(at_ns=at_ns, key_press=key_press))
                    self._feedback.play("stop")
                case Cancel(why=why):
                    # Where it reaches the window, Escape may well change what stands there.
                    cancel = self._keys.cancel if why == "key" and self._swallows else None
                    key_press = cancel is not None and counts(cancel)
                    if self._end(commands.CancelSpeech(key_press=key_press)).listening:
                        # A daemon that is set to listen always goes on after a cancel, and says nothing of it.
                        self._ask(commands.Stop(key_press=key_press))
                    self._feedback.play("cancel")
        except StenoError as error:
            self._failed(error)
            return isinstance(gesture, Press) and gesture.held
        self._told = ""
        return True

    def ended(self) -> None:
        """The daemon has ended the take by itself."""
        self.number = None

    def lost(self) -> bool:
        """Whether the daemon that had the take that this client has begun is gone; if so, the user is told."""
        try:
            commands.require_daemon(self._wire.runtime)
        except StenoError as error:
            self._failed(error)
            return True
        return False

    def restarted(self) -> None:
        """Another daemon has come in the place of the one that had the take, which is over; the user is told."""
        self._failed(StenoError("the daemon was started anew while it listened", "Press the key again."))

    def stop(self) -> bool:
        """End whatever the daemon listens to now; false if it cannot be asked."""
        try:
            self._ask(commands.Stop())
        except StenoError:
            return False
        return True

    def close(self) -> None:
        """End the take that is open, if one is."""
        if self.number is not None:
            with contextlib.suppress(StenoError):
                self._end(commands.Stop(at_ns=time.monotonic_ns()))

    def _start(self, binding: int, at_ns: int, held: bool, key_press: bool = False) -> commands.Start:
        bound = self._keys.bindings[binding]
        return commands.Start(
            at_ns=at_ns,
            held=held,
            language=bound.language or None,
            context=bound.context or None,
            output=bound.output,
            owner=os.getpid(),
            key_press=key_press,
        )

    def _end(self, request: commands.Stop | commands.CancelSpeech) -> ListeningReply:
        self.number = None
        return self._ask(request)

    def _ask(self, request: commands.AnyRequest) -> ListeningReply:
        return commands.ask(self._wire, request, ListeningReply, ANSWER_S)

    def _failed(self, error: StenoError) -> None:
        self.number = None
        self.say(error)

    def say(self, error: StenoError) -> None:
        """Tell the user why Steno does not listen: by a sound each time, in words if it is news."""
        self._feedback.play("error")
        if error.message != self._told:
            self._told = error.message
            print(f"steno hotkey: {error}", flush=True)
            self._feedback.notify("Steno does not listen", str(error))
