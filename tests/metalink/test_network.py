"""MetaLink networks: invariants of prediction, every kind of task, new tasks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.metalink.problems import MIXED, Problem, related
from weft.labels import LabelTable, Shown
from weft.metalink.graph import GraphConfig
from weft.metalink.network import NetworkConfig
from weft.metalink.network_engine import NetworkEngine
from weft.predictor import Predictions
from weft.settings import reveal
from weft.tasks import TaskSet
from weft.training.loop import LoopConfig
from weft.training.run import Run

SMALL = NetworkConfig(
    encoder="vectors",
    dim=16,
    graph=GraphConfig(layers=2, label_path=True),
    loop=LoopConfig(epochs=4, lr=0.01),
    batch=32,
    symmetric=True,
    members=2,
)
SHAPES = {
    "paper": replace(SMALL, graph=GraphConfig(layers=1), symmetric=False, reveal=0.5, members=1),
    "default": SMALL,
    "edges": replace(SMALL, graph=GraphConfig(2, data_neighbours=3, task_neighbours=2), members=1),
    "mlp": replace(SMALL, graph=GraphConfig(1, decoder="mlp"), members=1),
    "inductive": replace(SMALL, graph=GraphConfig(2, inductive=True), members=1),
    "double": replace(SMALL, graph=GraphConfig(2, inductive=True), loop=replace(SMALL.loop, precision="float64")),
    "focal": replace(SMALL, imbalance="focal", members=1, loop=replace(SMALL.loop, precision="bfloat16")),
}


def fitted(config: NetworkConfig, problem: Problem, seed: int = 0) -> NetworkEngine:
    engine = NetworkEngine(config)
    engine.fit(problem.data, problem.labels, problem.split.train, problem.split.val, Run(seed=seed))
    return engine


def predict(engine: NetworkEngine, problem: Problem, rows: np.ndarray, known: LabelTable) -> Predictions:
    return engine.predict(engine.encode(problem.data.take(rows)), Shown(known))


@pytest.fixture(scope="module", params=list(SHAPES))
def case(request: pytest.FixtureRequest) -> tuple[NetworkEngine, Problem]:
    problem = related()
    return fitted(SHAPES[request.param], problem), problem


def test_a_prediction_does_not_depend_on_its_batch(case: tuple[NetworkEngine, Problem]) -> None:
    """Batch invariance, invariant 2. Seen to catch: batch statistics of the encoder used at inference."""
    engine, problem = case
    rows = problem.split.test
    known = reveal(problem.labels.take(rows), 0.5, 0).shown.table
    together = predict(engine, problem, rows, known).mean
    for at in (0, 7):
        alone = predict(engine, problem, rows[at : at + 1], known.take([at])).mean
        np.testing.assert_allclose(alone[0], together[at], atol=1e-5)


def test_asked_labels_change_no_prediction(case: tuple[NetworkEngine, Problem]) -> None:
    """No peeking, invariant 1: test labels turned over in the table leave fit and prediction bit for bit as they were.

    Seen to catch: the support bank drawn from all rows.
    """
    engine, problem = case
    table = problem.labels
    held = np.isin(table.row, problem.split.test)
    binary = np.isin(table.col, [0, 1, 4])
    value = np.where(held & binary, 1 - table.value, table.value)
    turned = replace(problem, labels=LabelTable(table.tasks, table.n_rows, table.row, table.col, value))
    rows = problem.split.test
    known = LabelTable.empty(MIXED, len(rows))
    other = fitted(engine.config, turned)
    assert np.array_equal(predict(engine, problem, rows, known).mean, predict(other, turned, rows, known).mean)


def test_answers_are_probabilities_and_values(case: tuple[NetworkEngine, Problem]) -> None:
    engine, problem = case
    rows = problem.split.test
    found = predict(engine, problem, rows, LabelTable.empty(MIXED, len(rows)))
    p = found.mean[:, [0, 1, 2, 3, 4, 6]]
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(found.mean[:, 2:5].sum(1), 1, atol=1e-6)
    if engine.config.members > 1:  # the trained default: values are in the units of the labels (mean 10, sd 3.4)
        assert abs(found.mean[:, 5].mean() - 10) < 3
    assert np.isnan(found.std).all() == (engine.config.members == 1)


def test_state_round_trip_is_bit_equal(case: tuple[NetworkEngine, Problem]) -> None:
    engine, problem = case
    again = NetworkEngine(engine.config)
    again.restore(MIXED, *engine.state())
    rows = problem.split.test
    known = reveal(problem.labels.take(rows), 0.5, 0).shown.table
    assert np.array_equal(predict(engine, problem, rows, known).mean, predict(again, problem, rows, known).mean)


def test_double_precision_is_of_training() -> None:
    """What is kept is float32 as ever, and near what float32 learns; what is learnt is not that rounded."""
    problem = related()
    double, single = (fitted(SHAPES["double"], problem), fitted(replace(SHAPES["double"], loop=SMALL.loop), problem))
    wide, narrow = double.state()[1], single.state()[1]
    assert {key: value.dtype for key, value in wide.items()} == {key: value.dtype for key, value in narrow.items()}
    name = "net0.graph.layers.0.to_task.node.weight"
    np.testing.assert_allclose(wide[name], narrow[name], atol=1e-3)
    assert not np.array_equal(wide[name], narrow[name])


def test_double_precision_is_resumed_to_the_last_bit(tmp_path: Path) -> None:
    """Resumable, invariant 5: checkpoints hold float64, too. Stopped in the second of two networks."""
    problem, config = related(), SHAPES["double"]

    def stop(stage: str, epoch: int, score: float) -> None:
        del score
        if (stage, epoch) == ("train 2 of 2", 2):
            raise KeyboardInterrupt

    def fit(run: Run) -> NetworkEngine:
        engine = NetworkEngine(config)
        engine.fit(problem.data, problem.labels, problem.split.train, problem.split.val, run)
        return engine

    with pytest.raises(KeyboardInterrupt):
        fit(Run(folder=tmp_path, watch=stop))
    whole, resumed = fit(Run()).state(), fit(Run(folder=tmp_path)).state()
    assert whole[0] == resumed[0]
    for key, value in whole[1].items():
        assert np.array_equal(value, resumed[1][key]), key


def test_known_labels_help() -> None:
    """Tasks that share a hidden factor: half the labels shown must lift the ROC-AUC of the rest clearly."""
    from weft.training.evaluate import evaluate_episodes

    problem = related(n=600, tasks=TaskSet.binary(list("abcdef")), seed=1)
    engine = fitted(replace(SMALL, loop=LoopConfig(epochs=15, lr=0.01), members=1), problem)
    rows = problem.split.test
    encoded, part = engine.encode(problem.data.take(rows)), problem.labels.take(rows)
    episodes = [reveal(part, 0.5, seed) for seed in range(3)]
    auc = [
        evaluate_episodes(lambda shown: engine.predict(encoded, shown), episodes, 0.5, show).means()["roc_auc"].value
        for show in (True, False)
    ]
    assert auc[0] > auc[1] + 0.1
    assert auc[0] > 0.8


def test_a_new_task_joins_without_changing_the_old_ones() -> None:
    problem = related(n=600, tasks=TaskSet.binary(list("abcdef")), seed=1)
    old = replace(problem, labels=problem.labels.take_tasks(list("abcde")))
    config = replace(SHAPES["inductive"], loop=LoopConfig(epochs=15, lr=0.01))
    engine = fitted(config, old)
    rows, train = problem.split.test, problem.split.train
    before = predict(engine, problem, rows, LabelTable.empty(old.labels.tasks, len(rows))).mean
    engine.add_task(problem.data.take(train), problem.labels.take_tasks(["f"]).take(train), Run())
    known = problem.labels.take(rows)
    shown = known.where(known.col < 5)
    after = engine.predict(engine.encode(problem.data.take(rows)), Shown(shown))
    nothing = predict(engine, problem, rows, LabelTable.empty(engine.layout.tasks, len(rows))).mean
    np.testing.assert_allclose(nothing[:, :5], before, atol=1e-6)
    y, seen = known.to_dense()
    from weft.training.metrics import roc_auc

    auc = roc_auc(y[seen[:, 5], 5], after.mean[seen[:, 5], 5])
    assert auc is not None
    assert auc > 0.75


def test_bank_holds_every_class_of_every_task() -> None:
    from weft.metalink.bank import choose_support

    tasks = TaskSet.binary(["common", "rare"])
    y = np.full((500, 2), np.nan)
    y[:, 0] = np.arange(500) % 2
    y[:40, 1] = [1] * 5 + [0] * 35
    labels = LabelTable.from_dense(tasks, y)
    rows = np.arange(400)
    bank = choose_support(labels, rows, size=20, seed=0, least=4)
    assert set(bank) <= set(rows)
    assert labels.take(bank).class_counts("rare").min() >= 4
    assert np.array_equal(bank, choose_support(labels, rows, size=20, seed=0, least=4))
    assert torch.equal(torch.from_numpy(choose_support(labels, rows, 400, 0)), torch.arange(400))


def test_task_similarity_is_the_correlation_of_common_labels() -> None:
    from weft.metalink.columns import Layout
    from weft.metalink.episodes import task_similarity

    rng = np.random.default_rng(0)
    y = (rng.random((4000, 3)) < 0.5).astype(float)
    y[:, 1] = np.where(rng.random(4000) < 0.8, y[:, 0], 1 - y[:, 0])
    y[rng.random(y.shape) < 0.3] = np.nan
    labels = LabelTable.from_dense(TaskSet.binary(["a", "b", "c"]), y)
    both = ~np.isnan(y[:, :2]).any(1)
    found = task_similarity(Layout.fit(labels), labels)
    assert abs(float(found[0, 1]) - np.corrcoef(y[both, 0], y[both, 1])[0, 1]) < 0.02
    assert abs(float(found[0, 2])) < 0.06


def test_only_the_features_that_the_encoder_reads_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects a graph network from waiting for descriptors.

    Seen to catch: widths taken of every feature kind of the data.
    """
    from weft.data.molecules import Molecules
    from weft.data.splits import Split

    def refuse(self: Molecules, kind: str) -> np.ndarray:
        raise AssertionError(f"{kind} computed for a graph encoder")

    monkeypatch.setattr(Molecules, "dense", refuse)
    data = Molecules.from_smiles(["C" * k + "O" for k in range(1, 21)], workers=0)
    labels = LabelTable.from_dense(TaskSet.binary(["a"]), np.arange(20)[:, None] % 2)
    config = replace(SHAPES["paper"], encoder="metalink", loop=LoopConfig(epochs=1))
    fitted(config, Problem(data, labels, Split(np.arange(12), np.arange(12, 16), np.arange(16, 20), "random", 0)))  # pyright: ignore[reportArgumentType]
