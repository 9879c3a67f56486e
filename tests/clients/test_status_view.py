"""How the daemon's state looks: by events and answers, without a daemon."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clients.status_view import View
from pipeline import events
from pipeline.commands import StatusReply
from tests.clients.fake_daemon import TIMINGS

HEAD: dict[str, Any] = {"daemon": "one", "seq": 1, "time": 1_700_000_000.0}


def state(**fields: Any) -> events.State:
    given: dict[str, Any] = {
        "ready": True,
        "listening": False,
        "mode": "on-demand",
        "workers": {"encoder": "ready"},
        "sources": {},
    }
    return events.State(**HEAD, **(given | fields))


def final(text: str) -> events.Final:
    return events.Final(
        **HEAD, source="mic", utterance=1, text=text, language="English", start=0, end=1, timings=TIMINGS
    )


def reply(**fields: Any) -> StatusReply:
    given: dict[str, Any] = {
        "daemon": "one",
        "version": "1",
        "pid": 1,
        "uptime": 1.0,
        "ready": True,
        "listening": True,
        "mode": "on-demand",
        "workers": {"encoder": "ready"},
        "details": {},
        "sources": {"mic": "opened"},
        "restarts": {},
        "utterances": 0,
        "backlog": 0.0,
        "take": 3,
        "levels": {"mic": -30.0},
    }
    return StatusReply(**(given | fields))


def of(*shown: events.Any) -> View:
    view = View()
    for event in shown:
        view.event(event)
    return view


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        ({}, "ready"),
        ({"ready": False, "workers": {"encoder": "starting"}}, "starting"),
        ({"listening": True, "sources": {"mic": "opened"}}, "listening"),
        ({"listening": True, "sources": {"mic": "lost"}}, "failed"),
        ({"listening": True, "sources": {"mic": "lost", "feed": "opened"}}, "listening"),
        ({"ready": False, "listening": True, "workers": {"decoder": "failed"}}, "failed"),
    ],
)
def test_one_word_says_what_it_comes_to(fields: dict[str, Any], phase: str) -> None:
    view = of(state(**fields))
    assert view.phase == phase
    shown = json.loads(view.waybar())
    assert shown["alt"] == shown["class"] == phase


def test_before_anything_is_known_and_after_the_daemon_has_gone_it_is_off() -> None:
    view = View()
    assert json.loads(view.waybar())["class"] == "off"
    view.event(state(listening=True))
    view.gone()
    assert view.phase == "off"
    assert view.line() == "off: no daemon is running"


def test_a_take_is_shown_while_it_lasts_and_held_while_the_key_is_down() -> None:
    view = of(state())
    view.event(events.Listening(**HEAD, on=True, take=7, at_ns=1, held=True, output=""))
    assert view.line() == "listening, take 7, key held"
    view.event(state(listening=True))
    assert view.line() == "listening, take 7, key held"
    view.event(events.Listening(**HEAD, on=False, take=7, at_ns=2, held=True, output=""))
    assert view.line() == "ready"


def test_that_a_key_is_held_is_known_to_one_who_comes_in_the_middle() -> None:
    view = View()
    view.status(reply(held=True), 0.0)
    assert view.line() == "listening, take 3, key held"
    view.status(reply(listening=False), 1.0)
    assert view.line() == "ready"


def test_what_is_wrong_is_named() -> None:
    view = of(state(pace="finals-only", listening=True, workers={"encoder": "restarting"}, sources={"mic": "silent"}))
    assert view.line() == "listening, pace finals-only; encoder restarting; mic silent"


def test_of_a_text_only_its_time_is_shown() -> None:
    view = of(state(), final("my secret"), final(""))
    everything = "\n".join([*view.rows(0.0, 80), view.line(), view.waybar()])
    assert "secret" not in everything
    assert "last text" in everything
    assert ":" in view.rows(0.0, 80)[1]


def test_a_snapshot_of_another_daemon_makes_what_was_known_void() -> None:
    view = of(state(), final("text"))
    view.event(events.Listening(**HEAD, on=True, take=7, at_ns=1, held=True, output=""))
    snapshot = events.Snapshot(**HEAD, state=state(), partials=[], finals=[])
    view.event(snapshot)
    assert view.line() == "ready"
    assert "none" in view.rows(0.0, 80)[1]


def test_a_row_for_each_source_has_its_level_and_no_row_is_too_long() -> None:
    view = View()
    view.typist = "`steno type` (process 12)"
    view.status(reply(sources={"mic": "opened", "a-source-of-a-long-name": "opened"}), 5.0)
    rows = view.rows(5.0, 60, plain=True)
    assert rows[0] == "* listening, take 3"
    assert rows[1].startswith("mic         [###")
    assert rows[1].endswith(" -30 dB")
    assert rows[2].startswith("a-source-o")
    assert rows[2].endswith(" -60 dB")
    assert rows[-1] == "typist      `steno type` (process 12)"
    for width in range(1, 100):
        assert all(len(row) <= width for row in view.rows(5.0, width))


def test_a_tooltip_is_no_markup() -> None:
    view = of(state(sources={"<b>&": "lost"}))
    assert "&lt;b&gt;&amp; lost" in json.loads(view.waybar())["tooltip"]


def test_control_characters_never_reach_the_terminal() -> None:
    view = View()
    view.status(reply(sources={"\x1b[31m": "lost"}, levels={}), 0.0)
    assert "\x1b" not in "".join([*view.rows(0.0, 80), view.line(), view.waybar()])
