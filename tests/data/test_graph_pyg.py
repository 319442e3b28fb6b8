"""Graphs from and to PyG's HeteroData."""

import warnings

import numpy as np
import pytest
import torch

from tests.data.graphs import assert_same, write_files
from weft.data.customers import CustomerConfig, customer_graph
from weft.data.graph_files import read_graph
from weft.data.graph_pyg import from_hetero_data, to_hetero_data
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.errors import UserError
from weft.tasks import Kind

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=".torch.jit", category=DeprecationWarning)
    from torch_geometric.data import HeteroData


def small() -> HeteroData:
    data = HeteroData()
    data["author"].x = torch.tensor([[1.0, float("nan")], [0, 2]])
    eye = torch.eye(3)
    data["paper"].x = eye.to_sparse_coo()
    data["term"].num_nodes = 4
    data["author", "writes", "paper"].edge_index = torch.tensor([[1, 0, 0, 0], [2, 1, 1, 0]])
    data["paper", "rev_writes", "author"].edge_index = torch.tensor([[2, 1, 1, 0], [1, 0, 0, 0]])
    data["author"].y = torch.tensor([1, -1])
    data["paper"].y = torch.tensor([[0.0, 1], [1, float("nan")], [0, 0]])
    data["paper"].year = torch.tensor([1.5, float("nan"), 3])
    data["author"].train_mask = torch.tensor([True, False])
    data["paper"].train_mask = torch.tensor([True, False, False])
    data["paper"].val_mask = torch.tensor([False, True, False])
    return data


def test_everything_is_read_where_it_belongs():
    """Dense and sparse features, one direction of a relation, labels by their form, masks."""
    graph = from_hetero_data(small())
    assert {kind: table.n for kind, table in graph.nodes.items()} == {"author": 2, "paper": 3, "term": 4}
    np.testing.assert_array_equal(graph.nodes["author"].dense, np.float32([[1, np.nan], [0, 2]]))
    assert graph.nodes["paper"].dense is None
    assert graph.nodes["paper"].sparse.toarray().tolist() == np.eye(3).tolist()
    assert {r.key: e.tolist() for r, e in graph.edges.items()} == {"author__writes__paper": [[0, 0, 1], [0, 1, 2]]}
    assert graph.tasks.names == ["author", "paper: 0", "paper: 1"]
    assert graph.tasks[0].kind is Kind.MULTICLASS
    value, known = graph.labels.to_dense()
    assert known[:5].tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1], [0, 1, 0], [0, 1, 1]]
    assert value[2:5, 1:].tolist() == [[0, 1], [1, 0], [0, 0]]
    assert [rows.tolist() for rows in graph.split.parts().values()] == [[0, 2], [3], []]


def test_named_attributes_are_tasks():
    """`tasks` says which attributes are labels, and of what kind."""
    graph = from_hetero_data(small(), {"author": {"y": "binary"}, "paper": {"year": "regression"}})
    assert [(task.name, task.kind) for task in graph.tasks] == [("author", Kind.BINARY), ("year", Kind.REGRESSION)]
    assert graph.labels.value.tolist() == [1, 1.5, 3]
    with pytest.raises(UserError, match="nodes 'author' have no 'year'"):
        from_hetero_data(small(), {"author": {"year": "regression"}})
    with pytest.raises(UserError, match=r"graph, paper.y: regression labels have shape \[3, 2\] for 3 nodes"):
        from_hetero_data(small(), {"paper": {"y": "regression"}})
    data = small()
    del data["term"].num_nodes
    data["term"].name = "x"
    with pytest.raises(UserError, match="how many nodes 'term' has"), pytest.warns(UserWarning, match="num_nodes"):
        from_hetero_data(data)


def test_there_and_back(tmp_path):
    """Features, edges, labels and parts survive; the names of nodes and classes have no place in HeteroData."""
    for graph in (customer_graph(CustomerConfig(n_customers=300)), read_graph(write_files(tmp_path))):
        tasks = {}
        for task in graph.tasks:
            kind = "multilabel" if task.group else str(task.kind)
            tasks.setdefault(task.node_type, {})[task.family] = kind
        back = from_hetero_data(to_hetero_data(graph), tasks, graph.name)
        assert_same(_plain(graph, back), back)


def _plain(graph: HeteroGraph, like: HeteroGraph) -> HeteroGraph:
    nodes = {kind: NodeTable(table.n, table.dense, table.sparse) for kind, table in graph.nodes.items()}
    assert [task.family for task in graph.tasks] == [task.family for task in like.tasks]
    value = graph.labels.value.astype(np.float32)
    labels = type(graph.labels)(like.tasks, len(graph), graph.labels.row, graph.labels.col, value)
    return HeteroGraph(nodes, graph.edges, labels, graph.split, graph.name)


def test_range_of_edges_is_checked():
    """An edge to a node that is not there is an error here, not a crash later."""
    data = small()
    data["author", "writes", "paper"].edge_index = torch.tensor([[0], [3]])
    with pytest.raises(UserError, match=r"target 3, but paper has nodes 0\.\.2"):
        from_hetero_data(data)


def test_direction_of_a_lone_reverse_is_kept():
    """`rev_` is dropped only where the other direction is there."""
    data = small()
    del data["author", "writes", "paper"]
    assert list(from_hetero_data(data).edges) == [Relation("paper", "rev_writes", "author")]
