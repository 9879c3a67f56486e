"""One precision pair, measured in a process of its own: `python -m benchmarks.pair PACKAGE ...`.

Loads an encoder and a decoder, transcribes the shipped recordings, and prints the figures as JSON: what it took, what
it holds in memory, what it heard. `benchmarks.sizes` starts it and makes the table.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks.memory import memory
from model import miniature
from model.decoder import Decoder
from model.encoder import Encoder
from model.package import Package, open_package
from pipeline.messages import SAMPLE_RATE

Floats = npt.NDArray[np.float32]


def measure(package: Package, options: argparse.Namespace) -> dict[str, Any]:
    """Load and transcribe; the embeddings go to a file of their own."""
    began = time.perf_counter()
    encoder = Encoder(package, options.threads, options.provider)
    decoder = Decoder(package, options.threads, options.gpu_layers)
    loaded = time.perf_counter() - began
    sounds = {path.stem: sound(path) for path in miniature.samples()}
    # A first call pays for memory and, on a GPU, for compiled kernels: not what a running daemon pays.
    decoder.decode(encoder.encode(next(iter(sounds.values()))))
    rows, embeddings = [], {}
    for name, pcm in sounds.items():
        began = time.perf_counter()
        embeddings[name] = encoder.encode(pcm)
        encoded = time.perf_counter() - began
        heard = decoder.decode(embeddings[name])
        rows.append(
            {
                "name": name,
                "seconds": len(pcm) / SAMPLE_RATE,
                "encode": encoded,
                "prefill": heard.prefill_ns / 1e9,
                "prefill_tokens": heard.prefill_tokens,
                "generate": heard.generate_ns / 1e9,
                "generate_tokens": heard.generate_tokens,
                "text": heard.text,
            }
        )
    held = memory([os.getpid()])
    decoder.close()
    np.savez(options.embeddings, allow_pickle=False, **embeddings)
    return {
        "encoder": package.encoder_precision,
        "decoder": package.decoder_precision,
        "provider": encoder.provider,
        "bytes": size(package),
        "load": loaded,
        "resident": held.resident,
        "anonymous": held.anonymous,
        "rows": rows,
    }


def sound(path: Path) -> Floats:
    """A shipped recording, float32[n] in [-1, 1]."""
    return np.asarray(soundfile.read(path, dtype="float32")[0], dtype=np.float32)


def size(package: Package) -> int:
    """Bytes on disk of the files of this pair; the weights of a graph may lie beside it."""
    stems = (package.frontend.name, package.backend.name, package.decoder.name)
    return sum(path.stat().st_size for path in package.directory.iterdir() if path.name.startswith(stems))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--decoder", default="auto")
    parser.add_argument("--provider", default="cpu")
    parser.add_argument("--gpu-layers", type=int, default=0)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--embeddings", type=Path, required=True, help=".npz that is written")
    options = parser.parse_args()
    package = open_package(options.package, "asr", options.encoder, options.decoder)
    print(json.dumps(measure(package, options)))


if __name__ == "__main__":
    main()
