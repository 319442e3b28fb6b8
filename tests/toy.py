"""A graph small enough for every command, in memory and in each of the three layouts on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from weft.data.graph_build import Column, build_graph
from weft.data.graph_known import only_tasks
from weft.data.graph_tables_write import write_graph_tables
from weft.data.hetero import HeteroGraph, NodeTable, Relation, clean_edges
from weft.tasks import Kind, Task

WRITES = Relation("author", "writes", "paper")
CITES = Relation("paper", "cites", "paper")
AUTHORS, PAPERS = 20, 40


def toy() -> HeteroGraph:
    """20 authors with an area, 40 papers that are late or not, have two topics, pages, and an author each."""
    rng = np.random.default_rng(0)
    area, paper = rng.permutation(np.arange(AUTHORS) % 3), np.arange(PAPERS)
    of = paper % AUTHORS
    late = rng.permutation(paper % 2)
    dense = np.concatenate([np.eye(3)[area] + 0.3 * rng.standard_normal((AUTHORS, 3))], 1).astype(np.float32)
    dense[0, 1] = np.nan
    words = csr_array((rng.random((PAPERS, 5)) < 0.3).astype(np.float32))
    nodes = {
        "author": NodeTable(AUTHORS, dense, None, tuple(f"a{k}" for k in range(AUTHORS))),
        "paper": NodeTable(PAPERS, None, words, tuple(f"p{k}" for k in range(PAPERS))),
    }
    edges = {WRITES: clean_edges(np.stack([of, paper])), CITES: clean_edges(rng.integers(0, PAPERS, (2, 60)))}
    known = rng.random(PAPERS) < 0.8
    columns = [
        Column(Task("area", Kind.MULTICLASS, ("ai", "db", "ir"), "author"), np.arange(AUTHORS), area.astype(float)),
        Column(Task("late", Kind.BINARY, (), "paper"), paper[known], late[known].astype(float)),
        Column(Task("topic: nets", Kind.BINARY, (), "paper", "topic"), paper, (paper // 3 % 2).astype(float)),
        Column(Task("topic: trees", Kind.BINARY, (), "paper", "topic"), paper, (area[of] == 1).astype(float)),
        Column(Task("pages", Kind.REGRESSION, (), "paper"), paper, 5.0 + of),
    ]
    parts = {kind: tuple(np.split(rng.permutation(n), [n // 2, 3 * n // 4])) for kind, n in SIZES.items()}
    return build_graph(nodes, edges, columns, parts, "toy")


SIZES = {"author": AUTHORS, "paper": PAPERS}


def write_toy(folder: Path, layout: str = "tables") -> Path:
    """Write the toy in a layout; HGB holds one task only."""
    folder.mkdir(parents=True, exist_ok=True)
    {"tables": _tables, "npz": _npz, "hgb": _hgb}[layout](folder, toy())
    return folder


def _tables(folder: Path, graph: HeteroGraph) -> None:
    write_graph_tables(graph, folder)


def _npz(folder: Path, graph: HeteroGraph) -> None:
    author, paper = graph.nodes["author"], graph.nodes["paper"]
    x = paper.sparse
    np.savez(folder / "edges.npz", **{relation.key: edge for relation, edge in graph.edges.items()})
    np.savez(
        folder / "features.npz",
        author__dense=author.dense, paper__csr_data=x.data, paper__csr_indices=x.indices,
        paper__csr_indptr=x.indptr, paper__csr_shape=np.array(x.shape),
    )  # fmt: skip
    y, known = graph.labels.to_dense()
    y[~known] = np.nan
    a, p = y[:AUTHORS], y[AUTHORS:]
    np.savez(
        folder / "labels.npz",
        author__area=a[:, 0].astype(np.int64), paper__late=np.nan_to_num(p[:, 1], nan=-1).astype(np.int64),
        paper__topic=p[:, 2:4].astype(np.uint8), paper__pages=p[:, 4].astype(np.float32),
    )  # fmt: skip
    masks = {}
    for kind, start in graph.offset.items():
        for part, rows in graph.split.parts().items():
            here = np.isin(np.arange(SIZES[kind]) + start, rows)
            masks[f"{kind}__ALL__{part}"] = here
            masks[f"{kind}__ALL__other_{part}"] = np.roll(here, 1)
    np.savez(folder / "splits.npz", **masks)
    kinds = {"paper__late": "binary", "paper__topic": "multi-label", "paper__pages": "regression"}
    tasks = {"author__area": {"kind": "single-label", "class_names": ["ai", "db", "ir"]}}
    tasks |= {name: {"kind": kind} for name, kind in kinds.items()}
    (folder / "meta.json").write_text(json.dumps({"name": "toy", "num_nodes": SIZES, "tasks": tasks}))


def _hgb(folder: Path, graph: HeteroGraph) -> None:
    graph = only_tasks(graph, ["area"])
    lines = [
        f"{k}\ta{k}\t0\t{','.join(map(str, np.nan_to_num(graph.nodes['author'].dense[k])))}" for k in range(AUTHORS)
    ]
    lines += [f"{AUTHORS + k}\tp{k}\t1" for k in range(PAPERS)]
    (folder / "node.dat").write_text("\n".join(lines) + "\n")
    links = [f"{a}\t{AUTHORS + p}\t0\t1.0" for a, p in graph.edges[WRITES].T]
    links += [f"{AUTHORS + a}\t{AUTHORS + b}\t1\t1.0" for a, b in graph.edges[CITES].T]
    (folder / "link.dat").write_text("\n".join(links) + "\n")
    test = set(graph.split.test.tolist())
    told = [
        (int(row), f"{row}\ta{row}\t0\t{int(v)}") for row, v in zip(graph.labels.row, graph.labels.value, strict=True)
    ]
    (folder / "label.dat").write_text("".join(f"{line}\n" for row, line in told if row not in test))
    (folder / "label.dat.test").write_text("".join(f"{line}\n" for row, line in told if row in test))
    about = {
        "node.dat": {"node type": {"0": "author", "1": "paper"}},
        "link.dat": {
            "link type": {
                "0": {"start": 0, "end": 1, "meaning": "author-paper"},
                "1": {"start": 1, "end": 1, "meaning": "paper-cite-paper"},
            }
        },
        "label.dat": {"node type": {"0": {"0": "ai", "1": "db", "2": "ir"}}},
    }
    (folder / "info.dat").write_text(json.dumps(about))


def changed_labels(graph: HeteroGraph, value: np.ndarray) -> HeteroGraph:
    """Return the graph with other values of the same labels."""
    return replace(graph, labels=replace(graph.labels, value=value))
