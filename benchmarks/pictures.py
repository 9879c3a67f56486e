"""The pictures of README's "Push to talk in five minutes": `python -m benchmarks.pictures`.

A real screen without a monitor, with a real editor field, `steno status --watch`, the daemon with the miniature, `steno
type` and `steno hotkey`. Recordings are played into a sound server's microphone while a key is held down. What the
screen shows is filmed and written to docs/pictures/. It needs what `make test-system` installs.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from tests.system.desk import Desk, sample
from tests.system.screen import Field
from tests.system.sound_server import DEFAULTS, MICROPHONE, SINK, SoundServer, until

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "pictures"
KEY = "F9"
SAID = ("01", "07")
SIZE = (800, 420)
FRAMES_PER_S = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="where the pictures go")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="steno-") as name:
        directory = Path(name)
        (directory / "sound").mkdir()
        (directory / "desk").mkdir()
        server = SoundServer(directory / "sound", f"load-module {SINK}\nload-module {MICROPHONE}\n{DEFAULTS}")
        desk = Desk(server, directory / "desk", directory / "cache")
        try:
            film = take_pictures(desk, out, directory)
        finally:
            desk.close()
            server.kill()
        animate(film, out / "push-to-talk.gif")
    for path in sorted(out.iterdir()):
        print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


def take_pictures(desk: Desk, out: Path, directory: Path) -> Path:
    editor = arrange(desk)
    desk.start("type")
    desk.start("hotkey", "--key", KEY.lower(), "--action", "hold")
    until(lambda: KEY.lower() in desk.said("hotkey") and bool(desk.said("type")), 20)
    time.sleep(1.5)
    film = directory / "film.mkv"
    camera = [
        "ffmpeg",
        "-loglevel",
        "error",
        "-y",
        "-f",
        "x11grab",
        "-draw_mouse",
        "0",
        "-framerate",
        str(FRAMES_PER_S),
    ]
    camera += ["-video_size", f"{SIZE[0]}x{SIZE[1]}", "-i", desk.environ["DISPLAY"], "-c:v", "ffv1", str(film)]
    filming = subprocess.Popen(camera, env=desk.environ, stdin=subprocess.PIPE)
    time.sleep(1.0)
    picture(desk, out / "1-before.png")
    expected = ""
    for number in SAID:
        desk.key(KEY, True)
        playing = desk.sound.play_in_background(sample(number))
        time.sleep(1.6)
        if not expected:
            picture(desk, out / "2-held.png")
        playing.wait(20)
        finals = len(desk.of("final"))
        desk.key(KEY, False)
        until(lambda finals=finals: len(desk.of("final")) > finals, 10)  # type: ignore[misc]
        expected += (" " if expected else "") + desk.of("final")[-1]["text"]
        editor.wait_for(expected)
        time.sleep(1.0)
        if number == SAID[0]:
            picture(desk, out / "3-released.png")
    time.sleep(1.0)
    filming.communicate(b"q", timeout=20)
    return film


def arrange(desk: Desk) -> Field:
    """An editor field above, and below it a terminal with the daemon's state; the editor has the focus."""
    steno = f"{ROOT}/.venv/bin/steno --runtime-dir {desk.environ['STENO_RUNTIME_DIR']}"
    watch = f"touch '{{file}}.ready'; exec {steno} status --watch"
    below = desk.screen.xterm(watch, "-fa", "DejaVu Sans Mono", "-fs", "13", title="steno status --watch")
    editor = desk.screen.gtk("--multiline", "--large", title="Any editor")
    for field, place in ((editor, (0, 0, SIZE[0] - 4, 190)), (below, (0, 215, SIZE[0] - 4, 180))):
        desk.screen.run("xdotool", "windowsize", str(field.id), *map(str, place[2:]))
        desk.screen.run("xdotool", "windowmove", str(field.id), *map(str, place[:2]))
    editor.focus()
    return editor


def picture(desk: Desk, path: Path) -> None:
    line = ["ffmpeg", "-loglevel", "error", "-y", "-f", "x11grab", "-draw_mouse", "0"]
    line += ["-video_size", f"{SIZE[0]}x{SIZE[1]}", "-i", desk.environ["DISPLAY"], "-frames:v", "1", str(path)]
    subprocess.run(line, env=desk.environ, stdin=subprocess.DEVNULL, check=True, timeout=20)


def animate(film: Path, path: Path) -> None:
    """A GIF with a palette of its own; frames that show nothing new cost next to nothing."""
    palette = "split[a][b];[a]palettegen=max_colors=32:stats_mode=diff[p];[b][p]paletteuse=dither=none"
    line = ["ffmpeg", "-loglevel", "error", "-y", "-i", str(film), "-filter_complex", palette, "-loop", "0", str(path)]
    subprocess.run(line, stdin=subprocess.DEVNULL, check=True, timeout=120)


if __name__ == "__main__":
    main()
