from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.miniature.recipe.sound import background
from model.miniature.recipe.sound.__main__ import main
from model.miniature.recipe.sound.background import HELD_KINDS, KINDS, clip, plan, read


@pytest.mark.parametrize("kind", [*KINDS, *HELD_KINDS])
def test_every_kind_of_background_sounds(kind: str) -> None:
    make, _ = (KINDS | HELD_KINDS)[kind]
    for seed in range(3):
        sound = make(np.random.default_rng(seed), 48_000)
        assert sound.shape == (48_000,)
        assert np.isfinite(sound).all()
        assert sound.std() > 1e-5
        assert not np.array_equal(sound, make(np.random.default_rng(seed + 10), 48_000))


def test_a_clip_is_a_function_of_seed_and_number() -> None:
    assert np.array_equal(clip(3, 5), clip(3, 5))
    assert not np.array_equal(clip(3, 5)[:1000], clip(4, 5)[:1000])


def test_a_clip_is_as_long_as_planned_begins_softly_and_never_clips() -> None:
    for number, one in enumerate(plan(1, 150.0)):
        sound = clip(1, number)
        assert len(sound) == one.samples
        assert sound[0] == 0
        assert 1_000 < np.abs(sound.astype(np.int32)).max() < 32_000


def test_some_kinds_are_held_out_of_the_training() -> None:
    clips = plan(0, 20_000.0)
    kinds = {split: {one.kind for one in clips if one.split == split} for split in ("train", "held")}
    assert kinds["train"] == set(KINDS)
    assert set(HELD_KINDS) <= kinds["held"]
    assert kinds["held"] & set(KINDS)


def test_the_command_writes_what_can_be_read_back(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--seconds", "200", "--seed", "2", "--workers", "1"]) == 0
    clips = json.loads((tmp_path / "background.json").read_text())["clips"]
    assert sum(one["samples"] for one in clips) * 2 == (tmp_path / "background.pcm").stat().st_size
    train, held = read(tmp_path, "train"), read(tmp_path, "held")
    assert len(train) + len(held) == sum(one["samples"] for one in clips)
    assert np.array_equal(train[: clips[0]["samples"]], clip(2, 0))


def test_several_workers_make_the_same_sound() -> None:
    pairs = zip(background.sounds(0, 3, workers=1), background.sounds(0, 3, workers=2), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_damaged_index_is_told(tmp_path: Path) -> None:
    background.write(tmp_path, 10.0, 0, 1)
    (tmp_path / "background.pcm").write_bytes(b"\0\0")
    with pytest.raises(ValueError, match="shorter"):
        read(tmp_path, "train")
    (tmp_path / "background.json").write_text("{}")
    with pytest.raises(ValueError, match="no index"):
        read(tmp_path, "train")
