from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.speech import cast, espeak, variants
from model.miniature.recipe.speech.espeak_library import PHONEME, WORD, Event, Library
from model.miniature.recipe.speech.flite import Flite
from model.miniature.recipe.speech.voice import RATE, SpeechError, Synthesiser, Voice
from tests.recipe.noted import licences

LINE = "k\tThe end of the day, I saw {102|one hundred and two} men."


def test_text_keeps_a_token_for_each_spoken_word_and_starts_sentences_with_a_capital() -> None:
    text, tokens, places = espeak.written(Sentence.from_line("k\tStop. Take {2nd|second} turn", ENGLISH))
    assert text == "stop. Take second turn "
    assert tokens == ["stop", "take", "second", "turn"]
    assert [places[text.index(word)] for word in ("stop", "Take", "second", "turn")] == [0, 1, 2, 3]


def test_text_of_mandarin_has_a_token_for_each_ideograph_and_wide_marks() -> None:
    text, tokens, places = espeak.written(Sentence.from_line("k\t{24|二四}年，好。", MANDARIN))
    assert text == "二四年\uff0c好\u3002"
    assert tokens == list("二四年好")
    assert places == [0, 1, 2, 2, 3, 3]


def test_a_pause_belongs_to_no_word_and_words_run_together_are_one_group() -> None:
    events = [
        Event(WORD, 0, 2, 0, ""),
        Event(PHONEME, 0, 0, 10, "V"),
        Event(PHONEME, 0, 0, 100, "D"),
        Event(PHONEME, 0, 0, 200, "_:"),
        Event(WORD, 7, 1, 300, ""),
        Event(PHONEME, 7, 0, 320, "t"),
        Event(WORD, 9, 1, 400, ""),
        Event(PHONEME, 9, 0, 420, "k"),
        Event(WORD, 3, 0, 450, ""),
    ]
    groups = espeak.grouped(events, [0, 0, 0, 1, 1, 1, 1, 2, 2, 3], 500)
    assert [(group.token, group.start, group.phonemes) for group in groups] == [
        (0, 10, [(10, 100), (100, 200)]),
        (2, 320, [(320, 400)]),
        (3, 400, [(420, 450)]),
    ]


def test_a_group_is_shared_by_the_counts_of_phonemes() -> None:
    phonemes = [(0, 10), (10, 30), (30, 60), (60, 100)]
    assert espeak.shared(0, phonemes, [3, 1]) == [(0, 60), (60, 100)]
    assert espeak.shared(0, phonemes, [1, 1]) == [(0, 30), (30, 100)]
    assert espeak.shared(0, phonemes[:2], [9, 1]) == [(0, 10), (10, 30)]


@pytest.mark.recipe
def test_the_bundle_names_its_packages(engines: Path) -> None:
    ours = {"debian:espeak-ng-data": "GPL-3.0-or-later", "debian:libespeak-ng1": "GPL-3.0-or-later"}
    assert licences(engines, "espeak") == {**ours, "debian:libsonic0": "Apache-2.0"}
    assert licences(engines, "flite") == {"debian:libflite1": "MIT-Festival"}


@pytest.mark.recipe
def test_the_library_takes_every_accent_and_variant_of_the_cast(engines: Path) -> None:
    library = Library(engines)
    table = cast.ENGINES["espeak"]
    accents = [name for names in (*table.known.values(), *table.held.values()) for name in names]
    for accent in accents:
        library.set_voice(accent)
        library.set_voice(f"{accent}+{variants.random_name(variants.COUNT)}")
    for variant in (*variants.SHIPPED, *variants.HELD, *map(variants.random_name, range(1, variants.COUNT + 1))):
        library.set_voice(f"en+{variant}")
    with pytest.raises(SpeechError, match=r"en-gb: espeak_SetVoiceByName returned 2"):
        library.set_voice("en-gb")
    with pytest.raises(SpeechError, match="no variant nobody"):
        library.set_voice("en+nobody")


@pytest.mark.recipe
@pytest.mark.parametrize(
    ("line", "language", "voice"),
    [
        (LINE, ENGLISH, Voice("espeak", "en-us+s001", rate=0.8)),
        (LINE, ENGLISH, Voice("flite", "slt", rate=0.8)),
        (LINE, ENGLISH, Voice("flite", "kal16")),
        ("k\t{2024|二零二四}年，我们在北京。", MANDARIN, Voice("espeak", "cmn-latn-pinyin")),
    ],
)
def test_words_lie_where_there_is_sound_and_the_pause_at_the_comma_between_them(
    engines: Path, line: str, language: str, voice: Voice
) -> None:
    sentence = Sentence.from_line(line, language)
    synthesiser: Synthesiser = espeak.Espeak(engines) if voice.engine == "espeak" else Flite(engines)
    speech = synthesiser.say(sentence, voice)
    assert speech is not None
    assert speech.times is not None
    assert len(speech.times) == len(sentence.words)
    edges = [edge for times in speech.times for edge in times]
    assert edges == sorted(edges)
    assert edges[-1] <= len(speech.samples) / RATE
    comma = next(number for number, word in enumerate(sentence.words) if word.pause == ",")
    pause = (speech.times[comma][1], speech.times[comma + 1][0])
    assert pause[1] - pause[0] > 0.05
    power = np.square(speech.samples.astype(np.float64))
    middle = sum(pause) / 2
    quiet = power[round((middle - 0.02) * RATE) : round((middle + 0.02) * RATE)].mean()
    assert all(power[round(start * RATE) : round(end * RATE)].mean() > 20 * quiet for start, end in speech.times)


@pytest.mark.recipe
def test_pitch_and_rate_of_a_voice_are_heard(engines: Path) -> None:
    sentence = Sentence.from_line(LINE, ENGLISH)
    synthesisers: list[tuple[Synthesiser, str]] = [(espeak.Espeak(engines), "en"), (Flite(engines), "rms")]
    for synthesiser, name in synthesisers:
        lengths = []
        for rate in (0.75, 1.3):
            speech = synthesiser.say(sentence, Voice("", name, rate=rate))
            assert speech is not None
            lengths.append(len(speech.samples))
        assert lengths[0] > 1.4 * lengths[1]
        low, high = (synthesiser.say(sentence, Voice("", name, pitch=pitch)) for pitch in (0.7, 1.4))
        assert low is not None
        assert high is not None
        assert not np.array_equal(low.samples[:20000], high.samples[:20000])
