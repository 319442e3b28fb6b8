import numpy as np
import pytest

from tests.baselines.problems import auc, features, targets
from weft.baselines.learners import REGISTRY, Targets, column_targets, folds, learner_class
from weft.errors import UserError
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

NAMES = list(REGISTRY)


def make(name):
    return learner_class(name)(**({"trees": 40} if name in ("rf", "et") else {}))


@pytest.mark.parametrize("name", NAMES)
def test_learners_learn(name):
    """Out of fold and on new data every learner orders 0/1 columns and follows values."""
    x, new = features(250), features(150, seed=5)
    t, truth = targets(x), targets(new, known=1, seed=5)
    learner = make(name)
    t = Targets(np.where(t.continuous, (t.y - 5) / 3, t.y), t.observed, t.continuous)
    for score, got in ((learner.fit(x, t, Run(threads=1)), t), (learner.predict(new), truth)):
        assert np.isfinite(score).all()
        for j in range(3):
            rows, y = got.column(j)
            assert auc(y, score[rows, j]) > 0.7
        rows, y = got.column(3)
        assert np.corrcoef(y, score[rows, 3])[0, 1] > 0.55


@pytest.mark.parametrize("name", NAMES)
def test_out_of_fold_means_out_of_fold(name):
    """Labels that are noise are not predicted: seen to fail when bags or folds let a datum's own label in."""
    x = features(300)
    rng = np.random.default_rng(1)
    y = (rng.random((300, 4)) < 0.5).astype(float)
    score = make(name).fit(x, Targets(y, np.ones(y.shape, bool), np.zeros(4, bool)), Run(threads=1))
    assert np.mean([auc(y[:, j], score[:, j]) for j in range(4)]) < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_unknown_cells_do_not_matter(name):
    """What stands in a cell that is not observed changes nothing."""
    x = features(120)
    t = targets(x)
    other = Targets(np.where(t.observed, t.y, -3.0), t.observed, t.continuous)
    one, two = make(name), make(name)
    assert np.array_equal(one.fit(x, t, Run(threads=1)), two.fit(x, other, Run(threads=1)))


@pytest.mark.parametrize("name", NAMES)
def test_restored_learners_predict_the_same(name):
    """Saved and restored, bit for bit; and the same seed gives the same learner."""
    x, new = features(100), features(30, seed=3)
    one, two = make(name), make(name)
    one.fit(x, targets(x), Run(seed=4, threads=1))
    two.fit(x, targets(x), Run(seed=4, threads=1))
    again = learner_class(name).restore(one.state())
    assert np.array_equal(again.predict(new), one.predict(new))
    assert np.array_equal(two.predict(new), one.predict(new))


@pytest.mark.parametrize("name", NAMES)
def test_columns_too_small_get_the_prior(name):
    """One class, no label and two labels are answered with one number for all, and said to be."""
    x = features(40)
    y = np.zeros((40, 4))
    observed = np.zeros((40, 4), bool)
    observed[:, 0] = True  # one class
    observed[:2, 1], y[0, 1] = True, 1
    observed[:, 3], y[:20, 3] = True, 1
    learner = make(name)
    out = learner.fit(x, Targets(y, observed, np.zeros(4, bool)), Run(threads=1))
    assert learner.fallback.tolist() == [True, True, True, False]
    assert np.ptp(out[:, :3], axis=0).max() == 0
    assert out[0, 0] < -3
    assert out[0, 2] == pytest.approx(0)
    assert np.array_equal(learner_class(name).restore(learner.state()).predict(x), learner.predict(x))


def test_all_columns_too_small():
    """A learner that learnt nothing still predicts and is saved."""
    x = features(10)
    empty = Targets(np.zeros((10, 2)), np.zeros((10, 2), bool), np.zeros(2, bool))
    for name in NAMES:
        learner = make(name)
        assert learner.fit(x, empty, Run(threads=1)).tolist() == np.zeros((10, 2)).tolist()
        assert learner_class(name).restore(learner.state()).predict(x).shape == (10, 2)


def test_column_targets_spread_classes():
    """A task of three classes is three 0/1 columns with one mask; values stay values."""
    tasks = TaskSet((Task("c", Kind.MULTICLASS, ("x", "y", "z")), Task("b"), Task("d", Kind.REGRESSION)))
    nan = np.nan
    got = column_targets(LabelTable.from_dense(tasks, [[2, 1, nan], [nan, nan, 0.5]]))
    assert got.y.tolist() == [[0, 0, 1, 1, 0], [0, 0, 0, 0, 0.5]]
    assert got.observed.astype(int).tolist() == [[1, 1, 1, 1, 0], [0, 0, 0, 0, 1]]
    assert got.continuous.tolist() == [False, False, False, False, True]
    assert got.rare().tolist() == [0, 0, 0, 0, 0]


def test_folds_are_balanced():
    """Every fold has its share of each class, and of low and high values."""
    rng = np.random.default_rng(0)
    y = (np.arange(43) < 12).astype(float)
    fold = folds(y, False, 4, rng)
    assert np.bincount(fold[y == 1]).tolist() == [3, 3, 3, 3]
    assert np.ptp(np.bincount(fold)) <= 1
    value = rng.normal(size=42)
    fold = folds(value, True, 4, rng)
    assert set(np.bincount(fold[np.argsort(value)[:8]])) == {2}


def test_unknown_learner():
    """A misspelt learner is told with its neighbour."""
    with pytest.raises(UserError, match="Did you mean lightgbm"):
        learner_class("lightgmb")
