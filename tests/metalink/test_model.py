"""The MetaLink predictor as a whole: both engines, saved and loaded, new tasks, the settings they serve."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.metalink.problems import MIXED, Problem, related
from weft.errors import UserError
from weft.labels import LabelTable, Shown
from weft.metalink.channel import ChannelConfig
from weft.metalink.closed_form import ClosedFormConfig, ClosedFormEngine
from weft.metalink.model import MetaLinkPredictor
from weft.metalink.presets import configure
from weft.saved import load
from weft.settings import Setting, reveal
from weft.tasks import TaskSet
from weft.training.evaluate import evaluate
from weft.training.run import Run

#: As the default preset, with fewer learners and steps, and nothing left to choose.
QUICK = ClosedFormConfig(
    learners=("rf", "gp"),
    channel=ChannelConfig(steps=40, batch=64),
    members=2,
    rung="middle",
    stages=("lr", "lightgbm"),
)
SIX = TaskSet.binary(list("abcdef"))


def model(setting: Setting = Setting.RELATIONAL, **changes: object) -> MetaLinkPredictor:
    predictor = MetaLinkPredictor(setting=setting)
    predictor.config = replace(QUICK, shows=setting.shows_labels, **changes)
    predictor.engine = ClosedFormEngine(predictor.config)
    return predictor


@pytest.fixture(scope="module")
def problem() -> Problem:
    return related(n=500, tasks=SIX, seed=2)


@pytest.fixture(scope="module")
def fitted(problem: Problem) -> MetaLinkPredictor:
    predictor = model()
    predictor.fit(problem.data, problem.labels, problem.split, Run())
    return predictor


def aucs(predictor: MetaLinkPredictor, problem: Problem, ratio: float, show: bool = True) -> float:
    found = evaluate(predictor, problem.data, problem.labels, problem.split.test, [ratio], masks=3, show=show)
    return found[0].means()["roc_auc"].value


def test_known_labels_help_on_the_same_cells(fitted: MetaLinkPredictor, problem: Problem) -> None:
    assert aucs(fitted, problem, 0.5) > aucs(fitted, problem, 0.5, show=False) + 0.1


def test_a_prediction_does_not_depend_on_its_batch(fitted: MetaLinkPredictor, problem: Problem) -> None:
    """Batch invariance, invariant 2. Seen to catch: the direct path centred by the batch's mean."""
    rows = problem.split.test
    known = reveal(problem.labels.take(rows), 0.5, 0).shown
    together = fitted.predict(problem.data.take(rows), known)
    for at in (0, 11):
        alone = fitted.predict(problem.data.take(rows[[at]]), known.take([at]))
        np.testing.assert_allclose(alone.mean[0], together.mean[at], atol=1e-5)
        np.testing.assert_allclose(alone.std[0], together.std[at], atol=1e-5)


def test_test_labels_reach_nothing(fitted: MetaLinkPredictor, problem: Problem) -> None:
    """No peeking, invariant 1. Seen to catch: layout and profile fitted on the labels of all rows."""
    table = problem.labels
    held = np.isin(table.row, problem.split.test)
    turned = LabelTable(SIX, table.n_rows, table.row, table.col, np.where(held, 1 - table.value, table.value))
    other = model()
    other.fit(problem.data, turned, problem.split, Run())
    rows = problem.split.test
    assert np.array_equal(other.predict(problem.data.take(rows)).mean, fitted.predict(problem.data.take(rows)).mean)


def test_a_shown_label_moves_other_tasks_and_never_the_same_answer_as_unknown(
    fitted: MetaLinkPredictor, problem: Problem
) -> None:
    """Unknown is not zero, invariant 7: no label, label 0 and label 1 give three different predictions."""
    one = problem.data.take(problem.split.test[:1])
    zero_or_one = [
        fitted.predict(one, Shown(LabelTable.from_dense(SIX, [[y, *[np.nan] * 5]]))).mean[0, 1] for y in (0, 1)
    ]
    nothing = fitted.predict(one).mean[0, 1]
    assert zero_or_one[0] < nothing < zero_or_one[1]


def test_save_and_load_predict_bit_for_bit_the_same(
    fitted: MetaLinkPredictor, problem: Problem, tmp_path: Path
) -> None:
    """Safe to load, invariant 6: nothing but JSON and safetensors. Seen to catch: arrays kept in Fortran order."""
    fitted.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.safetensors"]
    again = load(tmp_path)
    rows = problem.split.test
    known = reveal(problem.labels.take(rows), 0.5, 0).shown
    first, second = (m.predict(problem.data.take(rows), known) for m in (fitted, again))
    assert np.array_equal(first.mean, second.mean)
    assert np.array_equal(first.std, second.std)
    assert again.settings == fitted.settings == frozenset(Setting)


def test_same_seed_same_model(fitted: MetaLinkPredictor, problem: Problem) -> None:
    """Same seed, same machine, same result, invariant 4. Seen to catch: batches drawn without a seed."""
    other = model()
    other.fit(problem.data, problem.labels, problem.split, Run())
    assert all(np.array_equal(value, other.state()[1][key]) for key, value in fitted.state()[1].items())


