"""The command line of a source process: what it is asked to be. Each source itself is another file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from daemon.sources import file, microphone
from daemon.sources.devices import DEFAULT, Device
from daemon.sources.link import Link
from daemon.sources.rebirth import hush
from model.errors import StenoError
from pipeline.settings import MicrophoneSettings


def parser() -> argparse.ArgumentParser:
    """Describe the options; the hub gives them, and `steno devices` and `steno doctor` give --list."""
    whole = argparse.ArgumentParser(prog="python -m daemon.sources", description="Bring sound to a running hub.")
    kinds = whole.add_subparsers(dest="kind", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--runtime-dir", type=Path, help="the daemon's runtime directory")
    common.add_argument("--source", help="id of this source")
    common.add_argument("--first-sample", type=int, default=0, help="index of the first sample that is sent")
    common.add_argument("--parent", type=int, default=0, help="process id of the hub; with another parent it ends")
    live = kinds.add_parser("microphone", parents=[common], help="a live input device")
    defaults = MicrophoneSettings()
    live.add_argument("--device", default=DEFAULT, help="its name or a part of it")
    live.add_argument("--block-ms", type=int, default=defaults.block_ms, help="length of the device's blocks")
    live.add_argument("--silent-after", type=float, default=defaults.silent_after_s, help="seconds of zeros")
    live.add_argument("--lost-after", type=float, default=defaults.lost_after_s, help="seconds without sound")
    live.add_argument("--list", action="store_true", help="print the input devices and end")
    live.add_argument("--json", action="store_true", help="print them as JSON")
    live.add_argument("--debug", action="store_true", help="also show what the sound libraries print")
    live.add_argument("--renewed", action="store_true", help=argparse.SUPPRESS)
    played = kinds.add_parser("file", parents=[common], help="a file, played as if it were captured now")
    played.add_argument("--file", type=Path, required=True)
    played.add_argument("--speed", type=float, default=1.0, help="1: real speed; 0: as fast as is safe")
    return whole


def main() -> int:
    """Be a source process, or list devices. Returns the exit code."""
    options = parser().parse_args()
    if options.kind == "microphone":
        if not options.debug:
            hush()
        if options.list:
            return list_devices(as_json=options.json)
    if options.runtime_dir is None or options.source is None:
        parser().error("--runtime-dir and --source are needed")
    link = Link(options.runtime_dir, options.source, options.parent)
    try:
        if options.kind == "file":
            return file.run(link, options.file, options.speed, options.first_sample)
        settings = MicrophoneSettings(
            block_ms=options.block_ms, silent_after_s=options.silent_after, lost_after_s=options.lost_after
        )
        return microphone.run(link, options.device, settings, options.first_sample, options.renewed)
    finally:
        link.close()


def list_devices(as_json: bool) -> int:
    """Print the input devices: for people, or as JSON for `steno devices`, which also reads the error so."""
    try:
        found = microphone.devices(microphone.load())
    except StenoError as error:
        if as_json:
            print(msgspec.json.encode({"error": error.message, "hint": error.hint}).decode())
        else:
            print(error, file=sys.stderr)
        return error.exit_code
    print(msgspec.json.encode(found).decode() if as_json else "\n".join(map(_line, found)) or "no microphone")
    return 0


def _line(device: Device) -> str:
    mark = "*" if device.default else " "
    return f"{mark} {device.name} ({device.host_api}, {device.channels} channels, {device.rate} Hz)"


if __name__ == "__main__":
    sys.exit(main())
