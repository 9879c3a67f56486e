"""The text decoder: embeddings of sound in, a transcript out, by greedy decoding.

This file owns what a transcript is made of: the prompt around the sound, the answer, and its guards; from scratch, or
step by step for an utterance that grows. What is fed in which order is `model.writer`'s affair, what is remembered
where `model.decoder_slots`'s. It knows the prompt's form only through `model.prompt`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.beat import Beat, steady
from model.decoder_session import Session
from model.decoder_slots import SCRATCH, Slots
from model.guards import Said, suspicious, verdict
from model.likelihood import confidence
from model.llama import Llama
from model.llama_batch import SEQUENCES
from model.llama_library import ALL_LAYERS
from model.package import Package
from model.prompt import Answer, Prompt, check_language
from model.writer import Task, Writer, Written

Floats = npt.NDArray[np.float32]

ROOM = 2048
"""Tokens that can be remembered from the start: three utterances of 30 s and the answer to one of them. Room that grows
forgets everything, and that would be in the middle of a long utterance."""
_BIASED = "biased"
_CLEAN = "clean"


@dataclass(frozen=True)
class Decoded:
    """An answer and what it cost, a second answer included where the first was suspicious."""

    tokens: tuple[int, ...]
    """All tokens of the answer, language tag and forced tokens included, end token not."""
    ends: tuple[int, ...]
    """For each token, the characters of `text` that stand once it is written; -1 in the middle of a character."""
    text: str
    """The transcript, stripped."""
    language: str
    """The language that the model named or was given; empty for none."""
    confidence: float = 0.0
    """The mean natural logarithm of the probabilities of the text's tokens, the end token's included, forced ones' not;
    0.0 for no text."""
    prefill_ns: int = 0
    prefill_tokens: int = 0
    """Tokens that were computed in batches: of prompt and sound those that were new, and the draft."""
    generate_ns: int = 0
    generate_tokens: int = 0
    """Tokens that were chosen one by one, end token included."""
    reused_tokens: int = 0
    """Tokens of prompt and sound whose keys and values were still there from an earlier step."""
    draft_tokens: int = 0
    """Tokens of the last answer that were given to the model to agree with, some of them perhaps twice."""
    accepted_tokens: int = 0
    """Those of them that it would have chosen itself."""
    guard: str = ""
    """What made the decoder begin anew, without context: "loop" or "budget" if the answer found no end, "echo" if it
    said the context; empty for nothing."""


class Decoder:
    """The decoder of one package, loaded.

    It writes what greedy decoding of all the sound writes, at once (`decode`) or as the sound grows (`hear`, `step`).
    Both give the same tokens. The shape of a batch changes how its sums are rounded, though, and a step computes in
    other batches: where the model rates two tokens nearly alike, one may be taken here and the other there.

    Args:
        package: of kind "asr".
        threads: of the arithmetic.
        gpu_layers: layers that a GPU computes; ALL_LAYERS for all where there is one.
        reuse: keep keys and values of prompt and sound from step to step. Without, each step computes them anew.
        draft: check the last answer in one batch. Without, each step chooses all its tokens one by one.

    Raises:
        ModelError: the file cannot be loaded or has another vocabulary, or there is no GPU for its layers.
    """

    def __init__(
        self,
        package: Package,
        threads: int = 1,
        gpu_layers: int = ALL_LAYERS,
        *,
        reuse: bool = True,
        draft: bool = True,
    ) -> None:
        self.config = package.config
        self._reuse = reuse
        self._draft = draft
        self._llama = Llama(package.decoder, threads, gpu_layers=gpu_layers, sequences=SEQUENCES, room=ROOM)
        self.gpu_layers = self._llama.gpu_layers
        """Layers that a GPU computes."""
        self._prompt = Prompt(self._llama.vocabulary, self.config.audio_start_id, self.config.audio_end_id)
        self._writer = Writer(self._llama, self.config.end_ids)
        self._slots = Slots(self._llama, SEQUENCES)
        self._sessions: dict[int, Session] = {}

    def close(self) -> None:
        """Free the native memory."""
        self._llama.close()

    def decode(
        self,
        features: Floats,
        *,
        context: str = "",
        language: str = "",
        forced: Sequence[int] = (),
        beat: Beat = steady,
    ) -> Decoded:
        """Transcribe from scratch; nothing is kept, and no step is disturbed.

        Args:
            features: float32[tokens, d], the encoder's embeddings; none give an empty answer.
            context: text of the system turn.
            language: forced language, in the model's English name; empty lets the model decide.
            forced: token ids that the answer must begin with; the tag of a forced language takes the place of theirs.
            beat: called between tokens, and about every 10 ms inside the library.

        Raises:
            Cancelled: `beat` asked for it; the next call is not affected.
            UsageError: the model does not know the language.
            ModelError: sound and context together exceed the model's context.
        """
        begin = self._begin(language, forced)

        def write(kind: str) -> Written:
            task = self._task(features, "" if kind == _CLEAN else context, begin)
            self._slots.make_room(task.tokens, SCRATCH)
            try:
                return self._writer.write(task, SCRATCH, beat)
            finally:
                self._llama.clear(SCRATCH)

        return self._guarded(write, context, twice=bool(context)) if len(features) else _NOTHING

    def hear(self, utterance: int, from_token: int, rows: Floats) -> None:
        """Take the sound of an utterance that is new or has changed; an unknown utterance begins with it.

        Args:
            utterance: its id.
            from_token: the rows stand in the place of everything from this one on.
            rows: float32[n, d], the encoder's embeddings.

        Raises:
            ValueError: there are not so many rows before them.
            ModelError: they have another width, or are not finite.
        """
        self._llama.check_embeddings(rows)
        session = self._sessions.get(utterance) or Session(self._llama.width)
        session.hear(from_token, rows)
        self._sessions[utterance] = session
        for kind in (_BIASED, _CLEAN):
            self._slots.cut((utterance, kind), from_token)

    def step(
        self,
        utterance: int,
        *,
        context: str = "",
        language: str = "",
        forced: Sequence[int] = (),
        beat: Beat = steady,
    ) -> Decoded:
        """Transcribe what was heard of an utterance so far: what `decode` gives, computed only where it is new.

        Keys and values stay for the prompt and the sound up to the first changed row. The last answer is a draft: it
        stands behind the new sound in one batch, and what the model would have chosen of it is taken over; so is what
        comes behind a difference, once the answer agrees with the draft again.

        A step that was given up loses nothing that was heard, and keeps as the draft the last answer that there was.

        Args:
            utterance: its id.
            context, language, forced, beat: as in `decode`; they may differ from the last step's.

        Raises:
            ValueError: nothing of it was heard, or it was forgotten.
            Cancelled, UsageError, ModelError: as in `decode`.
        """
        session = self._sessions.get(utterance)
        if session is None:
            raise ValueError(f"nothing was heard of utterance {utterance}")
        begin = self._begin(language, forced)

        def write(kind: str) -> Written:
            draft = session.draft(kind, begin) if self._draft else ()
            task = self._task(session.rows, "" if kind == _CLEAN else context, begin, draft)
            slot = self._slots.take((utterance, kind), task.prefix, task.tokens)
            if not self._reuse:
                self._llama.clear(slot.sequence)
            written = self._writer.write(task, slot.sequence, beat)
            session.keep(kind, written.whole)
            return written

        return self._guarded(write, context, twice=True) if len(session.rows) else _NOTHING

    def forget(self, utterance: int) -> None:
        """Free what is kept of an utterance, if there is anything; its prompt stays for the next one.

        Not for a beat to call: the library is at work on it.
        """
        self._sessions.pop(utterance, None)
        for kind in (_BIASED, _CLEAN):
            self._slots.release((utterance, kind))

    def first_logits(self, features: Floats, *, context: str = "", language: str = "") -> Floats:
        """float32[vocabulary]: how the model rates each token as the first of its answer; for comparisons."""
        task = self._task(features, context, self._prompt.tag(language))
        self._slots.make_room(task.tokens, SCRATCH)
        try:
            self._llama.feed_tokens(task.prefix, sequence=SCRATCH)
            self._llama.feed_embeddings(features, sequence=SCRATCH)
            return np.asarray(self._llama.feed_tokens([*task.suffix, *task.begin], outputs=1, sequence=SCRATCH)[0])
        finally:
            self._llama.clear(SCRATCH)

    def _begin(self, language: str, forced: Sequence[int]) -> list[int]:
        """The tokens that an answer must begin with, the language's tag first."""
        tag = self._prompt.tag(check_language(language, self.config.languages))
        own = forced.index(self._prompt.text_mark) + 1 if tag and self._prompt.text_mark in forced else 0
        return [*tag, *forced[own:]]

    def _task(self, rows: Floats, context: str, begin: list[int], draft: Sequence[int] = ()) -> Task:
        return Task(tuple(self._prompt.prefix(context)), rows, self._prompt.suffix, begin, draft)

    def _guarded(self, write: Callable[[str], Written], context: str, *, twice: bool) -> Decoded:
        """An answer that was written with the context; or the one without, if that was suspicious and this is believed.

        Args:
            write: an answer of either kind.
            twice: writing again, without the context, is something else than the first time.
        """
        first = write(_BIASED)
        answer = self._parsed(first)
        if not suspicious(Said(answer.text, first.stuck), context):
            return _decoded(first, answer, (first,), "")
        second = write(_CLEAN) if twice else first
        clean = self._parsed(second)
        replaced, guard = verdict(Said(answer.text, first.stuck), Said(clean.text, second.stuck), context)
        cost = (first, second) if twice else (first,)
        return _decoded(second, clean, cost, guard) if replaced else _decoded(first, answer, cost, guard)

    def _parsed(self, written: Written) -> Answer:
        return self._prompt.parse(written.tokens, self._llama.vocabulary.piece)


def _decoded(written: Written, answer: Answer, cost: Sequence[Written], guard: str) -> Decoded:
    return Decoded(
        tokens=written.tokens,
        ends=answer.ends,
        text=answer.text,
        language=answer.language,
        confidence=confidence(written.log_probabilities[answer.begin :]) if answer.text else 0.0,
        prefill_ns=sum(one.prefill_ns for one in cost),
        prefill_tokens=sum(one.prefilled for one in cost),
        generate_ns=sum(one.generate_ns for one in cost),
        generate_tokens=sum(one.chosen for one in cost),
        reused_tokens=sum(one.reused for one in cost),
        draft_tokens=sum(one.drafted for one in cost),
        accepted_tokens=sum(one.accepted for one in cost),
        guard=guard,
    )


_NOTHING = Decoded(tokens=(), ends=(), text="", language="")
