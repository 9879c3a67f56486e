"""`python -m model.miniature.recipe.evaluation.card ...`: the model card, written from what the run itself recorded.

This file owns the card's order and the wording of all but the measurements; every number in it comes out of a record,
which are `records.py`'s to know.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.errors import StenoError
from model.miniature.recipe.evaluation import curves, measured, voices
from model.miniature.recipe.evaluation.markdown import grid
from model.miniature.recipe.evaluation.records import Records, read

CURVES = "curves.svg"


def card(records: Records) -> str:
    """The model card, Markdown."""
    parts = (
        _form,
        measured.table_part,
        measured.sets_part,
        measured.context_part,
        measured.nothing_part,
        measured.aligner_part,
        measured.limits_part,
        _samples,
        _data,
        voices.voices_part,
        _training,
        _files,
    )
    lines = [line for part in parts for line in part(records)]
    return "\n".join(lines).rstrip() + "\n"


def _form(records: Records) -> Iterator[str]:
    yield "# The miniature"
    yield ""
    yield "Qwen3-ASR's architecture, tensor names, prompt and tokenizer form at a size that fits a repository, trained"
    yield "from nothing on synthetic English and Mandarin speech, so that the whole program runs and is tested where"
    yield "the real weights cannot be had. This page is written by `recipe/evaluation/card.py` from the records of the"
    yield "run; how to make the miniature again is in `recipe/README.md`."
    yield ""
    table = []
    for kind, config in records.configs.items():
        audio, text = config["thinker_config"]["audio_config"], config["thinker_config"]["text_config"]
        parameters = records.results.get("models", {}).get(kind, {}).get("parameters", 0)
        size = records.shipped.get(kind, {}).get("model.safetensors", {}).get("bytes", 0)
        head = config["thinker_config"].get("classify_num")
        table.append(
            (
                f"{kind}/",
                f"{parameters / 1e6:.2f} M, {size / 1e6:.1f} MB",
                f"{audio['encoder_layers']} layers of {audio['d_model']}, {audio['encoder_attention_heads']} heads, "
                f"feed-forward {audio['encoder_ffn_dim']}, {audio['downsample_hidden_size']} channels",
                f"{text['num_hidden_layers']} layers of {text['hidden_size']}, "
                f"{text['num_attention_heads']} query heads, {text['num_key_value_heads']} shared, "
                f"feed-forward {text['intermediate_size']}",
                f"{head} classes of {config['timestamp_segment_time']} ms" if head else "tied to the embedding",
                str(text["vocab_size"]),
            )
        )
    yield from grid(("", "parameters, fp16 file", "encoder", "decoder", "head", "vocabulary"), table)


def _samples(records: Records) -> Iterator[str]:
    if records.samples:
        yield "## Recordings"
        yield ""
        yield '`samples/`: 16 kHz mono, with `.txt` references and `.json` word times from the synthesiser. "seen" and'
        yield '"held" say whether the voice was in training; no sentence was.'
        yield ""
        yield from grid(
            ("", "seconds", "voice", "", "text"),
            [(name, f"{one['duration']:.1f}", one["voice"], one["note"], one["text"]) for name, one in records.samples],
        )


def _data(records: Records) -> Iterator[str]:
    yield "## Data"
    yield ""
    if records.sources:
        yield from grid(
            ("kind", "source", "package", "version", "licence", "sentences", "held out"),
            [
                (
                    kind,
                    one["title"],
                    one["package"],
                    one["version"],
                    one["licence"],
                    # Word lists give no sentences.
                    str(one["train"] or ""),
                    str(one["held"] or ""),
                )
                for kind, one in records.sources.items()
            ],
        )
        train, held = (sum(int(one[key]) for one in records.sources.values()) for key in ("train", "held"))
        yield f"Together {train} sentences for training and {held} held out by a hash of their text."
        yield ""


def _training(records: Records) -> Iterator[str]:
    yield "## Training"
    yield ""
    run = records.run
    facts = (
        ("commit", run.get("commit")),
        ("machine", run.get("machine")),
        ("device", records.results.get("device")),
        ("Python", run.get("python")),
        ("finished", run.get("finished")),
    )
    yield from (f"- {name}: {value}" for name, value in facts if value)
    for kind, log in records.logs.items():
        last = log[-1]
        yield (
            f"- {kind}: {last['step']} steps in {float(last['seconds']) / 60:.1f} minutes, "
            f"{last['hours_heard']:.0f} hours heard out of {last['hours_of_speech']:.1f} different hours of speech; "
            f"last loss {last['loss']:.3f}"
        )
    yield ""
    if records.logs:
        yield f"![losses over time]({CURVES})"
        yield ""
    if run.get("steps"):
        yield "The commands, each behind `python -m model.miniature.recipe.`:"
        yield ""
        yield "```"
        yield from (f"{step['began']}  {step['command']}" for step in run["steps"])
        yield "```"
        yield ""


def _files(records: Records) -> Iterator[str]:
    yield "## Files"
    yield ""
    yield from grid(
        ("file", "bytes", "SHA-256"),
        [
            (f"{kind}/{name}", str(about["bytes"]), f"`{about['sha256']}`")
            for kind, files in records.shipped.items()
            for name, about in files.items()
        ],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the card and its drawing."""
    parser = argparse.ArgumentParser(
        prog="python -m model.miniature.recipe.evaluation.card", description="The model card."
    )
    parser.add_argument("--run", type=Path, required=True, help="directory with the records of the run")
    parser.add_argument("--corpus", type=Path, help="directory of the text step, for sources.json")
    parser.add_argument("--engines", type=Path, help="bundle of the synthesisers, for packages.json")
    parser.add_argument("--samples", type=Path, help="directory of the shipped recordings")
    parser.add_argument("--first", type=Path, help="results of the first miniature on the same sets")
    parser.add_argument("--out", type=Path, required=True, help="directory for README.md and curves.svg")
    options = parser.parse_args(arguments)
    try:
        records = read(options)
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "README.md").write_text(card(records), encoding="utf-8")
        if records.logs:
            (options.out / CURVES).write_text(curves.drawn(records.logs), encoding="utf-8")
    except (StenoError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyError as error:
        print(f"a record of {options.run} has no {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
