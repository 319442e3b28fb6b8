"""Label powerset by nearest neighbours: the sets of labels that near training data have.

Each set of labels that occurs in training is a class (label powerset; Tsoumakas and Katakis, Multi-label
classification: an overview, 2007), and the votes of the k nearest data are for their whole sets, so labels keep their
correlations. Given known labels, only sets that agree with them may be voted for; where fewer than k data agree, those
that disagree in the fewest labels follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import put_under, under
from weft.baselines.answers import as_predictions
from weft.baselines.chains import only_binary
from weft.baselines.learners import Floats, column_targets
from weft.baselines.tabular import F32, Columns, Scaler, tabular
from weft.labels import Bools, LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting, reveal
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run

NEIGHBOURS = (5, 10, 20, 40, 80)
_BLOCK = 256
_MOST = 500
_CHOICE_RATIO = 0.5


@dataclass(frozen=True, eq=False)
class Placed:
    """Scaled features of data `[N, D]`, and which rows can be used."""

    x: F32
    ok: Bools


class PowersetKNNPredictor(Predictor):
    """The mean label, over the k nearest data that agree with the known labels; k is chosen on validation rows."""

    name = "powerset-knn"
    reads_pattern = False

    def __init__(self) -> None:
        self.settings = frozenset({Setting.STANDARD, Setting.RELATIONAL})

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Keep the training rows, and choose k by the log-loss of validation rows, half of their labels shown."""
        only_binary(labels.tasks, self.name)
        self.note_features(data)
        self.tasks = labels.tasks
        rows = split.train[data.ok[split.train]]
        features = tabular(data)
        self.columns = Columns.fit(features.take(rows))
        kept = self.columns.apply(features).x
        self.scaler = Scaler.fit(kept[rows])
        self.x = self.scaler.apply(kept[rows])
        targets = column_targets(labels.take(rows))
        self.y, self.observed, self.prior = targets.y.astype(np.float32), targets.observed, targets.prior()
        self.k = NEIGHBOURS[1]
        held = split.val[data.ok[split.val]][:_MOST]
        if len(held):
            self.k = self._choose(self.scaler.apply(kept[held]), labels.take(held), run.seed)

    def _choose(self, x: F32, labels: LabelTable, seed: int) -> int:
        episode = reveal(labels, _CHOICE_RATIO, seed)
        y, asked = episode.asked.table.to_dense()
        answers = self._votes(x, episode.shown.table, NEIGHBOURS)
        losses = [-np.log(np.where(y > 0.5, p, 1 - p))[asked].mean() for p in answers]
        return NEIGHBOURS[int(np.argmin(losses))]

    def encode(self, data: Data) -> Placed:
        """Return scaled features."""
        self.check_features(data)
        return Placed(self.scaler.apply(self.columns.apply(tabular(data)).x), data.ok)

    def predict_encoded(self, encoded: Placed, known: Shown) -> Predictions:
        """Predict every label from near data that agree with those shown."""
        found = self._votes(encoded.x, known.table, (self.k,))[0]
        return as_predictions(self.tasks, found, np.zeros(found.shape), encoded.ok)

    def _votes(self, x: F32, known: LabelTable, ks: tuple[int, ...]) -> list[Floats]:
        """Return the probabilities `[N, L]` for each of some numbers of neighbours."""
        y, shown = known.to_dense()
        found = [np.empty(y.shape) for _ in ks]
        for start in range(0, len(x), _BLOCK):
            part = slice(start, start + _BLOCK)
            key = self._distance(x[part]) + self._disagreement(y[part], shown[part])
            order = _smallest(key, max(ks))
            for k, out in zip(ks, found, strict=True):
                near = order[:, :k]
                seen = self.observed[near]
                ones = (self.y[near] * seen).sum(1)
                out[part] = (ones + self.prior) / (seen.sum(1) + 1)  # one more vote is the training data's
        return found

    def _distance(self, x: F32) -> Floats:
        """Return squared distances to the training data over their largest, `[N, n]` below 1."""
        square = (x**2).sum(1)[:, None] - 2 * x @ self.x.T + (self.x**2).sum(1)
        bound = 4 * max(float((self.x**2).sum(1).max(initial=0)), self.x.shape[1] * self.scaler.limit**2) + 1
        return np.maximum(square, 0).astype(np.float64) / bound

    def _disagreement(self, y: Floats, shown: Bools) -> Floats:
        """Return in how many shown labels each training datum disagrees, `[N, n]`; an unknown one counts half."""
        ones, zeros = (shown & (y > 0.5)).astype(np.float32), (shown & (y < 0.5)).astype(np.float32)
        have, lack = self.y * self.observed, (1 - self.y) * self.observed
        unknown = (~self.observed).astype(np.float32)
        return (ones @ lack.T + zeros @ have.T + 0.5 * (ones + zeros) @ unknown.T).astype(np.float64)

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return k and the training data."""
        arrays = put_under("columns.", self.columns.state())
        arrays |= {"centre": self.scaler.centre, "scale": self.scaler.scale, "x": self.x, "y": self.y}
        return {"k": self.k}, {**arrays, "observed": self.observed, "prior": self.prior}

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls()
        model.tasks, model.k = tasks, int(config["k"])
        model.columns = Columns.restore(under("columns.", arrays))
        model.scaler = Scaler(np.asarray(arrays["centre"]), np.asarray(arrays["scale"]))
        model.x, model.y = np.asarray(arrays["x"], np.float32), np.asarray(arrays["y"], np.float32)
        model.observed, model.prior = np.asarray(arrays["observed"], bool), np.asarray(arrays["prior"])
        return model


def _smallest(key: Floats, k: int) -> NDArray[np.int64]:
    """Return the places of the `k` smallest of each row, smallest first, `[N, min(k, n)]`; the rest is not sorted."""
    if k >= key.shape[1]:
        return np.argsort(key, axis=1, kind="stable")
    some = np.sort(np.argpartition(key, k, axis=1)[:, :k], axis=1)
    return np.take_along_axis(some, np.argsort(np.take_along_axis(key, some, 1), axis=1, kind="stable"), 1)
