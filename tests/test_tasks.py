"""Tasks and task sets."""

from __future__ import annotations

import pytest

from weft.errors import UserError
from weft.tasks import Kind, Task, TaskSet

MIXED = TaskSet((Task("a"), Task("b", Kind.MULTICLASS, ("x", "y", "z")), Task("c", Kind.REGRESSION)))


def test_json_round_trip() -> None:
    assert TaskSet.from_json(MIXED.to_json()) == MIXED


def test_offsets_give_a_multiclass_task_one_column_per_class() -> None:
    assert MIXED.offsets.tolist() == [0, 1, 4, 5]


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="two tasks are named 'a'"):
        TaskSet.binary(["a", "b", "a"])


def test_a_misspelt_name_gets_the_nearest_one() -> None:
    with pytest.raises(UserError, match="Did you mean NR-AhR"):
        TaskSet.binary(["NR-AhR", "SR-p53"]).index("NR-Ahr")


@pytest.mark.parametrize(("kind", "classes"), [("regression", ("a", "b")), ("binary", ("a",)), ("multiclass", ("a",))])
def test_classes_must_fit_the_kind(kind: str, classes: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="cannot have"):
        Task("t", Kind(kind), classes)


def test_slices_and_selection_keep_order() -> None:
    assert MIXED[1:].names == ["b", "c"]
    assert MIXED.select(["c", "a"]).names == ["c", "a"]
