"""The one interface: whatever predicts is a `Predictor`, saved and loaded in one way (`weft.saved`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.data.base import RAGGED
from weft.errors import UserError
from weft.labels import Bools, Floats, LabelTable, Shown
from weft.registry import registered
from weft.settings import Setting
from weft.tasks import TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.calibrator import Calibrator
    from weft.training.run import Run

#: Name on the command line -> module and class. A new predictor is one file and one line here.
REGISTRY: dict[str, str] = {
    "metalink": "weft.metalink.model:MetaLinkPredictor",
    "inline": "weft.hetero.model:InlinePredictor",
    "rf": "weft.baselines.forest:ForestPredictor",
    "lightgbm": "weft.baselines.boosting:BoostingPredictor",
    "linear": "weft.baselines.linear_counts:LinearPredictor",
    "prior": "weft.baselines.label_only:PriorPredictor",
    "molecule-mean": "weft.baselines.label_only:MoleculeMeanPredictor",
    "naive-bayes": "weft.baselines.naive_bayes:NaiveBayesPredictor",
    "label-knn": "weft.baselines.label_knn:LabelKNNPredictor",
    "label-gaussian": "weft.baselines.label_gaussian:LabelGaussianPredictor",
    "rf-gaussian": "weft.baselines.two_stage:ForestGaussianPredictor",
    "two-stage-lr": "weft.baselines.two_stage:TwoStageLinearPredictor",
    "two-stage-lightgbm": "weft.baselines.two_stage:TwoStageBoostingPredictor",
    "mean-of-four": "weft.baselines.mean_of_four:MeanOfFourPredictor",
    "binary-relevance": "weft.baselines.chains:BinaryRelevancePredictor",
    "classifier-chains": "weft.baselines.chains:ChainsPredictor",
    "powerset-knn": "weft.baselines.powerset_knn:PowersetKNNPredictor",
    "few-shot": "weft.fewshot.model:FewShotPredictor",
    "linear-graph": "weft.baselines.linear_graph:LinearGraphPredictor",
}


@dataclass(frozen=True)
class Predictions:
    """Predictions for `N` data over the `L` output columns of a `TaskSet` (see `TaskSet.offsets`).

    Attributes:
        tasks: the tasks.
        mean: float64 `[N, L]`: probability of class 1, of each class of a multiclass task, or the value.
        std: float64 `[N, L]`: standard deviation of `mean` as a prediction, in its units.
        ok: bool `[N]`: false where the row could not be used; its numbers mean nothing.
    """

    tasks: TaskSet
    mean: Floats
    std: Floats
    ok: Bools

    def take(self, rows: NDArray[np.int64]) -> Predictions:
        """Return the predictions of `rows`."""
        return Predictions(self.tasks, self.mean[rows], self.std[rows], self.ok[rows])


class Predictor(ABC):
    """Whatever predicts: MetaLink, a forest or the class prior.

    A query is read in two steps, so that one datum can be asked about under many known labels: `encode`
    reads the features, `predict_encoded` the known labels.
    """

    name: ClassVar[str]
    tasks: TaskSet
    settings: frozenset[Setting]
    #: Feature kind -> hash of how it was made when the model was fitted; empty for models that read no features.
    features: Mapping[str, str] = MappingProxyType({})
    #: What its validation rows tell of its answers; None leaves them as they are.
    calibrator: Calibrator | None = None
    #: Whether *which* labels are known is read, besides what they say; None where nothing tells the two apart.
    reads_pattern: bool | None = None
    #: Whether classes of its one task can be added from examples of them.
    takes_classes: ClassVar[bool] = False
    #: Whether it predicts nodes of other graphs than the one it was fitted to.
    other_graphs: ClassVar[bool] = True

    @property
    def on_device(self) -> bool:
        """Whether it trains and answers on the device that it is given; else always on the processor."""
        return False

    def to(self, device: str) -> Self:  # noqa: ARG002 - for those that can
        """Move what answers to a device, such as `cuda`; on models without networks this does nothing."""
        return self

    def note_features(self, data: Data, ragged: Iterable[str] = ()) -> None:
        """Remember how the features of the training data are made, and the ragged ones that the model reads."""
        self.features = {kind: data.feature_hash(kind) for kind in (*data.kinds, *ragged)}

    def check_features(self, data: Data) -> None:
        """Refuse data whose features are not made as those of the training data.

        Raises:
            UserError: naming the feature kind.
        """
        for kind, made in self.features.items():
            if kind not in (*data.kinds, *RAGGED) or data.feature_hash(kind) != made:
                mend = "Give data like those it was fitted to (vectors of the same width), or fit again with this weft."
                raise UserError(f"the features {kind!r} are not made as the model's were", mend=mend)

    @abstractmethod
    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows of `split`; its validation rows may choose, its test rows are not read."""

    @abstractmethod
    def encode(self, data: Data) -> Any:
        """Return what this predictor needs of `data` besides known labels."""

    @abstractmethod
    def predict_encoded(self, encoded: Any, known: Shown) -> Predictions:
        """Predict every task of the encoded data, given the labels shown of them, before calibration."""

    def calibrated(self, found: Predictions) -> Predictions:
        """Return predictions as calibrated on the validation rows."""
        return found if self.calibrator is None else self.calibrator.lines.apply(found)

    def answer(self, encoded: Any, known: Shown) -> Predictions:
        """Predict every task of the encoded data, given the labels shown of them: what a person is told."""
        return self.calibrated(self.predict_encoded(encoded, known))

    def predict(self, data: Data, known: Shown | None = None) -> Predictions:
        """Predict every task of `data` given `known` labels (none: the standard setting)."""
        shown = known if known is not None else Shown.nothing(self.tasks, len(data))
        return self.answer(self.encode(data), shown)

    def add_task(self, data: Data, labels: LabelTable, run: Run | None = None) -> None:  # noqa: ARG002 - for those that can
        """Add the tasks of `labels`, learnt from `data` as support, without retraining (meta setting).

        Raises:
            UserError: when this predictor cannot serve a task it was not trained on.
        """
        raise UserError(
            f"a {self.name} model cannot take a new task",
            mend="Fit with '--model metalink' (preset default, or --setting meta).",
        )

    def add_classes(self, data: Data, names: Sequence[str]) -> None:  # noqa: ARG002 - for those that can
        """Add classes from examples of them, or give known classes more examples, without retraining.

        Raises:
            UserError: when this predictor cannot.
        """
        raise UserError(f"a {self.name} model cannot take new classes", mend="Fit with '--model few-shot'.")

    @abstractmethod
    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return a JSON-ready configuration and the arrays from which `restore` rebuilds the predictor."""

    @classmethod
    @abstractmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild a fitted predictor from `state`."""

    def save(self, folder: Path | str) -> None:
        """Write the model into `folder`; each file appears whole."""
        from weft.saved import save

        save(self, Path(folder))


def build(name: str, **options: Any) -> Predictor:
    """Make an unfitted predictor by its registered name.

    Raises:
        UserError: for an unknown name.
    """
    return predictor_class(name)(**options)


def predictor_class(name: str) -> type[Predictor]:
    """Return the class registered as `name`, importing its module."""
    return registered("model", name, REGISTRY)
