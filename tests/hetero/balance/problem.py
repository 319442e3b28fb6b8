"""A small problem of several losses: a shared vector and one head per task."""

from __future__ import annotations

import torch
from torch import nn


class Problem:
    """Losses `mean((x_t W h_t - y_t)^2) / 2` with a shared matrix `W` and a head `h_t` of each task's own."""

    def __init__(self, names=("a", "b", "c"), seed=0):
        draw = torch.Generator().manual_seed(seed)
        self.shared = [nn.Parameter(torch.randn(4, 3, generator=draw))]
        self.heads, self.data = {}, {}
        for at, name in enumerate("abc"):  # the same data whichever tasks there are
            self.heads[name] = nn.Parameter(torch.randn(3, generator=draw))
            scale = 10.0**at
            self.data[name] = (torch.randn(8, 4, generator=draw), scale * torch.randn(8, generator=draw))
        self.names = names

    @property
    def private(self):
        return [self.heads[name] for name in self.names]

    def losses(self, names=None):
        found = {}
        for name in names or self.names:
            x, y = self.data[name]
            found[name] = 0.5 * (x @ self.shared[0] @ self.heads[name] - y).square().mean()
        return found

    def zero(self):
        for p in (*self.shared, *self.private):
            p.grad = None
