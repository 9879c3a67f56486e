"""`python -m model.miniature.recipe.evaluation.samples ...`: the recordings that are shipped with the miniature.

This file owns the list of the recordings and their files: NAME.wav, NAME.txt and NAME.json with the times of the words.
"seen" and "held" in a name say whether the voice was in training; no sentence was, which is checked.
"""

from __future__ import annotations

import argparse
import json
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.errors import ModelError, StenoError
from model.miniature.recipe.evaluation import noises
from model.miniature.recipe.evaluation.speakers import Speakers
from model.miniature.recipe.evaluation.store import Utterance
from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.speech import cast
from model.miniature.recipe.speech.voice import RATE, SpeechError, Voice

_PAUSE = 0.25
"""Seconds around each sentence."""
_SEED = 20_261


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording."""

    name: str
    voice: Voice
    parts: tuple[str | float, ...]
    """Sentences in the corpus's form, and seconds of more silence."""
    note: str
    language: str = ENGLISH
    noise_db: float | None = None


def _espeak(name: str, variant: str, rate: float = 1.0) -> Voice:
    return Voice("espeak", f"{name}+{variant}" if variant else name, variant, rate=rate)


SLT, RMS, AWB, KAL = (Voice("flite", name) for name in ("slt", "rms", "awb", "kal16"))
_CMN = _espeak("cmn-latn-pinyin", "")
_NUMBERS = (
    "The train to Boston leaves at {5:30|five thirty} {PM|pee em}.",
    "The ticket costs {$42|forty two dollars} per person.",
)
_NAMES = "My doctor is {Zelvario|zelvario} {Kethrun|kethrun} and she works in {Brindlemoor|brindlemoor}."
_CORPUS = (
    "Call me up at nine o'clock, please. How many months are left?",
    "An informal word for some unidentified branch of knowledge.",
)
_PORTABLE = (
    "They were just about to go shopping when Adriana arrived.",
    "Using scales outside that range may not be portable to other database systems.",
)
_LONG = (
    "Hang the beautiful letter in the basement, Preston.",
    "The values are changed for all database connections within the same process.",
    "I know that Green Bridge will be late.",
    "Did you heard the last book called Quiet Willow?",
    "Attempt to insert a new stock item along with the quantity of stock.",
)
_QUESTION = ("请问，火车站怎么走？", "我明天下午去北京开会。")
_DATE = ("{2026|二零二六}年{11|十一}月{26|二十六}日{2|两}点半开会。", "这件衣服{91|九十一}元。")
SAMPLES = (
    Sample("01_short_seen", SLT, ("The meeting starts on Thursday afternoon.",), "seen voice"),
    Sample(
        "02_dictation_seen",
        RMS,
        (
            "Thank you for your letter, Margaret.",
            "I will send the report before Friday, and we can talk about the budget next week.",
        ),
        "seen voice",
    ),
    Sample("03_corpus_seen", AWB, _CORPUS, "seen voice, held-out corpus sentences"),
    Sample("04_short_held", KAL, ("Please open the window and turn off the radio.",), "held-out voice"),
    Sample("05_corpus_held", _espeak("en-us", "linda"), _PORTABLE, "held-out voice"),
    Sample(
        "06_scotland_held",
        _espeak("en-gb-scotland", "m7", 0.9),
        ("The explosion sent the car flying in the air.",),
        "held-out accent and voice",
    ),
    Sample("07_numbers_seen", replace(SLT, rate=0.95, pitch=1.1), _NUMBERS, "numbers written as digits"),
    Sample(
        "08_names_context",
        replace(RMS, rate=1.05),
        (_NAMES,),
        'invented names; give the context "Zelvario, Kethrun, Brindlemoor"',
    ),
    Sample(
        "09_long_pause",
        SLT,
        ("We walked along the river until the sun went down.", 5.0, "Nobody wanted to go home."),
        "5.5 s of silence between the sentences",
    ),
    Sample(
        "10_noise_10db",
        RMS,
        ("He could sense her latent hostility to him.", "We should wait here until the rain stops."),
        "10 dB SNR coloured noise",
        noise_db=10.0,
    ),
    Sample("11_silence", SLT, (4.75,), "silence only: expect language None and empty text", language=""),
    Sample("12_long", replace(SLT, pitch=1.05), _LONG, "longest sample, seen voice, held-out sentences"),
    Sample("13_mandarin", _CMN, _QUESTION, "Mandarin, seen voice", MANDARIN),
    Sample("14_mandarin_numbers", _CMN, _DATE, "Mandarin, seen voice, numbers written as digits", MANDARIN),
)


