"""Evaluation as MetaLink's released code does it: by batches that see each other's shown labels.

There, every batch of 128 evaluation molecules is put into one graph with 128 random training molecules, and the shown
labels of the whole batch flow into the task nodes (arXiv 2303.07666, released code `meta_link` of GraphGym). A
prediction then depends on what else is in the batch. weft does not predict so; this is here to tell how much of a
published figure comes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from weft.errors import UserError
from weft.labels import Ints, LabelTable, Shown
from weft.metalink.answers import to_predictions
from weft.metalink.columns import ColumnLabels
from weft.metalink.model import MetaLinkPredictor
from weft.metalink.network_engine import NetworkEngine
from weft.predictor import Predictions, Predictor

if TYPE_CHECKING:
    from torch import Tensor

    from weft.data.base import Data

_BATCH = 128


class BatchReader:
    """Predicts molecules in batches, each with a support of its own.

    Args:
        model: a fitted MetaLink network.
        data: all molecules.
        support: training rows and their labels, in that order, on all tasks.
        rows: the molecules to predict, `n` of them.
        seed: of batches and supports.

    Raises:
        UserError: for a model that is no network.
    """

    def __init__(self, model: Predictor, data: Data, support: tuple[Ints, LabelTable], rows: Ints, seed: int) -> None:
        if not isinstance(model, MetaLinkPredictor) or not isinstance(model.engine, NetworkEngine):
            raise UserError("only a MetaLink network can be evaluated in batches", mend="Use preset metalink-paper.")
        self.engine, self.seed = model.engine, seed
        self.support, _ = self.engine.encode(data.take(support[0]))
        self.labels = support[1]
        self.query, self.ok = self.engine.encode(data.take(rows))

    def __call__(self, shown: Shown) -> Predictions:
        """Return predictions of all molecules, given the labels shown of them."""
        rng = np.random.default_rng(self.seed)
        n, layout = len(self.ok), self.engine.layout
        scores = [torch.zeros(n, layout.width) for _ in self.engine.nets]
        order = rng.permutation(n)
        for start in range(0, n, _BATCH):
            batch = order[start : start + _BATCH]
            chosen = rng.permutation(self.labels.n_rows)[:_BATCH]
            known = layout.columns(shown.table.take(batch)).to(self.engine.device)
            support = layout.columns(self.labels.take(chosen)).to(self.engine.device)
            for k, score in enumerate(scores):
                score[batch] = self._score(k, batch, known, chosen, support).cpu()
        return to_predictions(layout, scores, self.ok)

    def _score(self, k: int, batch: Ints, known: ColumnLabels, chosen: Ints, support: ColumnLabels) -> Tensor:
        """Return the scores of a batch by network `k`, float32 `[b, L]`."""
        graph = self.engine.nets[k].graph
        h, base = self.query[k][batch], self.support[k][chosen]
        both = ColumnLabels(
            torch.cat([known.known, support.known]), torch.cat([known.value, support.value]), known.continuous
        )
        with torch.no_grad():
            return graph(h, known, graph.task_side(torch.cat([h, base]), both))
