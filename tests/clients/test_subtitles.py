from __future__ import annotations

import io
import itertools
import random

import pytest
import srt
import webvtt

from clients.cue_words import cue_words
from clients.subtitles import LINE_CELLS, MAX_S, cues, render
from pipeline.events import TimedWord
from pipeline.transcript import Segment, Stats, Transcript

STATS = Stats(
    rtf=0.1,
    audio=1.0,
    total=0.1,
    encode=0.0,
    prefill=0.0,
    prefill_tokens=0,
    prefill_rate=0.0,
    generate=0.0,
    generate_tokens=0,
    generate_rate=0.0,
    align=0.0,
)


def transcript(segments: list[tuple[str, float, float]], words: list[tuple[str, float, float]]) -> Transcript:
    return Transcript(
        file="x.wav",
        text=" ".join(text for text, _, _ in segments),
        language="English",
        duration=60.0,
        segments=[Segment(text=text, start=start, end=end) for text, start, end in segments],
        words=[TimedWord(*word) for word in words],
        stats=STATS,
    )


def spoken(text: str, start: float = 0.0, each: float = 0.3) -> Transcript:
    """Words of equal length, timed without their punctuation, as an aligner does."""
    words = [(w.strip(".,!?"), start + i * each, start + (i + 1) * each) for i, w in enumerate(text.split())]
    return transcript([(text, start, words[-1][2])], words)


def test_a_short_sentence_is_one_cue_with_its_punctuation() -> None:
    (cue,) = cues(spoken("Hello there, how are you?", 1.0))
    assert cue.lines == ("Hello there, how are you?",)
    assert (cue.start, cue.end) == (1.0, 2.5)


def test_sentences_and_pauses_end_a_cue() -> None:
    two = cues(spoken("This is the first one. And this is the second."))
    assert [" ".join(cue.lines) for cue in two] == ["This is the first one.", "And this is the second."]
    words = [("wait", 0.0, 1.0), ("here", 1.0, 2.0), ("and", 4.0, 5.0), ("there", 5.0, 6.0)]
    paused = cues(transcript([("wait here and there", 0.0, 6.0)], words))
    assert [" ".join(cue.lines) for cue in paused] == ["wait here", "and there"]


def test_a_very_short_sentence_joins_its_neighbour() -> None:
    (cue,) = cues(spoken("No. You are telling that to me."))
    assert " ".join(cue.lines) == "No. You are telling that to me."


def test_long_speech_keeps_to_two_lines_and_seven_seconds_and_never_overlaps() -> None:
    chance = random.Random(7)
    for _ in range(50):
        text = " ".join("x" * chance.randint(1, 14) + chance.choice(["", "", "", ",", "."]) for _ in range(120))
        shown = cues(spoken(text, each=chance.choice([0.05, 0.3, 1.2])))
        assert " ".join(line for cue in shown for line in cue.lines) == text
        for cue in shown:
            assert 1 <= len(cue.lines) <= 2
            assert all(len(line) <= LINE_CELLS for line in cue.lines)
            assert 0 < cue.end - cue.start <= MAX_S + 1e-9
        for before, behind in itertools.pairwise(shown):
            assert before.end <= behind.start + 1e-9


def test_without_word_times_the_segment_is_shared_by_length() -> None:
    (words,) = cue_words(transcript([("aa bbbb aa", 2.0, 10.0)], []), LINE_CELLS)
    assert [(word.start, word.end) for word in words] == [(2.0, 4.0), (4.0, 8.0), (8.0, 10.0)]


def test_a_word_that_the_aligner_left_out_lies_between_its_neighbours() -> None:
    timed = [("one", 0.0, 1.0), ("three", 2.0, 3.0)]
    (words,) = cue_words(transcript([("one two three", 0.0, 3.0)], timed), LINE_CELLS)
    assert [(word.text, word.start, word.end) for word in words][1] == ("two", 1.0, 2.0)


def test_times_that_run_backwards_are_put_in_order() -> None:
    timed = [("one", 1.0, 2.0), ("two", 0.5, 0.7), ("three", 2.0, 3.0)]
    shown = [word for words in cue_words(transcript([("one two three", 0.0, 3.0)], timed), 42) for word in words]
    moments = [moment for word in shown for moment in (word.start, word.end)]
    assert moments == sorted(moments)


def test_text_without_spaces_is_broken_between_characters() -> None:
    text = "これは日本語の長い文です。" * 6
    shown = cues(transcript([(text, 0.0, 40.0)], []))
    assert "".join(line for cue in shown for line in cue.lines) == text
    assert all(len(line) * 2 <= LINE_CELLS for cue in shown for line in cue.lines)
    assert not any(line.startswith("。") for cue in shown for line in cue.lines)


def test_webvtt_text_is_escaped_and_read_back_by_another_library() -> None:
    text = "Fish & chips <b>now</b> --> {\\p1} C:\\New"
    form = render(spoken(text, each=0.1), "vtt")
    assert "Fish &amp; chips &lt;b&gt;now&lt;/b&gt; --&gt; {" in form.replace("\n", " ")
    captions = webvtt.from_buffer(io.StringIO(form)).captions
    assert len(captions) == 1
    assert "Fish" in captions[0].text


def test_subrip_survives_what_looks_like_markup() -> None:
    form = render(spoken("A --> B <i>C</i> {\\p1}D", each=0.3), "srt")
    (cue,) = srt.parse(form)
    assert "<i>" not in cue.content
    assert "-->" not in cue.content
    assert cue.content.startswith("A → B")
    assert "D" in cue.content


def test_an_empty_transcript_gives_an_empty_file() -> None:
    nothing = transcript([], [])
    assert render(nothing, "srt") == ""
    assert render(nothing, "vtt").startswith("WEBVTT")


@pytest.mark.parametrize(
    ("texts", "shown"),
    [(["So I said yes.", "No.", "Right."], "So I said yes. No. Right."), (["はい。", "ええ。"], "はい。ええ。")],
)
def test_utterances_on_one_cue_keep_their_space_unless_their_script_has_none(texts: list[str], shown: str) -> None:
    segments = [(text, i * 0.3, i * 0.3 + 0.3) for i, text in enumerate(texts)]
    assert [" ".join(cue.lines) for cue in cues(transcript(segments, []))] == [shown]


def test_a_word_that_is_too_long_for_a_line_shares_its_time_by_length() -> None:
    (words,) = cue_words(transcript([("x" * 100, 1.0, 11.0)], [("x" * 100, 1.0, 11.0)]), 40)
    assert [(len(word.text), word.start, word.end) for word in words] == [(40, 1, 5), (40, 5, 9), (20, 9, 11)]
