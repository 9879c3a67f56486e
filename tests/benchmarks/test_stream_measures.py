from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.stream_measures import Measured, measure
from benchmarks.stream_summary import summary, table
from benchmarks.stream_take import Heard, Run, Step, Take, load, read, write
from clients import samples
from pipeline import events
from pipeline.errors import StenoError
from tests.benchmarks.made_take import ended, event, final, partial, started, take
from tests.benchmarks.simulated import spoken

WORDS = spoken(("We", 0.2, 0.5), ("walked", 0.5, 1.0), ("home.", 1.0, 1.4))


def measured(*heard: Heard, **fields: Any) -> Measured:
    return measure(take(WORDS, [started(0.3), *heard], **fields))


def usual(**fields: Any) -> Measured:
    return measured(
        partial(0.9, 0.8, "We work"),
        partial(1.3, 1.2, "We walked."),
        partial(1.6, 1.5, "He walked home"),
        ended(2.0, 1.6),
        final(2.1, 1.6, "We walked home."),
        **fields,
    )


def test_a_word_is_shown_when_it_first_stands_right_and_stable_when_it_stays() -> None:
    we, walked, home = usual().words
    assert (we.partial, we.stable) == (0.9, 2.1)  # the third partial had another word in its place
    assert (walked.partial, walked.stable) == (1.3, 1.3)
    assert (home.partial, home.stable, home.final) == (1.6, 1.6, 2.1)


def test_a_word_that_only_the_final_has_is_no_partial_s() -> None:
    found = measured(partial(0.9, 0.8, "We"), ended(2.0, 1.6), final(2.1, 1.6, "We walked home."))
    figures = summary([found])
    assert [word.partial for word in found.words] == [0.9, None, None]
    assert figures["word_partial_p99"] == pytest.approx(0.4)
    assert figures["word_shown_p99"] == pytest.approx(1.09, abs=0.02)
    assert (figures["words"], figures["words_in_partials"], figures["words_right"]) == (3, 1, 3)


def test_a_word_that_had_not_begun_cannot_be_meant() -> None:
    assert measured(partial(0.9, 0.8, "We home"), ended(2.0, 1.6), final(2.1, 1.6, "We")).words[2].partial is None


def test_the_first_partial_counts_from_the_first_word_to_a_right_one() -> None:
    found = measured(partial(0.6, 0.5, "Hm"), partial(1.1, 1.0, "walked"), ended(2.0, 1.6), final(2.1, 1.6, "We"))
    assert found.firsts == [pytest.approx(1.1 - 0.2)]


def test_a_committed_word_counts_from_when_it_was_committed_or_final() -> None:
    found = measured(partial(1.3, 1.2, " walked", committed="We"), ended(2.0, 1.6), final(2.1, 1.6, "We walked home."))
    assert [word.committed for word in found.words] == [1.3, 2.1, 2.1]
    assert found.revisions == 0
    assert found.utterances[0].typed == "We walked home."


def test_committed_text_that_is_taken_back_is_counted_and_stays_typed() -> None:
    found = measured(partial(1.3, 1.2, "", committed="He walked"), ended(2.0, 1.6), final(2.1, 1.6, "We walked home."))
    figures = summary([found])
    assert figures["revisions"] == 1
    assert figures["wer_final"] == 0
    assert figures["wer_committed"] == pytest.approx(2 / 3)


def test_end_of_speech_is_the_reference_s_and_not_the_daemon_s() -> None:
    (end,) = usual(steps={1: Step(1.9, 2.05, 2.0)}).endpoints
    assert end.spoken == 1.4
    assert end.total == pytest.approx(0.7)
    assert end.hangover == pytest.approx(0.6)


def test_only_work_behind_the_end_of_the_utterance_makes_anybody_wait() -> None:
    cost = {"last_step": events.LastStep(encode=0.04, prefill=0.03, generate=0.02)}
    heard = [started(0.3), ended(2.0, 1.6), final(2.1, 1.6, "We walked home.", cost=cost)]
    begun_before = measure(take(WORDS, heard, steps={1: Step(1.95, 2.04, 2.0)})).endpoints[0]
    parts = [begun_before.queue, begun_before.encode, begun_before.prefill, begun_before.generate, begun_before.publish]
    assert parts == pytest.approx([0, 0, 0.02, 0.02, 0.06])
    begun_after = measure(take(WORDS, heard, steps={1: Step(2.001, 2.095, 2.0)})).endpoints[0]
    assert begun_after.queue == pytest.approx(0.005)
    assert begun_after.total == pytest.approx(0.6 + 0.005 + 0.04 + 0.03 + 0.02 + 0.005)
    done_before = measure(take(WORDS, heard, steps={1: Step(1.8, 1.95, 2.0)})).endpoints[0]
    assert done_before.publish == pytest.approx(0.1)
    assert done_before.total == pytest.approx(done_before.hangover + done_before.publish)


def test_an_utterance_cut_for_its_length_has_no_end_of_speech() -> None:
    assert measured(ended(2.0, 1.6, "length"), final(2.1, 1.6, "We walked home.")).endpoints == []


