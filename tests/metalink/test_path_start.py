"""A network's label path starts at what labels say of each other, and near nothing where that is noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.metalink.problems import MIXED, related
from weft.labels import LabelTable, Shown
from weft.metalink.columns import Layout
from weft.metalink.episodes import column_prior
from weft.metalink.model import MetaLinkPredictor
from weft.metalink.path_start import starting_path
from weft.settings import Setting, reveal
from weft.tasks import TaskSet
from weft.training.metrics import roc_auc
from weft.training.run import Run


def start_of(labels: LabelTable, seed: int = 0) -> torch.Tensor:
    layout = Layout.fit(labels)
    return starting_path(layout, labels, column_prior(layout, labels), seed)


def test_weights_are_slopes_times_one_strength() -> None:
    """The slow reference: pair by pair, over the data that have both; nothing within a task."""
    problem = related(200, tasks=MIXED)
    layout = Layout.fit(problem.labels)
    prior, known = column_prior(layout, problem.labels), layout.columns(problem.labels)
    owner = np.repeat(np.arange(len(MIXED)), [task.width for task in MIXED])
    want = np.zeros((layout.width, layout.width))
    for j in range(layout.width):
        of_j = known.known[:, j] > 0
        variance_j = float(((known.value[of_j, j] - prior[j]) ** 2).mean())
        for k in range(layout.width):
            both, of_k = of_j & (known.known[:, k] > 0), known.known[:, k] > 0
            covariance = float(((known.value[both, j] - prior[j]) * (known.value[both, k] - prior[k])).sum())
            variance_k = 1.0 if layout.continuous[k] else float(((known.value[of_k, k] - prior[k]) ** 2).mean())
            if owner[j] != owner[k]:
                want[j, k] = covariance / (int(both.sum()) + 10) / (variance_j * variance_k)
    found = start_of(problem.labels).numpy()
    strength = found[want != 0] / want[want != 0]
    assert strength.max() > 0
    np.testing.assert_allclose(strength, strength.mean(), rtol=1e-3)
    assert (found[want == 0] == 0).all()


def test_labels_that_say_nothing_of_each_other_start_at_little() -> None:
    """Seen to catch: a strength judged on the data that the slopes are of, which takes noise for evidence."""
    rng = np.random.default_rng(0)
    y = (rng.random((300, 40)) < 0.5).astype(float)
    found = start_of(LabelTable.from_dense(TaskSet.binary([f"t{j}" for j in range(40)]), y, np.ones(y.shape, bool)))
    assert float(found.abs().max()) < 0.15


@pytest.mark.parametrize("shown", [True, False], ids=["relational", "standard"])
def test_a_network_reads_labels_from_the_first_epoch(shown: bool) -> None:
    """Features are dim here, and five epochs teach little: what is known of other tasks must count all the same."""
    tasks = TaskSet.binary([f"t{j}" for j in range(6)])
    problem = related(400, tasks=tasks, missing=0.0)
    setting = Setting.RELATIONAL if shown else Setting.STANDARD
    model = MetaLinkPredictor(encoder="vectors", members=1, epochs=5, setting=setting)
    model.fit(problem.data, problem.labels, problem.split, Run(0))
    encoded = model.encode(problem.data.take(problem.split.test))
    episode = reveal(problem.labels.take(problem.split.test), 0.8, 0)
    y, asked = episode.asked.table.to_dense()
    scores = []
    for known in (episode.shown, Shown(LabelTable.empty(tasks, len(y)))):
        mean = model.predict_encoded(encoded, known).mean
        scores.append(np.mean([roc_auc(y[asked[:, j], j], mean[asked[:, j], j]) or 0.0 for j in range(len(tasks))]))
    assert (scores[0] > scores[1] + 0.1) == shown
