"""A whole graph's training step on a card, recorded once and replayed: forward and backward are a launch each.

On a graph that is taken whole every step runs the same kernels on the same shapes, thousands of small ones, and the
processor needs longer to ask for them than the card to run them. A recording (CUDA graph) is asked for at once. Random
numbers still come from the card's generator, at its seed and place when a step begins.
"""

from __future__ import annotations

import warnings
from typing import Any, cast

import torch
from torch import Tensor, nn

from weft.hetero.network import GraphBatch, HeteroNet


class _OnOneGraph(nn.Module):
    """A network of one graph, as a module of tensors only: what can be recorded."""

    def __init__(self, net: HeteroNet, batch: GraphBatch) -> None:
        super().__init__()
        self.net, self.batch = net, batch

    def forward(self, anchor: Tensor) -> tuple[Tensor, ...]:
        """Return each family's logits; `anchor` is one number, of which nothing depends."""
        scores = self.net(self.batch)
        return (scores[0] + anchor * 0, *scores[1:])


class Recorded:
    """A network of one graph that is replayed.

    Args:
        net: in training mode, on a card.
        batch: the whole graph, there.

    Raises:
        RuntimeError: where something in it cannot be recorded.
    """

    def __init__(self, net: HeteroNet, batch: GraphBatch) -> None:
        self.batch, self._anchor = batch, torch.zeros((), device=batch.device)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of streams that meet, which torch's own recording makes
            recorded = torch.cuda.make_graphed_callables(
                _OnOneGraph(net, batch), (self._anchor,), allow_unused_input=True
            )
        self._run = cast(Any, recorded)

    def __call__(self) -> list[Tensor]:
        """Return each family's logits, of which one backward may be taken before the next call."""
        return list(self._run(self._anchor))


def recorded(net: HeteroNet, batch: GraphBatch) -> Recorded | None:
    """Record a network on a graph; None where that cannot be done, and each step is launched kernel by kernel."""
    try:
        return Recorded(net, batch)
    except RuntimeError:
        torch.cuda.synchronize()
        return None