def test_every_kind_of_task() -> None:
    problem = related(n=400)
    predictor = model()
    predictor.fit(problem.data, problem.labels, problem.split, Run())
    rows = problem.split.test
    part = problem.labels.take(rows)
    found = predictor.predict(problem.data.take(rows), reveal(part, 0.7, 0).shown)
    np.testing.assert_allclose(found.mean[:, 2:5].sum(1), 1, atol=1e-6)
    scores = evaluate(predictor, problem.data, problem.labels, rows, [0.0, 0.7], masks=3)
    r2 = [e.scores.tasks[MIXED.index("r")].values["r2"] for e in scores]
    assert r2[1] is not None
    assert r2[0] is not None
    assert r2[1] > r2[0] + 0.2
    assert (found.std > 0).all()


def test_a_new_task_joins_in_any_order_and_leaves_the_old_alone(problem: Problem, tmp_path: Path) -> None:
    train, rows = problem.split.train, problem.split.test
    old = replace(problem, labels=problem.labels.take_tasks(list("abcd")))
    known = problem.labels.take_tasks(list("abcd")).take(rows)
    found = []
    for order in ("ef", "fe"):
        predictor = model()
        predictor.fit(old.data, old.labels, old.split, Run())
        before = predictor.predict(problem.data.take(rows), Shown(known)).mean
        for name in order:
            predictor.add_task(problem.data.take(train), problem.labels.take_tasks([name]).take(train))
        predictor.save(tmp_path / order)
        again = load(tmp_path / order)
        shown = Shown(LabelTable(again.tasks, len(rows), known.row, known.col, known.value))
        after = again.predict(problem.data.take(rows), shown)
        np.testing.assert_allclose(after.mean[:, :4], before, atol=1e-6)
        found.append(after.mean[:, [4, 5] if order == "ef" else [5, 4]])
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    y, seen = problem.labels.take(rows).to_dense()
    from weft.training.metrics import roc_auc

    for j in (4, 5):
        auc = roc_auc(y[seen[:, j], j], found[0][seen[:, j], j - 4])
        assert auc is not None
        assert auc > 0.75  # structure alone is near 0.65


def test_a_name_taken_is_refused(fitted: MetaLinkPredictor, problem: Problem) -> None:
    with pytest.raises(UserError, match="already has the task 'a'"):
        fitted.add_task(problem.data, problem.labels.take_tasks(["a"]))


def test_standard_setting_reads_no_label(problem: Problem) -> None:
    predictor = model(Setting.STANDARD)
    predictor.fit(problem.data, problem.labels, problem.split, Run())
    rows = problem.split.test
    shown = reveal(problem.labels.take(rows), 0.5, 0).shown
    data = problem.data.take(rows)
    assert np.array_equal(predictor.predict(data).mean, predictor.predict(data, shown).mean)
    assert predictor.settings == {Setting.STANDARD, Setting.META}


def test_resumed_stages_give_the_same_model(problem: Problem, tmp_path: Path) -> None:
    """Resumable, invariant 5: a fit that finds its finished stages ends where the undisturbed one does.

    Seen to catch: a stage that comes back changed.
    """
    whole, resumed = model(), model()
    whole.fit(problem.data, problem.labels, problem.split, Run(folder=tmp_path))
    stages = sorted(path.name for path in tmp_path.iterdir())
    assert len(stages) == 6
    (tmp_path / "channel.safetensors").unlink()
    resumed.fit(problem.data, problem.labels, problem.split, Run(folder=tmp_path))
    assert all(np.array_equal(value, resumed.state()[1][key]) for key, value in whole.state()[1].items())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "defualt"}, "Did you mean default"),
        ({"encoder": "dmpn"}, "Did you mean dmpnn"),
        ({"epochs": 3}, "network trained by epochs"),
        ({"kg_layers": 3}, "network trained by epochs"),
        ({"encoder": "gine", "decoder": "dott"}, "Did you mean dot"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        configure(**options)  # pyright: ignore[reportArgumentType]


def test_presets_follow_the_setting() -> None:
    paper = configure("metalink-paper", setting=Setting.RELATIONAL_META)
    assert paper.graph.inductive  # pyright: ignore[reportAttributeAccessIssue]
    assert configure("metalink-paper", setting=Setting.STANDARD).reveal == 0.0  # pyright: ignore[reportAttributeAccessIssue]
    shaped = configure(encoder="gine", kg_layers=3, decoder="mlp", data_neighbours=4, task_neighbours=2)
    assert (shaped.graph.layers, shaped.graph.decoder) == (3, "mlp")  # pyright: ignore[reportAttributeAccessIssue]
    assert (shaped.graph.data_neighbours, shaped.graph.task_neighbours) == (4, 2)  # pyright: ignore[reportAttributeAccessIssue]


def test_a_model_of_a_newer_version_or_cut_short_is_refused(fitted: MetaLinkPredictor, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    card = json.loads((tmp_path / "model.json").read_text())
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="writing was cut short"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(whole)
    (tmp_path / "model.json").write_text(json.dumps({**card, "schema": 99}))
    with pytest.raises(UserError, match="pip install --upgrade weft"):
        load(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({key: card[key] for key in card if key not in ("config", "seal")}))
    with pytest.raises(UserError, match="damaged"):
        load(tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(UserError, match=r"no model\.json"):
        load(tmp_path)
