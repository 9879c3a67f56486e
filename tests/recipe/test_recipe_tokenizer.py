"""The recipe's tokenizer: a part of a vocabulary that cuts text as the whole one does."""

import json
from pathlib import Path

import gguf
import pytest

pytest.importorskip("tokenizers")

from tokenizers import Tokenizer

from model import tokenizer_files
from model.errors import ModelError
from model.miniature.recipe import tokenizer
from model.miniature.recipe.tokenizer_choice import chosen, restricted, used
from model.miniature.recipe.tokenizer_form import SPECIAL
from model.miniature.recipe.tokenizer_qwen2 import ALPHABET, VocabularyError, closed, merge_of, read_pieces, spelt

SHIPPED = Path(tokenizer.__file__).parents[1] / "asr" / "vocab.json"
"""A vocabulary in the order of Qwen2's ranks, so that here it stands for the whole one."""
ENGLISH = [
    "The quick brown fox, at {5:30|five thirty} p.m.",
    "I don't know what they've said again.",
    "Please call the first number.",
]
MANDARIN = ["{2024|二零二四}年。", "我们去学校吗？", "{李明/李鸣|李明}在家。"]
IDEOGRAPHS = "年我们去学校吗李明鸣在家"


@pytest.fixture(scope="module")
def ranks() -> dict[str, int]:
    """The shipped pieces, and one merge after the other for what Mandarin and the prompt need."""
    pieces = dict(json.loads(SHIPPED.read_text("utf-8")))
    for text in (*IDEOGRAPHS, *tokenizer._TEXT_OF_PROMPT, "我们"):
        whole = spelt(text)
        for end in range(2, len(whole) + 1):
            if whole[:end] not in pieces:
                pieces[whole[:end]] = len(pieces)
    return pieces


