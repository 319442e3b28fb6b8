"""Logistic regression on fingerprint counts: the model for millions of molecules.

A molecule has some forty of the 2048 counts, so an answer costs forty products a task, next to nothing beside reading
the SMILES. Products are taken row by row in the order of the counts: what a molecule gets is the same bit for bit,
whichever molecules stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.answers import as_predictions
from weft.baselines.learners import Bools, Floats, Targets, column_targets
from weft.baselines.linear import column_loss, linear_model
from weft.baselines.tabular import tabular
from weft.data.molecules import Molecules
from weft.labels import LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.settings import Setting
from weft.tasks import TaskSet
from weft.training.calibration import sigmoid

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run

#: Inverse ridges tried; validation labels pick one for all columns.
INVERSE_RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0)
_LEAST = 2


@dataclass(frozen=True, eq=False)
class Counted:
    """log(1 + count) of the groups of atoms, CSR float64 `[N, D]`, and which rows can be used, bool `[N]`."""

    x: Any
    ok: Bools


class LinearPredictor(Predictor):
    """A linear model per output column, of structure only.

    Columns with fewer than two labels of their rarer class are answered with their prior.
    """

    name = "linear"

    weight: Floats
    bias: Floats
    noise: Floats
    #: The inverse ridge that was chosen.
    inverse: float

    def __init__(self) -> None:
        self.settings = frozenset({Setting.STANDARD})

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows choose the strength of the ridge."""
        self.note_features(data)
        self.tasks, usable, x = labels.tasks, data.ok, _counts(data)
        rows, judges = (part[usable[part]] for part in (split.train, split.val))
        targets, judged = (column_targets(labels.take(part)) for part in (rows, judges))
        tried: list[tuple[float, float]] = []
        for at, inverse in enumerate(INVERSE_RIDGES):
            self._solve(x[rows], targets, inverse)
            tried.append((self._loss(x[judges], judged), inverse))
            run.report("linear", at + 1, len(INVERSE_RIDGES) + 1, "")
        self._solve(x[rows], targets, min(tried)[1])
        left = (self._scores(x[judges]) - judged.y) ** 2 * judged.observed
        known = judged.observed.sum(0)
        self.noise = np.where(known > 1, np.sqrt(left.sum(0) / np.maximum(known, 1)), self.noise)
        run.report("linear", len(INVERSE_RIDGES) + 1, len(INVERSE_RIDGES) + 1, f"inverse ridge {self.inverse:g}")

    def _solve(self, x: Any, targets: Targets, inverse: float) -> None:
        """Fit all columns with one strength."""
        prior, continuous = targets.prior(), targets.continuous
        self.inverse, self.weight = inverse, np.zeros((x.shape[1], targets.width))
        self.bias = np.where(continuous, prior, np.log(prior / np.where(continuous, 1.0, 1 - prior)))
        self.noise = np.ones(targets.width)
        for j in np.flatnonzero(targets.rare() >= _LEAST):
            rows, y = targets.column(int(j))
            scale = y.std() if continuous[j] and y.std() > 0 else 1.0
            model = linear_model(bool(continuous[j]), inverse).fit(x[rows], y / scale)
            self.weight[:, j] = model.coef_.ravel() * scale
            self.bias[j] = float(np.ravel(model.intercept_)[0]) * scale
            self.noise[j] = scale

    def _loss(self, x: Any, targets: Targets) -> float:
        """Return the mean loss of all columns on labels that were not learnt from, values in units of their spread."""
        scores, losses = self._scores(x), [0.0]
        for j in np.flatnonzero(targets.observed.any(0)):
            rows, y = targets.column(int(j))
            continuous = bool(targets.continuous[j])
            losses.append(column_loss(scores[rows, j], y, continuous) / (self.noise[j] ** 2 if continuous else 1.0))
        return float(np.mean(losses))

    def _scores(self, x: Any) -> Floats:
        return np.asarray(x @ self.weight, np.float64) + self.bias

    def encode(self, data: Data) -> Counted:
        """Return the counts."""
        self.check_features(data)
        return Counted(_counts(data), data.ok)

    def predict_encoded(self, encoded: Counted, known: Shown) -> Predictions:  # noqa: ARG002 - structure only
        """Predict every task from structure; known labels are not read."""
        scores = self._scores(encoded.x)
        kinds = self._continuous()
        mean = np.where(kinds, scores, sigmoid(np.where(kinds, 0.0, scores)))
        return as_predictions(self.tasks, mean, np.broadcast_to(self.noise, mean.shape), encoded.ok)

    def _continuous(self) -> Bools:
        return column_targets(LabelTable.empty(self.tasks, 0)).continuous

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return the strength and the arrays."""
        return {"inverse": self.inverse}, {"weight": self.weight, "bias": self.bias, "noise": self.noise}

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls()
        model.tasks, model.inverse = tasks, float(config["inverse"])
        model.weight, model.bias, model.noise = (np.asarray(arrays[name]) for name in ("weight", "bias", "noise"))
        return model


def _counts(data: Data) -> Any:
    """Return log(1 + x) of counts, or dense features as they are where there are no counts, as CSR `[N, D]`."""
    from scipy.sparse import csr_array

    if isinstance(data, Molecules):
        return data.counts().log1p()
    features = tabular(data)
    return csr_array(np.where(np.isfinite(features.x), features.x, 0.0).astype(np.float64))