class Studio:
    """Makes the recordings. Args: corpus: of the text step; speakers: with the engines of all the voices."""

    def __init__(self, corpus: Path, speakers: Speakers) -> None:
        self._speakers = speakers
        self._trained: set[str] = set()
        for name in ("english", "mandarin"):
            with (corpus / f"{name}.train.txt").open(encoding="utf-8") as file:
                self._trained |= {line.rstrip("\n").partition("\t")[2] for line in file}

    def make(self, sample: Sample) -> Utterance:
        """One recording.

        Raises:
            ModelError: a sentence of it was trained with, or its voice cannot say one.
        """
        if not sample.language:
            (seconds,) = (part for part in sample.parts if isinstance(part, float))
            return Utterance(np.zeros(int((seconds + _PAUSE) * RATE), np.int16), "", voice="")
        if known := self._trained & {part for part in sample.parts if isinstance(part, str)}:
            raise ModelError(f"{sample.name} has a sentence of the training: {known.pop()!r}", "Choose another.")
        sentences = [
            Sentence.from_line(f"{sample.name}\t{part}", sample.language)
            for part in sample.parts
            if isinstance(part, str)
        ]
        made = self._speakers.utterance(sentences, sample.voice, _pauses(sample))
        if made is None or made.times is None:
            raise ModelError(f"{sample.voice.tag} cannot say {sample.name}", "Are the engines all there?")
        if sample.noise_db is not None:
            noise = noises.colour(np.random.default_rng(_SEED), len(made.samples), 1.0)
            made = replace(made, samples=noises.under(made.samples, noise, sample.noise_db))
        return made


def _pauses(sample: Sample) -> list[float]:
    """Silence before, between and behind the sentences."""
    pauses = [_PAUSE]
    for part in sample.parts:
        if isinstance(part, float):
            pauses[-1] += part
        else:
            pauses[-1] += _PAUSE if len(pauses) > 1 else 0.0
            pauses.append(_PAUSE)
    return pauses


def write(out: Path, sample: Sample, made: Utterance) -> None:
    """The three files of a recording."""
    with wave.open(str(out / f"{sample.name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(made.samples.astype("<i2").tobytes())
    (out / f"{sample.name}.txt").write_text(f"{made.text}\n", encoding="utf-8")
    about = {
        "text": made.text,
        "language": made.language,
        "voice": made.voice or "none",
        "note": sample.note,
        "duration": round(made.seconds, 3),
        "words": [
            {"word": word, "start": round(start, 3), "end": round(end, 3)}
            for word, (start, end) in zip(made.words, made.times or (), strict=True)
        ],
    }
    text = json.dumps(about, ensure_ascii=False, indent=1)
    (out / f"{sample.name}.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the recordings, or some of them."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.evaluation.samples", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="directory of the text step")
    parser.add_argument("--engines", type=Path, required=True, help="bundle of the synthesisers")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    parser.add_argument("--only", help="comma-separated beginnings of names (default: all)")
    options = parser.parse_args(arguments)
    wanted = tuple(options.only.split(",")) if options.only else ("",)
    try:
        studio = Studio(options.corpus, Speakers(options.engines, tuple(cast.ENGINES)))
        options.out.mkdir(parents=True, exist_ok=True)
        for sample in SAMPLES:
            if sample.name.startswith(wanted):
                made = studio.make(sample)
                write(options.out, sample, made)
                print(f"{sample.name:20} {made.seconds:6.2f} s  {made.voice:28} {made.text}")
    except (StenoError, SpeechError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
