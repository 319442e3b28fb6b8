"""Few-shot classes with scikit-learn's conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from weft import predictor as predictors
from weft.convert import to_data
from weft.data.splits import Split
from weft.devices import find_device
from weft.errors import UserError
from weft.estimator import Predicting
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

#: What the task of the classes is called.
TASK = "class"


class FewShot(Predicting, BaseEstimator):
    """One task of many classes, to which `add_class` adds new ones from one example on, without retraining.

    An encoder is trained by episodes of N classes with K examples; every class is then a task node made of its examples
    (MetaLink's meta setting, arXiv 2303.07666; prototypical networks, arXiv 1703.05175), solved exactly: see
    `weft.fewshot`.

    Args:
        encoder: name of an encoder; None takes `conv4` of images, `vectors` of vectors, `fingerprint` of molecules.
        kg_layers: layers of the knowledge graph over the classes.
        epochs: passes of 50 training episodes; None takes 30.
        seed: of everything random.
        threads: threads to fit with.
        device: where the encoder is trained and asked: `auto`, `cpu` or `cuda`.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> middle = rng.normal(size=(12, 8))
        >>> y = np.repeat(np.arange(12), 10)
        >>> X = middle[y] + 0.3 * rng.normal(size=(120, 8))
        >>> known = y < 11
        >>> model = FewShot(epochs=1).fit(X[known], y[known])
        >>> bool((model.predict_class(X[:5]) == "0").all())
        True
        >>> model = model.add_class(X[110:112], ["new", "new"])
        >>> bool((model.predict_class(X[112:]) == "new").all())
        True
    """

    def __init__(
        self,
        *,
        encoder: str | None = None,
        kg_layers: int = 0,
        epochs: int | None = None,
        seed: int = 0,
        threads: int = 2,
        device: str = "auto",
    ) -> None:
        self.encoder = encoder
        self.kg_layers = kg_layers
        self.epochs = epochs
        self.seed = seed
        self.threads = threads
        self.device = device

    def fit(self, X: Any, y: Sequence[Any]) -> Self:
        """Learn.

        Args:
            X: images uint8 `[N, H, W]` or `[N, H, W, C]`, vectors `[N, D]`, SMILES `[N]`, or any `Data`.
            y: names or numbers of classes `[N]`.

        Raises:
            UserError: for input that cannot be used.
        """
        data = to_data(X, self.threads)
        names = [str(value) for value in y]
        if len(names) != len(data):
            raise UserError(f"{len(data)} rows of data and {len(names)} of classes")
        classes = tuple(dict.fromkeys(names))
        if len(classes) < 3:
            raise UserError(f"{len(classes)} classes are too few", mend="Give three or more, better dozens.")
        value = np.array([classes.index(name) for name in names], np.float64)
        table = LabelTable.from_dense(TaskSet((Task(TASK, Kind.MULTICLASS, classes),)), value[:, None])
        rows = np.flatnonzero(data.ok)
        options: dict[str, Any] = {"encoder": self.encoder, "kg_layers": self.kg_layers, "epochs": self.epochs}
        model = predictors.build("few-shot", **options)
        run = Run(seed=self.seed, threads=self.threads, device=str(find_device(self.device)))
        model.fit(data, table, Split(rows, rows[:0], rows[:0], "all", self.seed), run)
        self.predictor_ = model
        return self
