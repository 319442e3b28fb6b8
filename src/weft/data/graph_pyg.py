"""Graphs from and to PyTorch Geometric's `HeteroData`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.data.graph_build import Column, Parts, build_graph, task_names, told
from weft.data.hetero import HeteroGraph, Ints, NodeTable, Relation, clean_edges
from weft.data.splits import PARTS
from weft.errors import UserError, nearest
from weft.tasks import Kind, Task

if TYPE_CHECKING:
    from torch import Tensor
    from torch_geometric.data import HeteroData

#: Node type -> attribute that holds labels -> kind of task, `multilabel` among them.
Tasks = Mapping[str, Mapping[str, str]]


def from_hetero_data(data: HeteroData, tasks: Tasks | None = None, name: str = "graph") -> HeteroGraph:
    """Read a `HeteroData`: `x`, `edge_index`, labels, and `train_mask`, `val_mask` and `test_mask`.

    A dense `x` stays dense and a sparse one sparse; `x_sparse` may stand beside a dense one. Labels are `[n]`, or 0/1
    `[n, classes]` of a multi-label task; NaN is no label, nor is a number below 0 where classes are counted. A
    relation that has a `rev_` partner keeps one direction only.

    Args:
        data: the graph.
        tasks: for example `{"paper": {"venue": "multiclass", "year": "regression"}}`; by default each `y`, whole
            numbers being classes, columns several labels, and others a regression. The name of a task is that of
            its attribute; `y` is called after its type.
        name: of the graph.

    Raises:
        UserError: for an attribute that is missing or of the wrong shape, and as `HeteroGraph`.
    """
    nodes = {kind: _nodes(data, kind) for kind in data.node_types}
    edges: dict[Relation, Ints] = {}
    for source, relation, target in data.edge_types:
        if not _is_reverse(data, source, relation, target):
            edge = data[source, relation, target].edge_index.cpu().numpy()
            edges[Relation(source, relation, target)] = clean_edges(edge)
    wanted = tasks if tasks is not None else {kind: {"y": ""} for kind in nodes if "y" in data[kind]}
    places = [(kind, key if key != "y" else kind) for kind, keys in wanted.items() for key in keys]
    names = iter(task_names(places))
    columns: list[Column] = []
    for kind, keys in wanted.items():
        for key, task in keys.items():
            if kind not in nodes or key not in data[kind]:
                known = [other for other in data.node_types if key in data[other]]
                raise UserError(f"nodes {kind!r} have no {key!r}", where=name, mend=nearest(kind, known))
            with told(f"{name}, {kind}.{key}"):
                columns += _columns(data[kind][key], task, kind, next(names), nodes[kind].n)
    return build_graph(nodes, edges, columns, _parts(data, nodes), name)


def _is_reverse(data: HeteroData, source: str, relation: str, target: str) -> bool:
    return relation.startswith("rev_") and (target, relation.removeprefix("rev_"), source) in data.edge_types


def _nodes(data: HeteroData, kind: str) -> NodeTable:
    n = data[kind].num_nodes
    if n is None:
        raise UserError(f"how many nodes {kind!r} has is not told", mend="Set num_nodes.")
    dense, sparse = None, None
    for key in ("x", "x_sparse"):
        x = data[kind].get(key)
        if x is not None and not hasattr(x, "is_sparse"):  # torch_sparse's SparseTensor
            x = x.to_torch_sparse_coo_tensor()
        if x is not None and x.layout == _strided():
            dense = x.detach().cpu().float().reshape(len(x), -1).numpy()
        elif x is not None:
            sparse = _csr(x)
    return NodeTable(int(n), dense, sparse)


def _csr(x: Tensor) -> Any:
    from scipy.sparse import csr_array

    coo = x.detach().cpu().to_sparse_coo().coalesce()
    at = coo.indices().numpy()
    return csr_array((coo.values().float().numpy(), (at[0], at[1])), shape=tuple(coo.shape))


def _strided() -> object:
    import torch

    return torch.strided


def _columns(y: Tensor, kind: str, node: str, name: str, n: int) -> Iterator[Column]:
    value = y.detach().cpu().numpy().astype(np.float64)
    value = value[:, 0] if value.ndim == 2 and value.shape[1] == 1 else value
    whole = not y.dtype.is_floating_point
    kind = kind or ("multilabel" if value.ndim == 2 else "multiclass" if whole else "regression")
    if value.ndim != (2 if kind == "multilabel" else 1) or len(value) != n:
        raise UserError(f"{kind} labels have shape {list(value.shape)} for {n} nodes")
    if kind == "multilabel":
        for at in range(value.shape[1]):
            yield _column(value[:, at], Task(f"{name}: {at}", Kind.BINARY, (), node, name))
        return
    known = value[~np.isnan(value)]
    classes = tuple(map(str, range(max(2, int(known.max(initial=0)) + 1)))) if kind == Kind.MULTICLASS else ()
    yield _column(value, Task(name, Kind(kind), classes, node))


def _column(value: Any, task: Task) -> Column:
    known = ~np.isnan(value) & ((value >= 0) | (task.kind is Kind.REGRESSION))
    return Column(task, np.flatnonzero(known), value[known])


def _parts(data: HeteroData, nodes: Mapping[str, NodeTable]) -> Parts:
    parts: dict[str, tuple[Ints, Ints, Ints]] = {}
    for kind in nodes:
        masks = [data[kind].get(f"{part}_mask") for part in PARTS]
        if any(mask is not None for mask in masks):
            rows = [np.flatnonzero(() if mask is None else mask.cpu().numpy().reshape(-1)) for mask in masks]
            parts[kind] = (rows[0], rows[1], rows[2])
    return parts


def to_hetero_data(graph: HeteroGraph) -> HeteroData:
    """Return the graph as `HeteroData`.

    Dense features are `x`, sparse ones `x` too, or `x_sparse` beside dense ones; each task, or multi-label group, is
    an attribute of its name: classes int64 with -1 where unknown, others float32 with NaN where unknown.
    """
    import torch

    with warnings.catch_warnings():  # importing PyG compiles what it holds
        warnings.filterwarnings("ignore", message=".torch.jit", category=DeprecationWarning)
        from torch_geometric.data import HeteroData

    data = HeteroData()
    for kind, table in graph.nodes.items():
        data[kind].num_nodes = table.n
        if table.dense is not None:
            data[kind].x = torch.from_numpy(table.dense.copy())
        if table.sparse is not None:
            coo = table.sparse.tocoo()
            at = torch.from_numpy(np.stack([coo.row, coo.col]).astype(np.int64))
            key = "x" if table.dense is None else "x_sparse"
            data[kind][key] = torch.sparse_coo_tensor(at, torch.from_numpy(coo.data), coo.shape, check_invariants=True)
    for relation, edge in graph.edges.items():
        data[relation.source, relation.name, relation.target].edge_index = torch.from_numpy(edge.copy())
    _put_labels(graph, data)
    for part, rows in graph.split.parts().items() if graph.split else ():
        mask = np.zeros(len(graph), bool)
        mask[rows] = True
        for kind in {str(task.node_type) for task in graph.tasks}:
            data[kind][f"{part}_mask"] = torch.from_numpy(mask[graph.rows(kind)])
    return data


def _put_labels(graph: HeteroGraph, data: HeteroData) -> None:
    import torch

    for family, at in graph.tasks.families.items():
        task = graph.tasks[at[0]]
        kind = str(task.node_type)
        value = np.full((graph.nodes[kind].n, len(at)), np.nan, np.float32)
        for j, col in enumerate(at):
            here = graph.labels.col == col
            value[graph.labels.row[here] - graph.offset[kind], j] = graph.labels.value[here]
        if task.group is None and task.kind is not Kind.REGRESSION:
            data[kind][family] = torch.from_numpy(np.nan_to_num(value[:, 0], nan=-1).astype(np.int64))
        else:
            data[kind][family] = torch.from_numpy(value if task.group is not None else value[:, 0])
