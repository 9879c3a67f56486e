"""The decoder step by step, against its slow twin."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from model import miniature
from model.decoder import Decoded, Decoder
from model.encoder import Encoder
from model.errors import Cancelled, ModelError
from model.package import Package
from tests.model import foreign_files
from tests.model.conftest import Golden
from tests.model.growing import CONTEXT, FEW, Grown, common, every, follow, hear, prompt_length, steps_of

NAMES = [path.stem for path in miniature.samples()]


@pytest.mark.parametrize("name", FEW)
def test_each_step_writes_what_is_written_from_scratch(stream: Decoder, grown: Grown, name: str) -> None:
    follow(stream, 1, grown(name))


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 0.5])
@pytest.mark.parametrize("name", NAMES)
def test_every_recording_in_small_steps(
    stream: Decoder, golden: Golden, encoder: Encoder, name: str, seconds: float
) -> None:
    follow(stream, 1, steps_of(golden.sound(name), seconds, encoder, stream))


def test_what_was_there_is_reused_and_what_stood_is_not_chosen_again(stream: Decoder, grown: Grown) -> None:
    steps = grown("09_long_pause")
    found = follow(stream, 1, steps)
    for before, now, step in zip(found, found[1:], steps[1:], strict=False):
        assert now.reused_tokens == prompt_length(stream) + step.from_token
        assert now.draft_tokens >= len(before.tokens)
        same = common(before.tokens, now.tokens)
        assert now.accepted_tokens >= same
        assert now.generate_tokens == len(now.tokens) + 1 - now.accepted_tokens
        assert now.prefill_tokens == len(step.rows) - step.from_token + 6 + now.draft_tokens
    assert max(step.from_token for step in steps) == 104


def test_a_step_without_new_sound_only_checks_its_draft(stream: Decoder, grown: Grown) -> None:
    last = grown("05_corpus_held")[-1]
    stream.hear(1, 0, last.rows)
    first = stream.step(1)
    again = stream.step(1)
    assert again.tokens == first.tokens == last.tokens
    assert (first.draft_tokens, first.accepted_tokens) == (0, 0)
    assert (again.draft_tokens, again.accepted_tokens, again.generate_tokens) == (len(last.tokens),) * 2 + (1,)
    assert again.reused_tokens == prompt_length(stream) + len(last.rows)


@pytest.mark.parametrize(("reuse", "draft"), [(False, True), (True, False), (False, False)])
def test_without_reuse_and_without_drafts_the_tokens_are_the_same(
    asr: Package, grown: Grown, reuse: bool, draft: bool
) -> None:
    decoder = Decoder(asr, reuse=reuse, draft=draft)
    found = follow(decoder, 1, every(2, grown("05_corpus_held")))
    decoder.close()
    assert any(one.draft_tokens for one in found) == draft
    assert any(one.reused_tokens for one in found) == reuse
    if not draft:
        assert all(one.generate_tokens == len(one.tokens) + 1 for one in found)


def test_a_draft_from_another_recording_does_no_harm(stream: Decoder, grown: Grown) -> None:
    for name in FEW:
        stream.hear(1, 0, grown(name)[-1].rows)
        assert stream.step(1).tokens == grown(name)[-1].tokens


def test_sound_that_was_cut_off_is_heard_no_more(stream: Decoder, grown: Grown) -> None:
    steps = grown("09_long_pause")
    follow(stream, 1, steps)
    short = steps[-3]
    stream.hear(1, 104, short.rows[104:])
    found = stream.step(1)
    assert found.tokens == short.tokens
    assert found.reused_tokens == prompt_length(stream) + 104


@pytest.mark.parametrize("context", ["", CONTEXT])
@pytest.mark.parametrize("language", ["", "English"])
def test_forced_tokens_context_and_language_act_as_from_scratch(
    stream: Decoder, grown: Grown, context: str, language: str
) -> None:
    forced: tuple[int, ...] = ()
    for step in every(4, grown("05_corpus_held")):
        hear(stream, 1, step)
        expected = stream.decode(step.rows, context=context, language=language, forced=forced)
        found = stream.step(1, context=context, language=language, forced=forced)
        assert found.tokens == expected.tokens
        assert found.tokens[: len(forced)] == forced
        forced = found.tokens[: len(found.tokens) // 2]


def test_a_context_that_changes_counts_at_once(stream: Decoder, grown: Grown) -> None:
    rows = grown("05_corpus_held")[-1].rows
    stream.hear(1, 0, rows)
    for context in ("", CONTEXT, "Names: " + CONTEXT, ""):
        assert stream.step(1, context=context).tokens == stream.decode(rows, context=context).tokens


@pytest.mark.parametrize("seed", range(4))
def test_a_step_that_is_given_up_at_any_beat_loses_nothing(stream: Decoder, grown: Grown, seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = grown("09_long_pause")
    outcomes = []
    for step in steps:
        hear(stream, 1, step)
        beats = iter([False] * int(random.integers(0, 12)))
        try:
            outcomes.append(stream.step(1, beat=partial(next, beats, True)).tokens == step.tokens)
        except Cancelled:
            outcomes.append(True)
        if random.integers(0, 3) == 0:
            outcomes.append(stream.step(1).tokens == step.tokens)
    assert all(outcomes)
    assert stream.step(1).tokens == steps[-1].tokens


def test_the_draft_outlives_a_step_that_was_given_up(stream: Decoder, grown: Grown) -> None:
    before, last = grown("05_corpus_held")[-2:]
    stream.hear(1, 0, before.rows)
    stream.step(1)
    stream.hear(1, last.from_token, last.rows[last.from_token :])
    with pytest.raises(Cancelled):
        stream.step(1, beat=lambda: True)
    found = stream.step(1)
    assert found.tokens == last.tokens
    assert found.draft_tokens >= len(before.tokens)


def test_an_error_in_the_beat_leaves_the_utterance_whole(stream: Decoder, grown: Grown) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    last = grown("05_corpus_held")[-1]
    stream.hear(1, 0, last.rows)
    with pytest.raises(KeyboardInterrupt):
        stream.step(1, beat=interrupted)
    assert stream.step(1).tokens == last.tokens


def test_no_sound_gives_an_empty_answer(stream: Decoder, grown: Grown) -> None:
    stream.hear(1, 0, np.empty((0, 256), dtype=np.float32))
    assert stream.step(1, forced=(1, 2)) == Decoded(tokens=(), ends=(), text="", language="")
    follow(stream, 1, grown("01_short_seen"))


def test_embeddings_of_another_width_leave_the_utterance_as_it_was(stream: Decoder, grown: Grown) -> None:
    last = grown("01_short_seen")[-1]
    stream.hear(1, 0, last.rows)
    with pytest.raises(ModelError, match="width"):
        stream.hear(1, 0, np.zeros((13, 128), dtype=np.float32))
    assert stream.step(1).tokens == last.tokens


def test_the_rope_of_three_positions_allows_the_same(asr: Package, grown: Grown, tmp_path: Path) -> None:
    foreign_files.write_decoder(asr.decoder, tmp_path / "mrope.gguf", "qwen3vl", extra={"n_deepstack_layers": 2})
    decoder = Decoder(dataclasses.replace(asr, decoder=tmp_path / "mrope.gguf"))
    for number, name in enumerate(FEW[1:]):
        follow(decoder, number, every(4, grown(name)))
    decoder.close()
