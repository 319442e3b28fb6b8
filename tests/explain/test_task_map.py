"""The task map: what moves what, and what hangs together."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.explain.conftest import MODELS
from tests.explain.joint import Joint
from weft.data.vectors import Vectors
from weft.errors import UserError
from weft.explain import task_map
from weft.explain.clusters import clusters_of

FOLLOW = np.array([[0.45, 0.05], [0.05, 0.45]])  # two tasks that agree in nine of ten
AGAINST = FOLLOW[:, ::-1]


def test_influence_is_the_correlation_of_a_known_joint():
    """Protects the quantity: for two binary tasks the correlation ratio is the size of their correlation."""
    model = Joint(np.einsum("ab,cd->abcd", FOLLOW, AGAINST))
    found = task_map(model, Vectors(np.zeros((5, 1))))
    assert found.influence[0, 1] == pytest.approx(0.8)
    assert found.influence[0, 2] == pytest.approx(0, abs=1e-6)
    assert found.moved[0, 1] == pytest.approx(0.4)
    assert (found.direction[0, 1], found.direction[2, 3]) == (1, -1)
    assert np.isnan(np.diag(found.influence)).all()
    assert {frozenset(group) for group in found.clusters} == {frozenset(("t0", "t1")), frozenset(("t2", "t3"))}


@pytest.mark.parametrize("name", MODELS)
def test_it_can_be_asked_of_any_model(name, problem, request):
    """Protects every kind of task: finite, from 0 to 1, the tasks that share a factor move each other."""
    found = task_map(request.getfixturevalue(name), problem.data, rows=20)
    off = found.influence[~np.eye(5, dtype=bool)]
    assert off.min() >= 0
    assert 0.05 < off.max() <= 1
    assert sorted(found.order) == list(range(5))
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["names"] == list(found.names)


def test_the_default_engine_remembers_whom_to_ask(default, label_only, problem):
    """Protects the map without data: of remembered scores it is near that of the training data themselves."""
    remembered = task_map(default)
    asked = task_map(default, problem.data.take(problem.split.train), rows=500)
    np.testing.assert_allclose(remembered.influence, asked.influence, atol=0.15)
    with pytest.raises(UserError, match="needs data"):
        task_map(label_only)


def test_a_model_without_labels_has_no_map(label_only, monkeypatch):
    """Protects from a map of zeros."""
    monkeypatch.setattr(label_only, "settings", frozenset())
    with pytest.raises(UserError, match="does not use known labels"):
        task_map(label_only)


def test_clusters_of_blocks():
    """Protects the clustering: blocks are found, in order, and a matrix of nothing is one cluster."""
    block = np.kron(np.eye(3), np.ones((3, 3))) * 0.5 + 0.05
    shuffle = np.array([0, 3, 6, 1, 4, 7, 2, 5, 8])
    mixed = block[np.ix_(shuffle, shuffle)]
    np.fill_diagonal(mixed, np.nan)
    groups, order = clusters_of(mixed)
    assert sorted(sorted(shuffle[g].tolist()) for g in groups) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert sorted(order) == list(range(9))
    assert clusters_of(np.full((4, 4), np.nan)) == ([[0, 1, 2, 3]], [0, 1, 2, 3])
    assert clusters_of(np.full((0, 0), np.nan)) == ([], [])
