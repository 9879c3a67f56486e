"""What the doctor makes of figures and of answers, without measuring anything."""

from __future__ import annotations

import pytest

from clients import doctor_bench
from clients.doctor_answer import is_garbage, judge
from clients.doctor_bench import Report, bench, conclusion, row
from pipeline.bench import Choice, Speed
from pipeline.settings import Settings

SAID = "Thank you for your letter, Margaret."


def choices(*parts: str) -> list[Choice]:
    return [
        Choice(part="encoder", model="0.6b", directory="/m", precision=name, provider="cpu")
        if name in ("fp32", "int8")
        else Choice(part="decoder", model="0.6b", directory="/m", precision=name)
        for name in parts
    ]


class Clock:
    """Measures every choice in ten seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.given: list[float] = []

    def __call__(self) -> float:
        return self.now

    def measured(self, choice: Choice, seconds: float) -> Speed:
        self.now += 10.0
        self.given.append(seconds)
        rates = {"encode": 40.0} if choice.part == "encoder" else {"prefill": 900.0, "generate": 50.0}
        return Speed(choice=choice, scale=1, density=13.0, size=10**8, memory=10**8, load_s=1.2, **rates)  # type: ignore[arg-type]  # all of them are floats


def test_what_there_is_no_time_for_is_said_and_the_rest_is_recommended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_bench, "choices", lambda *_: choices("fp32", "f16", "int8", "q4_k"))
    monkeypatch.setattr(doctor_bench, "busy", lambda: 1000.0)
    clock, lines = Clock(), list[str]()
    report = bench(Settings(), 22.0, lines.append, clock.measured, clock)
    assert clock.given == [22.0, 12.0]
    assert [one.precision for one in report.skipped] == ["int8", "q4_k"]
    assert "the figures will be too low" in lines[0]
    assert "40.0 s of sound a second" in lines[2]
    assert "prefill 900, generate 50.0 tokens/s" in lines[3]
    told = "\n".join(conclusion(report, 22.0))
    assert "0.6b encoder int8 on cpu, 0.6b decoder q4_k on cpu" in told
    assert 'asr = "0.6b"\nencoder = "fp32"\ndecoder = "f16"\nprovider = "cpu"\ngpu_layers = 0' in told
    assert "interval_ms" in told
    assert "# a step that brings a second to an utterance of 30 s takes about" in told


def test_a_choice_that_cannot_be_measured_says_why_and_recommends_nothing() -> None:
    (choice,) = choices("f16")
    broken = Speed(choice=choice, problem="was killed by SIGABRT")
    assert row(broken).endswith("was killed by SIGABRT")
    assert "nothing to recommend" in "\n".join(conclusion(Report([broken], [], None), 30.0))


@pytest.mark.parametrize(
    ("text", "garbage"),
    [
        ("!!!!!!!!!!!!!!!!", True),
        ("! ! ! ! ! ! ! ! !!", True),
        ("language !!!!!!!!!!!!!!!!!!!!!!!!!!", True),
        ("@@@@@@@@@@@@", True),
        (SAID, False),
        ("Ha, ha, ha, ha, ha!", False),
        ("No!", False),
        ("!!!", False),
        ("", False),
    ],
)
def test_garbage_is_one_character_again_and_again(text: str, garbage: bool) -> None:
    assert is_garbage(text) is garbage


def test_an_answer_of_exclamation_marks_is_told_from_a_wrong_and_from_a_right_one() -> None:
    assert judge(SAID, SAID.lower()) == ("", "")
    wrong, hint = judge(SAID, "!!!!!!!!!!!!")
    assert "one character" in wrong
    assert "GGML_VK_DISABLE_F16=1" in hint
    wrong, hint = judge(SAID, "entirely other things were heard by it")
    assert "of the words" in wrong
    assert "steno model verify" in hint
    assert judge(SAID, "  ")[0] == "hears nothing"