@pytest.fixture
def vocabulary(ranks: dict[str, int], tmp_path: Path) -> Path:
    path = tmp_path / "whole.gguf"
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_token_list([*ranks, "<|endoftext|>", "<|im_start|>"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name, lines in (("english", ENGLISH), ("mandarin", MANDARIN)):
        (tmp_path / f"{name}.train.txt").write_text("".join(f"x\t{line}\n" for line in lines), "utf-8")
    (tmp_path / "terms.txt").write_text("Sean/Shawn\n李明\n", "utf-8")
    return tmp_path


def by_hand(text: str, ranks: dict[str, int]) -> list[str]:
    """Byte-level BPE as its definition has it, of a text without spaces inside."""
    parts = list(spelt(text))
    while True:
        places = [n for n in range(len(parts) - 1) if parts[n] + parts[n + 1] in ranks]
        if not places:
            return parts
        n = min(places, key=lambda place: (ranks[parts[place] + parts[place + 1]], place))
        parts[n : n + 2] = [parts[n] + parts[n + 1]]


WORDS = [" the", " they", " again", "Please", " number", " something", "我们", "学校", " Shawn", "é", " zyzzyva"]


def test_a_part_cuts_each_word_as_the_definition_says(ranks: dict[str, int]) -> None:
    counts = dict.fromkeys(WORDS, 1.0)
    pieces = chosen(counts, used(counts, ranks), set(), ranks, 256 + 40)
    by = restricted(pieces, ranks)
    assert len(pieces) == 256 + 40
    kept = {piece: ranks[piece] for piece in pieces}
    for word in WORDS:
        assert by.encode(word).tokens == by_hand(word, kept)


def test_a_word_whose_pieces_are_all_kept_is_cut_as_before(ranks: dict[str, int]) -> None:
    whole = restricted(set(ranks), ranks)
    counts = {word: float(number) for number, word in enumerate(WORDS, 1)}
    pieces = chosen(counts, used(counts, ranks), set(), ranks, 256 + 40)
    part = restricted(pieces, ranks)
    same = [word for word in WORDS if set(whole.encode(word).tokens) <= pieces]
    assert same
    assert [part.encode(word).tokens for word in same] == [whole.encode(word).tokens for word in same]


def test_what_is_met_often_is_kept(ranks: dict[str, int]) -> None:
    counts = {" they": 1.0, " again": 100.0}
    everything = used(counts, ranks)
    size = len(closed({spelt(" again")}, ranks))
    assert chosen(counts, everything, set(), ranks, size) == closed({spelt(" again")}, ranks)


def test_the_way_to_a_piece_is_kept_with_it(ranks: dict[str, int]) -> None:
    pieces = closed({spelt("学"), spelt(" again")}, ranks)
    assert set(ALPHABET) < pieces
    assert all(set(merge_of(piece, ranks)) <= pieces for piece in pieces if len(piece) > 1)


def test_the_files_say_the_same_to_the_program_and_to_the_library(
    corpus: Path, vocabulary: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    found = tokenizer.build(corpus, vocabulary, out, rows=384)
    assert found["English"] >= 1
    assert found["Chinese"] > 0
    ours = tokenizer_files.read_vocabulary(out)
    library = Tokenizer.from_file(str(out / "tokenizer.json"))
    assert library.get_vocab() == {name: index for index, name in {**ours.pieces, **ours.added}.items()}
    assert sorted({**ours.pieces, **ours.added}) == list(range(384))
    assert list(ours.added.values()) == list(SPECIAL)
    in_json = json.loads((out / "tokenizer.json").read_text("utf-8"))["model"]["merges"]
    assert [" ".join(pair) for pair in in_json] == list(ours.merges)
    assert "<|audio_pad|>" in ours.template


def test_ideographs_tags_and_digits_are_one_token_each_and_nothing_is_lost(corpus: Path, vocabulary: Path) -> None:
    tokenizer.build(corpus, vocabulary, corpus / "out", rows=448)
    library = Tokenizer.from_file(str(corpus / "out" / "tokenizer.json"))
    for text in (*IDEOGRAPHS, *tokenizer._TEXT_OF_PROMPT, *SPECIAL):
        assert len(library.encode(text).ids) == 1, text
    assert library.encode("language Chinese<asr_text>2024").tokens[-5:] == ["<asr_text>", *"2024"]
    text = "<|im_start|>user\n我们 don't know é 😀<|im_end|>"
    assert library.decode(library.encode(text).ids, skip_special_tokens=False) == text
    assert library.decode(library.encode("<|im_end|>None<asr_text>").ids) == "None<asr_text>"


def test_words_of_the_text_are_counted_without_their_punctuation(corpus: Path, vocabulary: Path) -> None:
    lines = "".join(f"x\tHello, {{Sean/Shawn|shawn}}! number{n}.\n" for n in "abc")
    (corpus / "english.train.txt").write_text(lines, "utf-8")
    tokenizer.build(corpus, vocabulary, corpus / "out", rows=384)
    assert json.loads((corpus / "out" / "counts.json").read_text("utf-8")) == {"Hello": 3, "Sean": 3}


@pytest.mark.parametrize(("rows", "why"), [(300, "multiple of 64"), (256, "indispensable")])
def test_rows_that_cannot_be_are_refused(corpus: Path, vocabulary: Path, rows: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        tokenizer.build(corpus, vocabulary, corpus / "out", rows)


def test_an_ideograph_without_a_piece_is_named(corpus: Path, vocabulary: Path) -> None:
    (corpus / "mandarin.train.txt").write_text("x\t龘。\n", "utf-8")
    with pytest.raises(VocabularyError, match="no piece"):
        tokenizer.build(corpus, vocabulary, corpus / "out", 448)


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        read_pieces(tmp_path / "nowhere.gguf")
    with pytest.raises(VocabularyError, match="no merge"):
        merge_of("abc", {**{letter: n for n, letter in enumerate(ALPHABET)}, "abc": 256})


def test_no_corpus_is_an_error_that_names_the_folder(tmp_path: Path, vocabulary: Path) -> None:
    with pytest.raises(ValueError, match=r"english\.train\.txt"):
        tokenizer.build(tmp_path / "empty", vocabulary, tmp_path / "out", 384)
