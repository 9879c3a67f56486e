"""What a gesture has the daemon do, and what the user hears of it.

It owns the commands, the sounds after them, and the take that this client has begun: the sound between a press and its
release. The number of an open take is kept in the runtime directory, so that one whose hotkey was killed is ended by
the next. It does not know keys.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import msgspec

from clients.hotkey.gestures import Cancel, Gesture, Press, Release, Tapped
from clients.hotkey.keys import Keys, counts
from pipeline import commands
from pipeline.commands import ListeningReply, StatusReply
from pipeline.errors import StenoError
from pipeline.sockets import Wire

if TYPE_CHECKING:
    from clients.desktop.feedback import Feedback

FILE = "hotkey.take"
ANSWER_S = 2.0


class OpenTake(msgspec.Struct, frozen=True):
    """What the file holds."""

    daemon: str
    take: int


class Takes:
    """The takes of one `steno hotkey`."""

    def __init__(self, wire: Wire, keys: Keys, feedback: Feedback, swallows: bool = False) -> None:
        """Have none yet; `swallows`: the keys do not reach the window that has the focus."""
        self._wire = wire
        self._keys = keys
        self._swallows = swallows
        self._held = False
        self._feedback = feedback
        self._file = wire.runtime / FILE
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
                    self._begin(binding, at_ns, held)
                    self._feedback.play("start")
                case Tapped(binding, at_ns):
                    self._held = False
                    self._ask(self._start(binding, at_ns, held=False))
                case Release(binding, at_ns):
                    pressed = not self._held and counts(self._keys.chords[binding])
                    self._end(commands.Stop(at_ns=at_ns, key_press=pressed))
                    self._feedback.play("stop")
                case Cancel(why=why):
                    # Where it reaches the window, Escape may well change what stands there.
                    pressed = why == "key" and self._swallows and self._keys.cancel is not None
                    if self._end(commands.CancelSpeech(key_press=pressed)).listening:
                        self._ask(commands.Stop())  # a daemon that is set to listen always goes on after a cancel
                    self._feedback.play("cancel")
        except StenoError as error:
            self._failed(error)
            return isinstance(gesture, Press) and gesture.held
        self._told = ""
        return True

    def ended(self) -> None:
        """The daemon has ended the take by itself."""
        self.number = None
        self._forget()

    def stop(self) -> bool:
        """End whatever the daemon listens to now; false if it cannot be asked."""
        try:
            self._ask(commands.Stop())
        except StenoError:
            return False
        return True

    def end_orphan(self) -> bool:
        """End a take that an earlier `steno hotkey`, which was killed, has left open; whether there was one."""
        try:
            left = msgspec.json.decode(self._file.read_bytes(), type=OpenTake)
            status = commands.ask(self._wire, commands.Status(), StatusReply, ANSWER_S)
        except (OSError, msgspec.DecodeError, StenoError):
            return False
        self._forget()
        open_still = status.listening and (status.daemon, status.take) == (left.daemon, left.take)
        return open_still and self.stop()

    def close(self) -> None:
        """End the take that is open, if one is."""
        if self.number is not None:
            with contextlib.suppress(StenoError):
                self._end(commands.Stop(at_ns=time.monotonic_ns()))

    def _start(self, binding: int, at_ns: int, held: bool) -> commands.Start:
        bound = self._keys.bindings[binding]
        return commands.Start(
            at_ns=at_ns,
            held=held,
            language=bound.language or None,
            context=bound.context or None,
            output=bound.output,
            owner=os.getpid(),
        )

    def _begin(self, binding: int, at_ns: int, held: bool) -> None:
        self._held = held
        request = msgspec.structs.replace(
            self._start(binding, at_ns, held), key_press=counts(self._keys.chords[binding])
        )
        self.number = self._ask(request).take
        with contextlib.suppress(OSError):  # it only helps after a crash
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(OpenTake(self.daemon, self.number)))

    def _end(self, request: commands.Stop | commands.CancelSpeech) -> ListeningReply:
        self.number = None
        reply = self._ask(request)
        self._forget()
        return reply

    def _ask(self, request: commands.AnyRequest) -> ListeningReply:
        return commands.ask(self._wire, request, ListeningReply, ANSWER_S)

    def _forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def _failed(self, error: StenoError) -> None:
        self.number = None
        self._feedback.play("error")
        if error.message != self._told:
            self._told = error.message
            print(f"steno hotkey: {error}", flush=True)
            self._feedback.notify("Steno does not listen", str(error))
