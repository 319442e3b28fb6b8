"""What the tests of a card share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card")
CARD = "cuda:0"


def relative(a, b) -> float:
    """Return the length of `a - b` over that of `b`; NaN must be at the same places."""
    a, b = (np.asarray(x.detach().float().cpu() if isinstance(x, torch.Tensor) else x, np.float64) for x in (a, b))
    assert np.array_equal(np.isnan(a), np.isnan(b))
    known = ~np.isnan(b)
    return float(np.linalg.norm((a - b)[known]) / max(np.linalg.norm(b[known]), 1e-12))


class Broken(Exception):
    pass


def breaking(at: int):
    """Return a report that fails at its call number `at`."""
    calls = iter(range(10**6))

    def report(stage, done, total, note):
        if next(calls) == at:
            raise Broken

    return report
