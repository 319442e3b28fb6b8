"""Relations sorted once: each edge kept, reverses and loops added, nothing that grows with use."""

from __future__ import annotations

import numpy as np
import torch

from tests.hetero.random_graphs import NEAR, TO, topology
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.hetero.layer import LayerConfig, RelationLayer
from weft.hetero.topology import LOOP, Adjacency, Schema, Topology, build_topology, reverse
from weft.labels import LabelTable
from weft.tasks import TaskSet

WRITES = Relation("author", "writes", "paper")


def graph() -> HeteroGraph:
    tasks = TaskSet([])
    none = np.empty(0, np.int64)
    labels = LabelTable(tasks, 5, none, none, np.empty(0, np.float64))
    nodes = {"author": NodeTable(2), "paper": NodeTable(3)}
    return HeteroGraph(nodes, {WRITES: np.array([[0, 1, 1], [2, 0, 2]])}, labels)


def test_edges_are_kept_by_target_and_by_source():
    source, target = torch.tensor([2, 0, 1, 2]), torch.tensor([3, 1, 3, 0])
    edges = Adjacency(source, target, 3, 4)
    assert edges.target.tolist() == [0, 1, 3, 3]
    assert torch.equal(edges.source, source[edges.order])
    assert edges.start.tolist() == [0, 1, 2, 2]
    assert edges.bounds.tolist() == [0, 1, 2, 2, 4]
    assert edges.source[edges.back.order].tolist() == [0, 1, 2, 2]
    assert torch.equal(edges.back.target, edges.target[edges.back.order])
    assert edges.back.start.tolist() == [0, 1, 2]


def test_every_relation_runs_both_ways_and_loops_are_relations():
    found = build_topology(graph(), ("paper",))
    assert list(found.edges) == [WRITES, reverse(WRITES)]
    back = found.edges[reverse(WRITES)]
    assert {*zip(back.source.tolist(), back.target.tolist(), strict=True)} == {(2, 0), (0, 1), (2, 1)}
    assert found.schema.into("paper") == (Relation("paper", LOOP, "paper"), WRITES)


def test_senders_are_those_heard_and_the_type_itself():
    schema = Schema(("a", "b", "c"), (TO, NEAR))
    assert schema.senders(["b"]) == ("a", "b")
    assert schema.senders(["c"]) == ("c",)


def test_a_neighbourhood_holds_every_relation_into_a_type():
    found = build_topology(graph(), ("paper",))
    near = found.neighbourhood("paper")
    assert near.types == ("paper", "author")
    edges = zip(near.edges.source.tolist(), near.edges.target.tolist(), near.relation.tolist(), strict=True)
    # papers are rows 0 to 2, authors follow
    assert set(edges) == {(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 0, 1), (4, 2, 1)}
    assert found.neighbourhood("paper") is near


def test_what_a_graph_keeps_does_not_grow_with_heads_or_steps():
    full = topology(0, {"a": 9, "b": 9, "c": 3}, {TO: 20, NEAR: 10})

    def kept() -> int:
        tensors = [t for e in full.edges.values() for t in (*vars(e).values(), *e.back, *e._patterns.values())]
        return sum(t.numel() for t in tensors if isinstance(t, torch.Tensor) and not t.is_sparse_csr)

    def step(heads: int) -> None:
        layer = RelationLayer(full.schema, ("a", "b"), heads, LayerConfig(dim=4))
        sum(s.sum() for s in layer({k: torch.randn(1, n, 4) for k, n in full.counts.items()}, full).values()).backward()

    step(2)
    before = kept()
    for heads in (1, 2, 16):
        step(heads)
    assert kept() == before
    assert all(len(edges._patterns) == 1 for edges in full.edges.values())


def test_a_graph_without_relations_has_types_alone():
    assert Topology({"a": 3}, {}).schema == Schema(("a",), ())
