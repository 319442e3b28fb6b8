import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from tests.baselines.problems import features, targets
from weft.baselines import trees
from weft.baselines.tree_nodes import Nodes, from_sklearn, round_down
from weft.baselines.tree_walk import walk
from weft.baselines.trees import Forest


@pytest.fixture(scope="module")
def grown():
    x = features(150)
    y = targets(x, known=1).y
    models = [RandomForestRegressor(5, random_state=j).fit(x.x, y[:, j]) for j in range(2)]
    packed = [from_sklearn(tree.tree_) for model in models for tree in model.estimators_]
    return x.x, models, Forest.of(packed, np.repeat([0, 1], 5), 2)


def test_forest_answers_as_scikit_learn(grown):
    """Packing changes no leaf: mean and spread are those of the trees themselves."""
    x, models, forest = grown
    total, square = forest.moments(x)
    for j, model in enumerate(models):
        each = np.stack([tree.predict(x) for tree in model.estimators_])
        np.testing.assert_allclose(total[:, j] / 5, each.mean(0), rtol=1e-6)
        np.testing.assert_allclose(square[:, j] / 5, (each**2).mean(0), rtol=1e-6)


def test_compiled_and_numpy_walks_agree(grown, monkeypatch):
    """Without scikit-learn's compiled tree the answers are the same, bit for bit."""
    x, _, forest = grown
    assert trees.compiled(forest.tree(0), x.shape[1]) is not None
    fast = forest.moments(x)
    monkeypatch.setattr(trees, "compiled", lambda *_: None)
    slow = Forest.restore(forest.state()).moments(x)
    assert np.array_equal(fast[0], slow[0])
    assert np.array_equal(fast[1], slow[1])


def test_few_rows_get_what_many_get(grown):
    """Batch invariance: few rows go down all trees at once, and the sums are the same, bit for bit."""
    x, _, forest = grown
    total, square = forest.moments(x)
    for rows in (slice(0, 1), slice(3, 12)):
        assert np.array_equal(forest.moments(x[rows])[0], total[rows])
        assert np.array_equal(forest.moments(x[rows])[1], square[rows])
    with_nan = np.where(np.arange(x.shape[1]) % 3 == 0, np.nan, x).astype(np.float32)
    assert np.array_equal(forest.moments(with_nan[:2])[0], forest.moments(with_nan)[0][:2])


def test_nan_follows_its_own_direction():
    """NaN goes where the node says, in both walks; a value on the threshold goes left."""
    x = np.array([[np.nan, 0], [1, 0], [2, np.nan], [2, 9]], np.float32)
    nodes = Nodes(
        np.array([0, -1, 1, -1, -1], np.int32),
        np.array([1, 10, 3, 20, 30], np.float32),
        np.array([1, -1, 3, -1, -1], np.int32),
        np.array([2, -1, 4, -1, -1], np.int32),
        np.array([False, False, True, False, False]),
    )
    assert walk(nodes, x).tolist() == [3, 1, 3, 4]
    assert Forest.of([nodes], [0], 1).moments(x)[0][:, 0].tolist() == [20, 10, 20, 30]


def test_rounding_keeps_every_comparison():
    """A float32 datum compares with the rounded threshold as with the exact one, also one step beside it."""
    exact = np.random.default_rng(0).normal(size=500)
    near = exact.astype(np.float32)
    for x in (near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))):
        assert np.array_equal(x <= round_down(exact), x.astype(float) <= exact)


def test_restore_and_only(grown):
    """A saved forest answers the same; `only` picks the trees of some columns."""
    x, _, forest = grown
    state = forest.state()
    again = Forest.restore(state)
    assert np.array_equal(again.moments(x)[0], forest.moments(x)[0])
    assert np.array_equal(again.only(1, 2).moments(x)[0][:, 0], forest.moments(x)[0][:, 1])
    size = sum(state[name].nbytes for name in ("feature", "number", "left", "right"))
    assert size == 10 * len(forest.nodes)


def test_an_empty_forest_says_nothing():
    """No trees and no rows are fine."""
    assert Forest.of([], [], 3).moments(np.zeros((2, 4), np.float32))[0].tolist() == [[0, 0, 0], [0, 0, 0]]
    assert Forest.of([], [], 3).moments(np.zeros((0, 4), np.float32))[0].shape == (0, 3)
