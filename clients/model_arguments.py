"""The command line of `steno model`: what may be typed behind each of its words.

It owns the options and their help. It does not know what the words do: `clients.model` does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

Fill = Callable[[argparse.ArgumentParser], None]

NAMES = ("0.6b", "1.7b", "aligner", "all")


def fill(parser: argparse.ArgumentParser) -> None:
    """Add the words and their options to the parser of `steno model`."""
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    for name, (summary, options) in WORDS.items():
        word = words.add_parser(
            name, help=summary, description=summary[:1].upper() + summary[1:] + ".", allow_abbrev=False
        )
        # SUPPRESS: given before the word, they must survive the word's own parser.
        for flag, metavar in (("--runtime-dir", "DIR"), ("--config", "FILE")):
            word.add_argument(flag, metavar=metavar, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        word.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        options(word)


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def _pull(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", choices=NAMES, help=f"which: {', '.join(NAMES)}")
    _precisions(parser, "int8", "q4_k")
    parser.add_argument("--from", dest="hub", choices=["huggingface", "modelscope"], help="the hub (or STENO_HUB)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-use", action="store_true", help="do not take it in place of the miniature")
    parser.add_argument("--keep-checkpoint", action="store_true", help="keep what was fetched, once it is converted")


def _convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a folder with config.json and .safetensors files")
    parser.add_argument("out", metavar="OUT", help="the folder to make; it must not exist")
    _precisions(parser, "int8", "q4_k")


def _precisions(parser: argparse.ArgumentParser, encoder: str, decoder: str) -> None:
    parser.add_argument(
        "--encoder",
        metavar="LIST",
        type=_several,
        default=[],
        help=f"precisions of the encoder: fp32,fp16,int8,int4 (default: {encoder})",
    )
    parser.add_argument(
        "--decoder",
        metavar="LIST",
        type=_several,
        default=[],
        help=f"precisions of the decoder: f16,q8_0,q6_k,q5_k,q4_k,q4_0 (default: {decoder})",
    )


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME|DIR", nargs="?", help="all models in the store, if none is named")


def _use(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME|DIR", help="a model of the list, or a folder with a converted one")


def _remove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a model of the list")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="even if it is in use")


def _path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a model of the list")


def _several(text: str) -> list[str]:
    """Words between commas, each once."""
    words = list(dict.fromkeys(word.strip().lower() for word in text.split(",")))
    if "" in words:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of precisions: write fp32,int8")
    return words


WORDS: dict[str, tuple[str, Fill]] = {
    "list": ("show the models that are here", _list),
    "pull": ("fetch a model, convert it, and use it", _pull),
    "use": ("choose a model, by writing it into config.toml", _use),
    "verify": ("compare every file of a model with what was written", _verify),
    "convert": ("convert a checkpoint that you have", _convert),
    "path": ("print where a model lies", _path),
    "remove": ("delete a model", _remove),
}
