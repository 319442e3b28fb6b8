"""Input scalers: fixed by the training rows, kept as buffers, so that they are saved with the weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: Quantiles are estimated on at most so many rows, evenly spaced.
MAX_ROWS = 20_000
#: Scaled values are cut here.
LIMIT = 5.0


class Standardise(nn.Module):
    """Columns cut at their 0.5 and 99.5 % quantiles, then to mean 0 and standard deviation 1.

    Descriptors have tails of many orders of magnitude: without the cut one peptide sets the scale of all.
    Undefined values become 0, the mean. A column that does not vary in the training rows becomes 0, so new
    data cannot bring in what no weight was trained on.

    Args:
        width: number of columns, `D`.
    """

    low: Tensor
    high: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("low", torch.full((width,), -torch.inf))
        self.register_buffer("high", torch.full((width,), torch.inf))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def fit(self, x: Tensor, rows: Tensor) -> None:
        """Set the buffers from the training `rows` (int64 `[M]`) of `x` `[N, D]`; NaN and infinity are skipped."""
        step = -(-len(rows) // MAX_ROWS) or 1
        for j, column in enumerate(x[rows[::step]].double().unbind(1)):
            self.low[j], self.high[j], self.mean[j], self.scale[j] = _moments(column[column.isfinite()])

    def forward(self, x: Tensor) -> Tensor:
        """Scale `x` `[B, D]`; every output is finite and within `LIMIT`."""
        cut = torch.minimum(torch.maximum(x, self.low), self.high)
        return ((cut - self.mean) * self.scale).nan_to_num(0.0, LIMIT, -LIMIT).clamp(-LIMIT, LIMIT)


def _moments(x: Tensor) -> tuple[float, float, float, float]:
    """Return cut points, mean and one over the standard deviation of a column without undefined values."""
    if len(x) < 2 or bool((x == x[0]).all()):
        return 0.0, 0.0, 0.0, 0.0
    low, high = torch.quantile(x, x.new_tensor([0.005, 0.995])).tolist()
    if low == high:  # a rare event, such as a count that is nearly always 0: its tail is all there is
        low, high = float(x.min()), float(x.max())
    cut = x.clamp(low, high)
    std = float(cut.std(unbiased=False))
    return low, high, float(cut.mean()), 1 / std if std > 1e-12 * max(abs(low), abs(high)) else 0.0


class LogCounts(nn.Module):
    """`log(1 + count)` of the columns that enough training rows have, 0 elsewhere.

    A fingerprint bit that (almost) no training molecule sets keeps its random initial weights: reading it
    would add noise to the molecules that do set it.

    Args:
        width: number of columns.
        at_least: in how many training rows a column must be set.
    """

    keep: Tensor

    def __init__(self, width: int, at_least: int = 3) -> None:
        super().__init__()
        self.at_least = at_least
        self.register_buffer("keep", torch.ones(width))

    def fit(self, x: Tensor, rows: Tensor) -> None:
        """Find the columns to keep from the training `rows` (int64 `[M]`) of `x` `[N, D]`."""
        seen = sum((x[part] > 0).sum(0) for part in rows.split(4096))
        self.keep.copy_(torch.as_tensor(seen).expand_as(self.keep) >= self.at_least)

    def forward(self, x: Tensor) -> Tensor:
        """Scale counts `[B, D]`."""
        return torch.log1p(x) * self.keep
