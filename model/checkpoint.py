"""A checkpoint in Hugging Face form: its config, its tokenizer and its tensors, in either layout, in one file or many.

This file owns the finding of the files and the check that config and tensors speak of the same model. Whoever reads a
tensor names it as the original layout does. It does not know what becomes of the tensors.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model import native_config, package, tensor_table
from model.config import ModelConfig
from model.errors import ModelError
from model.json_file import load
from model.progress import Progress
from model.safetensors import Safetensors, Tensor
from model.tokenizer_files import read_vocabulary

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TEXTS = (".json", ".txt", ".jinja")
"""Endings of the other files that a conversion reads."""
EMBEDDING = tensor_table.DECODER + "embed_tokens.weight"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


class Checkpoint:
    """One checkpoint, opened and checked.

    Raises:
        ModelError: a file is missing, damaged or unreadable, or describes another architecture; a tensor is missing,
            not known, or of another shape than config.json says. Names the file.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        weights = weight_files(directory)
        self.vocabulary = read_vocabulary(directory)
        if native_config.is_native(directory):
            self.config = native_config.read_native(directory, self.vocabulary)
        else:
            self.config = ModelConfig.from_directory(directory)
        self._tensors = _by_name(Safetensors(path) for path in weights)
        self._check()

    def has(self, name: str) -> bool:
        """Whether there is a tensor of this name."""
        return name in self._tensors

    def names(self) -> tuple[str, ...]:
        """Names of all tensors, in the original layout."""
        return tuple(self._tensors)

    def read(self, name: str, dtype: npt.DTypeLike = np.float32) -> Tensor:
        """One tensor, in its own shape, as float32 or float16.

        Raises:
            ModelError: there is none of this name, it cannot be read, or holds what is no finite number of that type.
        """
        if name not in self._tensors:
            raise ModelError(f"{self.directory} has no tensor {name}", "Fetch the checkpoint again.")
        file, stored = self._tensors[name]
        return file.read(stored, dtype)

    def _check(self) -> None:
        self._check_ids()
        wanted = tensor_table.required(self.config)
        for name, shape in wanted.items():
            if name not in self._tensors:
                raise ModelError(
                    f"{self.directory} has no tensor {name}, which config.json asks for",
                    "The checkpoint is incomplete or of another architecture; fetch it again.",
                )
            self._check_shape(name, shape)
        for name in self._tensors.keys() - wanted.keys():
            self._check_extra(name)

    def _check_ids(self) -> None:
        config = self.config
        ids = [config.audio_start_id, config.audio_end_id, config.audio_pad_id, *config.end_ids]
        ids += [config.aligner.timestamp_id] if config.aligner else []
        for one in ids:
            if one not in self.vocabulary.added:
                raise ModelError(
                    f"{self.directory}: config.json names a special token {one}, the tokenizer has none of that id",
                    "Tokenizer and config.json are not of the same checkpoint; fetch it again.",
                )

    def _check_extra(self, name: str) -> None:
        """Of what need not be there, only what changes nothing or is understood may be."""
        if tensor_table.is_buffer(name):
            return
        if name == tensor_table.POSITIONS:
            least, width = self.config.audio.block_tokens, self.config.audio.width
            file, stored = self._tensors[name]
            shape = file.shape(stored)
            if len(shape) != 2 or shape[0] < least or shape[1] != width:
                raise self._contradiction(name, (least, width))
        elif name == tensor_table.HEAD:
            self._check_shape(name, tensor_table.head_shape(self.config))
            self._check_tied()
        else:
            file, stored = self._tensors[name]
            adapter = "lora" in name.lower()
            hint = "Merge the adapter into the weights first." if adapter else "config.json is of another checkpoint."
            raise ModelError(f"{file.path}: the model that config.json describes has no tensor {stored}", hint)

    def _check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        file, stored = self._tensors[name]
        if file.shape(stored) != shape:
            raise self._contradiction(name, shape)

    def _contradiction(self, name: str, shape: tuple[int, ...]) -> ModelError:
        file, stored = self._tensors[name]
        return ModelError(
            f"{file.path}: {stored} has the shape {file.shape(stored)}, config.json says {shape}",
            "The checkpoint is inconsistent; fetch it again.",
        )

    def _check_tied(self) -> None:
        """A head that is stored although it is tied must be the embedding: one of both would be left out otherwise."""
        head, table = (self._tensors[name] for name in (tensor_table.HEAD, EMBEDDING))
        if not all(map(np.array_equal, head[0].chunks(head[1]), table[0].chunks(table[1]))):
            raise ModelError(
                f"{self.directory}: config.json says that the output head is the embedding, the tensors differ",
                "Set tie_word_embeddings to false if the head was trained on its own.",
            )


def weight_files(directory: Path) -> list[Path]:
    """The files with the weights: one, or as many as the index lists.

    Raises:
        ModelError: there are none, or only such that run code when they are read; the index cannot be understood.
    """
    try:
        return _found(directory)
    except OSError as error:
        raise ModelError(f"{directory} cannot be read: {error.strerror}", "Check its permissions.") from error


def source_hash(directory: Path, progress: Progress | None = None) -> str:
    """SHA-256 over everything that a conversion reads: the weights, and every text file beside them.

    Raises:
        ModelError: no weights there, or a file cannot be read.
    """
    weights = weight_files(directory)
    texts = sorted(path for path in directory.iterdir() if path.suffix in TEXTS)
    return package.sha256(*weights, *texts, progress=progress)


def _found(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise ModelError(f"{directory} is no directory", "Give the directory of a checkpoint.")
    index = directory / INDEX
    # By name: a link that leads nowhere, or in a circle, is there all the same, and opening it says what is wrong.
    there = {path.name for path in directory.iterdir()}
    if INDEX in there:
        places = load(index).get("weight_map")
        if not isinstance(places, dict) or not places:
            raise ModelError(f"{index}:weight_map is missing", "Fetch the file again.")
        names = sorted({str(name) for name in places.values()})
        if any(Path(name).name != name for name in names):
            raise ModelError(f"{index}:weight_map names a file outside of its directory", "Fetch the file again.")
        return [directory / name for name in names]
    path = directory / WEIGHTS
    if WEIGHTS in there:
        return [path]
    pickles = sorted(found.name for pattern in PICKLES for found in directory.glob(pattern))
    if pickles:
        raise ModelError(
            f"{directory / pickles[0]} is a pickle: reading one runs whatever code it holds, so Steno does not",
            "Fetch the checkpoint as safetensors, or save it so where you trust it.",
        )
    raise ModelError(f"{path} is missing", "Give the directory of a checkpoint.")


def _by_name(files: Iterable[Safetensors]) -> dict[str, tuple[Safetensors, str]]:
    """Original name -> the file and its own name for it."""
    found: dict[str, tuple[Safetensors, str]] = {}
    for file in files:
        for stored in file.names():
            name = tensor_table.original_name(stored)
            if name in found:
                raise ModelError(
                    f"{file.path}: {stored} is also in {found[name][0].path.name}", "Fetch the checkpoint again."
                )
            found[name] = (file, stored)
    return found
