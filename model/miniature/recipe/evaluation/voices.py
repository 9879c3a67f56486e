"""The parts of the model card that say who spoke: synthesisers, their packages and licences, and their voices.

This file owns their tables. Which voices there are, and which no training hears, is `speech/cast.py`'s to know.
"""

from __future__ import annotations

from collections.abc import Iterator

from model.miniature.recipe.evaluation.markdown import grid
from model.miniature.recipe.evaluation.records import Records
from model.miniature.recipe.speech import variants
from model.miniature.recipe.speech.cast import ENGINES, Engine


def voices_part(records: Records) -> Iterator[str]:
    """Packages and voices of the synthesisers in the bundle."""
    if not records.packages:
        return
    yield "## Voices"
    yield ""
    yield "Synthesisers are used to speak; nothing of them is in the weights' files."
    yield ""
    rows = sorted((one["engine"], name, one["version"], one["licence"]) for name, one in records.packages.items())
    yield from grid(("synthesiser", "package", "version", "licence"), rows)
    yield "A held-out speaker is held out in every mood, and in every synthesiser that knows it."
    yield ""
    engines = {row[0] for row in rows}
    table = [row for name, engine in ENGINES.items() if name in engines for row in _rows(name, engine)]
    yield from grid(("synthesiser", "language", "trained on", "held out"), table)


def _rows(name: str, engine: Engine) -> Iterator[tuple[str, str, str, str]]:
    for language in sorted({*engine.known, *engine.held}, reverse=True):
        known = [_speaker(one, engine) for one in engine.known.get(language, ())]
        held = list(engine.held.get(language, ()))
        if name == "espeak":
            random = variants.COUNT - variants.HELD_RANDOM
            known.append(f"each in {len(variants.SHIPPED)} variants of its own and {random} random ones")
            held.append(f"variants {', '.join(variants.HELD)} and {variants.HELD_RANDOM} random ones")
        yield name, language, ", ".join(known), ", ".join(held)


def _speaker(speaker: str, engine: Engine) -> str:
    ways = len(engine.variants.get(speaker, ("",)))
    return f"{speaker} (vocal tracts of {ways} lengths)" if ways > 1 else speaker
