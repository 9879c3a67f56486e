"""Every setting of Steno: its type, unit, range and default.

Frozen structs, one for each section of config.toml; those of the desktop are in `pipeline.desktop_settings`. This file
owns what may be set; `pipeline.config` owns where the values come from. A worker process receives only the section it
needs, already checked.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pipeline.desktop_settings import FeedbackSettings, HotkeySettings, Section, TextSettings, TypingSettings

PositiveSeconds = Annotated[float, Meta(gt=0, le=600)]
Threads = Annotated[int, Meta(ge=0, le=256)]


class DaemonSettings(Section, frozen=True):
    """[daemon]: how the daemon listens."""

    source: str = "default"
    """What is listened to: `default` (the default microphone), `none`, a microphone's name or a part of it, or
    `file:PATH` (played once at real speed)."""
    mode: Literal["always", "on-demand"] = "always"
    """`always`: every utterance is transcribed. `on-demand`: only between `steno start` and `steno stop`."""


class MicrophoneSettings(Section, frozen=True):
    """[microphone]: the capture device."""

    block_ms: Annotated[int, Meta(ge=10, le=200)] = 40
    """Length of the device's blocks. Shorter ones come sooner, and cost more while nothing is said."""
    silent_after_s: PositiveSeconds = 10.0
    """A device that delivers nothing but zeros for so long is reported as silent."""
    lost_after_s: Annotated[float, Meta(ge=0.2, le=10)] = 0.8
    """A device that delivers nothing at all for so long is reported as lost and opened again."""


class VadSettings(Section, frozen=True):
    """[vad]: what counts as speech, and where an utterance begins and ends."""

    aggressiveness: Annotated[int, Meta(ge=0, le=3)] = 2
    """WebRTC VAD mode: 0 lets most pass, 3 the least."""
    onset_ms: Annotated[int, Meta(ge=20, le=1000)] = 100
    """So much speech within twice that time opens an utterance."""
    pre_roll_ms: Annotated[int, Meta(ge=0, le=5000)] = 1000
    """Sound kept before the onset, so that the first word is whole."""
    hangover_ms: Annotated[int, Meta(ge=100, le=5000)] = 600
    """So much silence ends an utterance, the tenth of a second included that the VAD hears speech for after its end."""
    tail_ms: Annotated[int, Meta(ge=60, le=5000)] = 120
    """Silence that stays with an utterance after its last speech. At this point the final decode starts, though only
    the hangover confirms that the utterance is over; the silence behind it belongs to no utterance."""
    min_speech_ms: Annotated[int, Meta(ge=0, le=2000)] = 100
    """An utterance with less speech than this is dropped as a click."""
    press_pre_roll_ms: Annotated[int, Meta(ge=0, le=2000)] = 300
    """Sound before a press that belongs to what is said with it: people begin to speak before the key is down."""
    release_tail_ms: Annotated[int, Meta(ge=0, le=5000)] = 600
    """After a release the word that is being said may end: listening goes on until `tail_ms` of silence, at most so
    long."""
    max_utterance_s: Annotated[float, Meta(ge=6, le=120)] = 30.0
    """A longer utterance is cut in the longest pause of its last 5 s, else at the quietest point there."""


class StreamSettings(Section, frozen=True):
    """[stream]: the text while you speak."""

    partials: bool = True
    """Publish text before the utterance ends."""
    interval_ms: Annotated[int, Meta(ge=100, le=10000)] = 500
    """New sound that must have come before the next partial is begun."""
    speculate: bool = True
    """Start the final decode at the first pause of `vad.tail_ms`; if speech resumes, it was a partial. Off, the final
    decode starts when the hangover has passed."""
    commit: bool = False
    """Freeze words that consecutive hypotheses agree on, for clients that type while you speak. Off, nothing is
    committed before the final, and the final is exactly what an offline decode of the utterance writes. A client may
    ask for the other for a source of its own."""
    commit_after: Annotated[int, Meta(ge=2, le=10)] = 3
    """Consecutive hypotheses that must agree on a word before it is committed."""
    hold_back_words: Annotated[int, Meta(ge=1, le=20)] = 3
    """Words at the end of a hypothesis that are never committed."""
    hold_back_s: Annotated[float, Meta(ge=0, le=10)] = 1.0
    """A word is committed only if it was first seen when this much less sound had been heard."""


