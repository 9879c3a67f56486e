"""What one take says: when each word stood on the screen, how each utterance ended, what was taken back.

Pure functions from a take to its measures; `benchmarks.stream_summary` pools them. The definitions:

- A word is matched with the reference word that it stands for; one that had not begun when the sound of a text ended
  cannot be meant by it. A reference word belongs to the utterance in which its middle lies.
- Partial: the first partial in which a word stands right. Stable: the first text from which on it stands right in every
  text, the final included. Committed: the first text that has it among what is never taken back: the committed part of
  a partial, or the final. All three are measured from the end of the word.
- First partial: from the start of an utterance's first word to the first partial with a right word in it.
- End of speech to final: from the end of the last word of the reference, not from where the VAD saw the end; so the
  hangover is a part of it. An utterance that was cut for its length has no end of speech.
- Erased: words that are deleted to get from each text of an utterance to the next. Changed: words of a text that do not
  stand in the next.
- On silence: words where the reference has none for more than a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks import stream_words
from benchmarks.stream_take import Step, Take, of_kind
from clients.error_rate import matches, words_of
from clients.samples import SpokenWord
from pipeline import events, transcript

SILENCE_S = 1.0
"""A shorter pause of the reference does not count as silence."""
NO_END_OF_SPEECH = ("length", "cancel")


@dataclass
class Word:
    """A word of the reference, and the moments at which it stood right; None for never."""

    utterance: int
    start: float
    end: float
    partial: float | None = None
    stable: float | None = None
    committed: float | None = None
    final: float | None = None

    @property
    def shown(self) -> float | None:
        """The first text at all in which it stood right."""
        return self.final if self.partial is None else self.partial


@dataclass(frozen=True)
class Endpoint:
    """From the end of speech to the final, in seconds; the parts add up to `total`.

    A part of the work that was done before the end of the utterance was known counts as nothing: nobody waited for it.
    """

    utterance: int
    spoken: float
    """Moment at which the last word ended."""
    total: float
    hangover: float
    queue: float
    encode: float
    prefill: float
    generate: float
    publish: float

    @property
    def known(self) -> float:
        """From when the end of the utterance was known."""
        return self.total - self.hangover


PARTS = ("hangover", "queue", "encode", "prefill", "generate", "publish")


@dataclass
class Utterance:
    """One utterance: its events, and the reference words in it."""

    number: int
    at: float
    final: events.Final
    reason: str
    partials: list[tuple[float, events.Partial]]
    plain: list[str]
    words: list[Word]

    @property
    def texts(self) -> list[str]:
        """Everything that was shown of it, in order."""
        return [partial.committed + partial.tail for _, partial in self.partials] + [self.final.text]

    @property
    def typed(self) -> str:
        """What a client that types committed text ends up with: it cannot take back what it has typed."""
        typed = self.partials[-1][1].committed if self.partials else ""
        return self.final.text if self.final.text.startswith(typed) else typed


@dataclass
class Measured:
    """All that is measured on a take."""

    take: Take
    utterances: list[Utterance]
    expected: list[str]
    """The reference's words as they are compared."""
    words: list[Word]
    firsts: list[float] = field(default_factory=list)
    """First partial, for each utterance that had one with a right word."""
    endpoints: list[Endpoint] = field(default_factory=list)
    erased: int = 0
    """Words as they are compared: without case and punctuation."""
    erased_raw: int = 0
    """Words as they are shown."""
    changed: int = 0
    changed_utterances: int = 0
    final_words: int = 0
    revisions: int = 0
    """Times that committed text was taken back."""
    on_silence: int = 0
    shown_on_silence: int = 0
    silence: float = 0.0
    """Seconds of it."""
    lags: list[float] = field(default_factory=list)
    """Of each partial, behind the end of its sound."""
    aligned: list[float] = field(default_factory=list)
    """From each final to its word times."""
    committing: bool = False
    """Words were committed before a final."""
    wrong: int = 0
    """Errors of the finals together; then of what a client typed, and of what an offline decode wrote."""
    wrong_typed: int = 0
    wrong_offline: int = 0


def measure(take: Take) -> Measured:
    """See the top of the file."""
    spoken = [(plain, word) for word in take.words for plain in words_of(word.word)]
    utterances = [_utterance(take, at, final, spoken) for at, final in of_kind(take, events.Final)]
    lost = [Word(0, w.start, w.end) for _, w in spoken if not any(_within(w, u.final) for u in utterances)]
    measured = Measured(
        take,
        utterances,
        [plain for plain, _ in spoken],
        [word for utterance in utterances for word in utterance.words] + lost,
        silence=sum(end - begin for begin, end in _gaps(take.words, take.seconds)),
    )
    for utterance in utterances:
        _see_words(utterance)
        _see_first_partial(measured, utterance)
        _see_end(measured, utterance, take.steps[utterance.number])
        _see_changes(measured, utterance)
        _see_silence(measured, utterance)
    _see_texts(measured)
    return measured


def _utterance(take: Take, at: float, final: events.Final, spoken: Sequence[tuple[str, SpokenWord]]) -> Utterance:
    reasons = [event.reason for _, event in of_kind(take, events.SpeechEnded) if event.utterance == final.utterance]
    inside = [(plain, word) for plain, word in spoken if _within(word, final)]
    return Utterance(
        final.utterance,
        at,
        final,
        reasons[0],
        [(at, partial) for at, partial in of_kind(take, events.Partial) if partial.utterance == final.utterance],
        [plain for plain, _ in inside],
        [Word(final.utterance, word.start, word.end) for _, word in inside],
    )


