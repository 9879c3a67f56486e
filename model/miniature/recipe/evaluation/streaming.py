"""The same clips heard as they grow: the official recipe for streaming, many clips at once.

This file owns the recipe: every 2 s all the sound so far is heard anew, and the answer is forced to begin with the last
one less its last five tokens; the first two times it is free. It knows nothing of networks.

Source: `streaming_transcribe` of the qwen_asr package, with its defaults for `chunk_size_sec`, `unfixed_chunk_num` and
`unfixed_token_num`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from model.miniature.recipe.evaluation.decode import Clip, Heard, Listener

CHUNK_SAMPLES = 32_000
FREE_CHUNKS = 2
ROLLBACK = 5


def stream(listener: Listener, clips: Sequence[Clip]) -> list[Heard]:
    """What stands at the end of each clip that came in pieces of 2 s."""
    found = [Heard("", "", ())] * len(clips)
    chunks = max((-(-len(clip) // CHUNK_SAMPLES) for clip in clips), default=0)
    for chunk in range(chunks):
        growing = [index for index, clip in enumerate(clips) if len(clip) > chunk * CHUNK_SAMPLES]
        free = chunk < FREE_CHUNKS
        forced = [() if free else kept(found[index].tokens, listener.tokens.piece) for index in growing]
        heard = listener.hear([clips[index][: (chunk + 1) * CHUNK_SAMPLES] for index in growing], forced=forced)
        for index, one in zip(growing, heard, strict=True):
            found[index] = one
    return found


def kept(tokens: Sequence[int], piece: Callable[[int], bytes]) -> tuple[int, ...]:
    """An answer less its last tokens: five, or more where five would part a character."""
    count = max(0, len(tokens) - ROLLBACK)
    while count and not _whole(b"".join(map(piece, tokens[:count]))):
        count -= 1
    return tuple(tokens[:count])


def _whole(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
