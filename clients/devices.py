"""`steno devices`: the microphones of this machine.

It owns how they are printed and how the process that knows them is asked. It does not know the sound library: that
lives in the microphone's own process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

import msgspec

from clients.terminal import clean
from pipeline.errors import EXIT_OK, StenoError

TIMEOUT_S = 20.0


class Device(msgspec.Struct, frozen=True):
    """An input device."""

    name: str
    host_api: str
    channels: int
    rate: float
    default: bool


class _Refusal(msgspec.Struct, frozen=True):
    error: str
    hint: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    devices = list_devices()
    if arguments.json:
        print(msgspec.json.encode(devices).decode())
        return EXIT_OK
    for device in devices:
        mark = "*" if device.default else " "
        detail = f"{device.host_api}, {device.channels} channels, {device.rate:.0f} Hz"
        print(clean(f"{mark} {device.name:<40} {detail}"))
    if any(device.default for device in devices):
        print("* the default: what `steno daemon` listens to")
    return EXIT_OK


def list_devices() -> list[Device]:
    """The input devices.

    Raises:
        StenoError: PortAudio is missing, there is no microphone, or the process that looks for them failed.
    """
    line = [sys.executable, "-P", "-m", "daemon.sources", "microphone", "--list", "--json"]
    try:
        # stderr is dropped: sound libraries write their own complaints there.
        done = subprocess.run(line, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise StenoError(
            f"the sound system did not answer within {TIMEOUT_S:g} s", "Is a sound server hanging?"
        ) from None
    try:
        answer = msgspec.json.decode(done.stdout, type=list[Device] | _Refusal)
    except msgspec.DecodeError:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise StenoError(f"the microphones cannot be listed: {reason[0]}") from None
    if isinstance(answer, _Refusal):
        raise StenoError(answer.error, answer.hint)
    if not answer:
        raise StenoError("there is no microphone", "Connect one, or see whether the sound server runs.")
    return answer
