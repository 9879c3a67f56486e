"""What is recommended for machines that exist on paper only."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from pipeline.advice import Pair, advise, pairs
from pipeline.bench import Choice, Speed
from pipeline.config import load
from pipeline.settings import Settings

GIB = 1 << 30


def speed(part: Literal["encoder", "decoder"], precision: str, model: str = "0.6b", **fields: Any) -> Speed:
    provider = "cpu" if part == "encoder" else ""
    choice = Choice(part=part, model=model, directory=f"/m/{model}", precision=precision, provider=provider)
    known = {"scale": 28 * 1024**2, "density": 13.0, "memory": GIB // 2, "encode": 50.0, "prefill": 1e3, "generate": 60}
    return Speed(choice=choice, **(known | fields))


def large(part: Literal["encoder", "decoder"], precision: str, **fields: Any) -> Speed:
    return speed(part, precision, "1.7b", **({"scale": 28 * 2048**2} | fields))


def chosen(speeds: list[Speed], memory: int = 16 * GIB) -> tuple[Any, ...]:
    advice = advise(speeds, memory)
    assert advice is not None
    model = advice.settings["model"]
    return model["asr"], model["encoder"], model["decoder"]


def test_a_step_is_the_open_window_all_text_as_a_draft_and_the_new_words() -> None:
    pair = Pair(speed("encoder", "fp32"), speed("decoder", "f16"))
    assert pair.step_s(30.0, 1.0) == pytest.approx(9 / 50 + (9 * 13 + 10 + 120) / 1000 + 8 / 60)
    assert pair.step_s(6.0, 1.0) == pytest.approx(6 / 50 + (6 * 13 + 10 + 24) / 1000 + 8 / 60)


def test_a_first_step_that_brings_everything_costs_as_much_as_a_decode_from_scratch() -> None:
    pair = Pair(speed("encoder", "fp32"), speed("decoder", "f16"))
    assert pair.parts_s(30.0, 30.0) == pytest.approx((30 / 50, (30 * 13 + 10 + 120) / 1000, 124 / 60))


def test_the_interval_is_the_shortest_in_which_a_step_over_its_sound_is_done() -> None:
    pair = Pair(speed("encoder", "fp32", encode=10.0), speed("decoder", "f16", prefill=200.0))
    assert pair.interval_ms == 4700
    assert pair.step_s(30.0, 4.7) * 1.5 <= 4.7
    assert pair.step_s(30.0, 4.6) * 1.5 > 4.6


def test_the_largest_model_that_keeps_up_is_taken_in_the_most_exact_precision() -> None:
    speeds = [
        speed("encoder", "fp32"),
        speed("decoder", "f16"),
        large("encoder", "fp32", encode=2.0),
        large("encoder", "int8"),
        large("encoder", "int4"),
        large("decoder", "f16", generate=5.0),
        large("decoder", "q8_0"),
        large("decoder", "q4_k"),
    ]
    assert chosen(speeds) == ("1.7b", "int8", "q8_0")


def test_a_model_that_does_not_keep_up_gives_way_to_a_smaller_one() -> None:
    speeds = [speed("encoder", "int8"), speed("decoder", "q4_k"), large("encoder", "fp32"), large("decoder", "q4_k")]
    assert chosen(speeds)[0] == "1.7b"
    speeds[-1] = large("decoder", "q4_k", generate=10.0)
    assert chosen(speeds) == ("0.6b", "int8", "q4_k")


def test_a_model_that_does_not_fit_into_the_memory_is_not_taken() -> None:
    speeds = [speed("encoder", "fp32", memory=3 * GIB), speed("encoder", "int8"), speed("decoder", "f16")]
    assert chosen(speeds, 8 * GIB)[1] == "fp32"
    assert chosen(speeds, 4 * GIB)[1] == "int8"


def test_the_interval_grows_with_the_step_and_the_longest_utterance_shrinks() -> None:
    fast = advise([speed("encoder", "fp32", encode=1e3), speed("decoder", "f16", prefill=1e5, generate=1e3)], 16 * GIB)
    slow = advise([speed("encoder", "fp32", encode=10.0), speed("decoder", "f16", prefill=200.0)], 16 * GIB)
    assert fast is not None
    assert slow is not None
    assert fast.settings["stream"] == {"partials": True, "interval_ms": 300}
    assert fast.settings["vad"] == {"max_utterance_s": 30.0}
    assert slow.settings["stream"] == {"partials": True, "interval_ms": 4700}
    assert slow.settings["vad"] == {"max_utterance_s": 20.0}
    assert "no choice keeps up" in slow.reasons[1]


def test_a_machine_slower_than_speech_is_told_so_and_makes_no_partials() -> None:
    advice = advise([speed("encoder", "fp32", encode=0.8), speed("decoder", "f16")], 16 * GIB)
    assert advice is not None
    assert advice.settings["stream"] == {"partials": False, "interval_ms": 10_000}
    assert "slower than speech" in advice.reasons[-1]


def test_without_enough_memory_the_smallest_is_taken_and_that_is_said() -> None:
    speeds = [speed("encoder", "fp32"), speed("encoder", "int8", memory=GIB // 4), speed("decoder", "f16")]
    advice = advise(speeds, GIB // 2)
    assert advice is not None
    assert advice.settings["model"]["encoder"] == "int8"
    assert "0.5 GiB" in advice.reasons[1]


def test_parts_of_different_models_and_those_with_a_problem_make_no_pair() -> None:
    broken = Speed(choice=speed("decoder", "f16").choice, problem="was killed by SIGABRT")
    assert pairs([speed("encoder", "fp32"), large("decoder", "f16"), broken]) == []
    assert advise([speed("encoder", "fp32"), broken], 16 * GIB) is None


def test_what_is_recommended_can_be_set() -> None:
    advice = advise([speed("encoder", "int8"), speed("decoder", "q4_k")], 16 * GIB)
    assert advice is not None
    overrides = {f"{s}.{k}": str(v) for s, keys in advice.settings.items() for k, v in keys.items()}
    assert load(None, {}, overrides) != Settings()


def test_a_precision_that_a_file_does_not_name_is_chosen_by_auto() -> None:
    assert chosen([speed("encoder", "int4"), speed("decoder", "")]) == ("0.6b", "int4", "auto")
    assert chosen([speed("encoder", ""), speed("decoder", "q4_0")]) == ("0.6b", "auto", "q4_0")
