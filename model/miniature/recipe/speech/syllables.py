"""Mandarin put together from recorded syllables of two men.

This file owns how the recordings of Debian's gcin-voice are collected, how ideographs become syllables, and how
syllables become a sentence. Voice names: `luo` (Chu Lo, CC-BY 3.0) and `liu` (Edward Der-Hua Liu, LGPL 3 or GPL 3).
The readings come from the package pypinyin (MIT). Pitch moves the formants with it; there is no variant.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import tempfile
import wave
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import MANDARIN, Sentence
from model.miniature.recipe.speech import packages
from model.miniature.recipe.speech.collecting import at_rate, copy_libraries, run
from model.miniature.recipe.speech.voice import RATE, Speech, SpeechError, Voice

VOICES = {"luo": "5.ogg", "liu": "3.ogg"}
"""Voice -> the file of each syllable."""

_LICENCES = {"luo": "CC-BY-3.0", "liu": "(GPL-3.0-only OR LGPL-3.0-only)"}
_RECORDINGS = Path("/usr/share/gcin-voice/ogg")
_TONES = str.maketrans("˙ˊˇˋ", "1234")
"""The package writes tones as figures: none for the first, 1 for the neutral one."""
_FIGURES = set("零一二三四五六七八九十百千万亿点第月年号")
"""Next to these the tone of `一` stays."""
_PAUSES = {",": 0.2, ";": 0.3, ":": 0.25, ".": 0.4, "?": 0.4, "!": 0.4}
_OVERLAP = 0.03
"""Seconds in which one syllable fades into the next."""
_OPUS_RATE = 48_000
_FULL = np.float32(32768)
_BITS = 24
"""Kilobits per second."""


def collect(out: Path, voices: Iterable[str] = ("luo", "liu")) -> None:
    """Gather the recordings, one Opus file a voice, and the readings into a bundle.

    Needs Debian's gcin-voice, opus-tools, libopusfile0, binutils, and the packages pypinyin and soundfile here.

    Raises:
        SpeechError: a package is missing.
    """
    import pypinyin
    import soundfile

    folder = out / "syllables"
    folder.mkdir(parents=True, exist_ok=True)
    if not _RECORDINGS.exists():
        raise SpeechError(f"gcin-voice is not installed: {_RECORDINGS} not found")
    library = next(Path("/usr/lib").glob("*/libopusfile.so.0"), None)
    if library is None:
        raise SpeechError("libopusfile0 is not installed")
    recordings = " AND ".join(_LICENCES[voice] for voice in voices)
    packages.note_installed(out, "syllables", {"gcin-voice": recordings, "libopusfile0": "BSD-3-Clause"})
    packages.note(out, "syllables", "pypi:pypinyin", pypinyin.__version__, "MIT")
    copy_libraries(library, out / "lib")
    shutil.copyfile(library, out / "lib" / library.name)
    for voice in voices:
        places: dict[str, tuple[int, int]] = {}
        sound = [np.zeros(RATE // 10, np.int16)]
        for path in sorted(_RECORDINGS.glob(f"*/{VOICES[voice]}")):
            samples, rate = soundfile.read(path, dtype="float32")
            syllable = _bare(at_rate(samples, rate))
            places[path.parent.name] = (sum(map(len, sound)), len(syllable))
            sound += [syllable, np.zeros(RATE // 50, np.int16)]
        with tempfile.TemporaryDirectory() as temporary:
            _write(Path(temporary) / "all.wav", np.concatenate(sound))
            run("opusenc", "--quiet", "--bitrate", str(_BITS), Path(temporary) / "all.wav", folder / f"{voice}.opus")
        (folder / f"{voice}.json").write_text(json.dumps(places, ensure_ascii=False))
    (folder / "readings.json").write_text(json.dumps(_readings(), ensure_ascii=False))


def _readings() -> dict[str, str]:
    """Ideograph -> its commonest syllable; and words of which an ideograph is read otherwise -> their syllables."""
    from pypinyin import Style
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
    from pypinyin.style import convert

    @cache
    def bopomofo(pinyin: str) -> str:
        written: str = convert(pinyin, Style.BOPOMOFO, strict=True)
        return written.translate(_TONES)

    readings = {
        chr(code): bopomofo(said.partition(",")[0]) for code, said in PINYIN_DICT.items() if 0x4E00 <= code <= 0x9FA5
    }
    for phrase, parts in PHRASES_DICT.items():
        if len(phrase) <= 4 and all(one in readings for one in phrase):
            said = " ".join(bopomofo(part[0]) for part in parts)
            if said != " ".join(readings[one] for one in phrase):
                readings[phrase] = said
    return readings


class Syllables:
    """The recordings of a bundle; each voice is decoded when it first speaks."""

    def __init__(self, bundle: Path) -> None:
        """Load the readings.

        Raises:
            SpeechError: the bundle has none.
        """
        self._folder, self._lib = bundle / "syllables", bundle.resolve() / "lib"
        try:
            self._readings: dict[str, str] = json.loads((self._folder / "readings.json").read_text())
        except OSError as error:
            raise SpeechError(f"no syllables in {bundle}: {error}") from error
        self._voices: dict[str, dict[str, npt.NDArray[np.float32]]] = {}

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence; as `Synthesiser` says. None too for an ideograph without a recording."""
        if sentence.language != MANDARIN:
            return None
        recordings = self._voices.get(voice.name) or self._load(voice.name)
        syllables = self.pronounced("".join(word.spoken for word in sentence.words))
        sounds = [_sound(one, recordings) for one in syllables]
        gaps, counts = [], []
        for word in sentence.words:
            gaps += [voice.gap] * (len(word.spoken) - 1) + [_PAUSES.get(word.pause, 0) / voice.rate + voice.gap]
            counts.append(len(word.spoken))
        pieces = [_paced(one, voice.rate, voice.pitch) for one in sounds if one is not None]
        if len(pieces) < len(sounds):
            return None
        sound, places = _joined(pieces, [round(gap * RATE) for gap in gaps])
        times, first = [], 0
        for count in counts:
            times.append((places[first][0] / RATE, places[first + count - 1][1] / RATE))
            first += count
        return Speech(at_rate(sound, RATE), tuple(times))

    def pronounced(self, text: str) -> list[str]:
        """Syllables of some ideographs, with the changes of tone; `?` for one that has no reading."""
        syllables: list[str] = []
        while len(syllables) < len(text):
            rest = text[len(syllables) :]
            word = next((rest[:size] for size in (4, 3, 2, 1) if rest[:size] in self._readings), "")
            syllables += self._readings[word].split() if word else ["?"]
        for index, one in enumerate(syllables[:-1]):
            following = syllables[index + 1][-1]
            if text[index] == "不" and following == "4":
                syllables[index] = "ㄅㄨ2"
            elif text[index] == "一" and not _FIGURES & {text[index - 1 : index], text[index + 1]}:
                syllables[index] = "ㄧ2" if following == "4" else "ㄧ4"
            elif one.endswith("3") and following == "3":
                syllables[index] = one[:-1] + "2"
        return syllables

    def _load(self, name: str) -> dict[str, npt.NDArray[np.float32]]:
        if name not in VOICES:
            raise SpeechError(f"syllables: no voice {name}; there are {', '.join(VOICES)}")
        sound = _decoded(self._folder / f"{name}.opus", self._lib)
        places = json.loads((self._folder / f"{name}.json").read_text())
        self._voices[name] = {one: sound[start : start + count] for one, (start, count) in places.items()}
        return self._voices[name]


