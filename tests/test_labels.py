"""Label tables: nothing is lost, nothing unknown becomes a number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weft.errors import UserError
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

KINDS = (Task("a"), Task("b", Kind.MULTICLASS, ("x", "y", "z")), Task("c", Kind.REGRESSION), Task("d"))


@st.composite
def tables(draw: st.DrawFn) -> LabelTable:
    """Any table over tasks of all kinds, empty rows and columns included."""
    tasks = TaskSet(KINDS[: draw(st.integers(1, 4))])
    n = draw(st.integers(0, 7))
    known = draw(hnp.arrays(bool, (n, len(tasks))))
    number = {Kind.BINARY: st.integers(0, 1), Kind.MULTICLASS: st.integers(0, 2), Kind.REGRESSION: st.floats(-9, 9)}
    values = np.array([[float(draw(number[t.kind])) for t in tasks] for _ in range(n)]).reshape(n, len(tasks))
    return LabelTable.from_dense(tasks, values, known)


def same(a: LabelTable, b: LabelTable) -> bool:
    return (
        a.tasks == b.tasks
        and a.n_rows == b.n_rows
        and np.array_equal(a.row, b.row)
        and np.array_equal(a.col, b.col)
        and np.array_equal(a.value, b.value)
    )


@given(tables())
def test_dense_wide_and_long_round_trips(table: LabelTable) -> None:
    """Seen to catch: 0 written for unknown in `to_wide`."""
    assert same(LabelTable.from_dense(table.tasks, *table.to_dense()), table)
    assert same(LabelTable.from_wide(table.tasks, table.to_wide()), table)
    assert same(LabelTable.from_long(table.tasks, table.n_rows, table.to_long()), table)


@given(tables(), st.data())
def test_take_is_indexing_of_the_dense_form(table: LabelTable, data: st.DataObject) -> None:
    """Rows may repeat and come in any order. Seen to catch: offsets not shifted by the counts before."""
    rows = data.draw(st.lists(st.integers(0, max(table.n_rows - 1, 0)), max_size=9 if table.n_rows else 0))
    values, known = table.take(rows).to_dense()
    dense, observed = table.to_dense()
    index = np.array(rows, np.int64)
    np.testing.assert_array_equal(values, dense[index])
    np.testing.assert_array_equal(known, observed[index])


@given(tables(), st.data())
def test_split_shows_and_asks_every_label_once(table: LabelTable, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(bool, len(table)))
    shown, asked = table.split(mask)
    both = shown.table.to_dense()[1].astype(int) + asked.table.to_dense()[1]
    np.testing.assert_array_equal(both, table.to_dense()[1].astype(int))


@given(tables())
def test_counts_are_those_of_the_dense_form(table: LabelTable) -> None:
    known = table.to_dense()[1]
    np.testing.assert_array_equal(table.counts(), known.sum(0))
    np.testing.assert_array_equal(table.row_counts(), known.sum(1))


@given(tables())
def test_take_tasks_reorders_columns(table: LabelTable) -> None:
    names = table.tasks.names[::-1]
    np.testing.assert_array_equal(table.take_tasks(names).to_dense()[0], table.to_dense()[0][:, ::-1])


@given(tables())
def test_beside_puts_the_dense_forms_side_by_side(table: LabelTable) -> None:
    other = LabelTable.from_dense(TaskSet.binary(["new", "other"]), np.tile([[1.0, np.nan]], (table.n_rows, 1)))
    values, known = table.beside(other).to_dense()
    np.testing.assert_array_equal(values, np.concatenate([table.to_dense()[0], other.to_dense()[0]], 1))
    np.testing.assert_array_equal(known, np.concatenate([table.to_dense()[1], other.to_dense()[1]], 1))


def test_class_counts() -> None:
    table = LabelTable.from_dense(TaskSet(KINDS[:2]), [[1, 2], [0, 2], [np.nan, 0]])
    assert table.class_counts("a").tolist() == [1, 1]
    assert table.class_counts("b").tolist() == [1, 0, 2]


@pytest.mark.parametrize("bad", [2.0, 0.5, -1.0, np.inf])
def test_a_value_that_the_task_cannot_have_is_refused_with_its_place(bad: float) -> None:
    with pytest.raises(UserError, match=r"row 1, task a: label .* does not fit a binary task"):
        LabelTable.from_dense(TaskSet.binary(["a"]), [[0.0], [bad]])


def test_a_cell_twice_or_out_of_range_is_refused() -> None:
    tasks = TaskSet.binary(["a"])
    with pytest.raises(UserError, match="row 1, task a: a cell has two labels"):
        LabelTable(tasks, 2, np.array([1, 1]), np.array([0, 0]), np.array([0.0, 1.0]))
    with pytest.raises(UserError, match="outside"):
        LabelTable(tasks, 2, np.array([2]), np.array([0]), np.array([1.0]))
    with pytest.raises(UserError, match="outside"):
        LabelTable(tasks, 2, np.array([0]), np.array([1]), np.array([1.0]))
