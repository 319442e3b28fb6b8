"""An epoch in shuffled batches; what is drawn depends on the seed and the epoch alone, so that a fit can resume."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return the generator of one epoch's shuffle and neighbour draws."""
    (state,) = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


def batches(rows: Tensor, size: int, generator: torch.Generator | None = None) -> Iterator[Tensor]:
    """Yield `rows` in batches of near equal length, none longer than `size` and none empty.

    Args:
        rows: int64 `[n]`.
        size: most rows of a batch.
        generator: shuffles; None keeps the order.
    """
    if generator is not None:
        rows = rows[torch.randperm(len(rows), generator=generator)]
    if len(rows):
        yield from rows.tensor_split(-(-len(rows) // size))
