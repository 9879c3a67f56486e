"""What a client tells the person at the desktop without a window: sounds, and notifications.

It owns that nobody waits for it: each kind is done on a thread of its own. It does not know how a sound is played or a
notification shown.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping

from clients.desktop.sounds import SOUNDS, Sound, sound_file
from clients.terminal import clean_lines
from pipeline.desktop_settings import FeedbackSettings
from pipeline.errors import StenoError
from pipeline.paths import cache_dir

WAITING = 8
"""So many wait for their turn at most; a further one is left out: old feedback tells nothing."""
TEND_S = 0.1
"""How often players that have ended are looked for, while there are any."""
CLOSE_S = 1.5
"""So long `close` waits for what was asked for last."""

Job = Callable[[], object]


class Feedback:
    """Sounds and notifications as the settings want them; neither `play` nor `notify` ever waits or raises.

    What cannot be done is said on stderr, each reason once. Usable as a context manager.

    Args:
        settings: section [feedback].
        environ: of the desktop session.
    """

    def __init__(self, settings: FeedbackSettings, environ: Mapping[str, str] = os.environ) -> None:
        say = _Once()
        audible = settings.sounds and settings.volume > 0
        self._sounds = _Sounds(say, settings.volume, environ) if audible else None
        self._notes = _Notes(say, environ) if settings.notifications else None

    def play(self, sound: Sound) -> None:
        """Play one of the sounds."""
        if self._sounds is not None:
            self._sounds.play(sound)

    def notify(self, summary: str, body: str = "") -> None:
        """Show a notification, in the place of the last one with this summary. Never the text of a transcript."""
        if self._notes is not None:
            self._notes.show(summary, body)

    def close(self) -> None:
        """Let what was asked for come to its end, for a second or two at most."""
        deadline_s = time.monotonic() + CLOSE_S
        threads = [thread for thread in (self._sounds, self._notes) if thread is not None]
        for thread in threads:
            thread.put(None)
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def __enter__(self) -> Feedback:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Once:
    """What cannot be done, said once for each reason."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, error: StenoError) -> None:
        if error.message not in self._said:
            self._said.add(error.message)
            print(clean_lines(f"steno: {error}"), file=sys.stderr, flush=True)


class _Background(threading.Thread):
    """Does jobs in their order until None comes. It ends with the process whatever it is doing."""

    def __init__(self, say: Callable[[StenoError], None]) -> None:
        super().__init__(daemon=True)
        self._say = say
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.start()

    def put(self, job: Job | None) -> None:
        """Have it done when its turn comes."""
        if job is None or self._jobs.qsize() < WAITING:
            self._jobs.put(job)

    def run(self) -> None:
        """What the thread does."""
        self._try(self._prepare)
        while True:
            try:
                job = self._jobs.get(timeout=TEND_S if self._busy() else None)
            except queue.Empty:
                job = self._tend
            self._try(self._finish if job is None else job)
            if job is None:
                return

    def _try(self, job: Job) -> None:
        try:
            job()
        except StenoError as error:
            self._say(error)
        except Exception as error:  # whatever it is, the client's own work goes on
            self._say(StenoError(f"feedback failed: {type(error).__name__}: {error}"))

    def _prepare(self) -> None:
        """Before the first job."""

    def _busy(self) -> bool:
        """Whether `_tend` wants to be called."""
        return False

    def _tend(self) -> None:
        """Between jobs, while busy."""

    def _finish(self) -> None:
        """After the last one."""


class _Sounds(_Background):
    def __init__(self, say: Callable[[StenoError], None], volume: float, environ: Mapping[str, str]) -> None:
        from clients.desktop.sound_player import SoundPlayer

        self._volume = volume
        self._directory = cache_dir(environ) / "sounds"
        self._player = SoundPlayer(environ)
        super().__init__(say)

    def play(self, sound: Sound) -> None:
        self.put(lambda: self._play(sound))

    def _play(self, sound: Sound) -> None:
        self._player.tend()
        self._player.play(sound_file(sound, self._volume, self._directory))

    def _prepare(self) -> None:
        for sound in SOUNDS:
            sound_file(sound, self._volume, self._directory)

    def _busy(self) -> bool:
        return self._player.busy

    def _tend(self) -> None:
        self._player.tend()

    def _finish(self) -> None:
        self._player.close()


class _Notes(_Background):
    def __init__(self, say: Callable[[StenoError], None], environ: Mapping[str, str]) -> None:
        from clients.desktop.notifications import Limit, Notifier

        self._limit = Limit()
        self._notifier = Notifier(environ, sys.platform)
        super().__init__(say)

    def show(self, summary: str, body: str) -> None:
        if self._limit.admits((summary, body), time.monotonic()):
            self.put(lambda: self._notifier.show(summary, body))

    def _finish(self) -> None:
        self._notifier.close()
