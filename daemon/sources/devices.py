"""Which input device is meant by a name. This file owns the choice and its errors; it does not know the library."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from model.errors import AudioError

DEFAULT = "default"


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """An input device; also one entry of the JSON that `microphone --list --json` prints."""

    name: str
    host_api: str
    channels: int
    rate: int
    """Samples per second that the device prefers."""
    default: bool
    """The system's default input."""
    index: int
    """The library's own number for it, which changes when devices come and go."""


def choose(devices: Sequence[Device], name: str) -> Device:
    """The device of that name: exact, else the only one whose name holds it, upper and lower case alike.

    `default` means the system's default input, even when a device is called so.

    Raises:
        AudioError: there is none, or several; the message lists what there is.
    """
    if not devices:
        raise AudioError("there is no microphone", "Connect one, or see what is found: steno devices")
    if name == DEFAULT:
        return next((device for device in devices if device.default), devices[0])
    found = [device for device in devices if device.name == name] or [
        device for device in devices if name.casefold() in device.name.casefold()
    ]
    # The same device under several host APIs (Windows): the first is the library's own preference.
    if len({device.name for device in found}) == 1:
        return found[0]
    listed = ", ".join(repr(device.name) for device in (found or devices))
    if found:
        raise AudioError(f"several microphones match {name!r}: {listed}", "Give one of these names in full.")
    raise AudioError(f"no microphone matches {name!r}; there is: {listed}", "Choose one of these, or `default`.")
