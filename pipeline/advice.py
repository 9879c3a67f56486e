"""Which configuration suits a machine, from what was measured on it. Sans-IO: figures in, settings out.

The rule. The slowest thing that happens all the time is a partial of an utterance that has grown to 10 s: its sound is
encoded, prompt and embeddings are prefilled, and the words that are not committed yet are generated, one after the
other (`step_s`). A configuration keeps up if that step, with half as much again for whatever else the machine does,
fits into a second: then the text on the screen is renewed every second at least. Of those that keep up and fit into the
memory the largest model is taken, of that the most exact precisions, of equals the fastest. `stream.interval_ms` is
the step with that headroom, so that a step is done when the next one is due; `vad.max_utterance_s` the longest of a few
lengths at which a final still comes within 3 s. If nothing keeps up, the fastest is taken and its step decides alike.
A step is reckoned as the stages do it: each from the utterance's first sample on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from model.package import DECODER_PRECISIONS, ENCODER_PRECISIONS, UNNAMED
from pipeline.bench import Speed

UTTERANCE_S = 10.0
HEADROOM = 1.5
KEEPS_UP_S = 1.0
FINAL_S = 3.0
LENGTHS_S = (30.0, 20.0, 15.0, 10.0)
"""The model hears no more context than an utterance has: shorter ones cost words."""
LEAST_INTERVAL_MS, MOST_INTERVAL_MS = 300, 10_000
"""New words do not come more often than about three times a second; 10 s is the most that can be set."""
PROMPT_TOKENS = 24
"""Of the conversation around the sound, without a context."""
COMMITTED_TOKENS_A_SECOND = 4.0
"""About what fast speech needs. What is committed is prefilled with the prompt."""
OPEN_TOKENS = 16
"""Words that are held back, and those that came since: generated one by one at every step."""
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

    def step_s(self, utterance_s: float) -> float:
        """Seconds from the sending of a step to its answer, when the utterance is so long."""
        given = PROMPT_TOKENS + utterance_s * (self.encoder.density + COMMITTED_TOKENS_A_SECOND)
        return utterance_s / self.encoder.encode + given / self.decoder.prefill + OPEN_TOKENS / self.decoder.generate

    @property
    def keeps_up(self) -> bool:
        """See the top of the file."""
        return self.step_s(UTTERANCE_S) * HEADROOM <= KEEPS_UP_S


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
        best = min(quick, key=lambda pair: (-pair.decoder.scale, pair.inexactness, pair.step_s(UTTERANCE_S)))
    elif fitting:
        best = min(fitting, key=lambda pair: pair.step_s(UTTERANCE_S))
    else:
        best = min(found, key=lambda pair: pair.memory)
    return Advice(_settings(best), tuple(_reasons(best, found, fitting, memory)))


def _interval_ms(pair: Pair) -> int:
    wanted = ceil(pair.step_s(UTTERANCE_S) * HEADROOM * 10) * 100
    return max(LEAST_INTERVAL_MS, min(MOST_INTERVAL_MS, wanted))


def _settings(best: Pair) -> dict[str, dict[str, str | int | float | bool]]:
    encoder, decoder = best.encoder.choice, best.decoder.choice
    longest = next((length for length in LENGTHS_S if best.step_s(length) <= FINAL_S), LENGTHS_S[-1])
    return {
        "vad": {"max_utterance_s": longest},
        "stream": {
            # Slower than the longest interval, a partial would only keep the final waiting.
            "partials": best.step_s(UTTERANCE_S) * HEADROOM * 1000 <= MOST_INTERVAL_MS,
            "interval_ms": _interval_ms(best),
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
    step = best.step_s(UTTERANCE_S)
    parts = (
        UTTERANCE_S / best.encoder.encode,
        (PROMPT_TOKENS + UTTERANCE_S * (best.encoder.density + COMMITTED_TOKENS_A_SECOND)) / best.decoder.prefill,
        OPEN_TOKENS / best.decoder.generate,
    )
    yield (
        f"a partial of an utterance of {UTTERANCE_S:g} s takes about {step:.2f} s here: encode {parts[0]:.2f}, "
        f"prefill {parts[1]:.2f}, generate {parts[2]:.2f}"
    )
    if not fitting:
        yield (
            f"no choice fits into {MEMORY_SHARE:.0%} of the {memory / 2**30:.1f} GiB of memory that are free: "
            f"this one needs the least"
        )
    elif not best.keeps_up:
        yield f"no choice keeps up with speech at one partial a second ({HEADROOM:g} times the step): the fastest one"
        if best.step_s(UTTERANCE_S) > UTTERANCE_S:
            yield "it is slower than speech: use it for recordings, or choose a smaller model"
    else:
        quick = sum(pair.keeps_up for pair in fitting)
        yield (
            f"{quick} of {len(found)} combinations keep up with one partial a second; of these the largest model and "
            f"the most exact precisions"
        )
