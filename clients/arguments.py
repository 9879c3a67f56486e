"""The command line of `steno`: every command, its options, and the help that lists them.

This file owns what may be typed. It does not know what a command does, only which module of `clients` has its `run`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from clients import desktop_arguments, model_arguments

Fill = Callable[[argparse.ArgumentParser], None]

GROUPS: dict[str, dict[str, str]] = {
    "The daemon": {
        "daemon": "run the daemon in the foreground",
        "start": "begin to listen",
        "stop": "stop to listen, or end the daemon (--daemon)",
        "toggle": "start or stop to listen",
        "cancel": "throw away what is being said",
        "status": "show what the daemon does",
    },
    "Text": {
        "log": "print finals as they come",
        "feed": "send a recording into the running daemon",
        "transcribe": "write the text of recordings, with word times and subtitles",
    },
    "The desktop": desktop_arguments.SUMMARIES,
    "This machine": {
        "model": "fetch, convert, check and choose models",
        "devices": "list the microphones",
        "doctor": "say what works here, and what to do about what does not",
        "config": "show every setting and where it comes from",
        "demo": "watch a shipped recording become text",
    },
}

MODULES = {
    "daemon": "launch",
    "start": "control",
    "stop": "control",
    "toggle": "control",
    "cancel": "control",
    "status": "control",
    "config": "configuration",
    **desktop_arguments.MODULES,
}
"""Command -> module of `clients`, where the name is another."""


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: it costs more than `steno status` as a whole should."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("steno")
        except PackageNotFoundError:
            number = "(not installed)"
        print(f"steno {number}")
        parser.exit()


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, with `command`, `module`, `runtime_dir`, `config` and `debug` always set.

    Exits with code 2 and a line on stderr when they make no sense.
    """
    arguments = _parser().parse_args(_join_dash(argv))
    for name in ("runtime_dir", "config"):
        if not hasattr(arguments, name):
            setattr(arguments, name, None)
    arguments.debug = getattr(arguments, "debug", False)
    arguments.module = MODULES.get(arguments.command, arguments.command)
    return arguments


def _join_dash(argv: Sequence[str]) -> list[str]:
    """`--json -` as one word: as an optional value of --json it would swallow the file name of `--json FILE`."""
    words: list[str] = []
    for word in argv:
        if word == "-" and words[-1:] == ["--json"] and "transcribe" in words:
            words[-1] = "--json-stdout"
        else:
            words.append(word)
    return words


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    shared = common.add_argument_group("everywhere")
    # SUPPRESS: an option before the command must survive the command's own parser.
    shared.add_argument(
        "--runtime-dir",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where the daemon has its sockets (or STENO_RUNTIME_DIR)",
    )
    shared.add_argument(
        "--config", metavar="FILE", default=argparse.SUPPRESS, help="the config.toml to read (or STENO_CONFIG)"
    )
    shared.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
    parser = argparse.ArgumentParser(
        prog="steno",
        usage="steno COMMAND [options]",
        description=_overview(),
        epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 the daemon is not running.\n"
        "`steno COMMAND --help` explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", help=argparse.SUPPRESS)
    for group in GROUPS.values():
        for name, summary in group.items():
            command = commands.add_parser(
                name,
                prog=f"steno {name}",
                parents=[common],
                description=summary[:1].upper() + summary[1:] + ".",
                allow_abbrev=False,
            )
            FILL.get(name, _nothing)(command)
    return parser


