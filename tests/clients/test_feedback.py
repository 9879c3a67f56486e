"""Feedback: nobody waits for it, what fails is said once, and nothing is left behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from clients.desktop import feedback, sound_player
from clients.desktop.feedback import Feedback
from clients.desktop.notifications import Limit, Notifier
from pipeline.desktop_settings import FeedbackSettings
from pipeline.errors import StenoError
from tests.clients.desktop_programs import Programs, until


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "programs")


@pytest.fixture
def environ(programs: Programs, tmp_path: Path) -> dict[str, str]:
    return {"PATH": programs.path, "STENO_CACHE_DIR": str(tmp_path / "cache")}


def played(programs: Programs, player: str = "paplay") -> list[str]:
    return [Path(call[-1]).name.split("-")[0] for call in programs.calls(player)]


def test_each_sound_is_given_to_the_player(programs: Programs, environ: dict[str, str]) -> None:
    programs.add("paplay")
    with Feedback(FeedbackSettings(), environ) as made:
        for count, sound in enumerate(("start", "stop", "cancel", "error"), start=1):
            made.play(sound)  # type: ignore[arg-type]  # mypy takes the tuple's items for any strings
            until(lambda count=count: len(played(programs)) == count)  # type: ignore[misc]
    assert played(programs) == ["start", "stop", "cancel", "error"]


def test_settings_and_volume_can_silence_it(programs: Programs, environ: dict[str, str]) -> None:
    programs.add("paplay")
    programs.add("notify-send")
    for settings in (FeedbackSettings(sounds=False, notifications=False), FeedbackSettings(volume=0.0)):
        threads = threading.active_count()
        with Feedback(settings, environ) as made:
            made.play("start")
            assert threading.active_count() - threads == settings.notifications
    assert played(programs) == []


def test_a_player_that_fails_hands_over_to_the_next_for_good(programs: Programs, environ: dict[str, str]) -> None:
    programs.add("paplay", "exit 1")
    programs.add("aplay")
    with Feedback(FeedbackSettings(notifications=False), environ) as made:
        made.play("start")
        until(lambda: played(programs, "aplay") == ["start"])
        made.play("stop")
        until(lambda: played(programs, "aplay") == ["start", "stop"])
    assert played(programs) == ["start"]


def test_without_a_player_it_is_said_once_what_to_install(
    environ: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    with Feedback(FeedbackSettings(notifications=False), environ) as made:
        made.play("start")
        made.play("stop")
    said = capfd.readouterr().err
    assert said.count("no sound is played") == 1
    assert "paplay" in said
    assert "pulseaudio-utils" in said


def test_players_that_all_fail_are_named_once(
    programs: Programs, environ: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    programs.add("paplay", "exit 1")
    programs.add("pw-play", "exit 1")
    said = ""
    with Feedback(FeedbackSettings(notifications=False), environ) as made:
        for count in (1, 2):
            made.play("start")
            until(lambda count=count: len(programs.calls("pw-play")) == count)  # type: ignore[misc]
            time.sleep(2 * feedback.TEND_S)
        said = capfd.readouterr().err
    assert said.count("paplay, pw-play failed") == 1


def test_a_player_that_hangs_is_ended(
    programs: Programs,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(sound_player, "PATIENCE_S", 0.3)
    programs.add("paplay", f"echo $$ > {tmp_path}/pid; exec /bin/sleep 60")
    with Feedback(FeedbackSettings(notifications=False), environ) as made:
        made.play("start")
        until(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
        pid = int((tmp_path / "pid").read_text())
        until(lambda: not Path(f"/proc/{pid}").exists())
        until(lambda: "paplay did not end" in capfd.readouterr().err)


def test_no_more_than_a_few_sounds_at_a_time(programs: Programs, environ: dict[str, str]) -> None:
    programs.add("paplay", "exec /bin/sleep 0.5")
    with Feedback(FeedbackSettings(notifications=False), environ) as made:
        for _ in range(50):
            made.play("error")
        until(lambda: len(played(programs)) >= 1)
    assert len(played(programs)) <= sound_player.AT_ONCE


def test_what_the_caller_asks_for_is_done_elsewhere(programs: Programs, environ: dict[str, str]) -> None:
    # notify-send that never ends: had the caller to wait for it, this test would run into its time limit.
    programs.add("paplay")
    programs.add("notify-send", "exec /bin/sleep 600")
    made = Feedback(FeedbackSettings(), environ)
    for number in range(20):
        made.notify(f"Number {number}")
    made.play("start")
    until(lambda: played(programs) == ["start"])
    made.close()


def test_a_cache_that_cannot_be_written_is_said_and_no_error(
    programs: Programs, environ: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    programs.add("paplay")
    (tmp_path / "cache").write_text("a file")
    with Feedback(FeedbackSettings(notifications=False), environ) as made:
        made.play("start")
    assert "cannot write the sound" in capfd.readouterr().err
    assert played(programs) == []


def test_without_a_bus_notify_send_shows_it(programs: Programs, environ: dict[str, str]) -> None:
    programs.add("notify-send")
    with Feedback(FeedbackSettings(sounds=False), environ) as made:
        made.notify("Text kept", "in \x1b[31mred\nsteno retype-last")
    (call,) = programs.calls("notify-send")
    assert call[-3:] == ["Text kept", "in [31mred", "steno retype-last"]
    assert "--" in call


def test_without_both_it_is_said_once_why(environ: dict[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    with Feedback(FeedbackSettings(sounds=False), environ) as made:
        made.notify("One")
        made.notify("Two")
    said = capfd.readouterr().err
    assert said.count("notifications cannot be shown") == 1
    assert "DBUS_SESSION_BUS_ADDRESS" in said


def test_where_neither_works_both_are_named_and_not_the_command(programs: Programs, environ: dict[str, str]) -> None:
    programs.add("notify-send", "exit 1")
    with pytest.raises(
        StenoError, match=r"DBUS_SESSION_BUS_ADDRESS.*notify-send cannot show .*\(exit code 1\)"
    ) as said:
        Notifier(environ, "linux").show("Text kept", "my secret")
    assert "secret" not in str(said.value)


def test_macos_gets_the_texts_as_arguments_and_never_as_a_script(programs: Programs) -> None:
    programs.add("osascript")
    Notifier({"PATH": programs.path} | {"HOME": os.environ["HOME"]}, "darwin").show('a" & beep', "body")
    (call,) = programs.calls("osascript")
    assert call[-2:] == ['a" & beep', "body"]
    assert call.count("-e") == 3


def test_where_there_is_no_way_it_says_so() -> None:
    with pytest.raises(StenoError, match="win32"):
        Notifier({}, "win32").show("a", "")


def test_the_same_message_comes_once_in_a_while_and_not_too_many_in_all() -> None:
    limit = Limit()
    assert limit.admits(("a", ""), 0.0)
    assert not limit.admits(("a", ""), 1.9)
    assert limit.admits(("a", "other"), 1.9)
    assert limit.admits(("a", ""), 2.0)
    assert [limit.admits((name, ""), 3.0) for name in "bcde"] == [True, True, False, False]
    assert limit.admits(("d", ""), 10.1)


def test_importing_feedback_loads_neither_the_bus_nor_numpy(environ: dict[str, str]) -> None:
    import subprocess

    probe = "import sys, clients.desktop.feedback; print([m for m in ('jeepney', 'numpy', 'wave') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