def _sound(syllable: str, recordings: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32] | None:
    """The recording of a syllable; for a neutral tone without one, another tone's, cut short."""
    if syllable in recordings or not syllable.endswith("1"):
        return recordings.get(syllable)
    other = next((syllable[:-1] + tone for tone in ("4", "", "2", "3") if syllable[:-1] + tone in recordings), None)
    return None if other is None else 0.7 * _paced(recordings[other], 1.4, 1)


def _decoded(path: Path, lib: Path) -> npt.NDArray[np.float32]:
    """Samples [n] at RATE of a mono Opus file.

    Raises:
        SpeechError: no library, no file, or damage; says what the library returned.
    """
    try:
        for name in ("libogg.so.0", "libopus.so.0"):
            ctypes.CDLL(str(lib / name), ctypes.RTLD_GLOBAL)
        library = ctypes.CDLL(str(lib / "libopusfile.so.0"))
    except OSError as error:
        raise SpeechError(f"syllables: {error}") from error
    library.op_open_file.restype = ctypes.c_void_p
    library.op_open_file.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)]
    library.op_read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    library.op_free.argtypes = [ctypes.c_void_p]
    status = ctypes.c_int()
    file = library.op_open_file(str(path).encode(), ctypes.byref(status))
    if not file:
        raise SpeechError(f"syllables: {path}: op_open_file returned {status.value}")
    buffer, parts = np.empty(5760, np.int16), list[npt.NDArray[np.int16]]()
    while (count := library.op_read(file, buffer.ctypes.data, len(buffer), None)) > 0:
        parts.append(buffer[:count].copy())
    library.op_free(file)
    if count < 0:
        raise SpeechError(f"syllables: {path}: op_read returned {count}")
    return at_rate(np.concatenate(parts).astype(np.float32) / _FULL, _OPUS_RATE).astype(np.float32) / _FULL


