"""A program that loads and runs a foreign package again and again, each time with one byte changed, in a child process.

`python -m tests.model.harmed_package PACKAGE COUNT` prints how the children ended, as JSON: fine, with an error that
names the file, with another exception, or natively.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from model.decoder import Decoder
from model.encoder import Encoder
from model.errors import ModelError
from model.package import open_package


def run(directory: Path, name: str) -> bytes:
    """Load and run; in one word, how that went."""
    try:
        package = open_package(directory, "asr")
        features = Encoder(package).encode(np.zeros(8_000, dtype=np.float32))
        Decoder(package).decode(features)
    except ModelError as error:
        return b"named" if name in error.message else f"no name in: {error}".encode()
    except Exception as error:  # the very thing that is looked for
        return repr(error).encode()
    return b"fine"


def in_a_child(directory: Path, name: str) -> bytes:
    """The same in a process of its own; empty if it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)
        os.write(writer, run(directory, name)[:2_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        word = answer.read()
    os.waitpid(child, 0)
    return word


def main(package: Path, count: int) -> None:
    """Harm each of the ASR model's files `count` times."""
    os.environ["GGML_NO_BACKTRACE"] = "1"
    chance = random.Random(1)
    ends: dict[str, int] = {"fine": 0, "named": 0, "native": 0}
    python: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        for path in package.glob("qwen3_asr_*"):
            shutil.copyfile(path, directory / path.name)
        for path in sorted(directory.iterdir()):
            whole = path.read_bytes()
            for index in range(count):
                # Every other one at the beginning, where the keys of a GGUF file stand.
                at = chance.randrange(1_200 if index % 2 else len(whole))
                data = bytearray(whole)
                data[at] ^= chance.randrange(1, 256)
                path.write_bytes(data)
                word = in_a_child(directory, path.name).decode("utf-8", "replace") or "native"
                if word in ends:
                    ends[word] += 1
                else:
                    python.append(f"{path.name} at {at}: {word}")
            path.write_bytes(whole)
    sys.stdout.write(json.dumps({**ends, "python": python}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
