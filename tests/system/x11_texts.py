"""Texts in many scripts for the tests that type."""

from __future__ import annotations

import random

PARTS = (
    "The Quick brown fox, 'jumps' over \"5\" lazy dogs! ",
    "Größe naïve Øresund čaj żółw ñandú œuvre ŧest; ",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Їжак ",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΑΒΓ ",
    "你好世界，今天天气很好。我们去公园散步吧！",  # noqa: RUF001
    "日本語のテスト、カタカナとひらがな。",
    "한국어 문장을 입력합니다. ",
    "مرحبا بالعالم، كيف حالك؟ ",
    "😀🎉👩‍👩‍👧‍👦🇩🇪👍🏽 ",
    "e\u0301 a\u0308 n\u0303 o\u0302\u0323 ",
)


def mixed(length: int, seed: int) -> str:
    """So many characters of all these scripts, with rare Chinese characters between, which no keymap can keep."""
    dice = random.Random(seed)
    text = ""
    while len(text) < length:
        text += dice.choice(PARTS) + "".join(chr(dice.randrange(0x4E00, 0x9FA0)) for _ in range(6))
    return text[:length]


def latin(length: int) -> str:
    """So many characters of an English sentence."""
    return ("Steno writes what you say, where you look, in any program. " * (length // 50 + 1))[:length]
