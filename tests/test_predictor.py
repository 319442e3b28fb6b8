"""What holds for every registered predictor: invariants of the one interface."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.metalink.problems import MIXED, Problem, related
from weft.data.vectors import Vectors
from weft.errors import UserError
from weft.labels import LabelTable
from weft.predictor import REGISTRY, Predictor, build
from weft.saved import load
from weft.settings import Setting, reveal
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

QUICK = {
    "metalink": {"encoder": "vectors", "epochs": 3, "members": 2},
    "rf": {},
    "lightgbm": {},
    "few-shot": {"epochs": 1, "changes": {"steps": 3, "judged": 3}},
}
SHOWS = {"rf", "lightgbm"}
READS_STRUCTURE = {
    "metalink",
    "rf",
    "lightgbm",
    "linear",
    "rf-gaussian",
    "two-stage-lr",
    "two-stage-lightgbm",
    "mean-of-four",
}
READS_STRUCTURE |= {"binary-relevance", "classifier-chains", "powerset-knn", "few-shot"}
OF_CLASSES = {"few-shot"}
CLASSES = TaskSet((Task("c", Kind.MULTICLASS, tuple("vwxyz")),))
OF_LABELS = {"binary-relevance", "classifier-chains", "powerset-knn"}  # these take binary tasks only
LABELS = TaskSet.binary(list("abcde"))
OF_GRAPHS = {"inline", "linear-graph"}  # these read nodes of a graph; their own tests hold them to the same


def fit(name: str, problem: Problem, seed: int = 0) -> Predictor:
    options: dict[str, object] = dict(QUICK.get(name, {}))
    if name in SHOWS:
        options["setting"] = Setting.RELATIONAL
    predictor = build(name, **options)
    predictor.fit(problem.data, problem.labels, problem.split, Run(seed=seed, threads=1))
    return predictor


@pytest.fixture(scope="module", params=[name for name in REGISTRY if name not in OF_GRAPHS])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def problem(name: str) -> Problem:
    tasks = LABELS if name in OF_LABELS else CLASSES if name in OF_CLASSES else MIXED
    return related(n=160, tasks=tasks)


@pytest.fixture(scope="module")
def fitted(name: str, problem: Problem) -> Predictor:
    return fit(name, problem)


def test_a_prediction_does_not_depend_on_its_batch(fitted: Predictor, problem: Problem) -> None:
    """Batch invariance, invariant 2. Seen to catch: a predictor that centres its answers by the batch's mean."""
    rows = problem.split.test
    known = reveal(problem.labels.take(rows), 0.5, 0).shown
    together = fitted.predict(problem.data.take(rows), known).mean
    backwards = fitted.predict(problem.data.take(rows[::-1].copy()), known.take(np.arange(len(rows))[::-1])).mean
    np.testing.assert_allclose(backwards[::-1], together, atol=1e-5)
    alone = fitted.predict(problem.data.take(rows[[3]]), known.take([3])).mean
    np.testing.assert_allclose(alone[0], together[3], atol=1e-5)


def test_held_out_labels_change_nothing(name: str, fitted: Predictor, problem: Problem) -> None:
    """No peeking, invariant 1. Seen to catch: a prior counted over all rows."""
    table = problem.labels
    held = np.isin(table.row, problem.split.test) & np.isin(table.col, [0, 1, 4])
    turned = LabelTable(
        table.tasks, table.n_rows, table.row, table.col, np.where(held, (table.value == 0) * 1.0, table.value)
    )
    other = fit(name, Problem(problem.data, turned, problem.split))
    data = problem.data.take(problem.split.test)
    assert np.array_equal(fitted.predict(data).mean, other.predict(data).mean)


def test_same_seed_same_model(name: str, fitted: Predictor, problem: Problem) -> None:
    """Same seed, same machine, same result, invariant 4.

    Seen to catch: first weights drawn from the global generator.
    """
    torch.manual_seed(99)  # whatever the process drew before must not matter
    again = fit(name, problem).state()[1]
    assert all(np.array_equal(value, again[key]) for key, value in fitted.state()[1].items())


def test_loading_never_unpickles_and_predicts_the_same(
    fitted: Predictor, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safe to load, invariant 6. Seen to catch: a call of pickle while arrays are read."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("unpickled")

    fitted.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.safetensors"]
    json.loads((tmp_path / "model.json").read_text())
    for module, attribute in ((pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (torch, "load")):
        monkeypatch.setattr(module, attribute, refuse)
    again = load(tmp_path)
    rows = problem.split.test
    known = reveal(problem.labels.take(rows), 0.5, 0).shown
    data = problem.data.take(rows)
    assert np.array_equal(again.predict(data, known).mean, fitted.predict(data, known).mean)
    assert again.settings == fitted.settings
    assert again.tasks == problem.labels.tasks


def test_data_with_other_features_are_refused(
    name: str, fitted: Predictor, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects from a model that reads features made in another way than its own; label-only models read none."""
    monkeypatch.setattr(Vectors, "feature_hash", lambda self, kind: "other")
    if name in READS_STRUCTURE:
        with pytest.raises(UserError, match="not made as the model's were"):
            fitted.predict(problem.data)
    else:
        assert fitted.predict(problem.data).ok.all()
