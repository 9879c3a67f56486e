"""Capitals at the beginning, and none in the middle where that is safe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.text.capitals import fitted, without


@pytest.mark.parametrize(
    ("before", "text", "written"),
    [
        ("", "hello there", "Hello there"),
        ("Hi.", "hello", "Hello"),
        ("Hi!", "hello", "Hello"),
        ("Hi?", "hello", "Hello"),
        ("Hi…", "hello", "Hello"),
        ('"Hi."', "hello", "Hello"),
        ("(Hi.) ", "hello", "Hello"),
        ("好。", "hello", "Hello"),
        ("Sam,\n", "thank you", "Thank you"),
        ("Hi.", '"hello"', '"Hello"'),
        ("Hola.", "¿qué tal?", "¿Qué tal?"),
        ("Hi.", "éclair", "Éclair"),
        ("Hi.", "straße", "Straße"),
        ("Hi.", "\u01c6ungla", "\u01c5ungla"),
        ("Hi.", "привет", "Привет"),
        ("Hi.", "καλημέρα", "Καλημέρα"),
        ("Hi.", "istanbul'da yağmur", "İstanbul'da yağmur"),
        ("Hi.", "iPhone sales", "iPhone sales"),
        ("Hi.", "example.com is", "example.com is"),
        ("Hi.", "me@example.com", "me@example.com"),
        ("Hi.", "mp3 files", "mp3 files"),
        ("Hi.", ".bashrc is", ".bashrc is"),
        ("Hi.", "3 apples", "3 apples"),
        ("Hi.", "你好", "你好"),
        ("Hi.", "ქართული", "ქართული"),
        ("Hi.", "", ""),
    ],
)
def test_a_sentence_begins_with_a_capital(before: str, text: str, written: str) -> None:
    assert fitted(before, text) == written


@pytest.mark.parametrize(
    ("before", "text", "written"),
    [
        ("We wait,", "And then we go.", "and then we go."),
        ("we wait", "Because it rains.", "because it rains."),
        ("we wait ", "Which is fine.", "which is fine."),
        ("10", "Of them.", "of them."),
        ("if", "It's late", "it's late"),
        ("if", "They\u2019re late", "they\u2019re late"),
        ("so", "Don't", "don't"),
        ("so", "That.", "that."),
        ("in", "The garden", "the garden"),
        # What must not be harmed.
        ("in", "The Hague", "The Hague"),
        ("so", "I think", "I think"),
        ("so", "I'm here", "I'm here"),
        ("he got", "A in physics", "A in physics"),
        ("so", "Will comes", "Will comes"),
        ("in", "May we", "May we"),
        ("about", "IT people", "IT people"),
        ("in", "US law", "US law"),
        ("with", "Peter", "Peter"),
        ("das", "Haus ist groß", "Haus ist groß"),
        ("wir gehen", "Und dann", "Und dann"),
        ("nous allons", "Et puis", "Et puis"),
        ("a", "By-law", "By-law"),
        ("at", "On.com", "On.com"),
        # Not known to be the middle of a sentence.
        ("so:", "The garden", "The garden"),
        ('said "', "The garden", "The garden"),
        ("see 👍", "The garden", "The garden"),
    ],
)
def test_within_a_sentence_only_safe_words_lose_their_capital(before: str, text: str, written: str) -> None:
    assert fitted(before, text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Git status", "git status"),
        ("Ls", "ls"),
        ("I think", "I think"),
        ("I'm", "I'm"),
        ("LS", "LS"),
        ("README.md", "README.md"),
        ("GitHub", "GitHub"),
        ("İstanbul", "istanbul"),
        ("Éclair", "éclair"),
        ("你好", "你好"),
        ("", ""),
    ],
)
def test_the_capital_of_a_plain_word_can_be_left_out(text: str, written: str) -> None:
    assert without(text) == written


@given(st.text(max_size=20), st.text(max_size=30))
def test_only_the_case_of_one_letter_changes(before: str, text: str) -> None:
    done = fitted(before, text)
    assert done.casefold() == text.casefold() or "i" in text or "ß" in text
    assert fitted(before, done) == done or "İ" in done
