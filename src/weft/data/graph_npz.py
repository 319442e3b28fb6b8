"""The `.npz` layout of a graph: edges, features, labels and masks as arrays named by type, relation and task.

A folder holds `edges.npz` (`SOURCE__NAME__TARGET`, integers `[2, E]`), and where there are any `features.npz`
(`TYPE__dense`, or CSR as `TYPE__csr_data|indices|indptr|shape`; further blocks of a type are `TYPE_xxx__...`),
`labels.npz` (`TYPE__TASK`), `splits.npz` (bool `TYPE__TASK__PART`, or `TYPE__ALL__PART` for all tasks of a type;
further splits are `TYPE__TASK__SPLIT_PART`) and `meta.json` (numbers of nodes, kinds and class names of tasks).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.arrays import read_arrays
from weft.data.graph_build import Parts, build_graph, told
from weft.data.graph_npz_labels import read_columns, read_parts
from weft.data.graph_problems import Problems
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation
from weft.errors import UserError, nearest
from weft.files import damaged, read_json

Arrays = Mapping[str, NDArray[Any]]

_CSR = ("data", "indices", "indptr", "shape")


def read_npz_graph(folder: Path | str, split: str | None = None, problems: Problems | None = None) -> HeteroGraph:
    """Read a folder of the layout above.

    Args:
        folder: where it is.
        split: the name of one of its further splits, such as `heco20`; types that it says nothing of, and all
            types by default, have their usual one. A split without validation nodes gives up a fifth of its
            training nodes to it.
        problems: gathers what is wrong; by default the first is raised.

    Raises:
        UserError: naming file and array, for whatever is not as above.
    """
    folder, problems = Path(folder), problems or Problems()
    edges, features, labels, splits = (load_arrays(folder / f"{name}.npz", name == "edges") for name in _FILES)
    meta = read_json(folder / "meta.json") if (folder / "meta.json").exists() else {}
    raw = _read_relations(edges, folder / "edges.npz", problems)
    nodes = read_nodes(folder, meta, raw, _blocks(features, folder / "features.npz"), labels, problems)
    found = {
        relation: problems.edges(relation, edge, nodes, str(folder / "edges.npz")) for relation, edge in raw.items()
    }
    relations = {relation: edge for relation, edge in found.items() if edge is not None}
    parts: Parts = {}
    with told(str(folder)):
        columns, places = read_columns(labels, meta, nodes, problems)
        with problems.gather():
            parts = read_parts(splits, places, nodes, split)
        method = "published" if split is None else f"published:{split}"
        return build_graph(nodes, relations, columns, parts, str(meta.get("name") or folder.name), method)


def _read_relations(edges: Arrays, path: Path, problems: Problems) -> dict[Relation, Ints]:
    found: dict[Relation, Ints] = {}
    for key, edge in edges.items():
        with problems.gather(f"{path}, {key}"):
            found[Relation.parse(key)] = read_edges(edge)
    return found


#: No graph has as many nodes of a type.
_MOST = 2**40
_FILES = ("edges", "features", "labels", "splits")


def load_arrays(path: Path, needed: bool = False) -> dict[str, NDArray[Any]]:
    """Read an `.npz` file; a missing one that is not needed has no arrays.

    Raises:
        UserError: when it is missing or no such file.
    """
    if not needed and not path.exists():
        return {}
    mend = "Write it with numpy.savez_compressed(path, NAME=array, ...), no object arrays."
    with damaged(path, "not a file of arrays", mend):
        found = read_arrays(path)
        if isinstance(found, np.ndarray):
            raise ValueError("one array without a name")
        return found


def read_edges(edge: NDArray[Any]) -> Ints:
    """Return edges as int64 `[2, E]`.

    Raises:
        UserError: for another shape or for numbers that are not whole.
    """
    if edge.ndim != 2 or edge.shape[0] != 2 or (edge.size and edge.dtype.kind not in "iu"):
        mend = "Save whole numbers [2, E]: row 0 the sources, row 1 the targets."
        raise UserError(f"edges are {edge.dtype} {list(edge.shape)}", mend=mend)
    return edge.astype(np.int64)


def read_nodes(
    folder: Path,
    meta: Mapping[str, Any],
    relations: Mapping[Relation, Ints],
    blocks: Arrays,
    labels: Arrays,
    problems: Problems,
) -> dict[str, NodeTable]:
    """Return the nodes of each type: as many as `meta.json`, else the features or labels, else the edges say."""
    counts = _counts(folder, meta, relations, blocks, labels)
    found: dict[str, dict[str, list[Any]]] = {kind: {"dense": [], "csr": []} for kind in counts}
    for block, array in blocks.items():
        name, _, form = block.rpartition("__")
        kind = owner(name, counts)
        if kind is None:
            where = f"{folder / 'features.npz'}, {block}"
            problems.tell(f"{name!r} is no type of node", where, nearest(name, counts))
        else:
            found[kind][form].append(array)
    nodes: dict[str, NodeTable] = {}
    for kind, n in counts.items():
        nodes[kind] = NodeTable(n)
        with problems.gather(f"{folder / 'features.npz'}, {kind}"):
            nodes[kind] = _table(n, found[kind]["dense"], found[kind]["csr"])
    return nodes


def _counts(
    folder: Path, meta: Mapping[str, Any], relations: Mapping[Relation, Ints], blocks: Arrays, labels: Arrays
) -> dict[str, int]:
    told_counts = meta.get("num_nodes")
    if isinstance(told_counts, Mapping):
        good = {str(kind): n for kind, n in told_counts.items() if type(n) is int and 0 <= n < _MOST}
        if len(good) < len(told_counts):
            where = str(folder / "meta.json")
            raise UserError("num_nodes must hold whole numbers", where=where, mend='Write {"author": 4057, ...}.')
        return good
    counts: dict[str, int] = {}
    for relation, edge in relations.items():
        for kind, ends in ((relation.source, edge[0]), (relation.target, edge[1])):
            counts[kind] = max(counts.get(kind, 0), int(ends.max(initial=-1)) + 1)
    labelled = {key.partition("__")[0]: len(array) for key, array in labels.items() if array.ndim}
    shown = {key.rpartition("__")[0]: block.shape[0] for key, block in blocks.items() if block.ndim}
    return counts | labelled | {kind: n for kind, n in shown.items() if kind in counts or kind in labelled}


def owner(name: str, kinds: Mapping[str, Any]) -> str | None:
    """Return the type that a block is of: its own name, or the longest that `NAME_` begins with."""
    if name in kinds:
        return name
    fits = [kind for kind in kinds if name.startswith(f"{kind}_")]
    return max(fits, key=len) if fits else None


def _blocks(features: Arrays, path: Path) -> dict[str, Any]:
    """Return dense arrays as `NAME__dense` and CSR matrices as `NAME__csr`."""
    blocks: dict[str, Any] = {}
    for key, array in features.items():
        name, _, form = key.rpartition("__")
        if form == "dense":
            blocks[key] = array
        elif form == "csr_data":
            blocks[f"{name}__csr"] = _csr(features, name, f"{path}, {name}")
        elif form not in [f"csr_{part}" for part in _CSR[1:]] or f"{name}__csr_data" not in features:
            mend = "Name it TYPE__dense or TYPE__csr_data, _indices, _indptr and _shape."
            raise UserError(f"what the array {key!r} is cannot be told", where=str(path), mend=mend)
    return blocks


def _csr(features: Arrays, name: str, where: str) -> Any:
    from scipy.sparse import csr_array

    missing = [part for part in _CSR if f"{name}__csr_{part}" not in features]
    if missing:
        raise UserError(f"the arrays {', '.join('csr_' + part for part in missing)} are missing", where=where)
    data, indices, indptr, shape = (features[f"{name}__csr_{part}"] for part in _CSR)
    try:
        found = csr_array((data.astype(np.float32), indices, indptr), shape=tuple(int(x) for x in shape))
        found.check_format(full_check=True)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"no CSR matrix ({error})", where=where, mend="Save what scipy.sparse holds.") from error
    found.sum_duplicates()
    return found


def _table(n: int, dense: list[Any], sparse: list[Any]) -> NodeTable:
    from scipy.sparse import hstack

    for block in [*dense, *sparse]:
        if block.ndim != 2 or block.shape[0] != n or block.dtype.kind not in "fiub":
            what = f"features are {block.dtype} {list(block.shape)} for {n} nodes"
            raise UserError(what, mend="Save numbers [nodes, features].")
    with np.errstate(over="ignore"):
        stacked = np.hstack([block.astype(np.float32) for block in dense]) if dense else None
    return NodeTable(n, stacked, hstack(sparse, format="csr").astype(np.float32) if sparse else None)
