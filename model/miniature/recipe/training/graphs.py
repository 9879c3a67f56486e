"""The network as CUDA graphs: thousands of small kernels, forward and back, started with one call each.

This file owns the graphs, one for each shape of batch and window. All share their memory, for only one is under way at
a time; so a run may have many. Without them the processor, which starts kernels one by one, is slower than the device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from model.miniature.recipe.training.network import Network

Result = tuple[Tensor, tuple[Tensor, ...]]
Forward = Callable[[Tensor, Tensor, Tensor, Tensor], Result]


class Graphs:
    """Calls a network, by graphs where its device has them.

    Args:
        network: on its device; its parameters stay where they are.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._graphs: dict[tuple[torch.Size, torch.Size, int], Forward] = {}
        self._pool = None

    def __call__(self, mel: Tensor, frames: Tensor, ids: Tensor, begin: Tensor, window: int) -> Result:
        """As `Network.forward`; what it gives is overwritten by the next call of the same shape."""
        if not mel.is_cuda:
            return cast(Result, self._network(mel, frames, ids, begin, window))
        key = (mel.shape, ids.shape, window)
        if key not in self._graphs:
            self._graphs[key] = self._captured((mel, frames, ids, begin), window)
        return self._graphs[key](mel, frames, ids, begin)

    def _captured(self, sample: tuple[Tensor, ...], window: int) -> Forward:
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        copies = tuple(one.clone() for one in sample)
        network = _Windowed(self._network, window)
        # The aligner's head is used outside of what is captured, so that its matrix has no part in the graph.
        graph = torch.cuda.make_graphed_callables(network, copies, pool=self._pool, allow_unused_input=True)
        return cast(Forward, graph)


class _Windowed(nn.Module):
    """The network with one size of window."""

    def __init__(self, network: Network, window: int) -> None:
        super().__init__()
        self._network = network
        self._window = window

    def forward(self, mel: Tensor, frames: Tensor, ids: Tensor, begin: Tensor) -> Result:
        return cast(Result, self._network(mel, frames, ids, begin, self._window))