def test_erased_is_what_stands_behind_the_common_beginning_and_changed_what_is_gone() -> None:
    found = usual()
    # "we work" -> "we walked" -> "he walked home" -> "we walked home"
    assert found.erased == 1 + 2 + 3
    assert found.changed == 1 + 1 + 1
    assert found.erased_raw == 1 + 2 + 3
    figures = summary([found])
    assert figures["erasure"] == pytest.approx(6 / 3)
    assert figures["changed"] == pytest.approx(3 / 3)
    assert figures["changed_utterances"] == 1


def test_a_full_stop_that_goes_away_is_erased_only_for_who_counts_punctuation() -> None:
    found = measured(partial(1.3, 1.2, "We walked."), ended(2.0, 1.6), final(2.1, 1.6, "We walked home."))
    assert (found.erased, found.erased_raw) == (0, 1)


def test_words_where_the_reference_is_silent_are_counted() -> None:
    words = spoken(("We", 0.2, 0.5), ("walked", 3.0, 3.5))
    heard = [started(0.3), ended(3.8, 3.6), final(3.9, 3.6, "We thank you walked")]
    assert measure(take(words, heard)).on_silence == 2
    close = spoken(("We", 0.2, 0.5), ("walked", 1.0, 1.5))
    assert measure(take(close, [started(0.3), ended(3.8, 2.0), final(3.9, 2.0, "We thank you walked")])).on_silence == 0


def test_a_recording_without_words_is_silence_all_over() -> None:
    found = measure(take((), [started(0.3), partial(0.8, 0.7, "thank you"), ended(2, 1.6), final(2.1, 1.6, "you")]))
    assert (found.on_silence, found.shown_on_silence, found.silence) == (1, 2, 4.0)
    assert summary([found])["wer_final"] is None


def test_a_word_outside_all_utterances_was_expected_and_never_shown() -> None:
    found = measured(ended(2.0, 0.9), final(2.1, 0.9, "We walked"))
    assert [word.final for word in found.words] == [2.1, 2.1, None]
    assert summary([found])["words"] == 3
    assert summary([found])["wer_final"] == pytest.approx(1 / 3)


def test_costs_are_those_of_all_steps_together() -> None:
    cost = {"prefill_tokens": 100, "reused_tokens": 240, "draft_tokens": 40, "accepted_tokens": 30, "slowest": 0.3}
    figures = summary([measured(ended(2.0, 1.6), final(2.1, 1.6, "We", cost=cost))])
    assert (figures["prompt_new"], figures["prompt_reused"], figures["reused_share"]) == (60, 240, 0.8)
    assert (figures["draft"], figures["accepted"]) == (40, 30)
    assert (figures["steps"], figures["step_max"]) == (4, 0.3)
    assert figures["step_mean"] == pytest.approx(0.1)
    assert figures["work"] == pytest.approx(0.4 / 4.0)


def test_finals_are_held_against_the_offline_text_of_the_same_samples() -> None:
    figures = summary([usual(offline={1: "We walked home."}), usual(offline={1: "He walked home."})])
    assert (figures["compared"], figures["as_offline"], figures["short_as_offline"]) == (2, 1, 1)
    assert figures["wer_offline"] == pytest.approx(1 / 6)
    assert summary([usual()])["as_offline"] is None


def test_what_the_daemon_left_out_is_counted() -> None:
    state = {"ready": True, "listening": True, "mode": "always", "workers": {}, "sources": {}}
    paces = [events.State(daemon="one", seq=1, time=0.0, pace=pace, **state) for pace in ("fewer-partials", "full")]  # type: ignore[arg-type]
    heard = [Heard(1.0, pace) for pace in paces]
    assert summary([measured(*heard, ended(2.0, 1.6), final(2.1, 1.6, "We"))])["degraded"] == 1


def test_every_figure_has_a_line_in_the_table() -> None:
    figures = dict.fromkeys(summary([usual()]), 1.0)
    assert len(list(table(figures))) == 1 + sum(not name.endswith(("_p95", "_p99")) for name in figures)


def test_a_run_that_was_saved_is_read_as_it_was(tmp_path: Path) -> None:
    run = made_run(usual(offline={1: "We"}).take, event_of_words())
    write(run, tmp_path / "run.json")
    assert read(tmp_path / "run.json") == run
    assert measure(run.takes[1]).aligned == [pytest.approx(0.1)]
    with pytest.raises(StenoError, match=r"is not a run"):
        read(Path(__file__))


def event_of_words() -> Take:
    words = event(events.Words, words=[events.TimedWord("We", 0.2, 0.5)], align=0.1)
    return take(WORDS, [started(0.3), ended(2.0, 1.6), final(2.1, 1.6, "We"), Heard(2.2, words)])


def made_run(*takes: Take) -> Run:
    given = {"made": "today", "machine": "here", "pace": "real", "commit": False, "silence": 1.5, "settings": {}}
    return Run(**given, details={}, takes=list(takes), summary={"words": 3, "erasure": None})  # type: ignore[arg-type]


def test_a_recording_is_followed_by_silence_and_needs_a_reference(tmp_path: Path) -> None:
    shipped = samples.shipped("01_short_seen")
    ready = load(shipped, 1.5)
    assert len(ready.pcm) == round((ready.seconds + 1.5) * 16000)
    assert not ready.pcm[-24000:].any()
    assert ready.words == shipped.words
    (tmp_path / "said.wav").write_bytes(shipped.path.read_bytes())
    with pytest.raises(StenoError, match="no word times"):
        load(samples.recording(tmp_path / "said.wav"), 1.5)
