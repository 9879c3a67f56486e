"""From settings to stages that are ready to work: which files, on how many threads, on what processor.

Planning and loading are apart, so that a worker can say what it loads before a native library sees it. This file does
not know what the stages do.

Who computes when: encoder and decoder take turns over one utterance, but with two utterances open, or while sound comes
in, both may be at work; so they share the physical cores (`pipeline.cores.share`). The aligner has a model of either
kind, which take turns, and works after a final: at the decoder's number of threads. While the next utterance is already
being decoded then, more threads than cores are at work, for as long as one alignment takes. The hub, the VAD and the
sources need little of a core and have none reserved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.aligner import Aligner
from model.decoder import Decoder
from model.encoder import Encoder
from model.package import AUTO, Package, open_package
from model.progress import Progress, Told
from pipeline import model_store
from pipeline.cores import physical_cores, share
from pipeline.settings import ModelSettings
from pipeline.sockets import ALIGNER, DECODER, ENCODER
from pipeline.stages import AlignStage, DecodeStage, EncodeStage, Stage

ALL_LAYERS = -1


@dataclass(frozen=True)
class Plan:
    """What one stage is going to load."""

    stage: str
    package: Package
    threads: int
    provider: str
    gpu_layers: int
    encoder_cache: bool
    kv_cache: bool
    draft: bool
    automatic: tuple[str, ...]
    """The settings that leave a choice to Steno, such as "model.encoder"."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that native libraries will read."""
        graphs = (self.package.frontend, self.package.backend)
        return {ENCODER: graphs, DECODER: (self.package.decoder,)}.get(self.stage, (*graphs, self.package.decoder))


def plan(name: str, settings: ModelSettings, cache: Path, progress: Callable[[str], None] | None = None) -> Plan:
    """Find and check the files of the stage of that name: encoder, decoder or aligner.

    Args:
        settings: which models.
        cache: where a model that comes with Steno is converted to on first use.
        progress: told what takes long, in words.

    Raises:
        ModelError: a model is missing or broken, or does not have the precision that was asked for.
    """
    encoder_threads, decoder_threads = share(physical_cores(), settings.encoder_threads, settings.decoder_threads)
    tell = None if progress is None else Told(progress)
    encoder = {"provider": settings.provider == AUTO}
    decoder = {"gpu_layers": settings.gpu_layers == ALL_LAYERS}
    if name == ALIGNER:
        precisions = settings.precisions("aligner")
        package = _package("aligner", settings.aligner, precisions, cache, tell)
        left = {
            "aligner_encoder": precisions[0] == AUTO,
            "aligner_decoder": precisions[1] == AUTO,
            **encoder,
            **decoder,
        }
    else:
        precisions = settings.precisions("asr")
        package = _package("asr", settings.asr, precisions, cache, tell)
        encoder, decoder = {"encoder": precisions[0] == AUTO, **encoder}, {"decoder": precisions[1] == AUTO, **decoder}
        left = encoder if name == ENCODER else decoder
    return Plan(
        stage=name,
        package=package,
        threads=encoder_threads if name == ENCODER else decoder_threads,
        provider=settings.provider,
        gpu_layers=settings.gpu_layers,
        encoder_cache=settings.encoder_cache,
        kv_cache=settings.kv_cache,
        draft=settings.draft,
        automatic=tuple(f"model.{key}" for key, is_left in left.items() if is_left),
    )


def load(plan: Plan, progress: Callable[[str], None] | None = None) -> Stage:
    """Load what was planned.

    Args:
        progress: told what "auto" chose, what it would rather have taken, and why it could not.

    Raises:
        ModelError: a file is broken, or what it is to run on is not there.
    """
    stage = _load(plan, progress)
    if plan.automatic and progress is not None:
        progress(f"{plan.stage}: chosen for {', '.join(plan.automatic)}: {stage.detail}")
    return stage


def _load(plan: Plan, progress: Callable[[str], None] | None) -> Stage:
    package, threads = plan.package, plan.threads
    name, how = package.directory.name, f"{threads} thread{'s' * (threads != 1)}"
    if plan.stage == ENCODER:
        encoder = Encoder(package, threads, plan.provider)
        if progress is not None:
            for why in encoder.passed_over:
                progress(f"the encoder does not run on {why}")
        detail = f"{name}: {package.encoder_precision} on {encoder.provider}, {how}"
        return EncodeStage(encoder, detail, cache=plan.encoder_cache)
    if plan.stage == DECODER:
        decoder = Decoder(package, threads, plan.gpu_layers, reuse=plan.kv_cache, draft=plan.draft)
        return DecodeStage(decoder, f"{name}: {package.decoder_precision} on {_where(decoder.gpu_layers)}, {how}")
    if plan.stage == ALIGNER:
        aligner = Aligner(package, threads, plan.provider, plan.gpu_layers)
        return AlignStage(
            aligner,
            f"{name}: {package.encoder_precision} on {aligner.provider}, "
            f"{package.decoder_precision} on {_where(aligner.gpu_layers)}, {how}",
        )
    raise ValueError(f"there is no stage {plan.stage}")


def build(name: str, settings: ModelSettings, cache: Path, progress: Callable[[str], None] | None = None) -> Stage:
    """Both steps at once."""
    return load(plan(name, settings, cache, progress), progress)


def _where(gpu_layers: int) -> str:
    return f"GPU ({gpu_layers} layers)" if gpu_layers else "cpu"


def _package(kind: str, where: str, precisions: tuple[str, str], cache: Path, progress: Progress | None) -> Package:
    directory = model_store.resolve(where, kind, cache, progress)
    return open_package(directory, kind, encoder=precisions[0], decoder=precisions[1])
