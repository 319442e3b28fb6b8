"""Classifier chains: scikit-learn's on whole tables, and the rule of Bayes where labels are known."""

import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain

from tests.metalink.problems import related
from weft.baselines.chains import ChainsPredictor, conditioned
from weft.baselines.learners import column_targets
from weft.baselines.links import ForestLinks, LinearLinks
from weft.errors import UserError
from weft.labels import LabelTable, Shown
from weft.predictor import build
from weft.tasks import TaskSet
from weft.training.calibration import sigmoid
from weft.training.run import Run

LABELS = TaskSet.binary(list("abcd"))
QUIET = Run(threads=1)


def fitted(name="classifier-chains", missing=0.0, **options):
    problem = related(n=200, tasks=LABELS, missing=missing)
    model = build(name, **options)
    model.fit(problem.data, problem.labels, problem.split, QUIET)
    return model, problem


def test_a_chain_is_that_of_scikit_learn_on_a_whole_table():
    """Protects links, their order and what each reads. Seen to catch: labels of all links read by every link."""
    problem = related(n=200, tasks=LABELS, missing=0.0)
    rows, order = problem.split.train, [2, 0, 3, 1]
    x = problem.data.take(rows).dense("vectors")
    y = problem.labels.take(rows).to_dense()[0]
    theirs = ClassifierChain(LogisticRegression(C=0.1, max_iter=500), order=order, chain_method="predict_proba")
    theirs.fit(x, y)
    mine = LinearLinks.learn(x, column_targets(problem.labels.take(rows)), order, True, 0.1, QUIET)
    test = problem.data.take(problem.split.test).dense("vectors")
    base, state = mine.base(test), np.zeros((len(test), 4))
    for j in order:
        state[:, j] = mine.probability(base, state, j)
    np.testing.assert_allclose(state, theirs.predict_proba(test), atol=2e-3)


def chain() -> tuple[LinearLinks, np.ndarray]:
    """Return three links in the order 1, 2, 0 and their logits without labels of five data."""
    links, rng = LinearLinks(), np.random.default_rng(0)
    links.order = np.array([1, 2, 0])
    links.link = np.zeros((3, 3))
    links.link[1, 2], links.link[1, 0], links.link[2, 0] = 1.5, -2.0, 0.7
    return links, rng.normal(size=(5, 3))


def joint(links: LinearLinks, base: np.ndarray, y: tuple[int, ...]) -> np.ndarray:
    """Return the chain's probability of the labels `y` for every datum."""
    p = sigmoid(base + np.array(y, float) @ links.link)
    return np.prod(np.where(np.array(y) == 1, p, 1 - p), axis=1)


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_with_one_label_asked_the_rule_of_bayes_is_exact(asked):
    """Seen to catch: known labels behind the asked one left out, or their sign lost."""
    links, base = chain()
    for values in itertools.product((0, 1), repeat=2):
        y = [0, 0, 0]
        for at, value in zip([k for k in range(3) if k != asked], values, strict=True):
            y[at] = value
        one, zero = ([*y[:asked], value, *y[asked + 1 :]] for value in (1, 0))
        want = joint(links, base, tuple(one)) / (joint(links, base, tuple(one)) + joint(links, base, tuple(zero)))
        shown = np.ones((5, 3), bool)
        shown[:, asked] = False
        state = np.tile(np.array(y, float), (5, 1))
        state[:, asked] = 0.3  # its own probability from before must not matter
        np.testing.assert_allclose(conditioned(links, base, state, shown)[:, asked], want, rtol=1e-10)


def test_a_known_label_moves_those_before_it_only_when_conditioned():
    """Protects what the two ways promise, and that a chain gives a label its known value to read."""
    moved = {}
    for known in ("plugged", "conditioned"):
        model, problem = fitted(chains=1, known=known)
        assert isinstance(model, ChainsPredictor)
        order = model.chains[0].order
        data = problem.data.take(problem.split.test)
        value = np.full((len(data), 4), np.nan)
        value[:, order[2]] = 1.0
        shown = Shown(LabelTable.from_dense(LABELS, value))
        change = np.abs(model.predict(data, shown).mean - model.predict(data).mean).max(0)
        moved[known] = change[order]
    assert moved["plugged"][0] == moved["plugged"][1] == 0 < moved["plugged"][3]
    assert (moved["conditioned"][[0, 1, 3]] > 1e-3).all()


def test_known_labels_help_chains_of_either_kind():
    """A hidden factor that labels tell better than features: known labels must lower the loss."""
    for options in ({}, {"base": "rf", "known": "plugged", "chains": 4}):
        model, problem = fitted(missing=0.1, **options)
        rows = problem.split.test
        labels = problem.labels.take(rows)
        shown = Shown(labels.where(labels.col != 1))
        y, seen = labels.to_dense()
        with_, without = (model.predict(problem.data.take(rows), known).mean[seen[:, 1], 1] for known in (shown, None))
        brier = [((p - y[seen[:, 1], 1]) ** 2).mean() for p in (with_, without)]
        assert brier[0] < brier[1] - 0.02


def test_binary_relevance_reads_no_label():
    """Known labels change nothing, and no link reads another's label."""
    model, problem = fitted("binary-relevance")
    rows = problem.split.test
    data, shown = problem.data.take(rows), Shown(problem.labels.take(rows))
    assert np.array_equal(model.predict(data, shown).mean, model.predict(data).mean)
    assert not model.chains[0].link.any()


def test_a_forest_reads_only_labels_before_it():
    """Seen to catch: labels behind a link in its table."""
    problem = related(n=200, tasks=LABELS, missing=0.0)
    rows = problem.split.train
    x = problem.data.take(rows).dense("vectors")
    links = ForestLinks.learn(x, column_targets(problem.labels.take(rows)), [3, 1, 0, 2], True, 1.0, QUIET)
    y = np.zeros((len(x), 4))
    behind = y.copy()
    behind[:, [0, 1, 2]] = 1
    assert np.array_equal(links.probability(x, y, 3), links.probability(x, behind, 3))
    assert not np.array_equal(links.probability(x, y, 2), links.probability(x, behind, 2))


def test_a_label_of_one_class_is_answered_with_its_share():
    problem = related(n=120, tasks=LABELS, missing=0.0)
    y, _ = problem.labels.to_dense()
    y[:, 3] = 0
    model = build("classifier-chains", chains=2)
    model.fit(problem.data, LabelTable.from_dense(LABELS, y), problem.split, QUIET)
    found = model.predict(problem.data).mean[:, 3]
    assert np.allclose(found, 1 / (len(problem.split.train) + 2))


def test_what_cannot_be_done_is_refused():
    problem = related(n=60)
    for name in ("classifier-chains", "binary-relevance", "powerset-knn"):
        with pytest.raises(UserError, match="binary tasks only"):
            build(name).fit(problem.data, problem.labels, problem.split, QUIET)
    for options in ({"base": "svm"}, {"known": "first"}, {"base": "rf"}, {"chains": 0}):
        with pytest.raises(UserError):
            build("classifier-chains", **options)