def _overview() -> str:
    lines = ["Local dictation: a daemon turns speech into text while you speak."]
    for title, group in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {name:<12}{summary}" for name, summary in group.items())]
    return "\n".join(lines)


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Of a command without options of its own."""


def _which_model(parser: argparse.ArgumentParser, also: str = "") -> None:
    group = parser.add_argument_group("model", f"before environment and config.toml (section [model]){also}")
    group.add_argument(
        "--model", metavar="NAME|DIR", dest="with_asr", help="a model's name (steno model list), or folder"
    )
    group.add_argument("--encoder", metavar="PRECISION", dest="with_encoder", help="fp32, fp16, int8, int4 or auto")
    group.add_argument(
        "--decoder", metavar="PRECISION", dest="with_decoder", help="f16, q8_0, q6_k, q5_k, q4_k, q4_0 or auto"
    )
    group.add_argument("--provider", dest="with_provider", help="cpu, cuda, tensorrt, directml, coreml or auto")
    group.add_argument("--gpu-layers", metavar="N", dest="with_gpu_layers", help="decoder layers on the GPU; -1: all")


def _daemon(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="none, default (the default microphone), a microphone's name or a part of it, or file:PATH",
    )
    parser.add_argument("--mode", choices=["always", "on-demand"], help="when to listen")
    parser.add_argument(
        "--set",
        metavar="SECTION.KEY=VALUE",
        action="append",
        default=[],
        help="set any key of config.toml; may be repeated",
    )
    _which_model(parser)


def _stop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--daemon", action="store_true", help="end the daemon itself")


def _status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the daemon's answer as JSON")
    parser.add_argument("--watch", action="store_true", help="go on showing it, with a level meter, until Ctrl-C")
    parser.add_argument(
        "--format", choices=("text", "waybar"), default="text", help="waybar: a JSON line for it at each change"
    )


def _log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--partials", action="store_true", help="also show text while it is being spoken")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one public event a line, exactly as published: finals, or with "
        "--partials partials too, or with --all every event",
    )
    parser.add_argument("--all", action="store_true", help="with --json: print every event")


def _speech(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", help="force this language, by its English name")
    parser.add_argument("--context", metavar="TEXT", help="names and terms that help the model to spell")


def _feed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="any recording, or - for stdin: WAV, or raw s16le 16 kHz mono")
    parser.add_argument(
        "--speed", type=_not_negative, default=1.0, metavar="N", help="1 is real speed; 0: as fast as it is taken"
    )
    parser.add_argument("--print", action="store_true", help="print the finals of this recording")
    parser.add_argument(
        "--commit",
        action=argparse.BooleanOptionalAction,
        help="freeze words while they are spoken, or leave all to the final; else as the daemon is set",
    )
    _speech(parser)


def _transcribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="recordings in any format that can be read")
    output = parser.add_argument_group("output (text on stdout if none is given)")
    for kind, what in (("txt", "text"), ("srt", "SubRip subtitles"), ("vtt", "WebVTT subtitles")):
        output.add_argument(f"--{kind}", action="store_true", help=f"write {what} beside the recording")
    output.add_argument(
        "--json", action="store_true", help="write everything as JSON; `--json -`: one object a file on stdout"
    )
    output.add_argument("--json-stdout", action="store_true", help=argparse.SUPPRESS)
    output.add_argument("--output-dir", metavar="DIR", help="write there instead of beside the recording")
    _speech(parser)
    parser.add_argument("--start", type=_not_negative, default=0.0, metavar="S", help="begin here, in seconds")
    parser.add_argument("--duration", type=_positive, metavar="S", help="read so many seconds")
    parser.add_argument("--no-align", action="store_true", help="no word times")
    parser.add_argument("--no-daemon", action="store_true", help="load the models here even if a daemon has them")
    _which_model(parser, "; with one of these the model is loaded here even if a daemon runs")


def _devices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="do not load the models")
    parser.add_argument("--bench", action="store_true", help="measure every model here and recommend a configuration")
    parser.add_argument("--seconds", type=_positive, default=30.0, metavar="S", help="of --bench, at most; 30")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object at the end")


def _config(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--path", action="store_true", help="print where config.toml is read from")
    choice.add_argument(
        "--init", action="store_true", help="write a config.toml that explains every key; never overwrites"
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The demo starts a daemon of its own in a runtime directory of its own: --runtime-dir is refused and "
        "STENO_RUNTIME_DIR has no effect. It has the default settings, unless --config or STENO_CONFIG names others; "
        "but it commits words while they are spoken, to show how. Without --mic or --file it plays a shipped recording "
        "of each language that there is."
    )
    sound = parser.add_mutually_exclusive_group()
    sound.add_argument("--mic", action="store_true", help="listen to the microphone, until Ctrl-C or 30 s of silence")
    sound.add_argument("--file", metavar="FILE", help="play this recording; FILE.txt and FILE.json beside it, if there")


FILL: dict[str, Fill] = {
    "daemon": _daemon,
    "stop": _stop,
    "status": _status,
    "log": _log,
    "feed": _feed,
    "transcribe": _transcribe,
    "devices": _devices,
    "doctor": _doctor,
    "config": _config,
    "demo": _demo,
    "model": model_arguments.fill,
    **desktop_arguments.FILL,
}


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return number
