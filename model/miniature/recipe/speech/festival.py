"""Festival: diphone voices and an HMM voice, spoken by a long-lived server process.

This file owns how Festival is collected, started, told what to say and heard. Voice names: `ked_diphone` (US male,
diphones; Debian's festvox-kdlpc16k) and `cmu_us_slt_arctic_hts` (US female, HMM; festvox-us-slt-hts). The voice
`kal_diphone` (festvox-kallpc16k) speaks too where it was collected; the recipe keeps that speaker for the evaluation.
A voice variant is the all-pass constant of the HMM voice's frequency axis with two decimals (its own is `0.45`; less
shortens the vocal tract); the diphone voices have none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import packages
from model.miniature.recipe.speech.collecting import at_rate, copy_libraries
from model.miniature.recipe.speech.voice import Speech, SpeechError, Voice

VOICES = {
    "ked_diphone": ("english", 105, 15, 1.1, 16_000),
    "kal_diphone": ("english", 105, 14, 1.1, 16_000),
    "cmu_us_slt_arctic_hts": ("us", 0, 0, 1.0, 32_000),
}
"""Voice -> its folder, mean and deviation of its pitch in hertz, its stretch of durations, its sample rate."""
_PACKAGE = {
    "ked_diphone": ("festvox-kdlpc16k", "MIT-Festival"),
    "kal_diphone": ("festvox-kallpc16k", "MIT-Festival"),
    "cmu_us_slt_arctic_hts": ("festvox-us-slt-hts", "MIT-Festival AND BSD-3-Clause"),
}
"""Voice -> its Debian package and licence."""
_LICENCE = "MIT-Festival"
"""Of Festival itself and of its dictionaries."""

_FESTIVAL = Path("/usr/share/festival")
_SOUND_DEVICES = ("libasound.so", "libpulse")
_DICTIONARIES = ("dicts/cmu", "dicts/wsj.wp39.poslexR", "dicts/wsj.wp39.tri.ngrambin")
_SAYABLE = re.compile(r"[a-z' ]+")
_SETUP = """(Parameter.set 'Audio_Method 'none)
(define (steno_tokens token name) (if (string-matches name ".*'.*") (steno_old token name) (list name)))
(define (steno_times u) (let ((tok (utt.relation.first u 'Token))) (while tok
 (format t "WORD %s" (item.name tok))
 (mapcar (lambda (w) (format t " %f %f" (item.feat w "word_start") (item.feat w "word_end"))) (item.daughters tok))
 (format t "\\n") (set! tok (item.next tok)))))
(define (steno_say text path) (let ((u (utt.synth (eval (list 'Utterance 'Text text)))))
 (utt.save.wave u path 'raw) (steno_times u)))
"""


def collect(out: Path, voices: Iterable[str] = ("ked_diphone", "cmu_us_slt_arctic_hts")) -> None:
    """Gather Festival and some of its voices into a bundle.

    Needs Debian's festival, festlex-cmu, festlex-poslex, the voices' packages, binutils and gcc.

    Raises:
        SpeechError: a package is missing.
    """
    program, library = Path("/usr/bin/festival"), out / "festival"
    folders = [f"voices/{VOICES[voice][0]}/{voice}" for voice in voices]
    missing = [part for part in (*_DICTIONARIES, *folders) if not (_FESTIVAL / part).exists()]
    if missing or not program.exists():
        raise SpeechError(f"festival is not installed wholly: {missing or program} not found")
    licences = dict.fromkeys(("festival", "festlex-cmu", "festlex-poslex"), _LICENCE)
    packages.note_installed(out, "festival", licences | dict(_PACKAGE[voice] for voice in voices))
    (out / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, out / "bin/festival")
    copy_libraries(program, out / "lib", silenced=_SOUND_DEVICES)
    library.mkdir(exist_ok=True)
    for path in _FESTIVAL.iterdir():
        if path.suffix in (".scm", ".ngrambin"):
            shutil.copyfile(path, library / path.name)
    for part in (*_DICTIONARIES, *folders):
        (library / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (_FESTIVAL / part).is_dir() else shutil.copyfile
        copy(_FESTIVAL / part, library / part)


class Festival:
    """A Festival process. Starts at the first sentence and again after a crash."""

    def __init__(self, bundle: Path) -> None:
        """Use the Festival of a bundle.

        Raises:
            SpeechError: the bundle has none.
        """
        self._bundle = bundle
        self._folder = tempfile.TemporaryDirectory(prefix="festival-")
        self._process: subprocess.Popen[str] | None = None
        self._voice: Voice | None = None
        self._model: Path | None = None
        self._wave = Path(self._folder.name) / "said.raw"
        if not (bundle / "bin/festival").exists():
            raise SpeechError(f"no festival in {bundle}")

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence; as `Synthesiser` says. None too where Festival crashed over it."""
        spoken = [word.spoken for word in sentence.words]
        if sentence.language != ENGLISH or not all(_SAYABLE.fullmatch(one) for one in spoken):
            return None
        try:
            if voice != self._voice:
                self._take(voice)
            text = " ".join(word.spoken + word.pause for word in sentence.words)
            heard = self._tell(f'(steno_say "{text}" "{self._wave}")')
        except _CrashError:
            self.close()
            return None
        times = _word_times(heard, spoken)
        if times is None or not self._wave.exists():
            return None
        samples = np.fromfile(self._wave, np.int16).astype(np.float32) / np.float32(32768)
        self._wave.unlink()
        if VOICES[voice.name][1]:
            return Speech(at_rate(samples, VOICES[voice.name][4]), times)
        rate = round(VOICES[voice.name][4] * voice.pitch / 400) * 400
        factor = VOICES[voice.name][4] / rate
        return Speech(at_rate(samples, rate), tuple((start * factor, end * factor) for start, end in times))

    def close(self) -> None:
        """End the process; the next sentence starts another."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process, self._voice, self._model = None, None, None

    def _take(self, voice: Voice) -> None:
        if voice.name not in VOICES:
            raise SpeechError(f"festival: no voice {voice.name}; there are {', '.join(VOICES)}")
        _, mean, deviation, stretch, _ = VOICES[voice.name]
        commands = [f"(voice_{voice.name})", "(set! steno_old token_to_words)", "(set! token_to_words steno_tokens)"]
        if mean:
            pitch = f"(target_f0_mean {mean * voice.pitch:.1f}) (target_f0_std {deviation * voice.range:.1f})"
            commands += [
                f"(set! int_lr_params '({pitch} (model_f0_mean 170) (model_f0_std 34)))",
                f"(Parameter.set 'Duration_Stretch {stretch / voice.rate:.3f})",
            ]
        else:
            model = self._warped(voice)
            if self._model not in (None, model):
                # hts_engine keeps the first model that it was given.
                self.close()
            self._model = model
            # Festival hands hts_engine no pitch: `say` gives it by the sample rate, which quickens the speech too.
            rate = f'\'("-r" {voice.rate / voice.pitch:.3f})'
            commands.append(f'(set! hts_engine_params (list (list "-m" "{model}") {rate}))')
        for command in commands:
            self._tell(command)
        if "VOICE" not in self._tell(f'(if (eq? current-voice \'{voice.name}) (format t "VOICE\\n"))'):
            raise SpeechError(f"festival: the bundle lacks the voice {voice.name}")
        self._voice = voice

    def _warped(self, voice: Voice) -> Path:
        """The HMM voice's file with the all-pass constant of the variant."""
        original = self._bundle.resolve() / f"festival/voices/us/{voice.name}/hts/{voice.name}.htsvoice"
        if not voice.variant:
            return original
        warped = Path(self._folder.name) / f"{voice.variant}.htsvoice"
        if not warped.exists():
            model, option = original.read_bytes(), b"ALPHA=0.45"
            wanted = f"ALPHA={float(voice.variant):.2f}".encode()
            if option not in model or len(wanted) != len(option):
                raise SpeechError(f"festival: {voice.name} has no variant {voice.variant}")
            # The header gives places in bytes: nothing may move.
            warped.write_bytes(model.replace(option, wanted, 1))
        return warped

    def _start(self) -> subprocess.Popen[str]:
        environment = {
            "LD_LIBRARY_PATH": str(self._bundle / "lib"),
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
            "PATH": os.defpath,
            # One process per core speaks: more threads would only fight.
            "OMP_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [self._bundle / "bin/festival", "--datadir", self._bundle.resolve() / "festival", "--pipe"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        return self._process

    def _tell(self, command: str) -> str:
        """One Scheme expression; what it printed."""
        fresh = self._process is None
        process = self._process or self._start()
        to, back = _pipes(process)
        try:
            to.write((_SETUP if fresh else "") + command + '\n(format t "\\nDONE\\n")\n(fflush nil)\n')
            to.flush()
        except BrokenPipeError as error:
            raise _CrashError from error
        lines = []
        while (line := back.readline()) != "DONE\n":
            if not line:
                raise _CrashError
            lines.append(line)
        return "".join(lines)


class _CrashError(Exception):
    """The process ended."""


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise _CrashError
    return process.stdin, process.stdout


def _word_times(heard: str, spoken: list[str]) -> tuple[tuple[float, float], ...] | None:
    """Times of the words from those of Festival's tokens, one for each part of a spoken word; None if they differ."""
    tokens = [line.split()[2:] for line in heard.splitlines() if line.startswith("WORD ")]
    times = []
    for word in spoken:
        parts, tokens = tokens[: len(word.split())], tokens[len(word.split()) :]
        values = [float(one) for part in parts for one in part]
        # A punctuation mark is a word that starts and ends at nought.
        pairs = [pair for pair in zip(values[::2], values[1::2], strict=True) if pair[1] > pair[0]]
        if not pairs:
            return None
        times.append((pairs[0][0], pairs[-1][1]))
    return None if tokens else tuple(times)
