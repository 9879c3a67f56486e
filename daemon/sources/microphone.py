"""A live input device: the one file that knows sounddevice, and through it PortAudio.

This file owns the device's stream, its loss and its return. It does not know how a device is chosen by name
(`daemon.sources.devices`) nor when it counts as lost (`daemon.sources.watchdog`).
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from daemon.sources.devices import Device, choose
from daemon.sources.flow import Flow
from daemon.sources.library_thread import Hung, LibraryThread
from daemon.sources.link import Link
from daemon.sources.rebirth import renew
from daemon.sources.watchdog import SECOND, Watchdog
from model.errors import AudioError, StenoError
from pipeline.messages import SAMPLE_RATE
from pipeline.resample import Int16
from pipeline.settings import MicrophoneSettings

QUEUE_S = 30.0
"""Sound that waits when this process is held up; more is counted as an overflow."""
WAIT_S = 0.02
RETRY_S = (0.1, 0.2, 0.4, 0.7, 1.0)
"""Between attempts to open a lost device; the last one for ever."""
RATES = (48_000, 44_100, 16_000)
"""Tried when a device takes none of what it says it prefers."""
HANGS_S = 2.0
"""A call into the library that takes longer will not come back."""
RENEW_AFTER = 60
"""Failed attempts, of about a second each."""
DEVICE_LATENCY_S = 0.2
"""Buffer asked of the device: so late may the callback be without loss. Blocks still come every `block_ms`."""
INVALID_SAMPLE_RATE = -9997
"""paInvalidSampleRate, portaudio.h"""


class Block(NamedTuple):
    """What the callback leaves behind."""

    data: bytes
    """int16, channels interleaved."""
    arrived_ns: int
    overflow: bool


def load() -> Any:
    """The sounddevice library.

    Raises:
        StenoError: it, or PortAudio, is not installed.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise StenoError(f"the sound library cannot be loaded: {error}", "pip install sounddevice") from None
    except Exception as error:  # OSError without PortAudio; PortAudio's own error type when it cannot start
        raise StenoError(
            f"PortAudio, through which the microphone is read, cannot be used: {error}",
            "On Debian: apt-get install libportaudio2 (and libasound2-plugins for PulseAudio or PipeWire)",
        ) from None
    return sounddevice


def devices(library: Any) -> list[Device]:
    """The input devices of now, in the library's order."""
    hosts = [host["name"] for host in library.query_hostapis()]
    default = library.default.device[0]
    return [
        Device(
            name=entry["name"],
            host_api=hosts[entry["hostapi"]],
            channels=entry["max_input_channels"],
            rate=round(entry["default_samplerate"]),
            default=entry["index"] == default,
            index=entry["index"],
        )
        for entry in library.query_devices()
        if entry["max_input_channels"] > 0
    ]


class Stream:
    """An open input stream that fills a queue with blocks.

    Raises:
        AudioError: the device cannot be opened.
    """

    def __init__(self, library: Any, device: Device, block_ms: int) -> None:
        self.device = device
        self.channels = min(2, device.channels)
        self.blocks: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self.dropped = 0
        self._most = round(QUEUE_S * 1000 / block_ms)
        for rate in dict.fromkeys((device.rate, *RATES)):
            try:
                self._stream = library.RawInputStream(
                    device=device.index,
                    samplerate=rate,
                    channels=self.channels,
                    dtype="int16",
                    blocksize=rate * block_ms // 1000,
                    latency=DEVICE_LATENCY_S,
                    callback=self._callback,
                )
                self.rate = rate
                self._stream.start()
                return
            except library.PortAudioError as error:
                failure = AudioError(f"{device.name!r} cannot be opened: {error.args[0]}")
                if error.args[1:2] != (INVALID_SAMPLE_RATE,):
                    break
        raise failure

    @property
    def stopped(self) -> bool:
        """Whether the library itself has noticed that the device is gone."""
        return not self._stream.active

    def close(self) -> None:
        """Let go of the device."""
        self._stream.close()

    def _callback(self, data: Any, _frames: int, _times: Any, status: Any) -> None:
        # The library's thread: nothing here may wait.
        if self.blocks.qsize() >= self._most:
            self.dropped += 1
            return
        self.blocks.put(Block(bytes(data), time.monotonic_ns(), bool(status.input_overflow)))