def _within(word: SpokenWord, final: events.Final) -> bool:
    return final.start <= (word.start + word.end) / 2 < final.end


def _see_words(utterance: Utterance) -> None:
    right: list[tuple[float, set[int]]] = []
    for at, partial in utterance.partials:
        begun = sum(word.start < partial.end for word in utterance.words)
        standing = matches(utterance.plain[:begun], words_of(partial.committed + partial.tail))
        right.append((at, standing))
        for i in standing:
            word = utterance.words[i]
            word.partial = at if word.partial is None else word.partial
        for i in matches(utterance.plain[:begun], words_of(partial.committed)):
            word = utterance.words[i]
            word.committed = at if word.committed is None else word.committed
    standing = matches(utterance.plain, words_of(utterance.final.text))
    right.append((utterance.at, standing))
    for i in standing:
        word = utterance.words[i]
        word.final = utterance.at
        word.committed = utterance.at if word.committed is None else word.committed
        missing = [k for k, (_, seen) in enumerate(right) if i not in seen]
        word.stable = right[missing[-1] + 1 if missing else 0][0]


def _see_first_partial(measured: Measured, utterance: Utterance) -> None:
    shown = [word.partial for word in utterance.words if word.partial is not None]
    if shown:
        measured.firsts.append(min(shown) - utterance.words[0].start)


def _see_end(measured: Measured, utterance: Utterance, step: Step) -> None:
    if utterance.words and utterance.reason not in NO_END_OF_SPEECH:
        spoken = utterance.words[-1].end
        measured.endpoints.append(split(utterance, spoken, step))


def split(utterance: Utterance, spoken: float, step: Step) -> Endpoint:
    """The parts of the time from the end of speech to the final.

    The step's work ended when it was answered, so each part of it is reckoned back from there; what is left between its
    being asked for and its work it waited.
    """
    cost = utterance.final.timings.last_step
    marks = [step.closed] * 4
    if step.asked is not None and step.answered is not None:
        generated = step.answered
        prefilled = generated - cost.generate
        encoded = prefilled - cost.prefill
        marks = [encoded - cost.encode, encoded, prefilled, generated]
    waited, encoded, prefilled, generated = (max(mark, step.closed) for mark in marks)
    return Endpoint(
        utterance.number,
        spoken,
        total=utterance.at - spoken,
        hangover=step.closed - spoken,
        queue=waited - step.closed,
        encode=encoded - waited,
        prefill=prefilled - encoded,
        generate=generated - prefilled,
        publish=utterance.at - generated,
    )


def _see_changes(measured: Measured, utterance: Utterance) -> None:
    plain = [words_of(text) for text in utterance.texts]
    changed = stream_words.changed(plain)
    measured.erased += stream_words.erased(plain)
    measured.erased_raw += stream_words.erased([text.split() for text in utterance.texts])
    measured.changed += changed
    measured.changed_utterances += changed > 0
    measured.final_words += len(plain[-1])
    committed = [partial.committed for _, partial in utterance.partials] + [utterance.final.text]
    measured.revisions += sum(not b.startswith(a) for a, b in pairwise(committed))


def _see_silence(measured: Measured, utterance: Utterance) -> None:
    heard = words_of(utterance.final.text)
    if not utterance.words:
        measured.on_silence += len(heard)
        measured.shown_on_silence += max(len(words_of(text)) for text in utterance.texts)
        return
    begins = [utterance.final.start, *(word.end for word in utterance.words)]
    ends = [*(word.start for word in utterance.words), utterance.final.end]
    long = [end - begin > SILENCE_S for begin, end in zip(begins, ends, strict=True)]
    count = sum(long[i] for i in stream_words.added(utterance.plain, heard))
    measured.on_silence += count
    measured.shown_on_silence += count


def _gaps(words: Sequence[SpokenWord], seconds: float) -> list[tuple[float, float]]:
    """The silences of the reference: between which seconds they lie."""
    begins = [0.0, *(word.end for word in words)]
    ends = [*(word.start for word in words), seconds]
    return [(begin, end) for begin, end in zip(begins, ends, strict=True) if end - begin > SILENCE_S]


def _see_texts(measured: Measured) -> None:
    take, utterances = measured.take, measured.utterances
    partials = of_kind(take, events.Partial)
    measured.lags = [at - partial.end for at, partial in partials]
    finals = {utterance.number: utterance.at for utterance in utterances}
    measured.aligned = [at - finals[words.utterance] for at, words in of_kind(take, events.Words)]
    measured.committing = any(partial.committed for _, partial in partials)
    measured.wrong = _wrong(measured, (u.final.text for u in utterances))
    measured.wrong_typed = _wrong(measured, (u.typed for u in utterances))
    if take.offline is not None:
        measured.wrong_offline = _wrong(measured, (take.offline[u.number] for u in utterances))


def _wrong(measured: Measured, texts: Iterable[str]) -> int:
    return stream_words.wrong(measured.expected, words_of(transcript.join(texts)))
