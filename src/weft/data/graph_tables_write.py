"""Any graph as tables of nodes and edges with their `graph.toml`: the layout to look at, change and pass on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weft.data.cells import MISSING, normal
from weft.data.graph_toml import FILE
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.data.splits import PARTS
from weft.data.tables import write_table
from weft.errors import UserError
from weft.files import atomic
from weft.tasks import Kind, Task

Toml = list[str]


def write_graph_tables(graph: HeteroGraph, folder: Path | str, extension: str = ".csv") -> None:
    """Write the folder that `read_graph_tables` reads as the same graph; files of the same names are replaced.

    Args:
        graph: to write; dense features become columns, sparse ones a file beside the table.
        folder: made when missing.
        extension: `.csv`, `.tsv` or `.parquet`, with or without `.gz`.

    Raises:
        UserError: for disk trouble, a name that makes no file, or a class name that a cell cannot hold.
    """
    folder = Path(folder)
    toml = [f"name = {_quoted(graph.name)}"]
    told: dict[str, Toml] = {}
    for kind in graph.types:
        columns, names = _task_columns(graph, kind)
        toml += _write_nodes(graph, kind, columns, folder, extension)
        told |= _tasks(graph, kind, names)
    for relation in graph.edges:
        toml += _write_edges(graph, relation, folder, extension)
    ordered = sorted(told, key=lambda name: min(_positions(graph, name)))
    toml += [line for name in ordered for line in told[name]]
    with atomic(folder / FILE) as temporary:
        temporary.write_text("\n".join(toml) + "\n", encoding="utf-8")


def _positions(graph: HeteroGraph, name: str) -> list[int]:
    return [at for at, task in enumerate(graph.tasks) if name in (task.name, task.group)]


def _write_nodes(graph: HeteroGraph, kind: str, columns: Mapping[str, pl.Series], folder: Path, extension: str) -> Toml:
    table = graph.nodes[kind]
    file = f"{_file(kind)}{extension}"
    key, split = _free("id", columns), _free("part", columns)
    dense = {} if table.dense is None else {_free(f"f{j}", columns): x for j, x in enumerate(table.dense.T)}
    frame = pl.DataFrame({key: pl.Series([table.key(at) for at in range(table.n)], dtype=pl.String)})
    features = {name: pl.Series(name, x).fill_nan(None) for name, x in dense.items()}
    frame = frame.with_columns(**features, **columns)
    toml = ["", f"[nodes.{_key(kind)}]", f"file = {_quoted(file)}", f"key = {_quoted(key)}"]
    toml += [f"features = {_list(list(dense))}"] * bool(dense)
    if table.sparse is not None:
        toml.append(f"sparse = {_quoted(_write_sparse(table, kind, folder))}")
    parts = _parts(graph, kind)
    if parts is not None:
        frame = frame.with_columns(pl.Series(split, parts, pl.String))
        toml.append(f"split = {_quoted(split)}")
    write_table(frame, folder / file)
    return toml


def _write_sparse(table: NodeTable, kind: str, folder: Path) -> str:
    from scipy.sparse import save_npz

    name = f"{_file(kind)}.features.npz"
    with atomic(folder / name) as temporary:
        save_npz(temporary, table.sparse)
    return name


def _write_edges(graph: HeteroGraph, relation: Relation, folder: Path, extension: str) -> Toml:
    alone = [item.name for item in graph.edges].count(relation.name) == 1
    name = relation.name if alone else relation.key
    file = f"{_file(relation.key)}{extension}"
    ends = [f"{kind}_id" for kind in (relation.source, relation.target)]
    ends = ends if ends[0] != ends[1] else ["source_id", "target_id"]
    sides: dict[str, pl.Series] = {}
    for end, kind, at in zip(ends, (relation.source, relation.target), graph.edges[relation], strict=True):
        keys = np.array(graph.nodes[kind].keys, object)
        sides[end] = pl.Series(keys[at].tolist() if len(keys) else at).cast(pl.String)
    write_table(pl.DataFrame(sides), folder / file)
    lines = ["", f"[edges.{_key(name)}]", f"file = {_quoted(file)}"]
    lines += [] if alone else [f"name = {_quoted(relation.name)}"]
    told = (("source", relation.source), ("target", relation.target), ("source_key", ends[0]), ("target_key", ends[1]))
    return lines + [f"{key} = {_quoted(value)}" for key, value in told]


def _parts(graph: HeteroGraph, kind: str) -> list[str | None] | None:
    """Return the part of each node of a type; None when no node is in one."""
    if graph.split is None:
        return None
    start, n = graph.offset[kind], graph.nodes[kind].n
    word = np.full(len(graph), None, object)
    for part in PARTS:
        word[graph.split.parts()[part]] = part
    found = word[start : start + n].tolist()
    return found if any(found) else None


def _task_columns(graph: HeteroGraph, kind: str) -> tuple[dict[str, pl.Series], list[Task]]:
    """Return the labels on a type as columns, by task name, and these tasks."""
    start, n = graph.offset[kind], graph.nodes[kind].n
    columns: dict[str, pl.Series] = {}
    tasks: list[Task] = []
    for at, task in enumerate(graph.tasks):
        if task.node_type != kind:
            continue
        here = graph.labels.col == at
        cells: list[Any] = [None] * n
        words = _words(task)
        for row, value in zip(graph.labels.row[here] - start, graph.labels.value[here], strict=True):
            cells[row] = float(value) if words is None else words[int(value)]
        columns[task.name] = pl.Series(task.name, cells, pl.Float64 if words is None else pl.String)
        tasks.append(task)
    return columns, tasks


def _words(task: Task) -> tuple[str, ...] | None:
    """Return what a cell says for each class."""
    if task.kind is Kind.REGRESSION:
        return None
    plain = [normal(name) for name in task.classes]
    bad = [name for name, word in zip(task.classes, plain, strict=True) if word in MISSING or plain.count(word) > 1]
    if bad:
        mend = "Rename the class; capitals and outer blanks make no difference."
        raise UserError(f"a cell cannot tell the class {bad[0]!r}", where=f"task {task.name}", mend=mend)
    return task.classes


def _tasks(graph: HeteroGraph, kind: str, tasks: Sequence[Task]) -> dict[str, Toml]:
    """Return the TOML of each task, tasks of one multi-label group together where they can be."""
    whole = {name: at for name, at in graph.tasks.families.items() if _plain_group(graph, name, at)}
    told: dict[str, Toml] = {}
    for family, members in groupby(tasks, key=lambda task: task.family):
        found = list(members)
        if family in whole and found[0].group is not None:
            columns = _list([task.name for task in found])
            told[family] = _task(family, kind, 'kind = "multilabel"', f"columns = {columns}")
        else:
            told |= {task.name: _task(task.name, kind, *_lines(task)) for task in found}
    return told


def _plain_group(graph: HeteroGraph, name: str, at: Sequence[int]) -> bool:
    tasks = [graph.tasks[j] for j in at]
    together = list(at) == list(range(at[0], at[-1] + 1)) and len({task.node_type for task in tasks}) == 1
    same = all(task.group == name and task.name.startswith(f"{name}: ") for task in tasks)
    return together and same and all(task.classes == ("0", "1") for task in tasks) and name not in graph.tasks.names


def _lines(task: Task) -> Iterator[str]:
    yield f'kind = "{task.kind}"'
    if task.classes and not (task.kind is Kind.BINARY and task.classes == ("0", "1")):
        yield f"classes = {_list(task.classes)}"
    if task.group is not None:
        yield f"group = {_quoted(task.group)}"


def _task(name: str, kind: str, *lines: str) -> Toml:
    return ["", f"[tasks.{_key(name)}]", f"node = {_quoted(kind)}", *lines]


def _quoted(text: str) -> str:
    # A TOML basic string is a JSON string, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def _free(name: str, taken: Mapping[str, object]) -> str:
    while name in taken:
        name += "_"
    return name


def _file(name: str) -> str:
    if not re.fullmatch(r"[\w -]+", name):
        raise UserError(f"{name!r} makes no name of a file", mend="Use letters, digits, - and _.")
    return name
