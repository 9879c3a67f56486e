"""A model from a hub into the store: what it will cost, then fetched, converted, and the checkpoint deleted.

This file owns the names that can be typed, the order of the steps, and the room that they need. It does not ask the
user, and shows nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.convert import convert
from model.errors import ModelError, UsageError
from model.precisions import BITS
from model.progress import Progress
from pipeline.lock import try_lock
from pipeline.model_hub import Hub, Listing, download, missing
from pipeline.model_store import Store

REPOSITORIES = {
    "0.6b": "Qwen/Qwen3-ASR-0.6B",
    "1.7b": "Qwen/Qwen3-ASR-1.7B",
    "aligner": "Qwen/Qwen3-ForcedAligner-0.6B",
}
"""The same names at both hubs."""
HUBS = ("huggingface", "modelscope")
HUB_VARIABLE = "STENO_HUB"
ENCODERS = ("int8",)
DECODERS = ("q4_k",)
"""What is converted to unless the user asks for more: the smallest that transcribe well on a processor."""
_ENCODER_SHARE, _DECODER_SHARE = 0.25, 0.9
"""Of a checkpoint's weights, at the most: 0.6B has 0.19 of 0.94 billion in the encoder and 0.75 in the decoder."""

Free = Callable[[Path], int]
"""Bytes that are free where a folder is, or would be."""


@dataclass(frozen=True)
class Plan:
    """One model that is to be fetched."""

    name: str
    listing: Listing
    checkpoint: Path
    """Where its files are fetched to."""
    target: Path
    """Its place in the store."""
    fetch: int
    """Bytes still to come."""
    size: int
    """Bytes of the whole checkpoint."""
    working: int
    """Bytes in the store while it is converted, estimated."""
    encoders: tuple[str, ...]
    decoders: tuple[str, ...]


def hub_of(name: str | None, environ: Mapping[str, str] = os.environ) -> Hub:
    """The hub that was asked for, by STENO_HUB if not by name.

    Raises:
        UsageError: there is no such hub.
        ModelError: it needs a package that is not installed.
    """
    wanted = name or environ.get(HUB_VARIABLE) or HUBS[0]
    if wanted == "huggingface":
        from pipeline.model_huggingface import HuggingFace

        return HuggingFace()
    if wanted == "modelscope":
        from pipeline.model_modelscope import ModelScope

        return ModelScope()
    raise UsageError(f"{HUB_VARIABLE}: there is no hub {wanted!r}", f"Choose from {', '.join(HUBS)}.")


def plan(
    name: str, hub: Hub, store: Store, downloads: Path, encoders: Sequence[str] = (), decoders: Sequence[str] = ()
) -> Plan:
    """Ask the hub what fetching a model means.

    Args:
        name: one of REPOSITORIES.
        downloads: the folder of all checkpoints that are being fetched.
        encoders: precisions to convert to; none: ENCODERS.
        decoders: likewise, DECODERS.

    Raises:
        ModelError: it is in the store already, or the hub fails.
    """
    target = store.place(name)
    _require_absent(name, target)
    repository = REPOSITORIES[name]
    listing = hub.list(repository)
    checkpoint = downloads / repository.replace("/", "--")
    encoders, decoders = tuple(encoders) or ENCODERS, tuple(decoders) or DECODERS
    size = sum(file.size for file in listing.files)
    return Plan(
        name=name,
        listing=listing,
        checkpoint=checkpoint,
        target=target,
        fetch=missing(listing, checkpoint),
        size=size,
        working=_converted(size, encoders, {"f16", *decoders}),
        encoders=encoders,
        decoders=decoders,
    )


