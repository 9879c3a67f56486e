"""What the answer to a known recording says of the machine that gave it: sound, off the mark, or garbage."""

from __future__ import annotations

from collections import Counter

from clients.error_rate import error_rate

LEAST_CHARACTERS = 8
ONE_CHARACTER = 0.6
"""No text consists of one character to such a part; that of an overflowed decoder consists of nothing else."""
FAR = 0.5
"""Word error rate from which a clear recording was not understood."""

OVERFLOW_HINT = (
    "This is what a GPU writes whose 16-bit arithmetic overflows. Under Vulkan: set GGML_VK_DISABLE_F16=1 in the "
    "environment of `steno daemon`.\nOr compute the decoder on the processor: model.gpu_layers = 0"
)
FAR_HINT = "Check the model with `steno model verify`; try another precision, or model.gpu_layers = 0."


def is_garbage(text: str) -> bool:
    """Whether a text is one character again and again, as `!!!!!!!!`."""
    characters = [character for character in text if not character.isspace()]
    if len(characters) < LEAST_CHARACTERS:
        return False
    return Counter(characters).most_common(1)[0][1] >= ONE_CHARACTER * len(characters)


def judge(said: str, heard: str) -> tuple[str, str]:
    """What is wrong with an answer, and what to do about it; two empty texts if nothing is.

    Args:
        said: the recording's true text.
        heard: the answer.
    """
    if not heard.strip():
        return "hears nothing", FAR_HINT
    if is_garbage(heard):
        return "writes one character again and again", OVERFLOW_HINT
    rate = error_rate(said, heard)
    if rate is not None and rate > FAR:
        return f"is wrong in {rate:.0%} of the words", FAR_HINT
    return "", ""
