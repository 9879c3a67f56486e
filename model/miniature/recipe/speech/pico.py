"""SVOX Pico: small HMM voices, spoken by its C library in this process.

This file owns how Pico is collected and called. The package ttspico of the Python index (Apache 2.0) has its source
and its voices. Voice names: `en-US` and `en-GB`, both female. Pico tells no word times.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import packages
from model.miniature.recipe.speech.collecting import fetch, run
from model.miniature.recipe.speech.voice import Speech, SpeechError, Voice

VERSION = "0.3.2"
VOICES = ("en-US", "en-GB")

_SAYABLE = re.compile(r"[a-z' ]+")
_SPEAK = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_int, ctypes.POINTER(ctypes.c_uint8),
    ctypes.c_uint32, ctypes.c_bool,
)  # fmt: skip


def collect(out: Path, voices: Iterable[str] = VOICES) -> None:
    """Build Pico from its package and gather it with some of its voices into a bundle. Needs pip and gcc.

    Raises:
        SpeechError: the package or the compiler is not to be had.
    """
    (out / "lib").mkdir(parents=True, exist_ok=True)
    (out / "pico").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = fetch("ttspico", VERSION, Path(folder)) / "picopi/pico"
        files = [*sorted(source.glob("lib/*.c")), *sorted(source.glob("tts/*.c"))]
        run("gcc", "-O2", "-w", "-s", "-shared", "-fPIC", f"-I{source / 'tts'}", f"-I{source / 'lib'}",
            "-o", out / "lib/libttspico.so", *files, "-lm")  # fmt: skip
        packages.note(out, "pico", "pypi:ttspico", VERSION, "Apache-2.0")
        shutil.copyfile(source / "lib/NOTICE", out / "pico/NOTICE")
        for voice in voices:
            for lingware in sorted(source.glob(f"lang/{voice}_*.bin")):
                shutil.copyfile(lingware, out / "pico" / lingware.name)


class Pico:
    """The Pico library of a bundle; keeps the last voice loaded."""

    def __init__(self, bundle: Path) -> None:
        """Load the library.

        Raises:
            SpeechError: the bundle has none.
        """
        self._voices = bundle / "pico"
        try:
            self._library = ctypes.CDLL(str(bundle.resolve() / "lib/libttspico.so"))
        except OSError as error:
            raise SpeechError(f"no pico in {bundle}: {error}") from error
        self._library.TtsEngine_Create.restype = ctypes.c_void_p
        self._library.TtsEngine_Create.argtypes = [ctypes.c_char_p, ctypes.c_char_p, _SPEAK]
        self._library.TtsEngine_Speak.restype = ctypes.c_bool
        self._library.TtsEngine_Speak.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        self._library.TtsEngine_Destroy.argtypes = [ctypes.c_void_p]
        for setter in (self._library.TtsEngine_SetRate, self._library.TtsEngine_SetPitch):
            setter.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self._heard: list[bytes] = []
        self._listener = _SPEAK(self._hear)
        self._engine: int | None = None
        self._name = ""

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence; as `Synthesiser` says. Rates of 0.2 to 5 and pitches of 0.5 to 2 can be had."""
        if sentence.language != ENGLISH or not all(_SAYABLE.fullmatch(word.spoken) for word in sentence.words):
            return None
        engine = self._take(voice.name)
        for setter, factor in (("Rate", voice.rate), ("Pitch", voice.pitch)):
            wanted = round(100 * factor)
            got = getattr(self._library, f"TtsEngine_Set{setter}")(engine, wanted)
            if got != wanted:
                raise SpeechError(f"pico: {voice.name} has no {setter.lower()} of {factor}; returned {got}")
        text = escape(" ".join(word.spoken + word.pause for word in sentence.words))
        self._heard.clear()
        # It speaks at the end of a sentence: the full stop makes one.
        if not self._library.TtsEngine_Speak(engine, f"{text}.".replace("..", ".").encode(), None):
            raise SpeechError(f"pico: {voice.name} returned 0 for {text!r}")
        samples = np.frombuffer(b"".join(self._heard), np.int16).copy()
        return Speech(samples, None) if len(samples) else None

    def _take(self, name: str) -> int:
        if self._engine and name == self._name:
            return self._engine
        if self._engine:
            self._library.TtsEngine_Destroy(self._engine)
        self._engine = self._library.TtsEngine_Create(str(self._voices).encode(), name.encode(), self._listener)
        if not self._engine:
            raise SpeechError(f"pico: no voice {name} in {self._voices}; returned 0")
        self._name = name
        return self._engine

    def _hear(self, _user: int, _rate: int, _depth: int, _channels: int, audio: object, size: int, _last: bool) -> bool:
        if size:
            self._heard.append(ctypes.string_at(audio, size))  # type: ignore[arg-type]
        return True
