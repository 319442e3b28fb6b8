"""Rows of molecules: the cells of `weft fit`, the same for every row, and no test label in any fit."""

import dataclasses

import numpy as np
import pytest

from tests import tiny
from tests.benchmark.mols import ROWS, SUITE, TASKS, load
from weft.benchmark.asking import Asking
from weft.benchmark.molecule_data import drawn, parsed
from weft.benchmark.molecule_results import MoleculeResult
from weft.benchmark.results import Results
from weft.benchmark.runner import RunOptions, run_suite
from weft.errors import UserError
from weft.predictor import REGISTRY
from weft.training.assess import RATIOS, assess
from weft.training.run import Run


@pytest.fixture(autouse=True)
def fits(monkeypatch):
    """Watch every fit: what it is given, and that no label of the test part is among it."""
    tiny.register(monkeypatch)
    seen = []
    inner, inner_add = tiny.Tiny.fit, tiny.Tiny.add_task

    def fit(self, data, labels, split, run):
        assert not set(labels.row) & set(split.test)
        assert len(labels) > len(labels.on_rows(split.train))  # validation labels are there
        seen.append(("fit", labels.tasks.names, run.seed))
        inner(self, data, labels, split, run)

    def add_task(self, data, labels, run=None):
        seen.append(("add", labels.tasks.names, len(data)))
        inner_add(self, data, labels, run)

    monkeypatch.setattr(tiny.Tiny, "fit", fit)
    monkeypatch.setattr(tiny.Tiny, "add_task", add_task)
    return seen


def run(tmp_path, *rows, splits=(1,), data=("mols",)):
    return run_suite(SUITE, tmp_path, RunOptions(splits, rows, data)).results


def test_the_figures_are_those_of_weft_fit(tmp_path):
    """Protects comparability: the same split, masks and means as a fit's metrics.json for the same seed."""
    found = run(tmp_path, "guess/one")[0]
    held = load("mols")
    split = held.split(1)
    model = tiny.Tiny()
    model.fit(held.data, held.labels.on_rows(np.concatenate([split.train, split.val])), split, Run(1))
    theirs = assess(model, held.data, held.labels, split.test, "test", RATIOS, 5, 1)
    for evaluation in theirs.revealed:
        means = evaluation.means()
        assert found.mean("roc_auc", evaluation.ratio) == pytest.approx(means["roc_auc"].value, abs=1e-6)
        assert found.mean("pr_auc", evaluation.ratio) == pytest.approx(means["pr_auc"].value, abs=1e-6)
        aucs = [task.values["roc_auc"] for task in evaluation.scores.tasks]
        told = next(e for e in found.test if e["reveal"] == evaluation.ratio)["tasks"]["roc_auc"]
        assert told == [a if a is None else pytest.approx(a, abs=1e-4) for a in aucs]
    assert found.sizes == {part: len(rows) for part, rows in split.parts().items()}
    for told, evaluation in zip(
        found.val, assess(model, held.data, held.labels, split.val, "val", RATIOS, 5, 1).revealed, strict=True
    ):
        means = {name: evaluation.means()[name].value for name in ("roc_auc", "pr_auc")}
        assert told == pytest.approx({"reveal": evaluation.ratio, **means}, abs=1e-5)


def test_every_row_is_asked_the_same_cells(tmp_path):
    """Protects paired differences: masks depend on labels, split and ratio only; other splits ask others."""
    one, two, blind = run(tmp_path, "guess", "blind")
    for ratio in RATIOS:
        assert one.cells(ratio) == two.cells(ratio) == blind.cells(ratio) != ()
    assert [len(one.cells(ratio)) for ratio in RATIOS] == [1, 5, 5, 5]
    assert len({*one.cells(0.2), *one.cells(0.5)}) == 10
    assert run(tmp_path, "guess/one", splits=(2,))[0].cells(0.5) != one.cells(0.5)


def test_who_cannot_use_labels_is_shown_none(tmp_path):
    """Protects the standard rows: asked the same cells, they answer as with nothing shown."""
    blind = run(tmp_path, "blind")[0]
    assert {mask["roc_auc"] for ratio in RATIOS for mask in blind.masks(ratio)} - {None} == {0.5}  # a mean per task
    assert {mask["roc_auc"] for mask in run(tmp_path, "guess/one")[0].masks(0.5)} - {None} != {0.5}


