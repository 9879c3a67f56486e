from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from model.miniature.recipe.sound import coding, curves, rooms  # noqa: E402
from model.miniature.recipe.sound.dice import Dice  # noqa: E402
from model.miniature.recipe.sound.mask import masked  # noqa: E402
from model.miniature.recipe.sound.spoil import HARSH_DB, MILD_DB, _noise_gain, active_level, spoil, transmitted, windows  # noqa: E402

ROWS, SAMPLES = 64, 16_000


def batch() -> tuple[Any, ...]:
    torch.manual_seed(0)
    time = torch.arange(SAMPLES) / 16_000
    speech = 0.3 * torch.sin(2 * torch.pi * 200 * time) * torch.ones(ROWS, 1)
    lengths = torch.full((ROWS,), 12_000)
    background = (torch.randn(80_000) * 3_000).to(torch.int16)
    return speech, lengths, torch.arange(ROWS) < ROWS - 16, background


class Watch(TorchDispatchMode):
    """Notes every operation below Python."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.add(operation.name())
        return operation(*args, **(kwargs or {}))


def test_the_strength_0_leaves_speech_as_it_is() -> None:
    speech, lengths, is_speech, background = batch()
    heard = spoil(speech, lengths, is_speech, background, torch.tensor(0.0))
    assert (heard - speech)[:48, :12_000].abs().max() < 3 / 32_768


def test_most_rows_are_spoiled_at_full_strength_and_some_stay() -> None:
    speech, lengths, is_speech, background = batch()
    heard = spoil(speech, lengths, is_speech, background, torch.tensor(1.0))[:48, :12_000]
    wanted = speech[:48, :12_000]
    # The level apart, what remains of a row beside the tone that it was.
    scale = (heard * wanted).sum(1) / (wanted**2).sum(1)
    rest = (heard - scale[:, None] * wanted).square().sum(1) / heard.square().sum(1)
    assert 4 < (rest < 1e-4).sum() < 30
    assert (rest > 1e-3).sum() > 15


def test_what_is_not_speech_has_no_speech_in_it_and_is_silent_or_loud() -> None:
    speech, lengths, is_speech, background = batch()
    heard = spoil(speech, lengths, is_speech, torch.zeros_like(background), torch.tensor(1.0))[48:]
    spectrum = torch.fft.rfft(heard[:, :12_000]).abs()
    assert not (spectrum[:, 150] > 100 * spectrum[:, 140:161].median(1).values + 1.0).any()
    assert active_level(heard).min() < 1e-4
    assert active_level(heard).max() > 1e-2


def test_nothing_is_heard_past_the_end() -> None:
    speech, lengths, is_speech, background = batch()
    heard = spoil(speech, lengths, is_speech, background, torch.tensor(1.0))
    assert not heard[:, 12_000:].any()
    assert heard.abs().max() <= 1.0


def test_silence_and_noise_without_limit_give_finite_sound() -> None:
    _, lengths, is_speech, background = batch()
    for sound in (torch.zeros(ROWS, SAMPLES), torch.ones(ROWS, SAMPLES), 1e-30 * torch.ones(ROWS, SAMPLES)):
        for noise in (torch.zeros_like(background), torch.full_like(background, -32_768)):
            assert spoil(sound, lengths, is_speech, noise, torch.tensor(1.0)).isfinite().all()


def test_nothing_waits_for_the_device() -> None:
    # These bring values to Python or make a shape depend on them: a CUDA graph could not hold them.
    speech, lengths, is_speech, background = batch()
    with Watch() as watch:
        heard = spoil(speech, lengths, is_speech, background, torch.tensor(1.0))
        masked(heard.view(ROWS, 100, 160), lengths // 160)
    names = {name.split("::")[1].split(".")[0] for name in watch.seen}
    assert "_fft_r2c" in names
    assert not names & {"_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "unique2", "_to_cpu"}


def test_the_convolution_is_that_of_numpy() -> None:
    rng = np.random.default_rng(0)
    sound, room = rng.standard_normal((2, 5_000)).astype("f4"), rng.standard_normal((2, 700)).astype("f4")
    padded = torch.nn.functional.pad(torch.from_numpy(room), (0, rooms.ROOM - 700))
    speech, flat = torch.from_numpy(sound), torch.ones(2, curves.POINTS)
    got = transmitted(speech, padded, torch.zeros_like(speech), flat).numpy()
    for row in range(2):
        assert np.allclose(got[row], np.convolve(sound[row], room[row])[:5_000], atol=1e-3)


def test_a_room_begins_with_the_direct_sound_and_dies_away() -> None:
    torch.manual_seed(0)
    dice = Dice(200, torch.tensor(1.0))
    inside = torch.arange(200)[:, None] < 150
    room = rooms.impulse_responses(dice, inside)
    assert torch.allclose(room.square().sum(1), torch.ones(200), atol=1e-4)
    assert torch.equal(room[150:, 0], torch.ones(50))
    assert not room[150:, 1:].any()
    assert not room[:, 1 : rooms.EARLIEST].any()
    direct = 10 * torch.log10(room[:150, 0] ** 2 / room[:150, 1:].square().sum(1))
    assert -4.1 < direct.min() < -2
    assert 16 < direct.max() < 18.1
    assert (room[:150, -800:].square().sum(1) < 0.02).all()


def test_mu_law_is_the_formula_in_8_bits() -> None:
    sound = np.linspace(-1, 1, 1_001, dtype=np.float32)
    code = np.round(127 * np.log1p(255 * np.abs(sound)) / np.log(256))
    wanted = np.sign(sound) * np.expm1(code / 127 * np.log(256)) / 255
    assert np.allclose(coding.mu_law(torch.from_numpy(sound)).numpy(), wanted, atol=1e-6)


def test_lost_packets_last_10_to_40_ms() -> None:
    torch.manual_seed(0)
    gains = coding.losses(Dice(400, torch.tensor(1.0)), 500, torch.ones(400, 1, dtype=torch.bool))
    lossy = (gains == 0).any(1)
    assert 0.05 < lossy.float().mean() < 0.25
    assert (gains[lossy] == 0).float().mean() < 0.2


def test_the_telephone_s_band_is_among_the_channels() -> None:
    torch.manual_seed(0)
    yes, no = torch.ones(500, 1, dtype=torch.bool), torch.zeros(500, 1, dtype=torch.bool)
    curve = 20 * torch.log10(curves.channel(Dice(500, torch.tensor(1.0)), no, yes))
    hertz = curves.grid(torch.device("cpu"))
    assert (curve[:, (hertz > 800) & (hertz < 2_000)] > -3).all()
    narrow = (curve[:, hertz > 4_500].amax(1) < -20).float().mean()
    assert 0.3 < narrow < 0.9
    assert torch.equal(curves.channel(Dice(500, torch.tensor(1.0)), no, no), torch.ones_like(curve))


def test_the_colour_of_noise_has_mean_square_1() -> None:
    colour = curves.noise_colour(Dice(50, torch.tensor(1.0)))
    assert torch.allclose(colour.square().mean(1), torch.ones(50), atol=1e-3)


def test_windows_are_stretches_of_the_buffer() -> None:
    buffer = torch.arange(100, dtype=torch.int16)
    assert windows(buffer, torch.tensor([0, 7, 90]), 10).tolist() == [list(range(at, at + 10)) for at in (0, 7, 90)]


def test_the_active_level_leaves_pauses_out() -> None:
    sound = torch.zeros(1, 16_000)
    sound[:, 4_000:8_000] = 0.5
    assert active_level(sound).item() == pytest.approx(0.5, abs=1e-4)


def test_about_two_thirds_have_noise_at_all_ratios_between_the_bounds() -> None:
    torch.manual_seed(0)
    dice, yes = Dice(4_000, torch.tensor(1.0)), torch.ones(4_000, 1, dtype=torch.bool)
    level = torch.full((4_000, 1), 0.1)
    dirty = dice.coin(0.8)
    gain = _noise_gain(dice, level, 2 * level, dirty, yes)
    noisy = gain[gain > 0]
    assert 0.6 < len(noisy) / 4_000 < 0.68
    ratio = -20 * torch.log10(2 * noisy)
    assert HARSH_DB - 0.001 <= ratio.min() < HARSH_DB + 1.0
    assert MILD_DB - 1.0 < ratio.max() <= MILD_DB + 0.001


def test_masks_hide_bands_and_moments_of_some_utterances() -> None:
    torch.manual_seed(0)
    frames = torch.randint(50, 301, (200,))
    valid = torch.arange(300)[None, :] < frames[:, None]
    mel = torch.randn(200, 128, 300) * valid[:, None, :]
    hidden = masked(mel, frames) != mel
    touched = hidden.any(2).any(1)
    assert 0.45 < touched.float().mean() < 0.7
    assert not (hidden & ~valid[:, None, :]).any()
    assert (hidden.sum((1, 2)) / (frames * 128) < 0.6).all()
    assert (hidden & valid[:, None, :])[touched].float().mean() > 0.05
