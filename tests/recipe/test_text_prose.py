import zlib
from pathlib import Path

import pytest

from model.miniature.recipe.text.clean import Cleaner, paragraphs, sentences
from model.miniature.recipe.text.prose import WORKS
from model.miniature.recipe.text.sources import Package, SourceError, fetch

WORDS = ("the", "cat", "sat", "on", "mat", "it's", "well-known", "known", "well", "was", "here", "and", "we",
         "saw", "mister", "brown", "in", "london", "don't", "know", "why")  # fmt: skip


@pytest.fixture
def cleaner() -> Cleaner:
    return Cleaner(frozenset([*WORDS, "a", "i"]))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("the cat sat on the mat", "The cat sat on the mat."),
        ("It\u2019s well-known -- the cat sat", "It's well-known, the cat sat."),
        ("\u201cWe saw the cat\u2026\u201d", "We saw the cat."),
        ("I don't know why;", "I don't know why."),
    ],
)
def test_quotes_and_dashes_are_made_plain(cleaner: Cleaner, raw: str, clean: str) -> None:
    assert cleaner.clean(raw) == clean


@pytest.mark.parametrize(
    "raw",
    [
        "cat",
        "the cat.sat on",
        "the CAT sat",
        "the catSat on",
        "the 3 cats",
        "the xyzzy sat",
        "the cat e.g. sat",
        "see London London London London",
        "the " * 31,
    ],
)
def test_what_nobody_could_say_is_refused(cleaner: Cleaner, raw: str) -> None:
    assert cleaner.clean(raw) is None


def test_a_title_does_not_end_a_sentence() -> None:
    assert sentences("We saw Mr. Brown. Why? It was here.") == ["We saw Mister Brown.", "Why?", "It was here."]


def test_pages_lose_code_and_headings() -> None:
    page = "<h1>Cats.</h1><p>The cat sat.</p><pre>sit().</pre><p>We saw <code>sit</code> here.</p><p>No stop</p>"
    assert [one.strip() for one in paragraphs(page, markup=True)] == ["The cat sat.", "We saw  \0  here."]


def test_a_package_that_cannot_be_had_is_told_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SourceError, match=r"wordnet-base .* apt-get is not installed: run `apt-get update`"):
        fetch(Package("wordnet-base", debian=True), tmp_path)


def test_a_wheel_in_the_cache_needs_no_network(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "some_thing-1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some/text.txt", "The cat sat.")
    found = fetch(Package("some-thing", debian=False, version="1.2"), tmp_path)
    assert (found.root / "some/text.txt").read_text("utf-8") == "The cat sat."
    assert (found.label, found.version, len(found.sha256)) == ("pypi:some-thing", "1.2", 64)


def test_novels_are_read_from_the_data_of_an_r_package(tmp_path: Path) -> None:
    lines = [b"The cat sat", b"on the mat. We saw it.", b"", b"Why?"]
    strings = b"".join(b"\0\4\0\x09" + len(line).to_bytes(4, "big") + line for line in lines)
    folder = tmp_path / "usr/lib/R/site-library/janeaustenr/data"
    folder.mkdir(parents=True)
    (folder / "Rdata.rdb").write_bytes(len(strings).to_bytes(4, "big") + zlib.compress(strings))
    (novels,) = (work for work in WORKS if work.kind == "novels")
    assert list(novels.read(tmp_path)) == ["The cat sat on the mat.", "We saw it.", "Why?"]


def test_glosses_and_examples_are_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/wordnet"
    folder.mkdir(parents=True)
    (folder / "data.noun").write_text('1 03 n 01 cat 0 000 | a small (tame) animal here; "the cat sat here"\n', "utf-8")
    read = {work.kind: list(work.read(tmp_path)) for work in WORKS[:2]}
    assert read == {"examples": ["the cat sat here"], "glosses": [" a small  animal here"]}


def test_every_work_has_a_permissive_licence() -> None:
    assert {work.licence for work in WORKS} <= {
        "WordNet-3.0",
        "LicenseRef-public-domain",
        "BSD-3-Clause",
        "PSF-2.0",
        "PostgreSQL",
    }
