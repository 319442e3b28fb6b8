"""Labels and masks of the `.npz` layout (see `graph_npz`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.graph_build import MOST_CLASSES, Column, task_names
from weft.data.graph_problems import Problems
from weft.data.graph_splits import hold_out, merge_parts
from weft.data.hetero import Ints, NodeTable
from weft.data.splits import PARTS
from weft.errors import UserError, nearest
from weft.tasks import Kind, Task

Arrays = Mapping[str, NDArray[Any]]

#: What `meta.json` may call a kind.
_KINDS = {
    "single-label": "multiclass",
    "multi-label": "multilabel",
    "multilabel": "multilabel",
    **{kind: str(kind) for kind in Kind},
}
_WHERE = "labels.npz"


def read_columns(
    labels: Arrays, meta: Mapping[str, Any], nodes: Mapping[str, NodeTable], problems: Problems
) -> tuple[list[Column], list[str]]:
    """Return the tasks with their labels, and for each array of labels its key.

    A multi-label array gives one binary task per class, named `TASK: CLASS`, with the task's name as their group.

    Raises:
        UserError: for an array of another form than its kind's, or a type that does not exist.
    """
    keys = list(labels)
    places = [_place(key) for key in keys]
    columns: list[Column] = []
    told_tasks = meta.get("tasks")
    tasks: Mapping[str, Any] = told_tasks if isinstance(told_tasks, Mapping) else {}
    for key, (kind, _), name in zip(keys, places, task_names(places), strict=True):
        with problems.gather():
            _check(labels[key], kind, nodes, key)
            about = tasks.get(key)
            columns += _columns(labels[key], about if isinstance(about, Mapping) else {}, kind, name, key)
    return columns, [key for key, (kind, _) in zip(keys, places, strict=True) if kind in nodes]


def _check(array: NDArray[Any], kind: str, nodes: Mapping[str, NodeTable], key: str) -> None:
    where = f"{_WHERE}, {key}"
    if kind not in nodes:
        raise UserError(f"{kind!r} is no type of node", where=where, mend=nearest(kind, nodes))
    n = nodes[kind].n
    if not n:
        raise UserError(f"the task is on {kind!r}, of which there are no nodes", where=where)
    if array.ndim not in (1, 2) or array.shape[0] != n or array.dtype.kind not in "fiub":
        what = f"labels are {array.dtype} {list(array.shape)} for {n} nodes of {kind}"
        raise UserError(what, where=where, mend="Save numbers [nodes], or [nodes, classes].")


def _place(key: str) -> tuple[str, str]:
    kind, _, task = key.partition("__")
    if not kind or not task:
        raise UserError(f"{key!r} names no labels", where=_WHERE, mend="Name the array TYPE__TASK.")
    return kind, task


def _columns(array: NDArray[Any], about: Mapping[str, Any], node: str, name: str, key: str) -> Iterator[Column]:
    kind = _kind(array, about, key)
    names = _class_names(about, key)
    if kind == "multilabel":
        if array.ndim != 2 or (names and len(names) != array.shape[1]):
            what = f"multi-label labels are {list(array.shape)}" + (f" for {len(names)} class names" if names else "")
            raise UserError(what, where=f"{_WHERE}, {key}", mend="Save 0 and 1 [nodes, classes].")
        for at in range(array.shape[1]):
            label = names[at] if names else str(at)
            yield _column(array[:, at], Task(f"{name}: {label}", Kind.BINARY, (), node, name), key)
        return
    if array.ndim != 1:
        raise UserError(f"{kind} labels are {list(array.shape)}", where=f"{_WHERE}, {key}", mend="Save one per node.")
    if kind == Kind.REGRESSION:
        yield _column(array, Task(name, Kind.REGRESSION, (), node), key)
        return
    classes = names or [str(at) for at in range(_n_classes(array, about, kind, key))]
    yield _column(array, Task(name, Kind(kind), tuple(classes), node), key)


def _kind(array: NDArray[Any], about: Mapping[str, Any], key: str) -> str:
    said = about.get("kind")
    if said is not None:
        if str(said) not in _KINDS:
            where = f"meta.json, task {key}"
            raise UserError(f"there is no kind of task {str(said)!r}", where=where, mend=nearest(str(said), _KINDS))
        return _KINDS[str(said)]
    if array.ndim == 2:
        return "multilabel"
    return "regression" if array.dtype.kind == "f" else "multiclass"


def _class_names(about: Mapping[str, Any], key: str) -> list[str]:
    said = about.get("class_names")
    if not isinstance(said, list | None):
        what = f"class_names is {said!r}"
        raise UserError(what, where=f"meta.json, task {key}", mend="Write a list of words, one per class.")
    return [str(word) for word in said or ()]


def _n_classes(array: NDArray[Any], about: Mapping[str, Any], kind: str, key: str) -> int:
    if kind == Kind.BINARY:
        return 2
    said = about.get("classes")
    if said is not None:
        if not (type(said) is int and 2 <= said <= MOST_CLASSES):
            mend = f"Write a whole number of at least 2 and at most {MOST_CLASSES:,}, or leave it out."
            raise UserError(f"classes is {said!r}", where=f"meta.json, task {key}", mend=mend)
        return said
    highest = np.nanmax(array, initial=1)
    if not highest < MOST_CLASSES:
        mend = "Number classes 0, 1, ..., or call the task's kind regression in meta.json."
        raise UserError(f"a label is {highest:g}", where=f"{_WHERE}, {key}", mend=mend)
    return int(highest) + 1


def _column(array: NDArray[Any], task: Task, key: str) -> Column:
    """Read labels: NaN is unknown, and below 0 where classes are counted."""
    value = array.astype(np.float64)
    known = ~np.isnan(value)
    if task.kind is not Kind.REGRESSION:
        known &= ~(value < 0)
        bad = np.flatnonzero(known & ~((value == np.floor(value)) & (value < len(task.classes))))
    else:
        bad = np.flatnonzero(np.isinf(value))
    if bad.size:
        at = int(bad[0])
        expected = f"0..{len(task.classes) - 1}, or -1 where unknown" if task.classes else "finite, NaN where unknown"
        what = f"node {at} has the label {value[at]:g} of {task.name!r}"
        raise UserError(what, where=f"{_WHERE}, {key}", mend=f"Labels are {expected}.")
    return Column(task, np.flatnonzero(known), value[known])


def read_parts(
    splits: Arrays, keys: list[str], nodes: Mapping[str, NodeTable], split: str | None
) -> dict[str, tuple[Ints, Ints, Ints]]:
    """Return the rows of each part by type; {} when there are none.

    Raises:
        UserError: for a split that does not exist, a mask of another length, or a node in different parts.
    """
    names = split_names(splits)
    if split is not None and split not in names:
        raise UserError(f"there is no split {split!r}", where="splits.npz", mend=nearest(split, names))
    parts: dict[str, tuple[Ints, Ints, Ints]] = {}
    for kind in dict.fromkeys(_place(key)[0] for key in keys):
        found = list(_masks(splits, kind, nodes[kind].n, "" if split is None else f"{split}_"))
        found = found or list(_masks(splits, kind, nodes[kind].n, ""))
        if not found:
            continue
        train, val, test = merge_parts(kind, nodes[kind].n, found, "splits.npz")
        parts[kind] = (*(hold_out(train) if not val.size else (train, val)), test)
    return parts


def split_names(splits: Arrays) -> list[str]:
    """Return the names of the further splits, in order: those with training nodes."""
    ends = [key.rpartition("__")[2].removesuffix("_train") for key in splits if key.endswith("_train")]
    return list(dict.fromkeys(name for name in ends if name != "train" and not name.endswith("__train")))


def _masks(splits: Arrays, kind: str, n: int, prefix: str) -> Iterator[tuple[str, str, Ints]]:
    for key, mask in splits.items():
        place, _, end = key.rpartition("__")
        owner, _, task = place.partition("__")
        part = end.removeprefix(prefix) if end.startswith(prefix) else ""
        if owner != kind or part not in PARTS:
            continue
        if mask.shape != (n,) or mask.dtype != bool:
            what = f"the mask is {mask.dtype} {list(mask.shape)} for {n} nodes of {kind}"
            raise UserError(what, where=f"splits.npz, {key}", mend="Save True and False [nodes].")
        yield task, part, np.flatnonzero(mask)