def _bare(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """A recording without the silence at its ends, as loud as the others."""
    level = np.convolve(np.abs(samples.astype(np.float32)), np.ones(160) / 160, "same")
    loud = np.flatnonzero(level > 0.04 * level.max())
    part = samples[max(loud[0] - 160, 0) : loud[-1] + 160].astype(np.float32)
    return (part * (8000 / max(level.max(), 1))).clip(-32767, 32767).astype(np.int16)


def _paced(syllable: npt.NDArray[np.float32], rate: float, pitch: float) -> npt.NDArray[np.float32]:
    """A syllable spoken faster and higher: read faster for the pitch, then drawn out by overlap-add of like pieces."""
    if pitch != 1:
        where = np.arange(0, len(syllable) - 1, pitch)
        syllable = np.interp(where, np.arange(len(syllable)), syllable).astype(np.float32)
    stretch = pitch / rate
    window, hop, reach = 480, 240, 120
    if abs(stretch - 1) < 0.02 or len(syllable) < window + 2 * reach:
        return syllable
    shape = np.hanning(window).astype(np.float32)
    padded = np.pad(syllable, (reach, window + 2 * reach))
    count = max(int(len(syllable) * stretch / hop), 2)
    out, weight = np.zeros(count * hop + window, np.float32), np.full(count * hop + window, 1e-3, np.float32)
    follow = padded[reach : reach + window]
    for index in range(count):
        centre = reach + int(index * hop / stretch)
        around = padded[centre - reach : centre + reach + window]
        shift = int(np.argmax(np.correlate(around, follow, "valid"))) if index else reach
        taken = centre - reach + shift
        out[index * hop : index * hop + window] += shape * padded[taken : taken + window]
        weight[index * hop : index * hop + window] += shape
        follow = padded[min(taken + hop, len(padded) - window) :][:window]
    return (out / weight)[: int(len(syllable) * stretch)]


def _joined(
    pieces: list[npt.NDArray[np.float32]], gaps: list[int]
) -> tuple[npt.NDArray[np.float32], list[tuple[int, int]]]:
    """Syllables one after the other, with the samples between them, and where each lies."""
    overlap, place, places = round(_OVERLAP * RATE), RATE // 20, []
    sound = np.zeros(sum(map(len, pieces)) + sum(gaps) + RATE // 10, np.float32)
    for piece, gap in zip(pieces, gaps, strict=True):
        fade = min(overlap, len(piece) // 3)
        shaped = piece.copy()
        shaped[:fade] *= np.linspace(0, 1, fade)
        shaped[-fade:] *= np.linspace(1, 0, fade)
        sound[place : place + len(piece)] += shaped
        places.append((place, place + len(piece)))
        place += len(piece) + (gap or -fade)
    return sound[: places[-1][1] + RATE // 20], places


def _write(path: Path, samples: npt.NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
