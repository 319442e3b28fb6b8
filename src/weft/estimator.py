"""MetaLink with scikit-learn's conventions, and models loaded from their folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from weft import predictor as predictors
from weft import saved
from weft.convert import to_data, to_known, to_labels
from weft.data.splits import make_split
from weft.devices import find_device
from weft.errors import UserError
from weft.labels import LabelTable, Shown
from weft.predictor import Predictions, Predictor
from weft.tasks import Kind, TaskSet
from weft.training.run import Run

if TYPE_CHECKING:
    from weft.graph_estimator import GraphModel


class Predicting:
    """What a fitted model answers; `X` is SMILES or vectors, `known` a partial matrix or frame of labels."""

    predictor_: Predictor

    def _fitted(self) -> Predictor:
        if not hasattr(self, "predictor_"):
            raise NotFittedError("this model is not fitted yet: call fit(X, y) first")
        return self.predictor_

    @property
    def tasks_(self) -> TaskSet:
        """The tasks, in the order of the columns of every answer."""
        return self._fitted().tasks

    def predict_full(self, X: Any, known: Any = None) -> Predictions:
        """Return mean and standard deviation of every output column, and which rows could be used."""
        model = self._fitted()
        data = to_data(X)
        return model.predict(data, Shown(to_known(known, model.tasks, len(data))))

    def predict_proba(self, X: Any, known: Any = None) -> NDArray[np.float64]:
        """Return probabilities.

        Args:
            X: SMILES `[N]` or vectors `[N, D]`.
            known: labels already known of these data: `[N, T]` with NaN for unknown, or a frame with some of the
                task columns. None: the standard setting.

        Returns:
            float64 `[N, L]`: a column per binary task (of label 1), a column per class of a multiclass task, the
            predicted value in the column of a regression task. NaN in rows that could not be used.
        """
        found = self.predict_full(X, known)
        return np.where(found.ok[:, None], found.mean, np.nan)

    def predict(self, X: Any, known: Any = None) -> NDArray[np.float64]:
        """Return labels `[N, T]`: 0/1, the class index, or the value; NaN in rows that could not be used."""
        found = self.predict_full(X, known)
        offsets = found.tasks.offsets
        out = np.full((len(found.mean), len(found.tasks)), np.nan)
        for j, task in enumerate(found.tasks):
            mean = found.mean[:, offsets[j] : offsets[j + 1]]
            answer = {Kind.BINARY: mean[:, 0] >= 0.5, Kind.MULTICLASS: mean.argmax(1), Kind.REGRESSION: mean[:, 0]}
            out[:, j] = np.where(found.ok, answer[task.kind].astype(float), np.nan)
        return out

    def predict_class(self, X: Any, task: int = 0) -> NDArray[np.object_]:
        """Return the name of the likeliest class of a multiclass task, object `[N]`; None in rows that cannot be used.

        Args:
            X: SMILES, vectors or images.
            task: position of the task.
        """
        value = self.predict(X)[:, task]
        classes = self.tasks_[task].classes
        return np.array([None if np.isnan(v) else classes[int(v)] for v in value], object)

    def add_task(self, X: Any, y: Any, kinds: Mapping[str, str] | None = None) -> Self:
        """Add the tasks of `y`, learnt from support data without retraining.

        Args:
            X: SMILES `[N]` or vectors `[N, D]`.
            y: as in `fit`; columns without a name are numbered on from the model's tasks.
            kinds: as in `fit`.

        Raises:
            UserError: when the model cannot take new tasks, or has one of that name.
        """
        data = to_data(X)
        model = self._fitted()
        model.add_task(data, to_labels(y, len(data), kinds, len(model.tasks)))
        return self

    def add_class(self, X: Any, names: Sequence[Any]) -> Self:
        """Give classes a node from their examples, one or more of each, without retraining (few-shot models).

        Args:
            X: examples `[n]`: images, vectors `[n, D]` or SMILES.
            names: of their classes `[n]`; more examples of a class that is known are added to its own.

        Raises:
            UserError: when the model cannot take new classes.
        """
        self._fitted().add_classes(to_data(X), [str(name) for name in names])
        return self

    def save(self, folder: Path | str) -> None:
        """Write the model into a folder that `weft.load` reads."""
        self._fitted().save(folder)


class Model(Predicting):
    """A fitted model of any kind, as `weft.load` returns it."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor_ = predictor


