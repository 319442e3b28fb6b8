"""Writing a `StoredGraph`, in memory that grows with a chunk of edges and the number of nodes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.buckets import filled
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.data.splits import Split
from weft.data.stored_graph import CARD, LABELS, SCHEMA, SPLIT, StoredGraph
from weft.errors import UserError
from weft.files import atomic, disk_errors, write_json
from weft.labels import LabelTable

#: Edges, or rows of features, that are handled at once.
CHUNK = 2_000_000
Report = Callable[[str, int, int, str], None]


@dataclass(frozen=True, eq=False)
class NodeSource:
    """Nodes of one type to be written.

    Attributes:
        n: how many.
        width: number of features.
        features: float32 `[m, D]`, chunk by chunk, `n` rows in all; NaN where unknown. Read twice.
        keys: what the nodes are called; empty when they are called 0, 1, ...
    """

    n: int
    width: int = 0
    features: Callable[[], Iterable[NDArray[np.float32]]] = field(default=lambda: ())
    keys: Sequence[str] = ()


#: int64 `[2, m]` positions of source and target, chunk by chunk; an edge may come more than once.
EdgeSource = Callable[[], Iterable[Ints]]


def build_store(
    folder: Path | str,
    nodes: Mapping[str, NodeSource],
    edges: Mapping[Relation, EdgeSource],
    labels: LabelTable,
    split: Split | None = None,
    name: str = "graph",
    report: Report = lambda *_: None,
) -> StoredGraph:
    """Write a store and open it; its card is written last, so that a folder without it is none.

    Args:
        folder: a new or empty folder.
        nodes: type -> its nodes.
        edges: relation -> its edges, one direction only.
        labels: on global rows.
        split: of global rows.
        name: of the graph.
        report: told of progress.

    Raises:
        UserError: for a folder that is not empty, an edge out of range or an infinite feature.
    """
    folder = Path(folder)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UserError("the folder is not empty", where=str(folder), mend="Choose a new folder.")
    try:
        types: dict[str, Any] = {}
        for at, (kind, source) in enumerate(nodes.items()):
            report("nodes", at, len(nodes), kind)
            types[kind] = _write_nodes(folder, at, kind, source)
        relations: dict[str, int] = {}
        for at, (relation, chunks) in enumerate(edges.items()):
            report("edges", at, len(edges), relation.key)
            relations[relation.key] = _write_edges(folder, at, relation, chunks, nodes)
        report("edges", len(edges), len(edges), f"{sum(relations.values())} edges")
        told = {"types": types, "relations": relations}
        card = {"schema": SCHEMA, "name": name, **told, "content": _content(folder, told)}
        write_labels(folder, labels, split)
        write_json(folder / CARD, {**card, "tasks": labels.tasks.to_json()})
    except BaseException:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    return StoredGraph.open(folder)


def store_graph(graph: HeteroGraph, folder: Path | str, report: Report = lambda *_: None) -> StoredGraph:
    """Write a graph that is in memory.

    Raises:
        UserError: as `build_store`, and when the graph has sparse features.
    """
    for kind, table in graph.nodes.items():
        if table.sparse is not None:
            what = f"{kind} has sparse features, which a packed graph cannot hold"
            raise UserError(what, where=graph.name, mend="Write them as columns of numbers.")
    nodes = {kind: _of_table(table) for kind, table in graph.nodes.items()}
    edges = {relation: _of_pairs(pairs) for relation, pairs in graph.edges.items()}
    return build_store(folder, nodes, edges, graph.labels, graph.split, graph.name, report)


def _of_table(table: NodeTable) -> NodeSource:
    dense = table.dense
    if dense is None:
        return NodeSource(table.n, keys=table.keys)

    def features() -> Iterator[NDArray[np.float32]]:
        for first in range(0, table.n, CHUNK // 8):
            yield dense[first : first + CHUNK // 8]

    return NodeSource(table.n, dense.shape[1], features, table.keys)


def _of_pairs(pairs: Ints) -> EdgeSource:
    return lambda: (pairs[:, first : first + CHUNK] for first in range(0, pairs.shape[1], CHUNK))


def _write_nodes(folder: Path, at: int, kind: str, source: NodeSource) -> dict[str, Any]:
    total, known, rows = np.zeros(source.width), np.zeros(source.width, np.int64), 0
    with disk_errors(folder), (folder / f"nodes{at}.dense").open("wb") as file:
        for chunk in source.features() if source.width else ():
            if np.isinf(chunk).any():
                row, col = (int(found[0]) for found in np.nonzero(np.isinf(chunk)))
                where = f"{kind}, node {rows + row}, feature {col}"
                raise UserError("a feature is infinite", where=where, mend="Write a number, or nothing if unknown.")
            there = ~np.isnan(chunk)
            total += np.where(there, chunk, 0).sum(0, dtype=np.float64)
            known += there.sum(0)
            rows += len(chunk)
            file.write(np.ascontiguousarray(chunk, np.float32).data)
    if source.width and rows != source.n:
        raise UserError(f"{rows} rows of features for {source.n} nodes of {kind}")
    mean = total / np.maximum(known, 1)
    square = np.zeros(source.width)
    for chunk in source.features() if source.width else ():
        square += (np.where(np.isnan(chunk), 0, chunk - mean) ** 2).sum(0)
    sd = np.sqrt(square / np.maximum(known, 1))
    statistics = {
        "mean": mean.astype(np.float32).tolist(),
        "sd": np.where(sd > 1e-12, sd, 1).astype(np.float32).tolist(),
        "gaps": np.flatnonzero(known < source.n).tolist(),
    }
    if not source.width:
        (folder / f"nodes{at}.dense").unlink()
    size = _write_keys(folder, at, source.keys) if source.keys else 0
    return {"n": source.n, "width": source.width, "keys": size, "statistics": statistics}


def _write_keys(folder: Path, at: int, keys: Sequence[str]) -> int:
    end = np.zeros(len(keys) + 1, np.int64)
    with disk_errors(folder), (folder / f"nodes{at}.keys.text").open("wb") as file:
        for k, key in enumerate(keys):
            end[k + 1] = end[k] + file.write(key.encode())
    end.tofile(folder / f"nodes{at}.keys.end")
    return int(end[-1])


def _write_edges(folder: Path, at: int, relation: Relation, chunks: EdgeSource, nodes: Mapping[str, NodeSource]) -> int:
    """Write a relation's edges by source and by target, each once; return how many they are."""
    n_source, n_target = (nodes[kind].n for kind in (relation.source, relation.target))
    by_source = filled(folder / ".sort", n_source * n_target, _keyed(relation, chunks(), n_source, n_target))
    pairs, second = folder / f"edges{at}.pairs", folder / ".second"
    try:
        with disk_errors(folder), pairs.open("wb") as sources, second.open("wb") as targets:
            by_target = filled(
                folder / ".sort2",
                n_source * n_target,
                _once(by_source.ordered(), pairs, n_source, n_target, sources, targets),
            )
        with disk_errors(folder), pairs.open("ab") as whole, second.open("rb") as targets:
            shutil.copyfileobj(targets, whole, 2**24)
        second.unlink()
        into = folder / f"edges{at}.into"
        with disk_errors(folder), into.open("wb") as file:
            count = _Counts(n_target)
            for (keys,) in by_target.ordered():
                target, source = np.divmod(keys, max(n_source, 1))
                count.add(target)
                file.write(source.data)
        count.write(into)
        by_target.close()
    finally:
        by_source.close()
    return count.total


