import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from weft.baselines import tree_bits, tree_comparisons
from weft.baselines.tree_bits import BitForest
from weft.baselines.tree_nodes import Nodes, from_sklearn
from weft.baselines.tree_walk import walk
from weft.baselines.trees import Forest

LEAF = Nodes(*(np.full(1, one, kind) for one, kind in ((-1, "i4"), (7, "f4"), (-1, "i4"), (-1, "i4"), (False, bool))))


def table(rows, rng):
    """Counts, half-integers, values, a constant, numbers beyond what float32 tells apart, infinities."""
    counts = rng.poisson(0.5, (rows, 8))
    halves = rng.integers(-3, 4, (rows, 2)) / 2
    values = rng.normal(size=(rows, 6)) * 10.0 ** rng.integers(-3, 4, 6)
    wide = np.where(rng.random((rows, 1)) < 0.1, np.finfo(np.float32).max, rng.normal(size=(rows, 1)) * 1e8)
    return np.concatenate([counts, halves, values, np.ones((rows, 1)), wide], 1).astype(np.float32)


@pytest.fixture(scope="module", params=[RandomForestRegressor, ExtraTreesRegressor])
def forest(request):
    """A forest of trees of many sizes, single leaves among them, that asks features far more than 64 things."""
    rng = np.random.default_rng(0)
    x = table(400, rng)
    y = x[:, 0] + x[:, 8] + rng.normal(size=400)
    large = request.param(25, random_state=0).fit(x, y)
    small = request.param(25, random_state=1, max_depth=3).fit(x, y)
    trees = [from_sklearn(t.tree_) for model in (large, small) for t in model.estimators_]
    trees[10:10] = [LEAF]
    return Forest.of([LEAF, *trees, LEAF], np.arange(len(trees) + 2) % 3, 3)


def slow(forest, x):
    """Walk tree by tree; return the answers [R, N]."""
    return np.stack([forest.tree(k).number[walk(forest.tree(k), x)] for k in range(len(forest))])


@pytest.mark.parametrize("rows", [1, 63, 64, 200])
@pytest.mark.parametrize("sorted_from", [1, 64, 10**6])
def test_every_row_reaches_the_leaf_that_a_walk_reaches(forest, rows, sorted_from, monkeypatch):
    """Whatever the number of rows, and whether features are sorted or compared, the answers are those of a walk."""
    monkeypatch.setattr(tree_comparisons, "_SORTED", sorted_from)
    x = table(rows, np.random.default_rng(rows))
    x[:, -1] = np.where(np.arange(rows) % 5 == 0, np.inf, x[:, -1])
    found = np.concatenate([answer for _, answer in BitForest(forest.nodes, forest.start).answers(x)])
    assert np.array_equal(found, slow(forest, x))


def test_groups_change_nothing(forest, monkeypatch):
    """However many trees are taken together, each answers, in order."""
    x = table(130, np.random.default_rng(3))
    monkeypatch.setattr(tree_bits, "_NODES", 50)
    bits = BitForest(forest.nodes, forest.start)
    firsts, parts = zip(*bits.answers(x), strict=True)
    assert len(parts) > 20
    assert list(firsts) == np.cumsum([0, *map(len, parts[:-1])]).tolist()
    assert np.array_equal(np.concatenate(parts), slow(forest, x))


def test_a_row_on_a_threshold_goes_left(forest):
    """Rows that hold the thresholds themselves, and the numbers next to them, part as in a walk."""
    split = np.flatnonzero(forest.nodes.feature >= 0)[::7]
    x = np.repeat(table(1, np.random.default_rng(5)), 3 * len(split), 0)
    for k, at in enumerate(split):
        t = forest.nodes.number[at]
        x[3 * k : 3 * k + 3, forest.nodes.feature[at]] = [np.nextafter(t, -np.inf), t, np.nextafter(t, np.inf)]
    found = np.concatenate([answer for _, answer in BitForest(forest.nodes, forest.start).answers(x)])
    assert np.array_equal(found, slow(forest, x))


def test_forest_gives_the_same_sums_either_way(forest, monkeypatch):
    """Sums and sums of squares are equal bit for bit, in bits, walked, and for few rows."""
    x = table(150, np.random.default_rng(4))
    assert BitForest.suits(forest.nodes, forest.start)
    fast = forest.moments(x)
    few = forest.moments(x[:20])
    monkeypatch.setattr(tree_bits, "_MOST_NODES", 0)
    assert not BitForest.suits(forest.nodes, forest.start)
    for at, walked in enumerate(forest.moments(x)):
        assert np.array_equal(fast[at], walked)
        assert np.array_equal(few[at], walked[:20])
    assert np.array_equal(forest.sums(x), fast[0])
