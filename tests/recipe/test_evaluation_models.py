"""The evaluation of networks: what is heard is what the official code hears, and the results end in a card."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from safetensors.torch import load_file, save_file  # noqa: E402

from model.errors import ModelError  # noqa: E402
from model.miniature.recipe.evaluation import card, decode, evaluate, export, sets, store  # noqa: E402
from model.miniature.recipe.evaluation.decode import Clip, Listener, batches, load  # noqa: E402
from model.miniature.recipe.evaluation.makers import Sources  # noqa: E402
from model.miniature.recipe.evaluation.streaming import kept, stream  # noqa: E402
from model.miniature.recipe.evaluation.times import Aligner  # noqa: E402
from model.miniature.recipe.evaluation.tokens import Tokens  # noqa: E402
from model.miniature.recipe.training import beginning, state  # noqa: E402
from model.miniature.recipe.training.vocabulary import Vocabulary  # noqa: E402
from tests.recipe.evaluation_fakes import sources  # noqa: E402

__all__ = ["sources"]

pytestmark = pytest.mark.recipe

ROOT = Path(__file__).parents[2]
MINIATURE = ROOT / "model" / "miniature"
GOLDEN = json.loads((ROOT / "tests" / "golden" / "reference.json").read_text(encoding="utf-8"))["recordings"]
CPU = torch.device("cpu")


def recording(name: str) -> Clip:
    with wave.open(str(MINIATURE / "samples" / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener(load(MINIATURE / "asr", CPU))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A training's directory with two small networks that know nothing."""
    vocabulary = Vocabulary(MINIATURE / "asr")
    for kind in export.KINDS:
        config = beginning.configuration(kind, vocabulary.rows, vocabulary.controls, vocabulary.user, (1, 1))
        weights = beginning.fresh(config, 1).state_dict()
        named = {f"weight.{name}": tensor for name, tensor in weights.items()}
        (tmp_path / f"{kind}.config.json").write_text(json.dumps(config))
        line = {"step": 100, "seconds": 6.0, "loss": 2.0, "inner": 3.0, "hours_heard": 1.5, "hours_of_speech": 0.5}
        log = tmp_path / f"{kind}.log.jsonl"
        log.write_text(json.dumps(line) + "\n" + json.dumps(line | {"step": 200}) + "\n")
        state.save(tmp_path / f"{kind}.state", state.Place(1, 1.0, 1), named, log)
    return tmp_path


def test_recordings_of_all_lengths_are_heard_as_the_official_code_hears_them(listener: Listener) -> None:
    names = ["01_short_seen", "11_silence", "04_short_held"]
    for name, heard in zip(names, listener.hear([recording(name) for name in names]), strict=True):
        answer = GOLDEN[name]["answer"]
        assert (heard.language, heard.text) == (answer["language"], answer["text"])
        assert list(heard.tokens) == answer["tokens"][: len(heard.tokens)]


def test_an_answer_goes_on_from_what_is_forced(listener: Listener) -> None:
    clip = recording("01_short_seen")
    (free,) = listener.hear([clip])
    assert listener.hear([clip], forced=[free.tokens[:7]]) == [free]


def test_a_stream_ends_with_all_of_the_sound(listener: Listener) -> None:
    clip = recording("01_short_seen")
    (heard,) = stream(listener, [clip])
    # Two chunks: neither has a prefix, and the last one has all that there is.
    assert heard == listener.hear([clip])[0]
    assert stream(listener, []) == []


def test_five_tokens_are_rolled_back_and_no_character_parted() -> None:
    pieces = [b"a", *(bytes([byte]) for byte in "好".encode()), b"b", b"c", b"d", b"e"]
    assert kept(range(len(pieces)), pieces.__getitem__) == (0,)
    assert kept(range(3), pieces.__getitem__) == ()


def test_words_are_timed_as_the_official_code_times_them() -> None:
    golden = GOLDEN["01_short_seen"]["aligned_reference"]
    aligner = Aligner(load(MINIATURE / "aligner", CPU))
    words = [*golden["text"].split(), "—"]
    (found,) = aligner.align([recording("01_short_seen")], [words], ["English"])
    assert found[:-1].ravel().tolist() == pytest.approx(golden["times"])
    assert np.isnan(found[-1]).all()


def test_clips_of_a_batch_are_alike_and_none_is_lost() -> None:
    lengths = [16_000, 320_000, 1, 160_000, 17_000]
    groups = batches(lengths, 20)
    assert sorted(index for group in groups for index in group) == [0, 1, 2, 3, 4]
    assert groups == [[2, 0, 4], [3], [1]]


def test_tokens_stand_for_the_bytes_of_their_text() -> None:
    tokens = Tokens(MINIATURE / "asr")
    text = "The café at 5:30, 你好 <|im_end|>"
    ids = tokens.tokenise(text)
    assert b"".join(map(tokens.piece, ids)).decode() == text
    assert tokens.control("<|im_end|>") not in ids
    assert tokens.tokenise("<|im_end|>", special=True) == [tokens.control("<|im_end|>")]
    assert tokens.piece(tokens.control("<|im_end|>")) == b""
    with pytest.raises(ModelError, match="no token"):
        tokens.control("<|nothing|>")


