"""flite 2.2 as a synthesiser: four American and Scottish English speakers, each word timed by its segments.

This file owns libflite through ctypes (flite.h, cst_utterance.h, cst_item.h, cst_features.h) and the way from its
segments to the times of words.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import bundle
from model.miniature.recipe.speech.voice import RATE, Speech, SpeechError, Voice

_MELODY = {"slt": (172.0, 24.0), "rms": (101.0, 15.0), "awb": (127.0, 19.0), "kal16": (95.0, 11.0)}
"""Mean and standard deviation of the pitch of each speaker, in Hz."""
_LIBRARIES = ("lib/libflite.so.1", "lib/libflite_usenglish.so.1", "lib/libflite_cmulex.so.1")
_SPEAKER = "lib/libflite_cmu_us_{}.so.1"
_BEFORE = b"daughter1.R:SylStructure.daughter1.daughter1.R:Segment.p."
"""From a token to the segment before its first one."""
_LAST = b"daughtern.R:SylStructure.daughtern.daughtern.R:Segment."
"""From a token to its last segment."""


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class _Voice(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


class Flite:
    """The synthesiser `flite`; a voice's name is that of its speaker, `slt`."""

    def __init__(self, engines: Path) -> None:
        """Load the library from the folder of the bundle.

        Raises:
            SpeechError: it is not there, or does not load.
        """
        self._engines = engines
        self._load("stubs/libasound.so.2")
        self._c = self._load(_LIBRARIES[0])
        for name in _LIBRARIES[1:]:
            self._load(name)
        self._declare()
        if (code := self._c.flite_init()) != 0:
            raise SpeechError(f"flite: flite_init returned {code}")
        self._speakers: dict[str, ctypes.c_void_p] = {}

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence; see the protocol `Synthesiser`. `voice.gap` is not heeded."""
        if sentence.language != ENGLISH:
            return None
        speaker = self._speaker(voice.name)
        self._set_mood(speaker, voice)
        utterance = self._c.flite_synth_text(written(sentence).encode(), speaker)
        if not utterance:
            raise SpeechError(f"flite: voice {voice.name}: flite_synth_text of {sentence.text!r} returned NULL")
        try:
            samples = self._samples(utterance, voice.name)
            times = self._times(utterance, sentence)
        finally:
            self._c.delete_utterance(utterance)
        return None if times is None else Speech(samples, times)

    def _load(self, name: str) -> ctypes.CDLL:
        try:
            return ctypes.CDLL(str(self._engines / name), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise SpeechError(f"flite: {error}; make the folder with `speech.bundle --out DIR`") from error

    def _declare(self) -> None:
        pointer, string = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
            ("flite_synth_text", pointer, [string, pointer]),
            ("utt_wave", ctypes.POINTER(_Wave), [pointer]),
            ("utt_relation", pointer, [pointer, string]),
            ("relation_head", pointer, [pointer]),
            ("item_next", pointer, [pointer]),
            ("item_daughter", pointer, [pointer]),
            ("flite_ffeature_float", ctypes.c_float, [pointer, string]),
            ("flite_ffeature_string", string, [pointer, string]),
            ("delete_utterance", None, [pointer]),
            ("flite_feat_set_float", None, [pointer, string, ctypes.c_float]),
        ):
            function = getattr(self._c, name)
            function.restype, function.argtypes = result, arguments

    def _speaker(self, name: str) -> ctypes.c_void_p:
        if name not in _MELODY:
            raise SpeechError(f"flite: no voice {name}; there are {', '.join(_MELODY)}")
        if name not in self._speakers:
            register = getattr(self._load(_SPEAKER.format(name)), f"register_cmu_us_{name}")
            register.restype, register.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
            speaker = register(None)
            if not speaker:
                raise SpeechError(f"flite: voice {name}: register_cmu_us_{name} returned NULL")
            self._speakers[name] = ctypes.c_void_p(speaker)
        return self._speakers[name]

    def _set_mood(self, speaker: ctypes.c_void_p, voice: Voice) -> None:
        mean, deviation = _MELODY[voice.name]
        features = ctypes.cast(speaker, ctypes.POINTER(_Voice)).contents.features
        for feature, value in (
            (b"duration_stretch", 1 / voice.rate),
            (b"int_f0_target_mean", mean * voice.pitch),
            (b"int_f0_target_stddev", deviation * voice.range),
        ):
            self._c.flite_feat_set_float(features, feature, value)

    def _samples(self, utterance: int, name: str) -> npt.NDArray[np.int16]:
        wave = self._c.utt_wave(utterance)
        if not wave or wave.contents.num_channels != 1 or wave.contents.sample_rate != RATE:
            raise SpeechError(f"flite: voice {name}: utt_wave returned no mono wave of {RATE} Hz")
        return np.ctypeslib.as_array(wave.contents.samples, (wave.contents.num_samples,)).copy()

    def _times(self, utterance: int, sentence: Sentence) -> tuple[tuple[float, float], ...] | None:
        tokens = self._token_times(utterance)
        counts = [len(word.spoken.split()) for word in sentence.words]
        if tokens is None or len(tokens) != sum(counts):
            return None
        times, first = [], 0
        for count in counts:
            times.append((tokens[first][0], tokens[first + count - 1][1]))
            first += count
        rising = all(start < end for start, end in times)
        return tuple(times) if rising else None

    def _token_times(self, utterance: int) -> list[tuple[float, float]] | None:
        relation = self._c.utt_relation(utterance, b"Token")
        item = self._c.relation_head(relation) if relation else None
        times: list[tuple[float, float]] = []
        while item:
            if not self._c.item_daughter(item):  # a token that nothing was said for
                return None
            start = 0.0
            if self._c.flite_ffeature_string(item, _BEFORE + b"name") not in {b"0", None}:  # there is a segment before
                start = self._c.flite_ffeature_float(item, _BEFORE + b"end")
            times.append((start, self._c.flite_ffeature_float(item, _LAST + b"end")))
            item = self._c.item_next(item)
        return times


def written(sentence: Sentence) -> str:
    """The text to speak: a token is a spoken word."""
    parts = []
    capital = True
    for word in sentence.words:
        said = word.spoken + word.pause
        parts.append(said[:1].upper() + said[1:] if capital else said)
        capital = word.pause in {".", "?", "!"}  # flite ends a sentence only where a capital follows
    return " ".join(parts)


def collect(out: Path) -> None:
    """Copy what flite needs into a bundle.

    Raises:
        SpeechError: a package or a file is missing.
    """
    bundle.make_stub("libasound.so.2", out)
    root = bundle.parts("libflite1", "flite", "MIT-Festival", out)
    for name in (*_LIBRARIES, *map(_SPEAKER.format, _MELODY)):
        bundle.take_library(root, Path(name).name, out)
