"""`graph.toml`: which tables of a folder hold which nodes, edges and tasks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from weft.data.graph_problems import Problems
from weft.errors import UserError, nearest
from weft.files import disk_errors

FILE = "graph.toml"

#: What `kind` of a task may say.
KINDS = ("binary", "multiclass", "regression", "multilabel")


@dataclass(frozen=True)
class NodeSpec:
    """`[nodes.TYPE]`: a table with a row per node.

    Attributes:
        file: the table, in the folder.
        key: column with what each node is called.
        features: columns of numbers; an empty cell is unknown.
        categorical: columns of words, or column -> the words it may hold; each word becomes a sparse 0/1 feature.
        sparse: a matrix saved by `scipy.sparse.save_npz`, a row per row of the table.
        split: column that says train, val, test or nothing.
    """

    file: str
    key: str
    features: list[str] = field(default_factory=list[str])
    categorical: Any = field(default_factory=list[str])
    sparse: str = ""
    split: str = ""


@dataclass(frozen=True)
class EdgeSpec:
    """`[edges.NAME]`: a table with a row per edge.

    Attributes:
        file: the table, in the folder.
        source: node type that messages come from.
        target: node type that they go to.
        source_key: column with the source's key.
        target_key: column with the target's key.
        name: of the relation; NAME by default.
    """

    file: str
    source: str
    target: str
    source_key: str
    target_key: str
    name: str = ""


@dataclass(frozen=True)
class TaskSpec:
    """`[tasks.NAME]`: a column of a node table, or several of a multi-label task.

    Attributes:
        node: the node type.
        kind: binary, multiclass, regression or multilabel.
        column: NAME by default.
        columns: of a multi-label task.
        classes: class names in order; by default 0 and 1, or the words found.
        group: for a binary task, the multi-label task that it belongs to.
    """

    node: str
    kind: str
    column: str = ""
    columns: list[str] = field(default_factory=list[str])
    classes: list[str] = field(default_factory=list[str])
    group: str = ""


Spec = TypeVar("Spec", NodeSpec, EdgeSpec, TaskSpec)


@dataclass(frozen=True)
class GraphSpec:
    """All of `graph.toml`: its name, and the tables by type, relation and task."""

    folder: Path
    name: str
    nodes: dict[str, NodeSpec]
    edges: dict[str, EdgeSpec]
    tasks: dict[str, TaskSpec]


def read_spec(folder: Path, problems: Problems) -> GraphSpec:
    """Read `graph.toml`.

    Raises:
        UserError: when it is missing or no TOML, or has no nodes.
    """
    path = folder / FILE
    with disk_errors(path):
        text = path.read_bytes()
    try:
        held: dict[str, Any] = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"not valid TOML ({error})", where=str(path), mend="Quote every text and name.") from error
    _known(held, ["name", "nodes", "edges", "tasks"], str(path), problems)
    name = held.get("name", folder.name)
    if not isinstance(name, str):
        problems.tell("name must be text", str(path))
    nodes = _section(held, "nodes", NodeSpec, path, problems)
    edges = _section(held, "edges", EdgeSpec, path, problems)
    tasks = _section(held, "tasks", TaskSpec, path, problems)
    if not nodes:
        mend = 'Write [nodes.customer] with file = "customers.csv" and key = "id".'
        raise UserError("there are no nodes", where=str(path), mend=mend)
    for task, spec in list(tasks.items()):
        if spec.kind not in KINDS:
            problems.tell(f"there is no kind {spec.kind!r}", f"{path}, tasks.{task}", nearest(spec.kind, KINDS))
            del tasks[task]
    return GraphSpec(folder, str(name), nodes, edges, tasks)


def _known(held: Mapping[str, Any], names: list[str], where: str, problems: Problems) -> None:
    for name in held:
        if name not in names:
            problems.tell(f"there is no key {name!r}", where, nearest(name, names))


def _section(held: Mapping[str, Any], part: str, kind: type[Spec], path: Path, problems: Problems) -> dict[str, Spec]:
    section = held.get(part, {})
    if not isinstance(section, Mapping):
        problems.tell(f"{part} must be tables", str(path), f"Write [{part}.NAME].")
        return {}
    found: dict[str, Spec] = {}
    for name, item in section.items():
        with problems.gather(f"{path}, {part}.{name}"):
            found[name] = _item(item, kind)
    return found


def _item(item: object, kind: type[Spec]) -> Spec:
    if not isinstance(item, Mapping):
        raise UserError("expected a table", mend=f'Write a line such as {fields(kind)[0].name} = "...".')
    known = {found.name: found for found in fields(kind)}
    wrong = next((key for key in item if key not in known), None)
    if wrong is not None:
        raise UserError(f"there is no key {wrong!r}", mend=nearest(wrong, known))
    for key, about in known.items():
        if key not in item and about.default is MISSING and about.default_factory is MISSING:
            raise UserError(f"{key} is missing", mend=f'Write {key} = "...".')
        if key in item and not _fits(item[key], str(about.type)):
            expected = "a list of texts" if str(about.type) != "str" else "a text"
            raise UserError(f"{key} must be {expected}", mend="Put quotes around texts.")
    for key in ("file", "sparse"):
        inside = PurePosixPath(str(item.get(key, "")))
        if inside.is_absolute() or ".." in inside.parts:
            raise UserError(f"{key} = {str(inside)!r} is outside the folder", mend="Put the file into the folder.")
    return kind(**item)


def _fits(value: object, kind: str) -> bool:
    if kind == "str":
        return isinstance(value, str)
    if kind == "Any" and isinstance(value, Mapping):
        return all(_fits(words, "list[str]") for words in value.values())
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
