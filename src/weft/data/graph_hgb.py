"""The text format of the Heterogeneous Graph Benchmark (Lv et al., KDD 2021).

`node.dat` (id, name, type and, where there are any, features with commas), `link.dat` (source, target, relation,
weight), `label.dat` and `label.dat.test` (id, name, type, labels with commas), separated by tabs; `info.dat` (JSON),
where it is there, names types, relations and classes. Ids are global; types, relations and classes are numbers.

Weights are not kept. A relation whose edges are exactly those of an earlier one turned round is dropped: models add
the reverse themselves. `label.dat` is for training, a fifth of it for validation; `label.dat.test` is for test.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from weft.data.graph_build import build_graph
from weft.data.graph_hgb_info import Info, read_info
from weft.data.graph_hgb_labels import read_labels
from weft.data.graph_hgb_nodes import HgbNodes, read_nodes
from weft.data.graph_hgb_text import read_ids
from weft.data.graph_problems import Problems
from weft.data.graph_splits import hold_out
from weft.data.hetero import HeteroGraph, Ints, Relation


def read_hgb_graph(folder: Path | str, problems: Problems | None = None) -> HeteroGraph:
    """Read the folder.

    Args:
        folder: with the files above; all but `node.dat` and `link.dat` may be missing.
        problems: gathers what is wrong; by default the first is raised.

    Raises:
        UserError: naming file, line and mend.
    """
    folder, problems = Path(folder), problems or Problems()
    info = read_info(folder / "info.dat")
    nodes = read_nodes(folder / "node.dat", info, problems)
    edges = _read_edges(folder / "link.dat", info, nodes, problems)
    columns, known = read_labels(folder, info, nodes, problems)
    parts = {kind: (*hold_out(train), test) for kind, (train, test) in known.items()}
    return build_graph(nodes.tables, edges, columns, parts, folder.name)


def _read_edges(path: Path, info: Info, nodes: HgbNodes, problems: Problems) -> dict[Relation, Ints]:
    source, target, codes = read_ids(path, 3)
    lines = np.stack([nodes.line(source), nodes.line(target)])
    for side, name, ids in ((0, "source", source), (1, "target", target)):
        wrong = np.flatnonzero(lines[side] < 0)
        if wrong.size:
            what = f"the {name} {ids[wrong[0]]} is no node"
            problems.tell(what, str(path), "Add it to node.dat, or leave the edge out.", wrong)
    usable = (lines >= 0).all(0)
    edges: dict[Relation, Ints] = {}
    for code in map(int, np.unique(codes)):
        rows = np.flatnonzero((codes == code) & usable)
        if not rows.size:
            continue
        relation = _relation(code, info, nodes, lines[:, rows[0]])
        fits = [nodes.kind[lines[side, rows]] == kind for side, kind in enumerate((relation.source, relation.target))]
        wrong = rows[~(fits[0] & fits[1])]
        if wrong.size:
            what = f"relation {code} joins a {' and a '.join(nodes.kind[lines[:, wrong[0]]])}, not as {relation.key}"
            problems.tell(what, str(path), "Give each pair of types a relation of its own.", wrong)
        edge = nodes.place[lines[:, rows[fits[0] & fits[1]]]]
        clean = problems.edges(relation, edge, nodes.tables, str(path))
        if clean is not None and not _turned_round(relation, clean, edges):
            edges[_distinct(relation, edges)] = clean
    return edges


def _relation(code: int, info: Info, nodes: HgbNodes, first: Ints) -> Relation:
    """Return a relation's types and name as `info.dat` says, else the types of its first edge and its number."""
    if code in info.relations:
        return info.relations[code]
    return Relation(str(nodes.kind[first[0]]), f"r{code}", str(nodes.kind[first[1]]))


def _turned_round(relation: Relation, edge: Ints, edges: Mapping[Relation, Ints]) -> bool:
    order = np.lexsort((edge[0], edge[1]))
    turned = edge[::-1, order]
    return any(
        (other.source, other.target) == (relation.target, relation.source) and np.array_equal(turned, found)
        for other, found in edges.items()
    )


def _distinct(relation: Relation, edges: Mapping[Relation, Ints]) -> Relation:
    """Return the relation under a name that is free."""
    at, name = 2, relation.name
    while relation in edges:
        relation = relation._replace(name=f"{name}_{at}")
        at += 1
    return relation
