from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks import stream, stream_compare
from benchmarks.stream_compare import Difference, compare, flags, table
from benchmarks.stream_measures import Measured, measure
from benchmarks.stream_take import Run, Take, write
from pipeline.errors import StenoError
from tests.benchmarks.made_take import ended, final, partial, started, take
from tests.benchmarks.simulated import spoken

WORDS = spoken(("We", 0.2, 0.5), ("walked", 0.5, 1.0), ("home", 1.0, 1.4))


def played(name: str, late: float = 0.0, partials: int = 3, text: str = "We walked home", steps: int = 4) -> Take:
    shown = [partial(0.6 + late, 0.6, "We"), partial(1.2 + late, 1.1, "We walked"), partial(1.6 + late, 1.5, text)]
    heard = [started(0.3), *shown[:partials], ended(2.0, 1.6), final(2.1 + late, 1.6, text, cost={"steps": steps})]
    return take(WORDS, heard, name=name, sound=f"sound of {name}")


def run(late: float = 0.0, partials: int = 3, steps: int = 4) -> list[Measured]:
    return [
        measure(played(name, late + place / 100, partials, steps=steps))
        for place, name in enumerate(("a", "b", "c", "d"))
    ]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_compare, "DRAWS", 100)


def figure(differences: list[Difference], name: str) -> Difference:
    (found,) = [difference for difference in differences if difference.name == name]
    return found


def test_runs_are_paired_on_the_same_sound_so_what_both_share_is_no_noise() -> None:
    # The recordings lie 10 ms apart, in both runs alike: the pairs are apart by 100 ms and by nothing else.
    apart = figure(compare(run(), run(0.1)), "final_p50")
    assert apart.apart == pytest.approx(0.1)
    assert apart.low == pytest.approx(0.1)
    assert apart.high == pytest.approx(0.1)


def test_the_interval_is_as_wide_as_the_recordings_differ() -> None:
    slower = [measure(played(name, late)) for name, late in zip("abcd", (0.1, 0.0, 0.3, 0.2), strict=True)]
    apart = figure(compare(run(), slower), "final_p50")
    assert (apart.low or 0) < (apart.apart or 0) < (apart.high or 0)
    assert apart == figure(compare(run(), slower), "final_p50")  # the draws are always the same


def test_two_recordings_are_too_few_for_an_interval() -> None:
    apart = figure(compare(run()[:2], run(0.1)[:2]), "final_p50")
    assert apart.apart == pytest.approx(0.1)
    assert (apart.low, apart.high) == (None, None)


def test_other_sound_is_refused() -> None:
    with pytest.raises(StenoError, match="do not have the same recordings: d"):
        compare(run(), run()[:3])
    other = run()
    other[1].take = msgspec.structs.replace(other[1].take, sound="a louder one")
    with pytest.raises(StenoError, match="the sound of b is not the same"):
        compare(run(), other)


def test_a_run_that_is_faster_because_it_shows_less_is_flagged() -> None:
    few = run(-0.05, partials=1, steps=2)
    assert figure(compare(run(), few), "word_partial_p50").apart is not None
    said = flags(run(), few)
    assert [line.split(":")[0] for line in said] == [
        "the second run has fewer steps",
        "the second run has fewer partials",
        "the second run has fewer words in partials",
    ]
    assert "8, the first 16" in said[0]
    assert "the first run has fewer steps" in flags(few, run())[0]


def test_runs_that_do_the_same_are_not_flagged() -> None:
    assert flags(run(), run(0.1)) == []


def test_finals_with_another_text_are_flagged() -> None:
    other = run()
    other[2] = measure(played("c", text="He walked home"))
    assert flags(run(), other) == ["1 of 4 finals have another text."]


def test_the_table_marks_a_difference_that_is_surely_one() -> None:
    (line,) = table([Difference("erasure", 0.5, 0.2, -0.4, -0.2)])[1:-1]
    assert " ".join(line.split()) == "erased words for a word of the final 0.500 0.200 -0.300 -0.400 .. -0.200 *"
    (line,) = table([Difference("erasure", 0.5, 0.2, -0.4, 0.1), Difference("step_max", None, None, None, None)])[1:-1]
    assert not line.endswith("*")


def saved(folder: Path, name: str, takes: list[Measured]) -> str:
    given = {
        "made": "today",
        "machine": "here",
        "pace": name,
        "commit": False,
        "silence": 1.5,
        "settings": {"a.b": name},
    }
    path = folder / f"{name}.json"
    write(Run(**given, details={}, takes=[measured.take for measured in takes], summary={}), path)  # type: ignore[arg-type]
    return str(path)


def test_the_command_compares_two_saved_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = saved(tmp_path, "real", run()[:2]), saved(tmp_path, "virtual", run(0.1, partials=2)[:2])
    monkeypatch.setattr("sys.argv", ["stream", "--compare", one, two])
    assert stream.main() == 0
    said = capsys.readouterr().out
    assert "real   ->   virtual" in said
    assert "NOTE: the second run has fewer partials: 4, the first 6." in said
    monkeypatch.setattr("sys.argv", ["stream", "--compare", one, str(tmp_path / "none.json")])
    assert stream.main() == 1
    assert "is not a run" in capsys.readouterr().err