def _keyed(relation: Relation, chunks: Iterable[Ints], n_source: int, n_target: int) -> Iterator[tuple[Ints]]:
    """Give edges as numbers that sort by source, then target."""
    before = 0
    for chunk in chunks:
        for side, n in zip(chunk, (n_source, n_target), strict=True):
            if side.size and not (int(side.min()) >= 0 and int(side.max()) < n):
                bad = int(np.flatnonzero((side < 0) | (side >= n))[0])
                where = f"{relation.key}, edge {before + bad + 1}"
                raise UserError(f"there is no node {side[bad]}: nodes are 0..{n - 1}", where=where)
        before += chunk.shape[1]
        yield (chunk[0] * n_target + chunk[1],)


def _once(
    ordered: Iterable[list[Ints]], pairs: Path, n_source: int, n_target: int, sources: Any, targets: Any
) -> Iterator[tuple[Ints]]:
    """Write edges in order, each once, and give them as numbers that sort by target, then source."""
    count = _Counts(n_source)
    for (keys,) in ordered:
        kept = keys[np.diff(keys, prepend=-1) > 0] if len(keys) else keys
        source, target = np.divmod(kept, max(n_target, 1))
        count.add(source)
        sources.write(source.data)
        targets.write(target.data)
        yield (target * n_source + source,)
    count.write(pairs)


class _Counts:
    """How many edges each node has, added up in the order of nodes."""

    def __init__(self, n: int) -> None:
        self.count = np.zeros(n, np.int64)

    def add(self, ends: Ints) -> None:
        """Count some edges, ascending."""
        if len(ends):
            self.count[ends[0] : ends[-1] + 1] += np.bincount(ends - ends[0])

    @property
    def total(self) -> int:
        """All edges."""
        return int(self.count.sum())

    def write(self, path: Path) -> None:
        """Write the counts, and the first edge of every node, beside a file of edges."""
        with disk_errors(path):
            self.count.tofile(path.with_name(f"{path.name}.count"))
            (self.count.cumsum() - self.count).tofile(path.with_name(f"{path.name}.start"))


def write_labels(folder: Path, labels: LabelTable, split: Split | None = None) -> None:
    """Write the labels of a store's tasks, and its split if there is one, in place of those before."""
    import polars as pl

    with atomic(folder / LABELS) as temporary:
        pl.DataFrame({"row": labels.row, "task": labels.col, "value": labels.value}).write_parquet(temporary)
    if split is not None:
        split.save(folder / SPLIT)


def _content(folder: Path, told: Mapping[str, Any]) -> str:
    """Return a hash of names, numbers, and all files of nodes and edges."""
    total = hashlib.sha256(repr(told).encode())
    for path in sorted(folder.glob("*.dense")) + sorted(folder.glob("*.pairs")) + sorted(folder.glob("*.keys.*")):
        with path.open("rb") as file:
            total.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