def test_new_tasks_are_left_out_added_and_asked_alone(tmp_path, fits):
    """Protects the meta settings: the last fifth is not in the fit, is learnt from training rows, and is asked."""
    found = run(tmp_path, "new")[0]
    assert fits[-2:] == [("fit", list("abcde"), 1), ("add", ["f"], found.sizes["train"])]
    assert found.test[0]["masks"][0]["n_tasks"] <= 1
    assert [len(entry["tasks"]["roc_auc"]) for entry in found.test] == [1, 1]
    assert found.mean("roc_auc", 0.5, "own labels") == 0.5  # the only new label is asked, so nothing is shown


def test_only_labels_of_new_tasks_are_shown_when_asked_so():
    """Protects the reading of the released code; else labels of all tasks are shown, and none that is asked."""
    labels = load("mols").labels
    for own in (True, False):
        episode = Asking((0.5,), new_tasks=True, own_labels=own).episodes(labels, 0.5, 0)[0]
        assert set(episode.asked.table.col) == {5}
        assert set(episode.shown.table.col) == (set() if own else set(range(6)))
    with pytest.raises(UserError, match="a fifth of 4 tasks is none"):
        Asking(new_tasks=True).new(TASKS.names[:4])


def test_splits_data_and_resuming(tmp_path, fits):
    """Protects hours of computing: rows x data x splits, each once; a row may have fewer splits of a data set."""
    keys = [r.key for r in run(tmp_path, "guess", splits=(0, 1), data=())]
    assert keys == [
        ("guess/one", "mols", 0), ("guess/two", "mols", 0), ("guess/one", "other", 0), ("guess/two", "other", 0),
        ("guess/one", "mols", 1), ("guess/two", "mols", 1), ("guess/one", "other", 1),
    ]  # fmt: skip
    count = len(fits)
    assert len(run(tmp_path, "guess", splits=(0, 1), data=())) == 7
    assert len(fits) == count
    with Results(tmp_path, "mols", MoleculeResult).claim(("blind", "mols", 0)):
        found = run_suite(SUITE, tmp_path, RunOptions((0,), ("blind",)))
    assert found.elsewhere == (("blind", "mols", 0),)
    assert [r.key for r in found.results] == [("blind", "other", 0)]


def test_a_row_asked_otherwise_does_not_mix(tmp_path):
    """Protects a table from figures of other ratios under one name."""
    run(tmp_path, "guess/one")
    rows = (dataclasses.replace(ROWS[0], asking=Asking((0.5,))),)
    with pytest.raises(UserError, match=r"ratios=\[0.5\]"):
        run_suite(dataclasses.replace(SUITE, rows=rows), tmp_path, RunOptions((0,)))


def test_a_model_that_is_not_there_is_told_before_work(tmp_path, monkeypatch):
    """Protects from finding out after hours: the row is named, and nothing is trained."""
    monkeypatch.delitem(REGISTRY, tiny.NAME)
    with pytest.raises(UserError, match="row guess/one: this weft cannot make it: there is no model 'tiny'"):
        run(tmp_path, "guess/one")
    assert not (tmp_path / "mols.jsonl").exists()


def test_unknown_data(tmp_path):
    """Protects a misspelt data set."""
    with pytest.raises(UserError, match="Did you mean mols"):
        run(tmp_path, data=("mosl",))


def test_drawn_tasks():
    """Protects the subset of tasks: always the same, in the table's order, with all their labels."""
    labels = load("mols").labels
    some = drawn(labels, 3)
    assert some.tasks.names == drawn(labels, 3).tasks.names == sorted(some.tasks.names)
    assert len(some.tasks) == 3
    assert some.counts().sum() == sum(labels.counts()[labels.tasks.index(name)] for name in some.tasks.names)
    assert parsed("toxcast-60") == ("toxcast", 60)
    with pytest.raises(UserError, match="7 of 6 tasks"):
        drawn(labels, 7)
