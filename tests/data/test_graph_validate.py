"""What is told of a graph: counts by hand, and every problem at once."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.data.graphs import META, arrays, changed, write_arrays, write_files, write_hgb
from weft.data.graph_report import Degrees, GraphTask, RelationReport, TypeReport
from weft.data.graph_validate import validate_graph
from weft.errors import UserError


def test_counts_of_a_good_graph(tmp_path):
    """Types, degrees, duplicates, labels per part and class are those counted by hand."""
    report = validate_graph(write_files(tmp_path))
    assert (report.layout, report.name, report.problems, report.fit_error) == ("tables", "shop", (), None)
    assert report.types == (
        TypeReport("customer", 4, 2, 2, 2, 1 / 8, 0),
        TypeReport("account", 3, 1, 0, 0, None, 0),
    )
    degrees = (Degrees(0.75, 0.5, 2, 2), Degrees(1.0, 1.0, 2, 1))
    assert report.relations == (RelationReport("owns", "customer", "account", 3, 1, 0, *degrees),)
    by_name = {task.name: task for task in report.tasks}
    counts = {"0": {"train": 0, "val": 1, "test": 0}, "1": {"train": 1, "val": 0, "test": 0}}
    parts = {"train": 1, "val": 1, "test": 0, "none": 1}
    notes = ("no label 0 in train", "no label 1 in val", "no labels in test", "1 labels in no part")
    assert by_name["churn"] == GraphTask("churn", "binary", "customer", None, 3, parts, counts, None, None, notes)
    assert by_name["likes: coffee"].notes == ("no label 1 in train", "no labels in val", "no label 0 in test")
    value = by_name["value"]
    assert (value.mean, value.sd, value.parts) == (-0.25, np.sqrt(6.125), {"train": 0, "val": 0, "test": 0, "none": 2})
    assert report.split == {"train": 1, "val": 1, "test": 1}
    assert report.notes == ("Nodes of type account have no features: what is told of them comes from their edges.",)
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["fit_error"] is None


def test_loops_zero_rows_and_tasks_of_one_value(tmp_path):
    """Self loops are counted; nodes without any feature, tasks without a label or with one value are told."""
    files = arrays()
    files["edges"]["paper__cites__paper"] = np.array([[0, 1], [0, 2]])
    files["labels"] |= {"paper__none": np.array([-1, -1, -1]), "paper__one": np.array([1, 1, -1])}
    report = validate_graph(write_arrays(tmp_path, files))
    assert [relation.self_loops for relation in report.relations] == [0, 1]
    assert [found.zero_rows for found in report.types] == [0, 1]
    assert [task.notes for task in report.tasks[-2:]] == [("no labels",), ("one value only",)]


def test_all_problems_of_tables_are_told_at_once(tmp_path):
    """Dangling ids, keys twice, cells that are no numbers and no labels: each with rows and count."""
    changes = {
        "owns.csv": "who,what\nbob,B\nnobody,A\nann,Z\nann,A\n,A\n",
        **changed("accounts.tsv", ("C\t-2", "A\tmuch")),
        **changed("customers.csv", (",50,", ",fifty,"), ("train,yes", "first,maybe")),
        **changed("graph.toml", ('node = "customer"\nkind = "multiclass"', 'node = "costumer"\nkind = "multiclass"')),
    }
    report = validate_graph(write_files(tmp_path, changes))
    told = {
        (problem.where.rsplit("/", 1)[-1], problem.rows, problem.count): problem.what for problem in report.problems
    }
    assert told == {
        ("customers.csv, column age", (3,), 1): "'fifty' is no number",
        ("customers.csv, column part", (1,), 1): "'first' stands where train, val or test is expected",
        ("accounts.tsv, column iban", (3,), 1): "the key 'A' stands twice",
        ("owns.csv, column who", (2, 5), 2): "there is no customer 'nobody'",
        ("owns.csv, column what", (3,), 1): "there is no account 'Z'",
        ("customers.csv, column churn", (1,), 1): "'maybe' is no label of 'churn'",
        ("graph.toml, tasks.plan", (), 0): "it is on no type of node: 'costumer'",
        ("accounts.tsv, column value", (3,), 1): "'much' is no label of 'value'",
    }
    assert all(problem.mend for problem in report.problems)
    assert report.fit_error == f"{tmp_path}/customers.csv, column age, row 3: 'fifty' is no number"
    assert (report.relations[0].edges, len(report.tasks)) == (2, 4)


def test_all_problems_of_arrays_are_told_at_once(tmp_path):
    """Ids out of range, a relation of no type, labels that are none: each of them, and the rest is described."""
    files = arrays()
    files["edges"] |= {
        "author__writes__paper": np.array([[0, 5, 1], [0, 0, 9]]),
        "author__has__ghost": np.zeros((2, 1), int),
    }
    files["features"]["author__dense"][0, 0] = np.inf
    files["labels"]["author__area"] = np.array([7, 0])
    report = validate_graph(write_arrays(tmp_path, files))
    assert [(problem.what, problem.rows) for problem in report.problems] == [
        ("a feature is infinite", ()),
        ("source 5 is no author: there are 2", (2,)),
        ("target 9 is no paper: there are 3", (3,)),
        ("the relation 'author__has__ghost' names no type of node: 'ghost'", ()),
        ("node 0 has the label 7 of 'area'", ()),
    ]
    assert [relation.edges for relation in report.relations] == [1, 2]
    assert [task.name for task in report.tasks] == ["topics: nets", "topics: trees", "year"]


def test_dangling_ids_of_hgb_are_told_with_lines(tmp_path):
    """Ids that node.dat does not have."""
    report = validate_graph(write_hgb(tmp_path, {"link.dat": "0\t2\t0\t1\n0\t77\t0\t1\n88\t2\t0\t1\n"}))
    assert [(problem.what, problem.rows) for problem in report.problems] == [
        ("the source 88 is no node", (3,)),
        ("the target 77 is no node", (2,)),
    ]


def test_what_cannot_be_read_at_all_is_a_problem_too(tmp_path):
    """A broken file is told as the one problem; a path that is no graph is an error."""
    write_arrays(tmp_path, arrays(), META | {"num_nodes": {"author": -1}})
    report = validate_graph(tmp_path)
    assert [problem.what for problem in report.problems] == ["num_nodes must hold whole numbers"]
    with pytest.raises(UserError, match=r"graph\.toml.*edges\.npz.*link\.dat"):
        validate_graph(tmp_path / "nothing")


def test_empty_relation_and_missing_split_are_notes(tmp_path):
    """Both are allowed, so a person is told what follows from them."""
    files = arrays() | {"splits": {}}
    files["edges"]["paper__cites__paper"] = np.zeros((2, 0), int)
    report = validate_graph(write_arrays(tmp_path, files))
    assert report.problems == ()
    assert report.notes == (
        "No split is given: 60/20/20 of the labelled nodes of each type will be drawn.",
        "The relation paper__cites__paper has no edges: no message will pass along it.",
    )


def test_validating_needs_no_torch():
    """`weft validate` starts fast: no reader imports torch."""
    names = "graph_validate graph_tables graph_tables_write graph_npz graph_hgb graph_catalogue customers"
    code = "import sys; " + "; ".join(f"import weft.data.{name}" for name in names.split())
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('torch' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
