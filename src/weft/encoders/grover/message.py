"""dyMPN: message passing with a number of hops that training draws anew each time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weft.encoders.blocks import PReLU
from weft.encoders.grover.config import GroverConfig
from weft.encoders.grover.links import Links


class DynamicMessages(nn.Module):
    """A message passing network of one weight for all its hops (Rong et al., arXiv 2007.02835, equations 5 and 6).

    With `x` the states given and `m_0 = x`, a hop is `m <- dropout(act(x + W_h a))`, where `a` is, over atoms, the
    sum of `m` over an atom's neighbours, and over bonds, the sum of `m` over the bonds that reach the atom a bond
    leaves, its reverse left out.

    Args:
        config: the shape.
        over: `atoms` or `bonds`.

    Shape:
        `[N, D]` to `[N, D]`, or `[E, D]` to `[E, D]`.
    """

    def __init__(self, config: GroverConfig, over: str) -> None:
        super().__init__()
        self.config, self.over = config, over
        self.w_h = nn.Linear(config.hidden, config.hidden, bias=config.bias)
        self.act, self.dropout = PReLU(), nn.Dropout(config.dropout)

    def forward(self, x: Tensor, links: Links) -> Tensor:
        """Return the states after the last hop."""
        message = x
        for _ in range(self.hops()):
            message = self.dropout(self.act(x + self.w_h(self._heard(message, links))))
        return message

    def _heard(self, message: Tensor, links: Links) -> Tensor:
        if self.over == "atoms":
            return links.neighbours(message)
        return links.left(links.incoming(message)) - links.reverse(message)

    def hops(self) -> int:
        """Draw the number of hops in training; in evaluation return `depth - 1`."""
        depth, way = self.config.depth, self.config.hops if self.training else "fixed"
        if way == "uniform":
            depth += int(torch.randint(-3, 3, (), device="cpu"))
        elif way == "normal":
            depth = int(depth + _cut_normal())
        return max(depth - 1, 0)


def _cut_normal() -> float:
    """Draw from a standard normal distribution cut at 3."""
    while True:
        drawn = float(torch.randn((), device="cpu"))
        if abs(drawn) <= 3:
            return drawn
