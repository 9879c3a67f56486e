"""Sound files played by the program that this machine has for it, each in a child process of its own.

It owns which programs there are, and their ends: none is left behind, none hangs for ever. It does not know what is
played. Not for two threads at a time.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StenoError

PLAYERS: dict[str, tuple[str, ...]] = {
    "paplay": ("--client-name=Steno", "--latency-msec=30", "--property=media.role=event"),
    "pw-play": ("--media-role=Notification", "--latency=30ms"),
    "aplay": ("--quiet",),
    "afplay": (),
}
"""Program -> its options, the best first. paplay reaches PulseAudio and PipeWire alike, whereas pw-play may be there on
a machine whose sound is PulseAudio's."""
PACKAGES = "pulseaudio-utils, pipewire-bin or alsa-utils"
AT_ONCE = 4
"""More sounds at a time are noise: a further one is left out."""
PATIENCE_S = 3.0
"""A player that still plays then hangs, for its sound server does."""


@dataclass(frozen=True, slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    player: str
    path: Path
    began_s: float
    tried: int


class SoundPlayer:
    """Plays files one beside the other. `tend` is to be called now and then while `busy`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        path = environ.get("PATH")
        self._players = [(name, found) for name in PLAYERS if (found := shutil.which(name, path=path))]
        self._children: list[_Child] = []
        self._preferred = 0

    @property
    def busy(self) -> bool:
        """Whether something is played."""
        return bool(self._children)

    def play(self, path: Path) -> None:
        """Begin to play the file.

        Raises:
            StenoError: there is nothing that plays.
        """
        if sys.platform == "win32":
            _play_on_windows(path)
            return
        if not self._players:
            raise StenoError(
                f"no sound is played: none of {', '.join(PLAYERS)} is installed",
                f"Install one (Debian: {PACKAGES}), or set feedback.sounds = false.",
            )
        if len(self._children) < AT_ONCE:
            self._start(path, 1)

    def tend(self) -> None:
        """Bury the players that have ended. Where one failed, the next one takes over, and plays that sound as well.

        Raises:
            StenoError: all have failed; one hung.
        """
        for child in self._ended():
            if child.process.returncode == 0:
                continue
            if child.player == self._players[self._preferred][0]:
                self._preferred = (self._preferred + 1) % len(self._players)
            if time.monotonic() - child.began_s >= PATIENCE_S:
                raise StenoError(f"{child.player} did not end", "Does the sound server answer?")
            if child.tried >= len(self._players):
                raise StenoError(
                    f"no sound is played: {', '.join(name for name, _ in self._players)} failed",
                    "Is a sound server running? feedback.sounds = false does without sounds.",
                )
            self._start(child.path, child.tried + 1)

    def _ended(self) -> list[_Child]:
        """Those that have ended since the last call, by themselves or since they hung."""
        ended = []
        for child in self._children:
            if child.process.poll() is None and time.monotonic() - child.began_s >= PATIENCE_S:
                child.process.kill()
                child.process.wait()
            if child.process.returncode is not None:
                ended.append(child)
        self._children = [child for child in self._children if child not in ended]
        return ended

    def close(self) -> None:
        """Let what is played end, and end what does not."""
        for child in self._children:
            try:
                child.process.wait(max(0.0, child.began_s + PATIENCE_S - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._children.clear()

    def _start(self, path: Path, tried: int) -> None:
        name, program = self._players[self._preferred]
        try:
            process = subprocess.Popen(
                [program, *PLAYERS[name], str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environ,
            )
        except OSError as error:
            raise StenoError(f"no sound is played: {program}: {error.strerror}") from None
        self._children.append(_Child(process, name, path, time.monotonic(), tried))


def _play_on_windows(path: Path) -> None:
    if sys.platform == "win32":
        import winsound

        try:
            winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
        except RuntimeError as error:
            raise StenoError(f"no sound is played: {error}") from None
