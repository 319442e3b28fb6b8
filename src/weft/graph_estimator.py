"""InLINE with scikit-learn's conventions: several node tasks on one heterogeneous graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from weft import predictor as predictors
from weft.convert import to_graph
from weft.data.graph_known import labels_for, unlabelled
from weft.data.graph_splits import with_split
from weft.data.nodes import Nodes
from weft.devices import find_device
from weft.errors import UserError, nearest
from weft.labels import Asked, Shown
from weft.predictor import Predictions, Predictor
from weft.tasks import Kind, Task, TaskSet
from weft.training.metrics import score_tasks
from weft.training.run import Run
from weft.training.scores import Scores


class PredictingNodes:
    """What a fitted model of a graph answers; a graph is a `HeteroGraph`, its folder or a PyG `HeteroData`."""

    predictor_: Predictor

    def _fitted(self) -> Predictor:
        if not hasattr(self, "predictor_"):
            raise NotFittedError("this model is not fitted yet: call fit(graph) first")
        return self.predictor_

    @property
    def tasks_(self) -> TaskSet:
        """The tasks."""
        return self._fitted().tasks

    def tasks_on(self, node_type: str) -> list[Task]:
        """Return the tasks on a type of node, in the order of the columns of every answer.

        Raises:
            UserError: when there is none.
        """
        found = [task for task in self.tasks_ if task.node_type == node_type]
        if not found:
            types = dict.fromkeys(task.node_type or "" for task in self.tasks_)
            raise UserError(f"no task is on {node_type!r}", mend=nearest(node_type, types))
        return found

    def predict_full(self, graph: Any, node_type: str) -> Predictions:
        """Return mean and standard deviation of every task on the nodes of a type, in the graph's order."""
        model, tasks = self._fitted(), TaskSet(tuple(self.tasks_on(node_type)))
        read = to_graph(graph)
        nodes = Nodes(unlabelled(read), read.rows(node_type))
        model.check_features(nodes)
        found = model.predict(nodes)
        here = np.repeat([task.node_type == node_type for task in model.tasks], [task.width for task in model.tasks])
        return Predictions(tasks, found.mean[:, here], found.std[:, here], found.ok)

    def predict_proba(self, graph: Any, node_type: str) -> NDArray[np.float64]:
        """Return probabilities of the nodes of a type.

        Returns:
            float64 `[n, L]`: a column per binary task (of label 1), a column per class of a multiclass task, the
            value in the column of a regression task.
        """
        return self.predict_full(graph, node_type).mean

    def predict(self, graph: Any, node_type: str) -> NDArray[np.float64]:
        """Return labels of the nodes of a type, `[n, T]`, or `[n]` when it has one task: 0/1, class index or value."""
        found = self.predict_full(graph, node_type)
        offsets = found.tasks.offsets
        out = np.zeros((len(found.mean), len(found.tasks)))
        for j, task in enumerate(found.tasks):
            mean = found.mean[:, offsets[j] : offsets[j + 1]]
            answer = {Kind.BINARY: mean[:, 0] >= 0.5, Kind.MULTICLASS: mean.argmax(1), Kind.REGRESSION: mean[:, 0]}
            out[:, j] = answer[task.kind]
        return out[:, 0] if len(found.tasks) == 1 else out

    def scores(self, graph: Any, part: str = "test") -> Scores:
        """Score every task on a part of the graph's split.

        Raises:
            UserError: when the graph has no split, or no label there.
        """
        model, read = self._fitted(), to_graph(graph)
        split = read.split or getattr(self, "split_", None)
        rows = np.zeros(0, np.int64) if split is None else split.parts().get(part, np.zeros(0, np.int64))
        labels = labels_for(model.tasks, read, Path(read.name))
        if not len(labels.on_rows(rows)):
            raise UserError(f"no label in the {part} part", where=read.name, mend="Give a graph with a split.")
        nodes = Nodes(unlabelled(read), rows)
        model.check_features(nodes)
        found = model.predict_encoded(model.encode(nodes), Shown.nothing(model.tasks, len(rows)))
        return score_tasks(found, Asked(labels.take(rows)))

    def score(self, graph: Any, part: str = "test") -> float:
        """Return the mean over tasks of macro F1 (classes), ROC-AUC (binary) and R² (regression); see `scores`."""
        return self.scores(graph, part).headline()

    def gate_table(self, graph: Any) -> list[Any]:
        """Return which task takes how much from which, per relation and layer; empty for a model without gates."""
        table = getattr(self._fitted(), "gate_table", None)
        return [] if table is None else list(table(unlabelled(to_graph(graph))))

    def save(self, folder: Path | str) -> None:
        """Write the model into a folder that `weft.load` reads."""
        self._fitted().save(folder)


