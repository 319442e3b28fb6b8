"""Models whose quality is planted: sharing helps `good`, hurts `bad` and does nothing to `same`."""

import numpy as np

from weft.data.graph_tables_write import write_graph_tables
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.data.splits import Split
from weft.labels import LabelTable
from weft.predictor import REGISTRY, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import Kind, Task, TaskSet

TASKS = TaskSet(
    (
        Task("good", node_type="person"),
        Task("bad", Kind.MULTICLASS, ("x", "y", "z"), "person"),
        Task("same", Kind.REGRESSION, (), "person"),
    )
)
N = 300
#: Noise by task: of a model alone, and of one that shares.
NOISE = {"good": (2.0, 0.3), "bad": (0.1, 2.0), "same": (0.5, 0.5)}
FITS: list[tuple[str, int, list[str]]] = []


def graph() -> HeteroGraph:
    """Everyone knows the next; labels are drawn."""
    rng = np.random.default_rng(0)
    k = np.arange(N)
    y = np.column_stack([rng.random(N) < 0.4, rng.integers(0, 3, N), rng.normal(size=N)]).astype(float)
    split = Split(k[:90], k[90:120], k[120:], "given")
    nodes = {"person": NodeTable(N, np.ones((N, 1), np.float32), keys=tuple(f"p{i}" for i in k))}
    edges = {Relation("person", "knows", "person"): np.stack([k, (k + 1) % N])}
    return HeteroGraph(nodes, edges, LabelTable.from_dense(TASKS, y), split, "planted")


def write(folder):
    write_graph_tables(graph(), folder)
    return folder


def register(monkeypatch):
    """Put the planted model in the place of `inline`."""
    monkeypatch.setitem(REGISTRY, "inline", "tests.benchmark.planted:Planted")
    FITS.clear()


class Planted(Predictor):
    name = "inline"
    n_parameters = 1000

    def __init__(self, preset="default", exchange=None, epochs=None):
        self.settings = frozenset({Setting.STANDARD})
        self.exchange = exchange or "inline"

    def fit(self, data, labels, split, run):
        assert not set(labels.row) & set(split.test)
        assert not len(data.graph.labels)
        self.tasks, self.seed = labels.tasks, run.seed
        FITS.append((self.exchange, run.seed, labels.tasks.names))

    def encode(self, data):
        return data

    def predict_encoded(self, encoded, known):
        y = graph().labels.to_dense()[0][encoded.row]
        mean = np.zeros((len(encoded), int(self.tasks.offsets[-1])))
        for task, first in zip(self.tasks, self.tasks.offsets[:-1], strict=True):
            rng = np.random.default_rng([self.seed, len(self.exchange), int(first)])
            truth = y[:, TASKS.index(task.name)]
            if task.kind is Kind.MULTICLASS:
                truth = np.eye(3)[truth.astype(int)]
            truth = truth.reshape(len(truth), -1)
            mean[:, first : first + task.width] = truth + NOISE[task.name][self.exchange != "single"] * rng.normal(
                size=truth.shape
            )
        return Predictions(self.tasks, mean, np.ones_like(mean), np.ones(len(encoded), bool))

    def state(self):
        return {}, {}

    @classmethod
    def restore(cls, tasks, config, arrays):
        return cls()
