import json

import pytest

from weft.errors import UserError
from weft.jobs.evaluate import evaluate


def test_molecules_of_training_are_left_out(model, table):
    """Protects from flattering scores: seen to catch an evaluation over all rows of the training table."""
    found = evaluate(model, table)
    assert (found.rows, found.seen, found.assessment.n_rows) == (12, 8, 4)
    assert evaluate(model, table, with_seen=True).assessment.n_rows == 12


def test_the_same_molecule_written_otherwise_is_still_seen(model, tmp_path):
    """Protects from counting OC as new when CO was trained on."""
    path = tmp_path / "other.csv"
    path.write_text("smiles,a\nOC,1\nc1ccccc1,0\nc1ccccc1C,1\n")
    assert evaluate(model, path).seen == 1


def test_labels_shown_change_scores_on_the_same_cells(model, table):
    """Protects the comparison: both columns of a ratio ask the same cells."""
    scores = evaluate(model, table, ratios=[0.5]).to_json()["reveal"]["0.5"]
    n = {name: task["n"] for name, task in scores["tasks"].items()}
    assert n == {name: task["n"] for name, task in scores["standard"]["tasks"].items()}
    assert scores["tasks"] != scores["standard"]["tasks"]


def test_nothing_to_score_is_an_error_with_a_mend(model, tmp_path):
    """Protects from an empty table of scores."""
    path = tmp_path / "seen.csv"
    path.write_text("smiles,a\nCO,1\nCCO,0\n")
    with pytest.raises(UserError, match=r"seen in training.*--seen"):
        evaluate(model, path)
    path.write_text("smiles,other\nc1ccccc1,1\nc1ccccc1C,0\n")
    with pytest.raises(UserError, match="no label of the model's tasks"):
        evaluate(model, path)


def test_ratio_outside_its_range(model, table):
    """Protects --reveal 1, which would ask for nothing."""
    with pytest.raises(UserError, match="--reveal"):
        evaluate(model, table, ratios=[1.0])


def test_result_is_written_as_json(model, table, tmp_path):
    """Protects --out of evaluate."""
    evaluate(model, table, ratios=[0, 0.5], out=tmp_path / "scores.json")
    assert set(json.loads((tmp_path / "scores.json").read_text())["reveal"]) == {"0", "0.5"}