class GraphModel(PredictingNodes):
    """A fitted model of a graph, as `weft.load` returns it."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor_ = predictor


class InLINE(PredictingNodes, BaseEstimator):
    """Several node tasks on one heterogeneous graph, that exchange messages inside every layer, relation by relation.

    InLINE (Feng et al., arXiv 2410.22089). Options that are None take the preset's value.

    Args:
        preset: `default`, or `inline-paper` for the published formulas.
        exchange: how tasks share: `inline`, `single`, `shared`, `cross-stitch`, `mmoe`, `ple`, or another encoder.
        epochs: most epochs of training.
        members: models averaged.
        balance: how the tasks' losses are weighed.
        known_labels: whether known labels of other nodes inform a prediction.
        gates: whether gates are learnt.
        batch_size: labelled nodes per step; the whole graph by default.
        fanout: neighbours drawn per node and relation in a batch.
        seed: of everything random.
        threads: threads to fit with.
        device: where networks are trained and asked: `auto`, `cpu` or `cuda`.

    Example:
        >>> from weft.data.customers import CustomerConfig, customer_graph
        >>> graph = customer_graph(CustomerConfig(n_customers=200))
        >>> InLINE(epochs=1, members=1).get_params()["epochs"]
        1
    """

    def __init__(
        self,
        *,
        preset: str = "default",
        exchange: str | None = None,
        epochs: int | None = None,
        members: int | None = None,
        balance: str | None = None,
        known_labels: bool | None = None,
        gates: bool | None = None,
        batch_size: int | None = None,
        fanout: int | None = None,
        seed: int = 0,
        threads: int = 2,
        device: str = "auto",
    ) -> None:
        self.preset = preset
        self.exchange = exchange
        self.epochs = epochs
        self.members = members
        self.balance = balance
        self.known_labels = known_labels
        self.gates = gates
        self.batch_size = batch_size
        self.fanout = fanout
        self.seed = seed
        self.threads = threads
        self.device = device

    def fit(self, graph: Any, y: None = None, tasks: Mapping[str, Mapping[str, str]] | None = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn from the training part of the graph's split; one is drawn when it has none.

        Args:
            graph: a `HeteroGraph`, the folder of one, or a PyG `HeteroData` with labels and masks.
            y: not used: a graph holds its labels.
            tasks: of a `HeteroData`, such as `{"paper": {"venue": "multiclass"}}`; by default what is called `y`.

        Raises:
            UserError: for a graph or options that cannot be used.
        """
        read = with_split(to_graph(graph, tasks), self.seed)
        if read.split is None or not len(read.tasks):
            raise UserError("the graph has no task", where=read.name, mend="Give some nodes labels.")
        surroundings = ("seed", "threads", "device")
        options = {name: value for name, value in self.get_params().items() if name not in surroundings}
        model = predictors.build("inline", **options)
        labels = read.labels.on_rows(np.concatenate([read.split.train, read.split.val]))
        run = Run(seed=self.seed, threads=self.threads, device=str(find_device(self.device)))
        model.fit(Nodes.of(unlabelled(read)), labels, read.split, run)
        self.predictor_, self.split_ = model, read.split
        return self
