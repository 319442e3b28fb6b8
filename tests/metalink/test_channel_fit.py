"""Fitting the label channel on data that leave little to choose by."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.metalink.problems import related
from weft.metalink.channel import RUNGS, ChannelConfig
from weft.metalink.channel_fit import choose_rung
from weft.metalink.columns import Layout
from weft.training.run import Run


@pytest.mark.parametrize(
    "groups",
    [np.zeros(30, np.int64), np.repeat([0, 1], [28, 2]), np.repeat([-1, 3], 15), np.arange(2), np.zeros(3, np.int64)],
    ids=["one scaffold", "nearly one", "two", "two data", "three data"],
)
def test_a_series_on_one_scaffold_is_fitted(groups: np.ndarray) -> None:
    """Seen to catch: a fold of one scaffold that left no data to fit, hence NaN and a failed factorisation."""
    n = len(groups)
    labels = related(n, missing=0.0).labels
    layout = Layout.fit(labels)
    profile = torch.randn(n, layout.width, generator=torch.Generator().manual_seed(0))
    rung = choose_rung(profile, labels, layout, ChannelConfig(steps=4, rank=4), True, groups, Run())
    assert rung in RUNGS if n > 2 else rung is RUNGS[-1]
