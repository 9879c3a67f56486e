"""libespeak-ng, version 1.51, through ctypes: text in, samples and events out, every return code looked at.

This file owns the shapes of the C interface (speak_lib.h) and knows neither sentences nor speakers.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.speech.voice import SpeechError

WORD, PHONEME = 1, 7
"""Kinds of event that are kept."""
SPEED, PITCH, RANGE, GAP = 1, 3, 4, 7
"""Parameters: words a minute, 0-100, 0-100, and steps of 10 ms."""

MORE_VARIANTS = "v"
"""Folder of the data with more variants than fit in `voices/!v`: the library loses voices where it lists over 349.
Names are short: it has 40 bytes for accent and path together."""

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _DO_NOT_EXIT = 0x0001, 0x8000
_UTF8 = 1
_CHARACTERS = 1
_SEPARATOR = "\t"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that begins at a sample."""

    kind: int
    position: int
    """Place in the text of the character that it belongs to, from 0."""
    length: int
    """Characters of a word; 0 for a phoneme, and for a word event that no word caused."""
    sample: int
    phoneme: str
    """Its name; empty for a word."""


class _Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Library:
    """The library, loaded with its dependencies from one folder. Its voice is a global of the process."""

    def __init__(self, engines: Path) -> None:
        """Load `lib/*.so` and initialise with `espeak-ng-data/`, both below `engines`.

        Raises:
            SpeechError: a library or the data is missing, or the library refuses it.
        """
        self.data = engines / "espeak-ng-data"
        try:
            for name in ("stubs/libpcaudio.so.0", "lib/libsonic.so.0"):
                ctypes.CDLL(str(engines / name), mode=ctypes.RTLD_GLOBAL)
            self._c = ctypes.CDLL(str(engines / "lib" / "libespeak-ng.so.1"))
        except OSError as error:
            raise SpeechError(f"espeak: {error}; make the folder with `speech.bundle --out {engines}`") from error
        self._c.espeak_TextToPhonemes.restype = ctypes.c_char_p
        options = _PHONEME_EVENTS | _DO_NOT_EXIT
        self.rate: int = self._c.espeak_Initialize(_SYNCHRONOUS, 0, str(engines).encode(), options)
        if self.rate <= 0:
            raise SpeechError(f"espeak: espeak_Initialize of {self.data} returned {self.rate}")
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._events: list[Event] = []
        self._failure: Exception | None = None
        self._callback = _CALLBACK(self._receive)  # kept: C holds a bare pointer to it

    def set_voice(self, name: str) -> None:
        """Choose a voice, `en-us` or `en-us+f3`.

        Raises:
            SpeechError: no such variant, or the return code is not 0.
        """
        accent, plus, variant = name.partition("+")
        code = self._c.espeak_SetVoiceByName(f"{accent}{plus}{self._variant(name, variant)}".encode())
        if code != 0:
            raise SpeechError(f"espeak: voice {name}: espeak_SetVoiceByName returned {code}")

    def _variant(self, voice: str, variant: str) -> str:
        """What the library must be told for a variant; it says nothing itself about one that it cannot find."""
        if not variant or (self.data / "voices" / "!v" / variant).is_file():
            return variant
        if (self.data / MORE_VARIANTS / variant).is_file():
            return f"../../{MORE_VARIANTS}/{variant}"
        raise SpeechError(f"espeak: voice {voice}: no variant {variant} in {self.data}")

    def set(self, parameter: int, value: int) -> None:
        """Set SPEED, PITCH, RANGE or GAP.

        Raises:
            SpeechError: the return code is not 0.
        """
        code = self._c.espeak_SetParameter(parameter, value, 0)
        if code != 0:
            raise SpeechError(f"espeak: espeak_SetParameter({parameter}, {value}) returned {code}")

    def synthesise(self, text: str) -> tuple[npt.NDArray[np.int16], list[Event]]:
        """Speak a text.

        Returns:
            Samples [n] at `rate`, and the word and phoneme events in their order.

        Raises:
            SpeechError: the return code is not 0.
        """
        self._blocks, self._events, self._failure = [], [], None
        self._c.espeak_SetSynthCallback(self._callback)
        data = text.encode()
        size = ctypes.c_size_t(len(data) + 1)
        code = self._c.espeak_Synth(data, size, 0, _CHARACTERS, 0, _UTF8, None, None)
        if self._failure is not None:
            raise self._failure  # an exception cannot pass through C: it was kept by the callback
        if code != 0:
            raise SpeechError(f"espeak: espeak_Synth of {text!r} returned {code}")
        samples = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)
        return samples, self._events

    def count_phonemes(self, text: str) -> int:
        """Number of phonemes that the current voice has for a text, as it would say it alone."""
        data = ctypes.c_char_p(text.encode())
        names: list[str] = []
        while data.value is not None:  # a clause at a time; the library moves the pointer, and at last sets it to NULL
            spoken: bytes = self._c.espeak_TextToPhonemes(ctypes.byref(data), _UTF8, ord(_SEPARATOR) << 8)
            names += spoken.decode().replace(" ", _SEPARATOR).split(_SEPARATOR)
        return sum(name.strip("',%=_:|") != "" for name in names)

    def _receive(self, samples: object, count: int, events: object) -> int:
        try:
            if samples and count > 0:
                self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            self._keep(events)
        except Exception as error:
            self._failure = error
            return 1  # stops the synthesis
        return 0

    def _keep(self, events: object) -> None:
        index = 0
        while (event := events[index]).type:  # type: ignore[index]
            if event.type in {WORD, PHONEME}:
                name = event.id.string.decode(errors="replace") if event.type == PHONEME else ""
                self._events.append(Event(event.type, event.text_position - 1, event.length, event.sample, name))
            index += 1
