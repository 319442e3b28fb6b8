"""A user's whole way on a real table: fit, predict, impute, evaluate, add a task, and what the files say."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.conftest import Weft


@pytest.fixture(scope="module")
def fitted(weft: Weft, whole: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A forest (the quick learner of the profile) would not show labels: the paper's network, few epochs."""
    folder = tmp_path_factory.mktemp("models") / "model"
    frame = pl.read_csv(whole, infer_schema_length=None)
    tasks = [name for name in frame.columns[1:] if set(frame[name].drop_nulls().unique()) <= {0, 1}]
    small = folder.parent / "table.csv"
    frame.select(frame.columns[0], *tasks).write_csv(small)
    options = ["--preset", "metalink-paper", "--epochs", "8", "--setting", "relational_meta"]
    weft.run("fit", small, "--out", folder, *options, "--quiet")
    return folder, tasks


def test_metrics_tell_every_task_with_its_n_and_known_labels_help(whole: Path, fitted: tuple[Path, list[str]]) -> None:
    """That labels help is told by a real table: of the one that weft ships eight epochs learn too little."""
    folder, tasks = fitted
    test = json.loads((folder / "metrics.json").read_text())["test"]
    assert set(test) == {"0", "0.2", "0.5", "0.8"}
    assert set(test["0.5"]["tasks"]) == set(tasks)
    assert all(row["n"] > 0 for row in test["0"]["tasks"].values())
    gain = test["0.8"]["means"]["roc_auc"]["value"] - test["0"]["means"]["roc_auc"]["value"]
    assert gain > 0.03 or whole.name != "sider.csv.gz"
    assert test["0"]["means"]["roc_auc"]["n_tasks"] <= len(tasks)


def test_predictions_keep_the_table_and_use_what_is_known(
    weft: Weft, fitted: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """Nothing lost, invariant 3: a bad row, a salt, an atom, a repeat and extra columns come back where they were."""
    folder, tasks = fitted
    smiles = ["CCO", "not a molecule", "CC(=O)O.[Na]", "[Cl-]", "CCO", ""]
    table = pl.DataFrame({"id": list("abcdef"), "smiles": smiles, tasks[0]: [1, None, 0, None, None, 1]})
    table.write_csv(tmp_path / "new.csv")
    weft.run("predict", folder, tmp_path / "new.csv", "--out", tmp_path / "out.csv", "--quiet")
    weft.run("predict", folder, tmp_path / "new.csv", "--out", tmp_path / "blind.csv", "--ignore-known", "--quiet")
    out, blind = (pl.read_csv(tmp_path / name) for name in ("out.csv", "blind.csv"))
    assert out["id"].to_list() == list("abcdef")
    assert out.columns[:3] == table.columns
    bad = [word != "ok" for word in out["status"]]
    assert bad == [False, True, False, False, False, True]
    predicted = out[f"{tasks[1]}_pred"].to_list()
    assert [value is None for value in predicted] == bad
    assert out[f"{tasks[0]}_known"].to_list() == [True, False, True, False, False, True]
    assert predicted[0] != blind[f"{tasks[1]}_pred"][0]
    assert predicted[4] == blind[f"{tasks[1]}_pred"][4]
    assert all(0 <= value <= 1 for value in predicted if value is not None)


def test_impute_fills_blanks_only(weft: Weft, fitted: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, tasks = fitted
    table = pl.DataFrame({"smiles": ["CCO", "CCN"], tasks[0]: [1, None], tasks[1]: [None, 0]})
    table.write_csv(tmp_path / "in.csv")
    weft.run("impute", folder, tmp_path / "in.csv", "--out", tmp_path / "full.csv", "--quiet")
    full = pl.read_csv(tmp_path / "full.csv")
    assert full[tasks[0]][0] == 1
    assert full[tasks[1]][1] == 0
    assert 0 < full[tasks[0]][1] < 1
    assert full[tasks[1]].null_count() == 0


def test_evaluate_and_a_new_task(weft: Weft, fitted: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, tasks = fitted
    told = weft.run("evaluate", folder, folder.parent / "table.csv", "--reveal", "0.5", "--json", "--quiet")
    assert json.loads(told)
    frame = pl.read_csv(folder.parent / "table.csv", infer_schema_length=None)
    frame.head(300).select(frame.columns[0], pl.col(tasks[0]).alias("again")).write_csv(tmp_path / "assay.csv")
    weft.run("add-task", folder, tmp_path / "assay.csv", "--out", tmp_path / "grown", "--quiet")
    frame.tail(200).write_csv(tmp_path / "rest.csv")
    weft.run("predict", tmp_path / "grown", tmp_path / "rest.csv", "--out", tmp_path / "p.csv", "--quiet")
    p = pl.read_csv(tmp_path / "p.csv")
    both = p.select(tasks[0], "again_pred").drop_nulls()
    ones, zeros = (both.filter(pl.col(tasks[0]) == y)["again_pred"].mean() for y in (1, 0))
    assert ones > zeros