class ModelSettings(Section, frozen=True):
    """[model]: which models, in which precision, on how many threads."""

    asr: str = "miniature"
    """`miniature`, the name of a model in the store (`steno model list`), or a folder with a converted ASR model."""
    aligner: str = "miniature"
    """`miniature`, the name of a model in the store, or a folder with a converted forced aligner."""
    encoder: Literal["auto", "fp32", "fp16", "int8", "int4"] = "auto"
    """Precision of the ONNX encoder; `auto` takes the most exact one that is there."""
    decoder: Literal["auto", "f16", "bf16", "q8_0", "q6_k", "q5_k", "q4_k", "q4_0"] = "auto"
    """Precision of the GGUF decoder; `auto` takes the most exact one that is there."""
    provider: Literal["auto", "cpu", "cuda", "tensorrt", "directml", "coreml"] = "auto"
    """What onnxruntime computes the encoder on; `auto` takes the fastest that the installed onnxruntime offers here.
    Another one that is missing is an error."""
    gpu_layers: Annotated[int, Meta(ge=-1, le=1000)] = -1
    """Layers of the decoder that llama.cpp puts on the GPU; -1: all of them if it was built for one and finds it."""
    aligner_encoder: Literal["auto", "fp32", "fp16", "int8", "int4"] = "auto"
    """Precision of the aligner's ONNX encoder; `auto` takes the most exact one that is there."""
    aligner_decoder: Literal["auto", "f16", "bf16", "q8_0", "q6_k", "q5_k", "q4_k", "q4_0"] = "auto"
    """Precision of the aligner's GGUF decoder; `auto` takes the most exact one that is there."""
    encoder_threads: Threads = 0
    """Threads of the encoder. 0: half of the physical cores that Steno may use, rounded down, or what the decoder
    leaves of them; all but one for a file without the daemon, where the two take turns; at least one."""
    decoder_threads: Threads = 0
    """Threads of the decoder, and of the aligner, which works after a final. 0: the physical cores that the encoder
    leaves; all but one for a file without the daemon; at least one."""
    encoder_cache: bool = True
    """Encode each second of an utterance once. Off, every step encodes the whole utterance: for comparison, the result
    is the same."""
    kv_cache: bool = True
    """Keep the decoder's keys and values of prompt and sound from step to step. Off, every step computes them anew: for
    comparison."""
    draft: bool = True
    """Let the decoder check the last hypothesis in one batch in the place of choosing its tokens again one by one. Off,
    it chooses them all: for comparison."""
    language: str = ""
    """Force this language, by its English name as the model knows it; empty lets the model decide."""
    context: Annotated[str, Meta(max_length=10_000)] = ""
    """Names and terms for the system turn, which help the model to spell them."""

    def precisions(self, kind: str) -> tuple[str, str]:
        """Those of encoder and decoder of a model of kind "asr" or "aligner"."""
        return (self.aligner_encoder, self.aligner_decoder) if kind == "aligner" else (self.encoder, self.decoder)


class AlignSettings(Section, frozen=True):
    """[align]: word times."""

    enabled: bool = True
    """Align each final and publish its words with their times."""
    live: bool = False
    """Publish provisional times of committed words while the utterance goes on, for captions. A client may ask for the
    other for a source of its own."""


class EventSettings(Section, frozen=True):
    """[events]: the public event stream."""

    high_water_mark: Annotated[int, Meta(ge=10, le=100_000)] = 1000
    """Events that wait for a slow subscriber before events to it are dropped."""
    recent_finals: Annotated[int, Meta(ge=0, le=1000)] = 20
    """Finals that a snapshot carries."""


class SupervisorSettings(Section, frozen=True):
    """[supervisor]: when a process counts as dead, and what then."""

    silent_after_s: Annotated[float, Meta(ge=1, le=600)] = 3.0
    """A worker that gives no sign of life for so long is killed and started again."""
    ready_after_s: Annotated[float, Meta(ge=1, le=3600)] = 120.0
    """A worker that has not loaded its model by then is killed and started again."""
    restarts: Annotated[int, Meta(ge=0, le=100)] = 5
    """Restarts in a row before a process is given up."""
    settled_after_s: Annotated[float, Meta(ge=1, le=3600)] = 10.0
    """A process that lived so long begins again with no restarts counted."""


class Settings(Section, frozen=True):
    """The whole of config.toml."""

    daemon: DaemonSettings = DaemonSettings()
    microphone: MicrophoneSettings = MicrophoneSettings()
    vad: VadSettings = VadSettings()
    stream: StreamSettings = StreamSettings()
    model: ModelSettings = ModelSettings()
    align: AlignSettings = AlignSettings()
    events: EventSettings = EventSettings()
    supervisor: SupervisorSettings = SupervisorSettings()
    hotkey: HotkeySettings = HotkeySettings()
    typing: TypingSettings = TypingSettings()
    text: TextSettings = TextSettings()
    feedback: FeedbackSettings = FeedbackSettings()
