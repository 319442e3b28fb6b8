from functools import cache

import numpy as np
import pytest

from tests.baselines.problems import auc, table
from weft.baselines import stage_boosted
from weft.baselines.evidence import Evidence, Scale
from weft.baselines.second_stage import Lesson
from weft.baselines.stage_boosted import BoostedStage
from weft.baselines.stage_gaussian import GaussianStage
from weft.baselines.stage_linear import LinearStage
from weft.baselines.two_stage import FirstStage
from weft.data.splits import Split
from weft.data.vectors import Vectors
from weft.labels import LabelTable, Shown
from weft.predictor import build
from weft.settings import reveal
from weft.tasks import TaskSet
from weft.training.run import Run

STAGES = (GaussianStage, LinearStage, BoostedStage)
RUN = Run(threads=1)
SMALL = 120


@cache
def first():
    """The forest's stage of the shared problem, and what second stages learn from."""
    data, labels, split = table(SMALL)
    rows = split.train[data.ok[split.train]]
    stage = FirstStage()
    return stage, stage.fit(data.take(rows), labels.take(rows), RUN)


def informative(n=500):
    """Task b is known exactly where task a is 1; its values, like the features, are noise."""
    rng = np.random.default_rng(0)
    a, b = rng.random(n) < 0.5, rng.random(n) < 0.5
    known = np.stack([np.ones(n, bool), a], 1)
    labels = LabelTable.from_dense(TaskSet.binary(["a", "b"]), np.stack([a, b], 1), known)
    rows = np.arange(n)
    return Vectors(rng.normal(size=(n, 3))), labels, Split(rows[:300], rows[:0], rows[300:], "random", 0)


@cache
def fitted_informative(name, pattern):
    data, labels, split = informative()
    model = build(name, pattern=pattern)
    model.fit(data, labels, split, RUN)
    return model


@pytest.mark.parametrize("name", ["two-stage-lr", "two-stage-lightgbm"])
def test_which_labels_are_known_is_read_only_with_the_pattern(name):
    """A table whose known cells give task a away, while their values say nothing of it: values only finds nothing."""
    data, labels, split = informative()
    y = labels.to_dense()[0][split.test, 0]
    shown = Shown(labels.take(split.test).take_tasks(["a", "b"]))
    scores = {p: fitted_informative(name, p).predict(data.take(split.test), shown).mean[:, 0] for p in (False, True)}
    assert auc(y, scores[True]) > 0.99
    assert 0.35 < auc(y, scores[False]) < 0.65


@pytest.mark.parametrize("name", ["two-stage-lr", "two-stage-lightgbm"])
def test_a_label_shown_at_its_expected_value_changes_nothing(name):
    """Values only, exactly: a hidden label is one filled in with what structure expects."""
    data, labels, split = table()
    model = build(name)
    model.fit(data, labels, split, RUN)
    part = data.take(split.test[:20])
    bare = model.predict(part)
    expected = model.first.scale.centre[5] + model.first.scale.spread[5] * model.encode(part).scores[:, 5]
    told = LabelTable(labels.tasks, 20, np.arange(20), np.full(20, 3), expected)
    got = model.predict(part, Shown(told))
    np.testing.assert_allclose(got.mean[:, :5], bare.mean[:, :5], atol=1e-6)
    far = LabelTable(labels.tasks, 20, np.arange(20), np.full(20, 3), expected + 20)
    assert np.abs(model.predict(part, Shown(far)).mean[:, 0] - bare.mean[:, 0]).max() > 0.02


def test_the_gaussian_stage_is_the_formula():
    """p + s C_jA (C_AA + lambda I)^-1 e_A, by hand for one datum and a 0/1 column."""
    stage, lesson = GaussianStage(), first()[1]
    stage.fit(lesson, RUN)
    evidence = lesson.evidence()
    i = int(np.flatnonzero(evidence.shown[:, 1] & evidence.shown[:, 5])[0])
    shown = np.zeros((1, 6), bool)
    shown[0, [1, 5]] = True
    one = Evidence(evidence.scores[[i]], np.where(shown, evidence.residual[[i]], 0), shown, lesson.scale)
    p = 1 / (1 + np.exp(-one.scores[0]))
    s = np.sqrt(np.maximum(p * (1 - p), 0.01))
    e = np.array([one.residual[0, 1] / s[1], one.residual[0, 5] / stage.spread[5]])
    c, at = stage.conditional.correlation, [1, 5]
    moved = c[0, at] @ np.linalg.solve(c[np.ix_(at, at)] + stage.conditional.noise * np.eye(2), e)
    want = p[0] + s[0] * moved
    assert 0.02 < want < 0.98
    assert stage.answer(one)[0][0, 0] == pytest.approx(want)


