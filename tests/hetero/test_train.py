"""Averaged weights, beside an average made by hand from the weights of every step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.hetero.small import model, small_graph
from weft.data.nodes import Nodes
from weft.hetero.selection import Selection
from weft.hetero.train import kept_share
from weft.training.checkpoint import Tensors
from weft.training.run import Run


@pytest.mark.parametrize(("ema", "step", "share"), [(0.95, 0, 0.1), (0.95, 35, 0.8), (0.95, 500, 0.95), (0.0, 7, 0.0)])
def test_an_average_keeps_less_in_the_first_steps(ema: float, step: int, share: float):
    assert kept_share(ema, step) == pytest.approx(share)


def test_averages_of_the_weights_of_every_step(monkeypatch: pytest.MonkeyPatch):
    """The shares are 1/10, 2/11, then the limit; what is averaged does not change what is learnt."""
    weights, averages = (_evaluated(monkeypatch, ema) for ema in (0.0, 0.25))
    for before, after, now, keep in zip(averages, averages[1:], weights[1:], (2 / 11, 0.25, 0.25), strict=False):
        for name, value in after.items():
            wanted = keep * before[name].numpy() + (1 - keep) * now[name].numpy()
            np.testing.assert_allclose(value.numpy(), wanted, rtol=1e-5, atol=1e-7)


def _evaluated(monkeypatch: pytest.MonkeyPatch, ema: float) -> list[Tensors]:
    """Return the weights that are evaluated after each of four epochs of one step."""
    seen: list[Tensors] = []

    def take(self: Selection, epoch: int, scores: object, losses: object, weights: Tensors) -> None:
        seen.append({name: value.clone() for name, value in weights.items()})

    graph, made = small_graph(), model()
    made.config = replace(made.config, train=replace(made.config.train, ema=ema, every=1))
    assert graph.split is not None
    with monkeypatch.context() as patched:
        patched.setattr(Selection, "take", take)
        made.fit(Nodes.of(graph), graph.labels, graph.split, Run(seed=1))
    assert len(seen) == 4
    return seen
