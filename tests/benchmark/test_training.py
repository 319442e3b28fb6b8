"""A model alone sees its own task's labels and nothing else, and its columns come back in their places."""

import numpy as np

from tests import tiny
from tests.benchmark.small import TASKS, small_graph
from weft.benchmark.training import train
from weft.data.nodes import Nodes
from weft.training.run import Run


def run(alone, build=tiny.Tiny, folder=None):
    graph = small_graph()
    return train(build, Nodes.of(graph), graph.labels, graph.split, Run(folder=folder), graph.split.test, alone)


def test_alone_is_a_model_per_family_with_its_own_labels(tmp_path):
    """Protects the comparison: no label of another task may reach a single-task model."""
    seen = []

    class Watched(tiny.Tiny):
        n_parameters = 5

        def fit(self, data, labels, split, run):
            assert not set(labels.row) & set(split.test)
            seen.append((labels.tasks.names, run.folder.name))
            super().fit(data, labels, split, run)

    found = run(True, Watched, tmp_path)
    assert seen == [(["area"], "task-0"), (["tags: a", "tags: b"], "task-1"), (["year"], "task-2")]
    assert (found.parameters, len(found.predictors)) == (15, 3)
    assert found.predictions.tasks == TASKS


def test_columns_come_back_in_their_places():
    """Protects from mixed-up columns: this model predicts means, so alone or together is one."""
    together, alone = run(False), run(True)
    assert np.array_equal(alone.predictions.mean, together.predictions.mean)
    assert np.array_equal(alone.predictions.std, together.predictions.std)
    assert together.parameters is None
    assert together.cpu_s >= 0
