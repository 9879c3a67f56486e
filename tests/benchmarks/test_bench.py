from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench, stream_summary
from benchmarks.bench import DEPTHS, NEEDS_MODEL, jobs, report, results
from benchmarks.bench_table import ABLATIONS, COLUMNS, HANGOVER_S, PROMISES, ablations, gains, markdown, promises
from benchmarks.machine import command
from benchmarks.silence import Count
from benchmarks.silence import summary as silence_summary
from pipeline import events, settings

STREAM: dict[str, Any] = {
    "final_p50": 0.5,
    "final_p95": HANGOVER_S + 0.11,
    "known_p95": 0.11,
    "word_partial_p50": 0.6,
    "first_partial_p50": 0.95,
    "erasure": 0.1,
    "revisions": 0,
    "wer_final": 0.1,
    "wer_committed": None,
    "wer_offline": 0.1,
    "short_compared": 10,
    "short_as_offline": 9,
    "work": 0.03,
    "step_mean": 0.02,
    "step_max": 0.05,
    "steps": 100,
}


def judged(summaries: dict[str, Any]) -> dict[str, bool | None]:
    return {one["what"]: one["holds"] for one in promises(summaries, {})}


def test_a_promise_holds_or_does_not_or_was_not_measured() -> None:
    found = judged({"stream": STREAM})
    assert found["end of speech to final, p95"] is True
    assert found["first partial, p50"] is False
    assert found["final = offline, miniature, through the daemon"] is False
    assert found["idle, all processes, of one core"] is None


def test_a_figure_of_which_nothing_was_seen_is_not_a_promise_that_holds() -> None:
    found = judged({"commit": STREAM, "stream": STREAM | {"short_compared": 0}})
    assert found["WER of the committed stream above offline"] is None
    assert found["final = offline, miniature, through the daemon"] is None


def test_a_run_of_the_ruler_has_the_figures_that_are_promised() -> None:
    nothing = stream_summary.summary([])
    assert set(COLUMNS) <= set(nothing)
    assert [one["measured"] for one in promises({"stream": nothing}, {}) if one["job"] == "stream"] == [
        "nothing seen"
    ] * sum(promise.job == "stream" for promise in PROMISES)


def test_a_limit_itself_holds_where_it_is_the_most_and_not_where_less_was_promised() -> None:
    soak = {"growth_upper": 1.0, "descriptors": 0}
    soak |= dict.fromkeys(("lost", "doubled", "disordered", "failed", "unheard", "heard_twice"), 0)
    found = judged({"soak": soak, "model": {"finals_share": 0.99, "cost_ratio": 0.25, "worst_ratio": 1.61}})
    assert found["cost of 30 s at 1 s, of decoding from scratch"] is True
    assert found["worst step of 30 s, of that of 6 s"] is False
    assert found["final = offline, --model"] is True
    assert found["memory growth, worst process, 95 % bound"] is False
    assert found["utterances lost, doubled or out of order"] is True


def test_the_table_says_why_a_row_was_not_measured() -> None:
    lines = markdown(promises({}, {"model": NEEDS_MODEL, "idle": "failed with exit code 3"}))
    assert len(lines) == len(PROMISES) + 2
    assert sum(NEEDS_MODEL in line for line in lines) == 3
    assert any("idle" in line and "failed with exit code 3" in line for line in lines)
    assert any("soak" not in line and "| not run |" in line for line in lines)


def test_every_promise_has_a_job_and_the_model_s_only_run_with_one() -> None:
    with_model, without = jobs(DEPTHS["usual"], Path("m")), jobs(DEPTHS["usual"], None)
    assert {promise.job for promise in PROMISES} <= set(with_model)
    assert set(with_model) - set(without) == {"model"}
    assert len({line[-1] for line in with_model.values()}) == len(with_model)


def test_each_ablation_changes_one_setting_that_exists() -> None:
    found = jobs(DEPTHS["quick"], None)
    defaults = settings.Settings()
    for job, (_, setting) in ABLATIONS.items():
        section, key = setting.removesuffix("=false").split(".")
        assert getattr(getattr(defaults, section), key) is True
        assert found[job][:-2] == [*found["virtual"][:-2], "--set", setting]


def test_ablations_stand_below_the_run_with_everything() -> None:
    lines = ablations({"virtual": STREAM, "no-draft": STREAM | {"work": 0.06}})
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["everything", "draft off"]
    assert lines[-1].split("|")[2].strip() == "0.06"
    assert ablations({"no-draft": STREAM}) == []
    assert set(COLUMNS) <= set(STREAM)


def test_gains_have_a_column_for_each_means() -> None:
    lines = gains({"miniature": {"cost_ratio": 0.3, "without KV off": 1.5}, "model": {"without KV off": 2.0}})
    assert lines[0] == "| 30 s, cost as a multiple | KV off |"
    assert lines[2:] == ["| miniature | 1.5 |", "| model | 2 |"]
    assert gains({"model": {"cost_ratio": 0.3}}) == []


def test_a_page_has_the_command_the_machine_and_the_date_and_when_each_job_ran() -> None:
    about = {"command": "python -m benchmarks.bench", "machine": "a computer", "date": "2026-01-01"}
    page = report(about, {"stream": {"made": "2025-12-31", "summary": STREAM}}, {"model": NEEDS_MODEL})
    assert page.startswith("python -m benchmarks.bench; a computer; 2026-01-01\n")
    assert "- stream: 2025-12-31" in page


def test_a_job_that_fails_leaves_no_earlier_result_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "OUT", tmp_path)
    (tmp_path / "bench-idle.json").write_text('{"summary": {"share": 0.01}}', encoding="utf-8")
    assert results({"idle": []}) == {"idle": {"summary": {"share": 0.01}}}
    assert bench.run("idle", ["no_such_benchmark"]) == "failed with exit code 1"
    assert results({"idle": []}) == {}
    assert "no_such_benchmark" in capfd.readouterr().err


def test_a_command_is_shown_as_one_would_type_it() -> None:
    assert command(["/usr/bin/python3", "-m", "benchmarks.bench", "a b"]) == "python -m benchmarks.bench 'a b'"


def test_words_where_nobody_speaks_are_counted_in_finals_and_in_what_partials_showed() -> None:
    cost = events.Timings(
        audio=1.0, encode=0.1, prefill=0.1, prefill_tokens=1, generate=0.1, generate_tokens=1, steps=1, wait=0.1
    )
    head: dict[str, Any] = {"daemon": "d", "seq": 1, "time": 0.0, "source": "s", "utterance": 1}
    count = Count("music", False, 30.0)
    count.take(events.SpeechStarted(**head, start=0.0, origin_ns=0))
    for tail in ("and", "and the", "and"):
        count.take(events.Partial(**head, revision=1, committed="", tail=tail, language="", end=1.0))
    count.take(events.Final(**head, start=0.0, end=1.0, text="and", withheld="the old", language="", timings=cost))
    found = silence_summary([count, Count("room", False, 30.0)])
    assert (found["utterances"], found["words"], found["shown"], found["withheld"]) == (1, 1, 2, 2)
    assert found["words_an_hour"] == 1
    assert (found["words music"], found["words room"]) == (1, 0)
