"""How weights change: Muon for the matrices within layers, Adam for all others.

This file owns both rules and their state. Matrices of one shape are turned together, in one stack.

Source: K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks" (2024), for the coefficients of
the iteration; D. Kingma and J. Ba, "Adam" (2015).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MUON_RATE, ADAM_RATE = 0.008, 0.002
"""Learning rates at their highest."""
_MOMENTUM = 0.95
_BETAS = (0.9, 0.97)
_DECAY = 0.05
"""Of the matrices, for each unit of learning rate."""
_LARGEST_NORM = 2.0
_ITERATIONS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_EPS = 1e-7
_BEFORE_CAPTURE = 4
"""Steps that run kernel by kernel, so that all libraries have chosen what they use."""


class Optimiser:
    """One step at a time for the parameters of some modules.

    Args:
        parameters: by name; those that a state_dict would name.
    """

    def __init__(self, parameters: dict[str, nn.Parameter]) -> None:
        shapes: dict[tuple[int, ...], list[str]] = {}
        others: list[str] = []
        for name, parameter in parameters.items():
            if parameter.dim() == 2 and not any(part in name for part in ("embed_tokens", "head")):
                shapes.setdefault(tuple(parameter.shape), []).append(name)
            else:
                others.append(name)
        self._stacks = {"x".join(map(str, shape)): names for shape, names in shapes.items()}
        self._parameters = parameters
        # bfloat16 keeps a checkpoint small enough to carry away, and is all that is ever kept: so a resumed run is the
        # same run.
        self._momenta = {
            shape: torch.zeros(
                (len(names), *parameters[names[0]].shape), dtype=torch.bfloat16, device=_device(parameters)
            )
            for shape, names in self._stacks.items()
        }
        self._others = others
        self._first = [torch.zeros_like(parameters[name]) for name in others]
        self._second = [torch.zeros_like(parameters[name]) for name in others]
        self._steps = self._calls = 0
        self._scalars = torch.zeros(3, device=_device(parameters))
        """The rate's share, and Adam's two corrections for its beginning."""
        self._norm = torch.zeros((), device=_device(parameters))
        self._graph: torch.cuda.CUDAGraph | None = None

    @torch.no_grad()
    def step(self, rate: float) -> Tensor:
        """Apply the gradients and set them to zero; returns their norm. Args: rate: 0 to 1, of the highest rates."""
        self._steps += 1
        first, second = (1.0 - beta**self._steps for beta in _BETAS)
        self._scalars.copy_(torch.tensor([rate, first, second]), non_blocking=True)
        self._calls += 1
        if not self._scalars.is_cuda or self._calls < _BEFORE_CAPTURE:
            self._apply()
        elif self._graph is None:
            # Some 500 small kernels: as one graph they cost the processor nothing.
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._apply()
            self._graph.replay()
        else:
            self._graph.replay()
        return self._norm.clone()

    def _apply(self) -> None:
        gradients = [_gradient(parameter) for parameter in self._parameters.values()]
        self._norm.copy_(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
        # A batch whose gradient is no number changes nothing; without asking the device, which would wait for it.
        factor = torch.where(torch.isfinite(self._norm), (_LARGEST_NORM / (self._norm + 1e-6)).clamp(max=1.0), 0.0)
        for shape, names in self._stacks.items():
            self._muon(shape, [self._parameters[name] for name in names], factor)
        self._adam(factor)
        torch._foreach_zero_(gradients)

    def _muon(self, shape: str, parameters: list[nn.Parameter], factor: Tensor) -> None:
        rate = self._scalars[0] * MUON_RATE
        gradient = torch.nan_to_num(torch.stack([_gradient(one) for one in parameters]) * factor, 0.0, 0.0, 0.0)
        momentum = self._momenta[shape]
        momentum.mul_(_MOMENTUM).add_(gradient.to(momentum.dtype))
        turned = orthogonal(gradient.add(momentum.float(), alpha=_MOMENTUM))
        rows, columns = turned.shape[1:]
        changes = list((turned.float() * (rate * -(max(1.0, rows / columns) ** 0.5))).unbind())
        torch._foreach_mul_(parameters, 1.0 - rate * _DECAY)
        torch._foreach_add_(parameters, changes)

    def _adam(self, factor: Tensor) -> None:
        parameters = [self._parameters[name] for name in self._others]
        gradients = [torch.nan_to_num(_gradient(one) * factor, 0.0, 0.0, 0.0) for one in parameters]
        first, second = _BETAS
        torch._foreach_lerp_(self._first, gradients, 1.0 - first)
        torch._foreach_mul_(self._second, second)
        torch._foreach_addcmul_(self._second, gradients, gradients, 1.0 - second)
        scale = torch._foreach_mul(self._second, 1.0 / self._scalars[2])
        torch._foreach_sqrt_(scale)
        torch._foreach_add_(scale, 1e-8)
        changes = torch._foreach_div(self._first, scale)
        torch._foreach_mul_(changes, self._scalars[0] * -ADAM_RATE / self._scalars[1])
        torch._foreach_add_(parameters, changes)

    def state(self) -> dict[str, Tensor]:
        """All that a resumed run needs, by name."""
        found = {f"muon.{shape}": momentum for shape, momentum in self._momenta.items()}
        for name, first, second in zip(self._others, self._first, self._second, strict=True):
            found |= {f"adam.first.{name}": first, f"adam.second.{name}": second}
        return found | {"adam.steps": torch.tensor([self._steps])}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from `state()`.

        Raises:
            KeyError: of another network.
        """
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
        self._steps = int(state["adam.steps"])


def orthogonal(stack: Tensor) -> Tensor:
    """The nearest matrices with singular values near one, bfloat16, for [n, rows, columns]: Newton-Schulz."""
    a, b, c = _COEFFICIENTS
    x = stack.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (torch.linalg.matrix_norm(x.float(), keepdim=True) + _EPS).to(x.dtype)
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _device(parameters: dict[str, nn.Parameter]) -> torch.device:
    return next(iter(parameters.values())).device
