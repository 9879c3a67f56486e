"""What an aligner is taught within: when each token of sound is heard, and where its last layers look."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from model.miniature.recipe.training import beginning  # noqa: E402
from model.miniature.recipe.training.looking import class_of, looking_loss, time_loss  # noqa: E402
from model.miniature.recipe.training.network import Network, sound_places  # noqa: E402

CONTROLS = {"<|audio_pad|>": 90, "<|audio_start|>": 91, "<|audio_end|>": 92, "<timestamp>": 93}
LENGTH = 40
FRAMES, BEGIN = torch.tensor([150, 40]), torch.tensor([1, 3])


def aligner() -> Network:
    config = beginning.configuration("aligner", 96, CONTROLS, 5, (1, 3))
    return beginning.fresh(config, 1)


def states() -> list[Any]:
    torch.manual_seed(2)
    return [torch.randn(2, LENGTH, beginning.TEXT_WIDTH) for _ in range(2)]


def places() -> tuple[Any, Any]:
    return sound_places(torch.zeros((2, LENGTH), dtype=torch.int64), FRAMES, BEGIN)


def test_a_token_of_sound_has_the_class_of_its_time() -> None:
    # Thirteen tokens a second, twelve and a half classes.
    assert class_of(torch.arange(14)).tolist() == [*range(13), 12]
    assert class_of(torch.tensor([26, 30, 260, 10_000])).tolist() == [25, 29, 250, 511]


def test_sound_is_where_it_begins_and_as_long_as_it_lasts() -> None:
    place, inside = places()
    assert inside.sum(1).tolist() == [13 + 7, 5]
    assert place[inside].tolist() == [*range(20), *range(5)]


def test_only_sound_is_asked_for_its_time() -> None:
    head = torch.nn.Linear(beginning.TEXT_WIDTH, beginning.CLASSES)
    place, inside = places()
    (within, _) = states()
    other = torch.where(inside[:, :, None], within, 0.0)
    with torch.no_grad():
        assert torch.equal(time_loss(head, within, place, inside), time_loss(head, other, place, inside))


def test_scores_are_those_of_the_layer_s_own_attention() -> None:
    model = aligner().thinker.model
    (x, _) = states()
    layer = model.layers[-2]
    seen = []
    for head in range(2):
        scores = model.scores(-2, x, head).masked_fill(torch.ones(LENGTH, LENGTH).triu(1).bool(), -torch.inf)
        seen.append(scores.softmax(-1) @ layer.self_attn.v_proj(layer.input_layernorm(x)))
    expected = layer.self_attn(layer.input_layernorm(x), model._turn(x))
    assert torch.allclose(layer.self_attn.o_proj(torch.cat(seen, -1)), expected, atol=1e-5)


def test_who_looks_elsewhere_than_at_the_word_loses() -> None:
    network, within, (place, inside) = aligner(), states(), places()
    slots, labels = torch.tensor([25, 30, LENGTH + 20]), torch.tensor([4, 17, 2])
    expected = []
    for layer, near in ((-2, 0.42), (-1, 0.1)):
        scores = network.thinker.model.scores(layer, within[layer], 1)
        for slot, label in zip(slots.tolist(), labels.tolist(), strict=True):
            row, column = divmod(slot, LENGTH)
            looks = scores[row, column, : column + 1].softmax(0)
            there = [
                looks[at]
                for at in range(column + 1)
                if inside[row, at] and abs(place[row, at] // 13 + place[row, at] % 13 * 0.08 - label * 0.08) <= near
            ]
            expected.append(-torch.stack(there).sum().log())
    found = looking_loss(network, within, place, inside, slots, labels)
    assert torch.allclose(found, torch.stack(expected).mean(), rtol=1e-4)


def test_a_time_behind_the_sound_s_end_costs_no_more_than_others_and_teaches_nothing() -> None:
    network, within, (place, inside) = aligner(), states(), places()
    lost = looking_loss(network, within, place, inside, torch.tensor([25]), torch.tensor([400]))
    lost.backward()
    assert lost.item() == 20.0
    assert all(one.grad is None or not one.grad.any() for one in network.parameters())
