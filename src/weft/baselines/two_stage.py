"""A forest's out-of-bag profile, and a second stage that reads it together with the known labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from numpy.typing import NDArray

from weft.arrays import put_under, under
from weft.baselines.answers import as_predictions
from weft.baselines.evidence import Evidence, Scale
from weft.baselines.learners import Bools, Floats, column_targets
from weft.baselines.profile import Profile
from weft.baselines.second_stage import Lesson, SecondStage, learnt
from weft.baselines.stages import STAGES
from weft.baselines.tabular import tabular
from weft.labels import LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run


@dataclass(frozen=True, eq=False)
class Scored:
    """Profile scores of data, float64 `[N, L]`, and which rows can be used."""

    scores: Floats
    ok: Bools


class FirstStage:
    """A calibrated forest: out-of-bag scores of training data, scores of new ones."""

    profile: Profile
    scale: Scale

    def fit(self, data: Data, labels: LabelTable, run: Run) -> Lesson:
        """Learn from training data, all usable, and return what a second stage learns from."""
        self.profile = Profile(["rf"])
        scores = self.profile.fit(tabular(data), column_targets(labels), run)
        self.scale = self._scale(labels.tasks)
        return Lesson(scores, labels, self.scale, data.groups())

    def scores(self, data: Data) -> Floats:
        """Return the scores of new data."""
        return self.profile.predict(tabular(data))

    def _scale(self, tasks: TaskSet) -> Scale:
        return Scale(tasks, self.profile.continuous, self.profile.centre, self.profile.scale)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`."""
        return self.profile.state()

    @classmethod
    def restore(cls, tasks: TaskSet, arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        stage = cls()
        stage.profile = Profile.restore(arrays)
        stage.scale = stage._scale(tasks)
        return stage


def answers(stage: SecondStage, evidence: Evidence) -> tuple[Floats, Floats]:
    """Return what a stage says, `[N, L]` mean and standard deviation, values in their own units."""
    mean, std = stage.answer(evidence)
    return evidence.scale.in_units(mean), evidence.scale.spread * std


class TwoStagePredictor(Predictor):
    """Base of the predictors with one second stage; serves every reveal ratio.

    Args:
        pattern: read which labels are known, not only their values.
    """

    second: ClassVar[str]

    def __init__(self, pattern: bool = False) -> None:
        self.reads_pattern = pattern
        self.settings = frozenset({Setting.STANDARD, Setting.RELATIONAL})

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows are not read."""
        self.note_features(data)
        rows = split.train[data.ok[split.train]]
        self.tasks, self.first = labels.tasks, FirstStage()
        lesson = self.first.fit(data.take(rows), labels.take(rows), run)
        self.stage = learnt(STAGES[self.second](bool(self.reads_pattern)), lesson, run)

    def encode(self, data: Data) -> Scored:
        """Return the profile's scores."""
        self.check_features(data)
        return Scored(self.first.scores(data), data.ok)

    def predict_encoded(self, encoded: Scored, known: Shown) -> Predictions:
        """Predict every task from the scores and the labels shown of other tasks."""
        evidence = Evidence.of(encoded.scores, known.table, self.first.scale)
        return as_predictions(self.tasks, *answers(self.stage, evidence), encoded.ok)

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return whether the pattern is read, and the arrays."""
        arrays = put_under("first.", self.first.state()) | put_under("second.", self.stage.state())
        return {"pattern": self.reads_pattern}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls.__new__(cls)
        TwoStagePredictor.__init__(model, bool(config["pattern"]))
        model.tasks, model.first = tasks, FirstStage.restore(tasks, under("first.", arrays))
        model.stage = STAGES[cls.second].restore(under("second.", arrays), bool(config["pattern"]))
        return model


class ForestGaussianPredictor(TwoStagePredictor):
    """Forest + conditional Gaussian over its out-of-bag residuals; reads values of known labels only."""

    name = "rf-gaussian"
    second = "gaussian"

    def __init__(self) -> None:
        super().__init__(pattern=False)


class TwoStageLinearPredictor(TwoStagePredictor):
    """Forest, then logistic (ridge) regression on profile and known labels."""

    name = "two-stage-lr"
    second = "lr"


class TwoStageBoostingPredictor(TwoStagePredictor):
    """Forest, then small boosters on profile and known labels."""

    name = "two-stage-lightgbm"
    second = "lightgbm"
