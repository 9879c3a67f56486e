"""Which configuration suits a machine, from what was measured on it. Sans-IO: figures in, settings out.

The rule. The slowest thing that happens all the time is a step of an utterance that has grown to 30 s (`step_s`). What
lies in finished attention windows is encoded and prefilled already; what is not is the window that was open, up to 8 s,
and the sound that came since the last step. That sound is encoded, its embeddings are prefilled together with all the
text so far, which is the draft, and the words that are new are generated one after the other. `stream.interval_ms` is
the shortest in which a step over the sound of that interval is done, with half as much again for whatever else the
machine does. A configuration keeps up if that is a second at most: then the text on the screen is renewed every second
at least. Of those that keep up and fit into the memory the largest model is taken, of that the most exact precisions,
of equals the fastest. If nothing keeps up, the fastest is taken. If no interval that can be set is long enough, there
are no partials, and all the work is left to the final. `vad.max_utterance_s` is the longest of a few lengths at which a
final, one more step, still comes within 3 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.package import DECODER_PRECISIONS, ENCODER_PRECISIONS, UNNAMED
from pipeline.bench import Speed

UTTERANCE_S = 30.0
HEADROOM = 1.5
KEEPS_UP_S = 1.0
FINAL_S = 3.0
LENGTHS_S = (30.0, 20.0, 15.0, 10.0)
"""The model hears no more context than an utterance has: shorter ones cost words."""
LEAST_INTERVAL_MS, MOST_INTERVAL_MS = 300, 10_000
"""New words do not come more often than about three times a second; 10 s is the most that can be set."""
WINDOW_S = 8.0
"""Of attention in the encoder: sound within it changes with every step until it is full."""
SUFFIX_TOKENS = 10
"""Of the conversation between sound and text, language tag included. What stands before the sound is kept."""
TEXT_TOKENS_A_SECOND = 4.0
"""About what fast speech needs."""
SPARE_TOKENS = 4
"""The end of the answer, and what the draft had wrong: generated one by one at every step beside the new words."""
MEMORY_SHARE = 0.8
OTHER_BYTES = 300 << 20
"""The daemon itself, its sources and the buffers of a long utterance."""


@dataclass(frozen=True)
class Advice:
    """What to set, and why."""

    settings: dict[str, dict[str, str | int | float | bool]]
    """Section -> key -> value."""
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """An encoder and a decoder of the same model."""

    encoder: Speed
    decoder: Speed

    @property
    def memory(self) -> int:
        """Bytes that both take."""
        return self.encoder.memory + self.decoder.memory

    @property
    def inexactness(self) -> int:
        """How far down the lists of precisions both are together; one that the file does not name stands last."""
        encoder, decoder = self.encoder.choice.precision, self.decoder.choice.precision
        return (*ENCODER_PRECISIONS, UNNAMED).index(encoder) + (*DECODER_PRECISIONS, UNNAMED).index(decoder)

    def parts_s(self, utterance_s: float, new_s: float) -> tuple[float, float, float]:
        """Seconds that a step encodes, prefills and generates, at worst.

        Args:
            utterance_s: so long is the utterance.
            new_s: so much of it came since the last step.
        """
        changed = min(utterance_s, WINDOW_S + new_s)
        given = changed * self.encoder.density + SUFFIX_TOKENS + utterance_s * TEXT_TOKENS_A_SECOND
        chosen = new_s * TEXT_TOKENS_A_SECOND + SPARE_TOKENS
        return changed / self.encoder.encode, given / self.decoder.prefill, chosen / self.decoder.generate

    def step_s(self, utterance_s: float, new_s: float) -> float:
        """Seconds from the sending of such a step to its answer."""
        return sum(self.parts_s(utterance_s, new_s))

    @property
    def interval_ms(self) -> int | None:
        """The shortest interval in which its own step is done, see the top of the file; None if there is none."""
        tried = range(LEAST_INTERVAL_MS, MOST_INTERVAL_MS + 1, 100)
        return next((ms for ms in tried if self.step_s(UTTERANCE_S, ms / 1000) * HEADROOM * 1000 <= ms), None)

    @property
    def keeps_up(self) -> bool:
        """See the top of the file."""
        return self.interval_ms is not None and self.interval_ms <= KEEPS_UP_S * 1000


def pairs(speeds: Iterable[Speed]) -> list[Pair]:
    """All encoders and decoders of the same model that could be measured."""
    measured = [speed for speed in speeds if not speed.problem]
    return [
        Pair(encoder, decoder)
        for encoder in measured
        for decoder in measured
        if (encoder.choice.part, decoder.choice.part) == ("encoder", "decoder")
        and encoder.choice.directory == decoder.choice.directory
    ]


def advise(speeds: Sequence[Speed], memory: int) -> Advice | None:
    """The configuration for a machine; None if no model could be measured in both its parts.

    Args:
        speeds: what was measured.
        memory: bytes that Steno may take.
    """
    found = pairs(speeds)
    if not found:
        return None
    fitting = [pair for pair in found if pair.memory + OTHER_BYTES <= MEMORY_SHARE * memory]
    quick = [pair for pair in fitting if pair.keeps_up]
    if quick:
        best = min(
            quick, key=lambda pair: (-pair.decoder.scale, pair.inexactness, pair.step_s(UTTERANCE_S, KEEPS_UP_S))
        )
    elif fitting:
        best = min(fitting, key=lambda pair: pair.step_s(UTTERANCE_S, KEEPS_UP_S))
    else:
        best = min(found, key=lambda pair: pair.memory)
    return Advice(_settings(best), tuple(_reasons(best, found, fitting, memory)))


def _settings(best: Pair) -> dict[str, dict[str, str | int | float | bool]]:
    encoder, decoder, interval_ms = best.encoder.choice, best.decoder.choice, best.interval_ms

    def final_s(utterance_s: float) -> float:
        return best.step_s(utterance_s, utterance_s if interval_ms is None else interval_ms / 1000)

    return {
        "vad": {"max_utterance_s": next((one for one in LENGTHS_S if final_s(one) <= FINAL_S), LENGTHS_S[-1])},
        "stream": {
            # Slower than the longest interval, a partial would only keep the final waiting.
            "partials": interval_ms is not None,
            "interval_ms": interval_ms or MOST_INTERVAL_MS,
        },
        "model": {
            "asr": encoder.model,
            # One that is not named is measured only where there is no other: what is chosen then.
            "encoder": encoder.precision or "auto",
            "decoder": decoder.precision or "auto",
            "provider": encoder.provider,
            "gpu_layers": decoder.gpu_layers,
        },
    }


def _reasons(best: Pair, found: Sequence[Pair], fitting: Sequence[Pair], memory: int) -> Iterable[str]:
    encode, prefill, generate = best.parts_s(UTTERANCE_S, KEEPS_UP_S)
    yield (
        f"a step that brings a second to an utterance of {UTTERANCE_S:g} s takes about "
        f"{encode + prefill + generate:.2f} s here: encode {encode:.2f}, prefill {prefill:.2f}, generate {generate:.2f}"
    )
    if not fitting:
        yield (
            f"no choice fits into {MEMORY_SHARE:.0%} of the {memory / 2**30:.1f} GiB of memory that are free: "
            f"this one needs the least"
        )
    elif not best.keeps_up:
        yield f"no choice keeps up with speech at one partial a second ({HEADROOM:g} times the step): the fastest one"
        if best.step_s(UTTERANCE_S, UTTERANCE_S) > UTTERANCE_S:
            yield "it is slower than speech: use it for recordings, or choose a smaller model"
    else:
        quick = sum(pair.keeps_up for pair in fitting)
        yield (
            f"{quick} of {len(found)} combinations keep up with one partial a second; of these the largest model and "
            f"the most exact precisions"
        )
