"""`steno type` on a real X server: the right window, every character, nothing that runs."""

from __future__ import annotations

import signal
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from pipeline import events
from tests.system.sound_server import until
from tests.system.typing_desk import Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.system

SHELL = "export PS1='$ '; echo ready > '{file}.ready'; exec "
TERMINATORS = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)]
BIDI = [chr(n) for n in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


def test_a_final_arrives_and_a_second_typist_is_refused_with_the_name_of_the_first(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    first = desk.start()
    second = desk.steno("type")
    assert second.returncode == 1
    assert f"`steno type` (process {first.pid}, since" in second.stderr
    desk.say("Grüße, 你好 and привет.")
    field.wait_for("Grüße, 你好 and привет.")
    desk.say("Again.")
    field.wait_for("Grüße, 你好 and привет. Again.")
    first.send_signal(signal.SIGINT)
    assert first.wait(10) == 130
    desk.start()
    desk.say("Third.")
    field.wait_for("Grüße, 你好 and привет. Again.Third.")


def test_pin_keeps_what_is_said_when_another_window_gets_the_focus(desk: Desk) -> None:
    one, two = desk.screen.xterm(), desk.screen.xterm()
    one.focus()
    desk.start()
    take = desk.press()
    two.focus()
    desk.final(take, "For the first.")
    desk.wait_for("another window has the focus: a text was kept")
    assert desk.steno("copy-last", "--print").stdout == "For the first.\n"
    desk.tell("retype-last")
    two.wait_for("For the first.")
    assert one.text() == ""
    assert "For the first" not in desk.said()


def test_hold_types_when_the_window_has_the_focus_again(desk: Desk) -> None:
    desk.configure('[typing]\nfocus_moves = "hold"\n')
    one, two = desk.screen.xterm(), desk.screen.xterm()
    one.focus()
    desk.start()
    take = desk.press()
    two.focus()
    desk.final(take, "For the first.")
    desk.say("For the second.")
    two.wait_for("For the second.")
    one.focus()
    one.wait_for("For the first.")
    take = desk.press()
    two.focus()
    desk.final(take, "For nobody.")
    desk.wait_for("a text waits")
    one.close()
    desk.wait_for("its window is gone: a text was kept")
    assert two.text() == "For the second."


def test_follow_types_each_word_where_one_looked_when_it_was_said(desk: Desk) -> None:
    desk.configure('[typing]\nfocus_moves = "follow"\n')
    one, two = desk.screen.xterm(), desk.screen.xterm()
    one.focus()
    desk.start()
    began = time.monotonic()
    state: dict[str, Any] = {"ready": True, "listening": True, "mode": "always", "sources": {}}
    desk.daemon.do(lambda fake: fake.publish(events.State, workers={"aligner": "ready"}, **state))
    take = desk.press()
    time.sleep(0.5)
    middle = time.monotonic() - began
    two.focus()
    time.sleep(0.5)
    desk.final(take, "One two, three four.")
    times = [("One", 0.1), ("two", 0.2), ("three", middle + 0.6), ("four", middle + 0.8)]
    words = [events.TimedWord(word, at, at) for word, at in times]
    desk.daemon.do(
        lambda fake: fake.publish(events.Words, source="mic", utterance=take, words=words, align=0.1, take=take)
    )
    two.wait_for("three four.")
    one.focus()
    one.wait_for("One two,")


def test_an_excluded_program_gets_nothing(desk: Desk) -> None:
    desk.configure('[typing]\nexcluded = ["XTERM"]\n')
    terminal = desk.screen.xterm()
    terminal.focus()
    desk.start()
    desk.say("A secret.")
    desk.wait_for("is excluded (typing.excluded)")
    assert terminal.text() == ""
    assert "A secret" not in desk.said()


def test_a_password_prompt_gets_nothing(desk: Desk) -> None:
    prompt = desk.screen.xterm("stty -echo; echo ready > '{file}.ready'; exec cat > '{file}'")
    prompt.focus()
    desk.start()
    desk.say("A secret.")
    desk.wait_for("a password prompt: a text was kept")
    desk.screen.run("xdotool", "key", "Return")
    until(lambda: prompt.text() == "\n", 5)


@pytest.mark.parametrize("shell", ["sh -i", "bash --norc -i"])
def test_no_transcript_runs_a_command(desk: Desk, shell: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    field = desk.screen.xterm(SHELL + shell)
    field.focus()
    desk.start()
    unsafe = TERMINATORS + BIDI
    assert all(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in unsafe)
    for begin in range(0, len(unsafe), 40):
        batch = unsafe[begin : begin + 40]
        desk.say("".join(f";>{canary}{character}" for character in batch))
        until(desk.settled, 30)
    time.sleep(0.5)
    assert not canary.exists()
    desk.screen.run("xdotool", "key", "Return")
    time.sleep(0.3)

    def ran() -> bool:
        # Of what xdotool types a character is lost now and then.
        desk.screen.run("xdotool", "type", "--delay", "30", f">{canary}")
        desk.screen.run("xdotool", "key", "Return")
        time.sleep(0.5)
        return canary.exists()

    # The same line would run if only one of them had been an Enter.
    until(ran, 30)


def test_twenty_thousand_characters_arrive(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    desk.start()
    text = "".join(f"{number:05} " for number in range(3334))[:20_000].strip()
    desk.say(text)
    field.wait_for(text, 60)


def test_without_a_typist_retype_last_types_by_itself_and_gives_the_lease_back(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    typist = desk.start()
    desk.say("Once more.")
    field.wait_for("Once more.")
    typist.terminate()
    typist.wait(10)
    done = desk.steno("retype-last")
    assert (done.returncode, done.stderr) == (0, "")
    field.wait_for("Once more.Once more.")
    desk.start()
    time.sleep(0.3)
    assert field.text() == "Once more.Once more."


def test_the_back_ends_that_work_here_are_listed(desk: Desk) -> None:
    done = desk.steno("type", "--list")
    assert done.returncode == 0
    assert "x11       works: XTEST" in done.stdout