def test_what_is_exported_has_the_layout_of_what_was_shipped(run: Path, tmp_path: Path) -> None:
    assert export.main(["--run", str(run), "--tokenizer", str(MINIATURE / "asr"), "--out", str(tmp_path / "out")]) == 0
    shipped = json.loads((run / "shipped.json").read_text())
    for kind in export.KINDS:
        names = {path.name for path in (MINIATURE / kind).iterdir()}
        assert {path.name for path in (tmp_path / "out" / kind).iterdir()} == names == set(shipped[kind])
        own, old = (load_file(folder / kind / "model.safetensors") for folder in (tmp_path / "out", MINIATURE))
        assert {tensor.dtype for tensor in own.values()} == {torch.float16}
        assert set(own) <= set(old)
        for name in ("generation_config.json", "preprocessor_config.json"):
            texts = [(folder / kind / name).read_text() for folder in (tmp_path / "out", MINIATURE)]
            assert json.loads(texts[0]) == json.loads(texts[1])


def test_weights_that_are_no_numbers_or_too_many_are_not_exported(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(export, "LARGEST", 1000)
        with pytest.raises(ModelError, match="more than 1000"):
            export.export(run, "asr", MINIATURE / "asr", tmp_path / "out")
    weights = {f"weight.{name}": tensor for name, tensor in state.weights(run / "asr.state").items()}
    weights["weight.thinker.model.norm.weight"][0] = 1e6
    state.save(run / "asr.state", state.Place(1, 1.0, 1), weights, run / "asr.log.jsonl")
    with pytest.raises(ModelError, match=r"thinker\.model\.norm\.weight does not fit float16"):
        export.export(run, "asr", MINIATURE / "asr", tmp_path / "out")


def test_weights_of_another_network_are_refused(run: Path, tmp_path: Path) -> None:
    weights = state.weights(run / "asr.state")
    weights.pop("thinker.model.norm.weight")
    save_file(weights, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text((run / "asr.config.json").read_text())
    with pytest.raises(ModelError, match="has not the tensors"):
        load(tmp_path, CPU, MINIATURE / "asr")


def test_a_run_is_measured_and_its_card_says_what_was_measured(
    run: Path,
    sources: Sources,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A network that knows nothing has no end.
    monkeypatch.setattr(decode, "_TOKENS", 4)
    monkeypatch.setattr(decode, "_TOKENS_A_SECOND", 1)
    for name in ("known", "context", "mandarin", "silence", "long-pauses"):
        small = Sources(sources.corpus, sources.engines, sources.names, None, 2, 12.0, 1)
        sets.make(small, tmp_path / "sets", name)
    common = ["--tokenizer", str(MINIATURE / "asr")]
    out = str(run / "results.json")
    asked = ["--run", str(run), "--sets", str(tmp_path / "sets"), "--out", out, "--device", "cpu"]
    assert evaluate.main([*asked, *common]) == 0
    assert "missed" in capsys.readouterr().out
    found: dict[str, Any] = json.loads((run / "results.json").read_text())
    assert set(found["sets"]) == {"known", "context", "mandarin"}
    assert found["sets"]["known"]["rate"]["said"] > 0
    assert set(found["sets"]["known"]["windows"]) == {"1", "2", "4"}
    assert found["about"]["known"]["sha256"] == store.read(tmp_path / "sets", "known")[0]
    assert found["aligner"]["known"]["words"] == found["sets"]["known"]["rate"]["said"]
    assert found["nothing"]["clips"] == len(store.read(tmp_path / "sets", "silence")[1])

    assert export.main(["--run", str(run), "--out", str(tmp_path / "out"), *common]) == 0
    assert card.main(["--run", str(run), "--out", str(tmp_path / "card"), "--samples", str(MINIATURE / "samples")]) == 0
    text = (tmp_path / "card" / "README.md").read_text(encoding="utf-8")
    assert f"{found['sets']['known']['rate']['value'] * 100:.1f} % [" in text
    assert "Not measured: known voices" not in text
    assert "Not measured: unknown espeak voices: WER." in text
    assert "200 steps in 0.1 minutes" in text
    ElementTree.parse(tmp_path / "card" / "curves.svg")


def test_a_card_is_not_written_of_other_weights(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "results.json").write_text(json.dumps({"models": {"asr": {"sha256": "a", "parameters": 1}}}))
    (run / "shipped.json").write_text(json.dumps({"asr": {"model.safetensors": {"sha256": "b", "bytes": 1}}}))
    assert card.main(["--run", str(run), "--out", str(tmp_path / "card")]) == 1
    assert "another asr than shipped.json" in capsys.readouterr().err
    assert not (tmp_path / "card").exists()