def require_room(plans: Sequence[Plan], keep: bool, free: Free | None = None) -> None:
    """See before anything is fetched that all of it will fit, where it may be written.

    Args:
        keep: the checkpoints are kept.
        free: None asks the system.

    Raises:
        ModelError: it will not, and how much is missing where; or a folder cannot be written.
    """
    if not plans:
        return
    downloads, store = plans[0].checkpoint.parent, plans[0].target.parent
    wanted = {"downloads": 0, "store": 0, "both": 0}
    for index, one in enumerate(plans):
        fetched = one.fetch + (sum(plan.fetch for plan in plans[:index]) if keep else 0)
        made = one.working + sum(_converted(plan.size, plan.encoders, plan.decoders) for plan in plans[:index])
        now = {"downloads": fetched, "store": made, "both": fetched + made}
        wanted = {place: max(wanted[place], now[place]) for place in wanted}
    places = [(downloads, wanted["downloads"]), (store, wanted["store"])]
    if _device(downloads) == _device(store):
        places = [(store, wanted["both"])]
    for folder in (downloads, store):
        if not (_existing(folder).is_dir() and os.access(_existing(folder), os.W_OK | os.X_OK)):
            raise ModelError(
                f"{folder} cannot be written",
                "See who owns it, or name another with STENO_MODELS_DIR (the models) and STENO_CACHE_DIR (what is "
                "fetched).",
            )
    for folder, most in places:
        left = (free or _free)(folder)
        if left < most:
            raise ModelError(
                f"no room in {folder}: {gigabytes(most)} are needed, {gigabytes(left)} are free, "
                f"{gigabytes(most - left)} are missing",
                "Free space, ask for fewer precisions, or name another disk with STENO_MODELS_DIR (the models) and "
                "STENO_CACHE_DIR (what is fetched).",
            )


def pull(one: Plan, hub: Hub, progress: Progress, keep: bool = False) -> None:
    """Fetch, convert, and delete the checkpoint unless it is to be kept.

    Whatever breaks this off, the store has the whole model or nothing, and what was fetched is not fetched again.

    Raises:
        ModelError: the hub, the disk or the checkpoint fails, or another process fetches the same.
    """
    with _alone(one.checkpoint):
        # Another process may have made it since it was planned.
        _require_absent(one.name, one.target)
        download(hub, one.listing, one.checkpoint, progress)
        convert(one.checkpoint, one.target, one.encoders, one.decoders, progress)
        if not keep:
            shutil.rmtree(one.checkpoint, ignore_errors=True)


def gigabytes(size: int) -> str:
    """A number of bytes for people: in GB of 10^9, MB of 10^6 or kB of 10^3."""
    for unit, name, places in ((10**9, "GB", 2), (10**6, "MB", 1)):
        if size >= unit:
            return f"{size / unit:.{places}f} {name}"
    return f"{size / 1e3:.1f} kB"


def _require_absent(name: str, target: Path) -> None:
    if os.path.lexists(target):
        raise ModelError(
            f"{name} is there already: {target}",
            f"`steno model use {name}` chooses it; to fetch it anew, first `steno model remove {name}`.",
        )


@contextlib.contextmanager
def _alone(checkpoint: Path) -> Iterator[None]:
    """No other process fetches into this folder meanwhile: their bytes would mix."""
    lock = checkpoint.with_name(f".{checkpoint.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ModelError(f"{lock} cannot be made: {error.strerror}", "Choose another STENO_CACHE_DIR.") from None
    try:
        if not try_lock(descriptor):
            raise ModelError(f"another process is fetching into {checkpoint}", "Wait for it.")
        yield
    finally:
        os.close(descriptor)


def _converted(size: int, encoders: Sequence[str], decoders: Sequence[str] | set[str]) -> int:
    """Bytes of a package made from a checkpoint of this size, whose weights have 16 bits each; rather too many."""
    weights = size / 2
    encoder = _ENCODER_SHARE * sum(BITS[precision] for precision in encoders)
    decoder = _DECODER_SHARE * sum(BITS[precision] for precision in decoders)
    return int(weights * (encoder + decoder) / 8)


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _free(path: Path) -> int:
    return shutil.disk_usage(_existing(path)).free


def _device(path: Path) -> int:
    return _existing(path).stat().st_dev