class MetaLink(Predicting, BaseEstimator):
    """Relational multi-task prediction: known labels of a datum help to predict its unknown ones.

    MetaLink (Cao, You and Leskovec, ICLR 2022, arXiv 2303.07666). Labels may be missing anywhere: NaN in `y` is
    unknown, which scikit-learn's own multi-output estimators do not take.

    Args:
        preset: `default`, or `metalink-paper` for the published network.
        encoder: an encoder trained end to end (`dmpnn`, `gine`, ...); None takes the preset's own.
        encoder_weights: file or folder of weights that the encoder `grover` starts from.
        setting: `standard`, `relational`, `meta` or `relational_meta`.
        epochs: of a network; None takes the preset's.
        members: size of the ensemble; None takes the preset's.
        split: how validation rows are set aside: `random` or `scaffold`. The tenth that would be for testing is
            used for training too.
        seed: of everything random.
        threads: threads to fit with.
        device: where a network is trained and asked: `auto`, `cpu` or `cuda`.
        precision: of a network's training: `32`, `bf16` in products, or `64` in everything; None is `32`.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> z = rng.normal(size=(200, 1))
        >>> X = z + rng.normal(size=(200, 4))
        >>> y = (z + 0.3 * rng.normal(size=(200, 3)) > 0).astype(float)
        >>> y[rng.random(y.shape) < 0.3] = np.nan
        >>> model = MetaLink(encoder="vectors", epochs=5, members=1).fit(X, y)
        >>> model.predict_proba(X[:2], known=[[1, np.nan, np.nan], [0, np.nan, np.nan]]).shape
        (2, 3)
    """

    def __init__(
        self,
        *,
        preset: str = "default",
        encoder: str | None = None,
        encoder_weights: str | None = None,
        setting: str = "relational",
        epochs: int | None = None,
        members: int | None = None,
        split: str = "random",
        seed: int = 0,
        threads: int = 2,
        device: str = "auto",
        precision: str | None = None,
    ) -> None:
        self.preset = preset
        self.encoder = encoder
        self.encoder_weights = encoder_weights
        self.setting = setting
        self.epochs = epochs
        self.members = members
        self.split = split
        self.seed = seed
        self.threads = threads
        self.device = device
        self.precision = precision

    def fit(self, X: Any, y: Any, kinds: Mapping[str, str] | None = None) -> Self:
        """Learn.

        Args:
            X: SMILES `[N]`, or vectors `[N, D]`.
            y: labels `[N, T]`, NaN where unknown; or a frame with a column per task; or a `LabelTable`.
            kinds: task -> `binary`, `multiclass` or `regression`, where the guess is wrong.

        Raises:
            UserError: for input or options that cannot be used.
        """
        if self.seed < 0:
            raise UserError(f"the seed is {self.seed}", mend="Use 0 or more.")
        data = to_data(X, self.threads)
        labels: LabelTable = to_labels(y, len(data), kinds)
        split = make_split(self.split, data.ok, data.keys, self.seed)
        split = type(split)(
            np.concatenate([split.train, split.test]), split.val, split.test[:0], split.method, split.seed
        )
        options: dict[str, Any] = {
            "encoder_weights": self.encoder_weights,
            "epochs": self.epochs,
            "members": self.members,
            "precision": self.precision,
        }
        model = predictors.build("metalink", preset=self.preset, encoder=self.encoder, setting=self.setting, **options)
        device = str(find_device(self.device)) if model.on_device else "cpu"
        model.fit(data, labels, split, Run(seed=self.seed, threads=self.threads, device=device))
        self.predictor_ = model
        return self


def load(folder: Path | str, device: str = "auto") -> Model | GraphModel:
    """Load a model folder that `weft fit` or `save` wrote; one of a graph answers for nodes.

    Args:
        folder: the model, wherever it was trained.
        device: where its networks answer: `auto` (a CUDA card where there is one), `cpu` or `cuda`.

    Raises:
        UserError: when the folder is no model, is cut short, or was written by a newer weft.
    """
    if not Path(folder).is_dir():
        raise UserError("there is no such folder", where=str(folder), mend="Give the folder that 'weft fit' wrote.")
    predictor = saved.load(folder, device)
    if any(task.node_type for task in predictor.tasks):
        from weft.graph_estimator import GraphModel

        return GraphModel(predictor)
    return Model(predictor)
