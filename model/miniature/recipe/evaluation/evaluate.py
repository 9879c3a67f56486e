"""`python -m model.miniature.recipe.evaluation.evaluate ...`: measure a transcriber and an aligner on the frozen sets.

This file owns the command and the order of the work. It takes what there is: either model, any of the sets.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

from model.errors import ModelError, StenoError
from model.miniature.recipe.evaluation import results, store
from model.miniature.recipe.evaluation.decode import Listener, Loaded, load
from model.miniature.recipe.evaluation.sets import HUMAN, SETS, UNSPOKEN
from model.miniature.recipe.evaluation.store import Utterance
from model.miniature.recipe.evaluation.targets import rows
from model.miniature.recipe.evaluation.times import Aligner

_STREAMED = ("known", "mandarin")
_WINDOWED = ("known", "mandarin")
_TIMED = ("known", "known-10db", "unknown-espeak", "unknown-other", "mandarin", "long-pauses")


def transcribed(
    loaded: Loaded, sets: dict[str, list[Utterance]], *, brief: bool, most: int | None = None
) -> dict[str, Any]:
    """All that is measured of a transcriber; when brief, without other windows and streaming."""
    listener = Listener(loaded, most)
    found: dict[str, Any] = {"sets": {}}
    for name, utterances in sets.items():
        if name in UNSPOKEN or name == "long-pauses":
            continue
        begun = time.monotonic()
        found["sets"][name] = results.of_speech(
            listener, utterances, windows=name in _WINDOWED and not brief, streamed=name in _STREAMED and not brief
        )
        if name == "context":
            found["context"] = results.of_context(listener, utterances)
        _say(name, found["sets"][name]["rate"], time.monotonic() - begun)
    found["nothing"] = results.of_nothing(listener, {name: sets[name] for name in UNSPOKEN if name in sets})
    return found


def aligned(loaded: Loaded, sets: dict[str, list[Utterance]]) -> dict[str, Any]:
    """All that is measured of an aligner, by set."""
    aligner = Aligner(loaded)
    return {name: results.of_times(aligner, sets[name]) for name in _TIMED if name in sets}


def evaluated(options: argparse.Namespace) -> dict[str, Any]:
    """The whole tree of results."""
    begun = time.monotonic()
    sets, frozen = {}, {}
    for name in (*SETS, HUMAN):
        if (options.sets / f"{name}.json").is_file():
            frozen[name], sets[name] = store.read(options.sets, name)
    if not sets:
        raise ModelError(f"no set in {options.sets}", "Make them with the step evaluation.sets.")
    device = torch.device(options.device)
    found: dict[str, Any] = {"models": {}}
    for kind in ("asr", "aligner"):
        path: Path | None = getattr(options, kind) or (options.run and options.run / f"{kind}.state")
        if path and (getattr(options, kind) or path.is_dir()):
            loaded = load(path, device, options.tokenizer)
            found["models"][kind] = {
                "parameters": sum(one.numel() for one in loaded.network.parameters()),
                "sha256": _digest(path / "model.safetensors"),
            }
            found |= (
                transcribed(loaded, sets, brief=options.brief, most=options.most)
                if kind == "asr"
                else {"aligner": aligned(loaded, sets)}
            )
    for name, utterances in sets.items():
        about = found.setdefault("about", {}).setdefault(name, {})
        about |= {"utterances": len(utterances), "seconds": round(sum(one.seconds for one in utterances), 1)}
        about |= {"sha256": frozen[name]} if name in frozen else {}
    return found | {"device": _device(device), "measured_in_s": round(time.monotonic() - begun, 1)}


def _device(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _say(name: str, rate: dict[str, Any], seconds: float) -> None:
    low, high = rate["low"] * 100, rate["high"] * 100
    print(f"{name:18} {rate['value'] * 100:6.2f} % [{low:.2f}, {high:.2f}]  {seconds:.1f} s", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the results, print them against the targets."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.evaluation.evaluate", description=__doc__)
    parser.add_argument("--asr", type=Path, help="transcriber: a shipped directory, or NAME.state of a training run")
    parser.add_argument("--aligner", type=Path, help="aligner: the same")
    parser.add_argument("--run", type=Path, help="directory of the training: both models, if they are there")
    parser.add_argument("--tokenizer", type=Path, help="directory of the tokenizer, for a NAME.state")
    parser.add_argument("--sets", type=Path, required=True, help="directory of the frozen sets")
    parser.add_argument("--brief", action="store_true", help="without other attention windows and streaming")
    parser.add_argument("--most", type=int, help="tokens of an answer (default: as many as its sound may need)")
    parser.add_argument("--out", type=Path, required=True, help="file for the results, JSON")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    if not (options.asr or options.aligner or options.run):
        parser.error("give --run, --asr or --aligner")
    try:
        found = evaluated(options)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except (StenoError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for title, first, limit, value, verdict in rows(found):
        print(f"{title:45} {first:>9} {limit:>10} {value:>10}  {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
