"""`label.dat` and `label.dat.test` of `graph_hgb`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from weft.data.graph_build import MOST_CLASSES, Column, task_names
from weft.data.graph_hgb_info import Info
from weft.data.graph_hgb_nodes import HgbNodes
from weft.data.graph_hgb_text import rows, whole
from weft.data.graph_problems import Problems
from weft.data.hetero import Ints
from weft.errors import UserError
from weft.tasks import Kind, Task

#: Position of a node in its type -> its labels.
Labels = dict[int, list[int]]


def read_labels(
    folder: Path, info: Info, nodes: HgbNodes, problems: Problems
) -> tuple[list[Column], dict[str, tuple[Ints, Ints]]]:
    """Return the tasks, `label` on each type that has labels, and the training and test nodes of each type.

    A type of which a node has several labels has a binary task per class, `label: CLASS`.
    """
    paths = [path for path in (folder / "label.dat", folder / "label.dat.test") if path.exists()]
    held: dict[str, Labels] = {}
    known: dict[str, tuple[list[int], list[int]]] = {}
    seen: set[int] = set()
    for path in paths:
        for kind, place, labels in _lines(path, nodes, seen, problems):
            held.setdefault(kind, {})[place] = labels
            known.setdefault(kind, ([], []))[path.suffix == ".test"].append(place)
    names = task_names([(kind, "label") for kind in held])
    columns: list[Column] = []
    for (kind, labels), name in zip(held.items(), names, strict=True):
        columns += _columns(name, kind, labels, info.classes.get(nodes.code[kind], {}))
    return columns, {kind: (np.array(a, np.int64), np.array(b, np.int64)) for kind, (a, b) in known.items()}


def _lines(path: Path, nodes: HgbNodes, seen: set[int], problems: Problems) -> Iterator[tuple[str, int, list[int]]]:
    found = [(number, whole(cells[0], path, number), cells[3]) for number, cells in rows(path, 4)]
    line = nodes.line(np.array([ids for _, ids, _ in found], np.int64))
    wrong = np.flatnonzero(line < 0)
    if wrong.size:
        problems.tell(f"{found[wrong[0]][1]} is no node", str(path), "Add it to node.dat.", wrong)
    for at, (number, ids, text) in zip(line, found, strict=True):
        if at < 0:
            continue
        if ids in seen:
            what = f"node {ids} has labels already, here or in another label file"
            raise UserError(what, where=f"{path}, line {number}", mend="Leave one line out.")
        seen.add(ids)
        labels = [whole(word, path, number) for word in text.split(",")]
        if max(labels) > MOST_CLASSES:
            raise UserError(f"{max(labels)} is no class", where=f"{path}, line {number}", mend="Number them from 0.")
        yield str(nodes.kind[at]), int(nodes.place[at]), labels


def _columns(name: str, kind: str, held: Labels, names: Mapping[int, str]) -> Iterator[Column]:
    place = np.array(sorted(held), np.int64)
    n_classes = max(1 + max(max(labels) for labels in held.values()), len(names), 2)
    classes = [names.get(at, str(at)) for at in range(n_classes)]
    classes = classes if len(set(classes)) == n_classes else [str(at) for at in range(n_classes)]
    if all(len(labels) == 1 for labels in held.values()):
        value = np.array([held[int(at)][0] for at in place], np.float64)
        yield Column(Task(name, Kind.MULTICLASS, tuple(classes), kind), place, value)
        return
    for code, label in enumerate(classes):
        value = np.array([code in held[int(at)] for at in place], np.float64)
        yield Column(Task(f"{name}: {label}", Kind.BINARY, (), kind, name), place, value)
