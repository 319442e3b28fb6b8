from pathlib import Path

import numpy as np
import polars as pl
import pytest

from weft.data.columns import ColumnPlan, plan_columns
from weft.data.reading import read_known, read_labels
from weft.data.tables import Table
from weft.errors import UserError
from weft.tasks import Kind, Task, TaskSet


def table(first=1, **columns) -> Table:
    n = max(len(column) for column in columns.values())
    return Table(Path("a.csv"), pl.DataFrame({"smiles": ["CCO"] * n} | columns), first)


def test_labels_of_all_kinds():
    """Each kind of cell becomes its label value; everything that stands for unknown becomes no label."""
    read = table(
        b=["0", " 1 ", "", "NA", "1.0", "?"],
        w=["Inactive", "ACTIVE", "none", "n/a", "0", "1"],
        m=["low", "mid", "HIGH", "NaN", None, "low "],
        r=["1.5", "-2", "1e3", "null", "", "+4"],
    )
    tasks = TaskSet(
        (
            Task("b"),
            Task("w", Kind.BINARY, ("inactive", "active")),
            Task("m", Kind.MULTICLASS, ("high", "low", "mid")),
            Task("r", Kind.REGRESSION),
        )
    )
    labels = read_labels(read, ColumnPlan("smiles", tasks, ()))
    x = None
    assert labels.to_wide().rows() == [
        (0, 0, 1, 1.5),
        (1, 1, 2, -2),
        (x, x, 0, 1000),
        (x, x, x, x),
        (1, 0, x, x),
        (x, 1, 1, 4),
    ]


BAD = {
    "label 2": ("binary", "2", r"label '2' is not one of 0, 1 in a binary task \(1 such"),
    "label -1": ("binary", "-1", r"label '-1' is not one of 0, 1 in a binary task"),
    "label 0.5": ("binary", "0.5", r"label '0\.5' is not one of 0, 1"),
    "text": ("regression", "abc", r"'abc' is not a finite number"),
    "censored": ("regression", ">10", r"'>10' is not a finite number"),
    "decimal comma": ("regression", "1,5", r"'1,5' is not a finite number"),
    "infinite": ("regression", "inf", r"'inf' is not a finite number"),
    "beyond floats": ("regression", "1e999", r"'1e999' is not a finite number"),
    "long": ("regression", "x" * 1000, r"'x{37}\.\.\.' is not a finite number"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_cell_names_file_row_column_and_mend(case):
    """A cell that is no label stops reading with its place, its text and what to do."""
    kind, cell, message = BAD[case]
    read = table(first=101, tox=["0", "1", "1", cell])
    with pytest.raises(UserError, match=r"^a\.csv, row 104, column tox: " + message) as error:
        read_labels(read, plan_columns(read, kinds={"tox": kind}))
    assert "leave it blank if unknown" in error.value.mend


@pytest.mark.parametrize("cell", ["2", "maybe", "-1"])
def test_a_stray_cell_in_a_guessed_column_is_an_error_too(cell):
    """Without any option, a column of 0 and 1 with a stray cell is not silently something else."""
    read = table(tox=["0", "1", "1", "0", cell, "1"])
    with pytest.raises(UserError, match=r"a\.csv, row 5, column tox"):
        read_labels(read, plan_columns(read))


def test_text_in_a_guessed_numeric_column_is_an_error():
    """A word among numbers is named, not read as missing."""
    read = table(logd=["0.5", "1.5", "about 2", "3.5"])
    with pytest.raises(UserError, match=r"a\.csv, row 3, column logd: 'about 2'"):
        read_labels(read, plan_columns(read))


def test_all_missing_and_one_class_tasks_are_read_beside_others():
    """A task without labels, or with one class, is kept and known as such."""
    read = table(empty=[None, "", "NA"], single=["1", None, "1"], good=["0", "1", None])
    labels = read_labels(read, plan_columns(read))
    assert labels.tasks.names == ["empty", "single", "good"]
    assert labels.counts().tolist() == [0, 2, 2]
    assert labels.class_counts("single").tolist() == [0, 2]


def test_nothing_to_learn_is_an_error():
    """A table without a task column, or without a single label, says so."""
    read = table(name=["x", "y"])
    with pytest.raises(UserError, match=r"a\.csv: there is no task column.*--tasks"):
        read_labels(read, plan_columns(read))
    read = table(tox=["", None])
    with pytest.raises(UserError, match=r"a\.csv: no label is known in any task \(tox\). Fill in"):
        read_labels(read, plan_columns(read))


def test_known_labels_of_a_new_table():
    """Columns of known tasks are read by the model's classes; absent ones are unknown; others do not matter."""
    tasks = TaskSet((Task("a"), Task("m", Kind.MULTICLASS, ("x", "y", "z")), Task("absent")))
    labels = read_known(table(note=["1", "2"], m=["z", None], a=[True, False]), tasks)
    assert labels.tasks == tasks
    assert labels.n_rows == 2
    assert list(zip(labels.row, labels.col, labels.value, strict=True)) == [(0, 0, 1), (0, 1, 2), (1, 0, 0)]
    with pytest.raises(UserError, match=r"row 1, column m: label 'w' is not one of x, y, z in a multiclass task"):
        read_known(table(m=["w"]), tasks)


def test_no_known_column_is_an_empty_table():
    """A table of SMILES only is the standard setting: nothing known, every row there."""
    labels = read_known(table(note=["1", "2", "3"]), TaskSet.binary(["a"]))
    assert (len(labels), labels.n_rows) == (0, 3)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1, 0, None], dtype=pl.Int8),
        pl.Series([1.0, 0.0, float("nan")], dtype=pl.Float32),
        pl.Series([True, False, None]),
        pl.Series(["1", "0", None], dtype=pl.Categorical),
        pl.Series(["yes", "no", "?"]),
    ],
    ids=["int", "float", "bool", "categorical", "words"],
)
def test_types_of_parquet_are_read_as_their_text(column):
    """Whatever type a binary column has in Parquet, its labels are the same."""
    labels = read_known(table(a=column), TaskSet.binary(["a"]))
    assert np.array_equal(labels.row, [0, 1])
    assert np.array_equal(labels.value, [1, 0])
