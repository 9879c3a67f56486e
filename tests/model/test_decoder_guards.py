"""The decoder's guards, with a model that says what the test wants: from scratch and in a step alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from model.beat import Beat
from model.decoder import Decoded, Decoder
from model.guards import MOST_REPEATS
from model.writer import Task, Written
from tests.model.conftest import Floats

CONTEXT = "Anna, Sven, Istio, Envoy"
ROWS = np.zeros((20, 256), dtype=np.float32)

Ways = Callable[..., Decoded]


class Scripted:
    """A model that says one thing with a context before the sound, and another without."""

    def __init__(self, decoder: Decoder, biased: str, clean: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.drafts: list[int] = []
        self._vocabulary = decoder._llama.vocabulary
        self._mark = self._vocabulary.control("<asr_text>")
        self._plain = len(decoder._prompt.prefix(""))
        self._texts = {"biased": biased, "clean": clean}
        monkeypatch.setattr(decoder._writer, "write", self.write)

    def write(self, task: Task, sequence: int, beat: Beat) -> Written:
        del sequence, beat
        self.asked.append("clean" if len(task.prefix) == self._plain else "biased")
        self.drafts.append(len(task.draft))
        begin = list(task.begin) or [*self._vocabulary.tokenise("language English"), self._mark]
        text = self._vocabulary.tokenise(self._texts[self.asked[-1]].removesuffix("..."))
        whole = (*begin, *text)
        looping = self._texts[self.asked[-1]].endswith("...")
        more = whole[-1:] * (MOST_REPEATS - 1) if looping else ()
        return Written(whole, (-1.0,) * len(whole), whole + more, "loop" if looping else "", 1, 2, 3, 4, 5, 6, 7)


@pytest.fixture(params=["decode", "step"])
def ways(request: pytest.FixtureRequest, decoder: Decoder) -> Ways:
    """Both ways to an answer."""

    def answer(**given: object) -> Decoded:
        if request.param == "decode":
            return decoder.decode(ROWS, **given)  # type: ignore[arg-type]  # the test's own keywords
        decoder.hear(1, 0, ROWS)
        try:
            return decoder.step(1, **given)  # type: ignore[arg-type]  # the test's own keywords
        finally:
            decoder.forget(1)

    return answer


@pytest.mark.parametrize(
    ("biased", "clean", "text", "guard"),
    [
        ("Hello there.", "never asked", "Hello there.", ""),
        ("Hello the...", "Hello there.", "Hello there.", "loop"),
        ("Hello the...", "Hello a...", "Hello the", "loop"),
        (CONTEXT, "", "", "echo"),
        (CONTEXT, CONTEXT, CONTEXT, ""),
        (f"Good day. {CONTEXT}", "Good day.", "Good day.", "echo"),
    ],
)
def test_a_suspicious_answer_is_written_again_without_the_context(
    ways: Ways, decoder: Decoder, monkeypatch: pytest.MonkeyPatch, biased: str, clean: str, text: str, guard: str
) -> None:
    model = Scripted(decoder, biased, clean, monkeypatch)
    found = ways(context=CONTEXT)
    assert (found.text, found.guard) == (text, guard)
    assert model.asked == (["biased"] if clean == "never asked" else ["biased", "clean"])
    times = len(model.asked)
    assert (found.reused_tokens, found.prefill_tokens, found.draft_tokens) == (times, 2 * times, 3 * times)
    assert (found.accepted_tokens, found.generate_tokens) == (4 * times, 5 * times)
    assert (found.prefill_ns, found.generate_ns) == (6 * times, 7 * times)


def test_forced_tokens_and_language_stay_when_an_answer_is_written_again(
    ways: Ways, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    Scripted(decoder, " the...", " the end.", monkeypatch)
    forced = tuple(decoder._llama.vocabulary.tokenise("This is"))
    found = ways(context=CONTEXT, language="English", forced=forced)
    assert (found.text, found.language, found.guard) == ("This is the end.", "English", "loop")


def test_without_a_context_a_loop_from_scratch_is_only_cut(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Scripted(decoder, "", "Hello the...", monkeypatch)
    found = decoder.decode(ROWS)
    assert (found.text, found.guard, model.asked) == ("Hello the", "loop", ["clean"])


def test_each_kind_of_answer_has_its_own_draft(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Scripted(decoder, "Hello the...", "Hello there you.", monkeypatch)
    decoder.hear(1, 0, ROWS)
    decoder.step(1, context=CONTEXT)
    decoder.step(1, context=CONTEXT)
    decoder.forget(1)
    loop = len(decoder._llama.vocabulary.tokenise("language EnglishHello the")) + 1 + MOST_REPEATS - 1
    assert model.drafts[0] == 0
    assert model.drafts[2] == loop
    assert 0 < model.drafts[3] < loop


def test_silence_is_no_echo_of_the_context(decoder: Decoder, features: Callable[[str], Floats]) -> None:
    found = decoder.decode(features("11_silence"), context=CONTEXT)
    assert (found.text, found.language) == ("", "")


def test_a_budget_that_is_exceeded_is_said(
    decoder: Decoder, features: Callable[[str], Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = decoder.decode(features("05_corpus_held"))
    monkeypatch.setattr("model.writer.BUDGET_BASE", 20)
    monkeypatch.setattr("model.writer.BUDGET_PER_AUDIO_TOKEN", 0.0)
    found = decoder.decode(features("05_corpus_held"))
    assert (found.tokens, found.guard) == (whole.tokens[:20], "budget")
    decoder.hear(1, 0, features("05_corpus_held"))
    assert decoder.step(1).tokens == found.tokens
    assert decoder.step(1).accepted_tokens == 40
    decoder.forget(1)