class Microphone:
    """A microphone as a source: opened, watched, and opened again when it was lost.

    Args:
        first_sample: index of the first sample that will be sent.
        renewed: whether the process was begun anew while the device was lost, which the hub knows.
    """

    def __init__(
        self, link: Link, name: str, settings: MicrophoneSettings, first_sample: int = 0, renewed: bool = False
    ) -> None:
        self._link = link
        self._name = name
        self._settings = settings
        self._renewed = renewed
        self._thread = LibraryThread(link.over)
        self._library: Any = None
        self._watchdog = Watchdog(round(settings.lost_after_s * SECOND), round(settings.silent_after_s * SECOND))
        self._stream: Stream | None = None
        self._flow = Flow(SAMPLE_RATE, 1)
        self.sent = first_sample
        """Index of the next sample."""
        self._captured_ns = time.monotonic_ns()
        self._overflows = 0
        self._attempts = 0

    def run(self) -> None:
        """Deliver until the hub wants no more.

        Raises:
            StenoError: the sound library is not installed.
            Hung: the process must begin anew; the device has been reported as lost.
        """
        try:
            self._library = self._thread.call(load, HANGS_S)
        except Hung:
            self._begin()
            self._lost("the sound system does not answer")
            raise
        self._begin()
        while not self._link.over():
            if self._stream is None:
                self._open()
            else:
                self._listen(self._stream)
        self._close()
        self._link.end(self.sent, self._captured_ns)

    def _begin(self) -> None:
        if self._renewed:
            self._watchdog.failed()
        else:
            self._link.ready(f"microphone {self._name}")

    def _open(self) -> None:
        """Try once, and wait if it fails."""
        try:
            self._stream = self._thread.call(self._attempt, HANGS_S)
        except StenoError as error:
            self._lost(error.message, error.hint)
        except self._library.PortAudioError as error:
            self._lost(f"the sound system does not answer: {error}")
        except Hung:
            self._lost("the sound system does not answer")
            raise
        else:
            self._flow = Flow(self._stream.rate, self._stream.channels)
            self._watchdog.opening(time.monotonic_ns())
            return
        self._link.over(RETRY_S[min(self._attempts, len(RETRY_S)) - 1])

    def _attempt(self) -> Stream:
        if self._attempts:
            # PortAudio reads the list of devices when it starts, and never again.
            self._library._terminate()
            self._library._initialize()
        return Stream(self._library, choose(devices(self._library), self._name), self._settings.block_ms)

    def _listen(self, stream: Stream) -> None:
        """Take the next block, or see that there is none."""
        try:
            block = stream.blocks.get(timeout=WAIT_S)
        except queue.Empty:
            if stream.stopped:
                self._lost(f"{stream.device.name!r} is gone")
            elif self._watchdog.overdue(time.monotonic_ns()):
                self._lost(f"{stream.device.name!r} delivers no sound any more")
            return
        zeros = self._take(stream, block)
        self._report(self._watchdog.heard(time.monotonic_ns(), zeros), stream)
        self._attempts = 0

    def _take(self, stream: Stream, block: Block) -> bool:
        """Send a block on. Returns whether it holds nothing but zeros."""
        samples = np.frombuffer(block.data, np.int16).reshape(-1, stream.channels)
        self._overflows += block.overflow + stream.dropped
        stream.dropped = 0
        self._send(self._flow.push(samples, block.arrived_ns))
        return not samples.any()

    def _send(self, frames: Iterator[tuple[Int16, int]]) -> None:
        for frame, captured_ns in frames:
            self._link.audio(frame, self.sent, captured_ns, self._overflows)
            self._overflows = 0
            self.sent += len(frame)
            self._captured_ns = captured_ns

    def _report(self, state: str | None, stream: Stream) -> None:
        device = f"{stream.device.name} ({stream.device.host_api}), {stream.rate} Hz, {stream.channels} channels"
        if state == "silent":
            text = f"{device}: nothing but zeros for {self._settings.silent_after_s:g} s"
            self._link.state(state, text, "Is it muted, or used by another program?")
        elif state is not None:
            self._link.state(state, device)

    def _lost(self, reason: str, hint: str = "") -> None:
        self._attempts += 1
        # Said before the stream is closed: that takes as long as the sound server hangs.
        self._send(self._flow.flush())
        if (state := self._watchdog.failed()) is not None:
            self._link.state(state, reason, hint or "It is opened again as soon as it is back.")
        self._close()
        # Each new start of PortAudio leaves some 12 KB behind, and one that once hangs may never recover.
        if self._attempts >= RENEW_AFTER:
            raise Hung

    def _close(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            with contextlib.suppress(self._library.PortAudioError):  # it is gone: then there is nothing to close
                self._thread.call(stream.close, HANGS_S)
            while not stream.blocks.empty():
                self._take(stream, stream.blocks.get())
            self._send(self._flow.flush())


def run(link: Link, name: str, settings: MicrophoneSettings, first_sample: int = 0, renewed: bool = False) -> int:
    """Be the microphone's process. Returns the exit code, or does not return."""
    microphone = Microphone(link, name, settings, first_sample, renewed)
    try:
        microphone.run()
    except StenoError as error:
        link.refuse(error)
        return 1
    except Hung:
        over = link.over()
        link.close()
        sys.stderr.flush()
        if over or sys.platform == "win32":
            os._exit(0 if over else 1)  # the library's own end at exit would hang too
        renew(microphone.sent)
    return 0
