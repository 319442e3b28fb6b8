"""The plain mean of four practical models, which share features and forest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import put_under, under
from weft.baselines.answers import as_predictions
from weft.baselines.boosting import BoostingPredictor
from weft.baselines.evidence import Evidence
from weft.baselines.filled import left
from weft.baselines.learners import Floats, Targets
from weft.baselines.second_stage import Lesson, SecondStage, learnt
from weft.baselines.stage_boosted import BoostedStage
from weft.baselines.stage_gaussian import GaussianStage
from weft.baselines.stage_linear import LinearStage
from weft.baselines.supervised import Encoded
from weft.baselines.tabular import Features, tabular
from weft.baselines.two_stage import FirstStage, Scored, answers
from weft.baselines.values_only import ValuesOnly
from weft.labels import LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run

#: Where a booster keeps the profile that fills hidden labels: here the shared forest, which is kept once.
_SHARED = "values.profile."
_SECOND: tuple[type[SecondStage], ...] = (LinearStage, BoostedStage, GaussianStage)


@dataclass(frozen=True, eq=False)
class Both:
    """What the second stages and the booster read of data."""

    scored: Scored
    table: Encoded


class _Booster(BoostingPredictor):
    """Boosting with known labels, whose hidden labels are filled with what the shared forest expects of them."""

    def share(self, first: FirstStage, lesson: Lesson) -> Self:
        """Take the forest, and what it says of the training data out of bag."""
        self._first, self._lesson = first, lesson
        return self

    def _expect(self, features: Features, targets: Targets, run: Run) -> tuple[ValuesOnly, Floats]:  # noqa: ARG002
        scale = self._first.scale
        expected = scale.in_units(scale.expected(self._lesson.scores))
        return ValuesOnly(self.tasks, self._first.profile, left(targets.y, targets.observed, expected)), expected


class MeanOfFourPredictor(Predictor):
    """Mean of two-stage-lr, two-stage-lightgbm, rf-gaussian and lightgbm with known labels.

    Probabilities and values are averaged as they are, with equal weights: nothing is tuned. The standard deviation is
    that of the four answers, together with the mean of their own variances.

    Args:
        pattern: let the members that can read which labels are known do so.
    """

    name = "mean-of-four"

    def __init__(self, pattern: bool = False) -> None:
        self.reads_pattern = pattern
        self.settings = frozenset({Setting.STANDARD, Setting.RELATIONAL})

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows are not read."""
        self.note_features(data)
        rows = split.train[data.ok[split.train]]
        self.tasks, self.first = labels.tasks, FirstStage()
        lesson = self.first.fit(data.take(rows), labels.take(rows), run)
        pattern = bool(self.reads_pattern)
        self.stages: Sequence[SecondStage] = [learnt(stage(pattern), lesson, run) for stage in _SECOND]
        self.boosting = _Booster(Setting.RELATIONAL, pattern).share(self.first, lesson)
        self.boosting.fit(data, labels, split, run)

    def encode(self, data: Data) -> Both:
        """Return the profile's scores and the table of features."""
        self.check_features(data)
        scores, scale = self.first.scores(data), self.first.scale
        x = self.boosting.columns.apply(tabular(data)).x
        return Both(Scored(scores, data.ok), Encoded(x, data.ok, scale.in_units(scale.expected(scores))))

    def predict_encoded(self, encoded: Both, known: Shown) -> Predictions:
        """Predict every task from structure and the labels shown of other tasks."""
        members = self.members(encoded, known)
        mean = np.mean([member.mean for member in members], 0)
        variance = np.mean([member.std**2 + (member.mean - mean) ** 2 for member in members], 0)
        return Predictions(self.tasks, mean, np.sqrt(variance), encoded.scored.ok)

    def members(self, encoded: Both, known: Shown) -> list[Predictions]:
        """Return the predictions of two-stage-lr, two-stage-lightgbm, rf-gaussian and lightgbm."""
        evidence = Evidence.of(encoded.scored.scores, known.table, self.first.scale)
        ok = encoded.scored.ok
        second = [as_predictions(self.tasks, *answers(stage, evidence), ok) for stage in self.stages]
        return [*second, self.boosting.predict_encoded(encoded.table, known)]

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return whether the pattern is read, and the arrays of all members."""
        config, table = self.boosting.state()
        own = {key: value for key, value in table.items() if not key.startswith(_SHARED)}
        arrays = put_under("first.", self.first.state()) | put_under("lightgbm.", own)
        for stage in self.stages:
            arrays |= put_under(f"second.{stage.name}.", stage.state())
        return {"pattern": self.reads_pattern, "lightgbm": config}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls(bool(config["pattern"]))
        model.tasks, model.first = tasks, FirstStage.restore(tasks, under("first.", arrays))
        pattern = bool(config["pattern"])
        model.stages = [stage.restore(under(f"second.{stage.name}.", arrays), pattern) for stage in _SECOND]
        table = under("lightgbm.", arrays) | ({} if pattern else put_under(_SHARED, under("first.", arrays)))
        model.boosting = _Booster.restore(tasks, config["lightgbm"], table)
        return model
