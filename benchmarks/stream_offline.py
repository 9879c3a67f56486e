"""What an offline decode writes for the very samples of each utterance of a run.

It owns the second way to a text, against which the streamed one is held: in this process, from scratch, one step. It
does not know how the first one came about.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.stream_take import Sound, Take, of_kind
from pipeline import config, events
from pipeline.messages import SAMPLE_RATE
from pipeline.transcriber import Cut, Transcriber


def decoded(takes: Sequence[Take], sounds: Mapping[str, Sound], settings: Mapping[str, str]) -> list[Take]:
    """The same takes, with `offline`.

    Args:
        sounds: by name, those that the takes are of.
        settings: those of the daemon; nothing is committed here.

    Raises:
        ModelError: a model is missing or broken.
    """
    known: dict[tuple[str, float, float], str] = {}
    with Transcriber(config.load(None, os.environ, settings), align=False) as transcriber:

        def text(take: Take, final: events.Final) -> str:
            key = (take.sound, final.start, final.end)
            if key not in known:
                start, end = (round(moment * SAMPLE_RATE) for moment in (final.start, final.end))
                piece = Cut(start, sounds[take.name].pcm[start:end], ((start, end),))
                known[key] = transcriber.utterance(piece, 0.0, None, None).text
            return known[key]

        return [
            msgspec.structs.replace(
                take, offline={final.utterance: text(take, final) for _, final in of_kind(take, events.Final)}
            )
            for take in takes
        ]
