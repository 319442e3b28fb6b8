"""Nearest neighbours among data that agree with the known labels."""

import numpy as np

from tests.metalink.problems import related
from weft.labels import LabelTable, Shown
from weft.predictor import build
from weft.settings import reveal
from weft.tasks import TaskSet
from weft.training.run import Run

LABELS = TaskSet.binary(list("abcd"))


def fitted(missing):
    problem = related(n=150, tasks=LABELS, missing=missing)
    model = build("powerset-knn")
    model.fit(problem.data, problem.labels, problem.split, Run(threads=1))
    return model, problem


def slow(model, x, y, shown):
    """Sort by disagreements, then by distance; one more vote is the share of ones in training."""
    keys = []
    for i in range(len(model.x)):
        wrong = 0.0
        for j in np.flatnonzero(shown):
            wrong += (model.y[i, j] != y[j]) if model.observed[i, j] else 0.5
        keys.append((wrong, float(((x - model.x[i]).astype(float) ** 2).sum())))
    near = sorted(range(len(keys)), key=keys.__getitem__)[: model.k]
    votes = [[model.y[i, j] for i in near if model.observed[i, j]] for j in range(len(y))]
    return [(sum(v) + model.prior[j]) / (len(v) + 1) for j, v in enumerate(votes)]


def test_votes_are_those_of_a_slow_search():
    """Protects the order of agreement before distance, blanks and the prior's vote."""
    for missing in (0.0, 0.3):
        model, problem = fitted(missing)
        rows = problem.split.test[:10]
        table = reveal(problem.labels.take(rows), 0.5, 0).shown.table
        y, shown = table.to_dense()
        placed = model.encode(problem.data.take(rows))
        got = model.predict(problem.data.take(rows), Shown(table)).mean
        want = [slow(model, placed.x[i], y[i], shown[i]) for i in range(len(rows))]
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_a_set_of_labels_is_answered_as_one():
    """Two labels that always differ: knowing one decides the other, however the features lie."""
    rng = np.random.default_rng(0)
    problem = related(n=150, tasks=LABELS, missing=0.0)
    y, _ = problem.labels.to_dense()
    y[:, 1] = 1 - y[:, 0]
    model = build("powerset-knn")
    model.fit(problem.data, LabelTable.from_dense(LABELS, y), problem.split, Run(threads=1))
    known = np.full((20, 4), np.nan)
    known[:, 0] = rng.integers(0, 2, 20)
    data = problem.data.take(problem.split.test[:20])
    found = model.predict(data, Shown(LabelTable.from_dense(LABELS, known))).mean[:, 1]
    assert (np.abs(found - (1 - known[:, 0])) < 0.2).all()