def test_the_linear_stage_is_scikit_learns():
    """The stored weights answer as the fitted model does, ridge and logistic alike, on features built by hand."""
    from sklearn.linear_model import LogisticRegression

    lesson = first()[1]
    stage = LinearStage(pattern=True)
    stage.fit(lesson, RUN)
    evidence = lesson.evidence()
    residual, shown = evidence.residual.copy(), evidence.shown.astype(float)
    residual[:, 0], shown[:, 0] = 0, 0
    sums = [residual.sum(1)[:, None], shown, shown.sum(1)[:, None]]
    x = np.concatenate([evidence.scores, residual, *sums], 1) / stage.spread
    model = LogisticRegression().fit(x, np.arange(len(x)) % 2)
    model.coef_, model.intercept_ = stage.weight[:, :1].T, stage.bias[:1]
    np.testing.assert_allclose(stage.answer(evidence)[0][:, 0], model.predict_proba(x)[:, 1], atol=1e-9)


@pytest.mark.parametrize("kind", STAGES)
def test_a_restored_stage_answers_alike(kind):
    """Protects saving: every array a stage needs is in its state."""
    lesson = first()[1]
    stage = kind(pattern=True)
    stage.fit(lesson, RUN)
    again = kind.restore(stage.state(), True)
    for one, other in zip(stage.answer(lesson.evidence()), again.answer(lesson.evidence()), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", STAGES)
def test_a_stage_without_anything_to_learn_keeps_the_structures_answer(kind):
    """Protects tables with too few labels: no fold, no class, no crash."""
    whole = first()[1]
    rows = np.array([0, 1])
    lesson = Lesson(whole.scores[rows], whole.table.take(rows), whole.scale, rows)
    stage = kind()
    stage.fit(lesson, RUN)
    nothing = Evidence.of(lesson.scores, LabelTable.empty(lesson.table.tasks, 2), lesson.scale)
    np.testing.assert_allclose(stage.answer(nothing)[0], lesson.scale.expected(lesson.scores), atol=0.02)


@pytest.mark.parametrize("name", ["rf-gaussian", "mean-of-four"])
def test_an_interrupted_fit_continues_to_the_same_model(name, tmp_path):
    """Resumable: with some stages finished, the rest gives the same arrays; the forest is not grown again."""
    data, labels, split = table(SMALL)
    run = Run(threads=1, folder=tmp_path)
    model = build(name)
    model.fit(data, labels, split, run)
    before = (tmp_path / "profile-rf.safetensors").stat().st_mtime_ns
    for path in tmp_path.glob("stage-*"):
        path.unlink()
    again = build(name)
    again.fit(data, labels, split, run)
    assert (tmp_path / "profile-rf.safetensors").stat().st_mtime_ns == before
    arrays = again.state()[1]
    assert all(np.array_equal(value, arrays[key]) for key, value in model.state()[1].items())


def test_the_mean_of_four_is_the_mean_of_its_members():
    """The ensemble's answer is the plain mean of models that, fitted alone, say the same."""
    data, labels, split = table(SMALL)
    part, shown = data.take(split.test), reveal(labels.take(split.test), 0.5, 0).shown
    model = build("mean-of-four")
    model.fit(data, labels, split, RUN)
    members = model.members(model.encode(part), shown)
    got = model.predict(part, shown)
    np.testing.assert_allclose(got.mean, np.mean([member.mean for member in members], 0))
    np.testing.assert_allclose(got.mean[:, 2:5].sum(1), 1)
    for name, member in zip(["two-stage-lr", "rf-gaussian"], [members[0], members[2]], strict=True):
        alone = build(name)
        alone.fit(data, labels, split, RUN)
        assert np.array_equal(alone.predict(part, shown).mean, member.mean)


def test_boosters_of_wide_tables_read_the_most_related_columns(monkeypatch):
    """Many columns: of 6, each reads itself and the one that repeats it; others are not read, and saving keeps that."""
    monkeypatch.setattr(stage_boosted, "_MANY", 3)
    monkeypatch.setattr(stage_boosted, "_READ", 2)
    rng = np.random.default_rng(0)
    y = np.repeat(rng.random((400, 3)) < 0.5, 2, axis=1).astype(float)  # columns 0 and 1, 2 and 3, 4 and 5 are equal
    labels = LabelTable.from_dense(TaskSet.binary(list("abcdef")), y, np.ones(y.shape, bool))
    scale = Scale(labels.tasks, np.zeros(6, bool), np.zeros(6), np.ones(6))
    scores = rng.normal(size=y.shape) * 0.1
    stage = BoostedStage()
    stage.fit(Lesson(scores, labels, scale, np.arange(400)), RUN)
    assert stage.read.tolist() == [[0, 1], [0, 1], [2, 3], [2, 3], [4, 5], [4, 5]]
    shown = Evidence.of(scores, labels.where(labels.col == 1), scale)
    answer = stage.answer(shown)[0]
    assert auc(y[:, 0], answer[:, 0]) > 0.99
    assert abs(auc(y[:, 2], answer[:, 2]) - 0.5) < 0.2
    again = BoostedStage.restore(stage.state(), False)
    assert np.array_equal(again.answer(shown)[0], answer)
