"""Wide features and paths: what goes straight to the outputs, by hand."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.hetero.families import families
from weft.hetero.features import FeatureScaler
from weft.hetero.paths import neighbours, pairs, paths_into
from weft.hetero.prepare import composed_relations
from weft.hetero.wide import join, wide_blocks
from weft.labels import LabelTable
from weft.tasks import Task, TaskSet

WORDS = sp.csr_array(np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0]], np.float32))


def library() -> HeteroGraph:
    """Authors 0 and 1; papers 0, 1 by author 0, papers 1, 2 by author 1."""
    edges = {Relation("author", "writes", "paper"): np.array([[0, 0, 1, 1], [0, 1, 1, 2]])}
    nodes = {"author": NodeTable(2), "paper": NodeTable(3, sparse=WORDS)}
    return HeteroGraph(nodes, edges, LabelTable.empty(TaskSet((Task("x", node_type="paper"),)), 5))


def path(name: str):
    return next(p for p in paths_into(library(), name.split(" < ")[0]) if p.name == name)


def test_neighbours_two_relations_away_leave_the_node_out():
    """Papers that share an author, by hand."""
    there = path("paper < writes < author < rev_writes < paper")
    np.testing.assert_array_equal(neighbours(there).toarray(), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert pairs(there) == 8


def test_blocks():
    """Own words, names of neighbours, and the words of papers that share an author."""
    graph = library()
    scaler = FeatureScaler.fit(graph)
    blocks = wide_blocks(graph, "paper", scaler)
    assert list(blocks) == [
        "own",
        "paper < writes < author: names",
        "paper < writes < author < rev_writes < paper: features",
    ]
    own = scaler.sparse("paper", graph.nodes["paper"]).toarray()
    around = own[[1]] / np.linalg.norm(own[1])
    np.testing.assert_allclose(
        blocks["paper < writes < author < rev_writes < paper: features"].toarray()[[0]], around, rtol=1e-5
    )
    np.testing.assert_allclose(blocks["paper < writes < author: names"].toarray()[1], [0.5**0.5] * 2, rtol=1e-6)


def test_columns_of_one_node_are_left_out():
    """The second word is in one paper only: it says nothing of another."""
    whole, kept = join({"own": WORDS})
    assert kept.tolist() == [0, 2]
    assert whole.shape == (3, 2)


def test_composed_relations_join_nodes_that_share_a_neighbour():
    """One for papers through authors; a type without such paths has none."""
    graph = library()
    (matrix,) = composed_relations(graph, "paper").values()
    np.testing.assert_array_equal(matrix.toarray(), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    lonely = HeteroGraph({"a": NodeTable(2)}, {}, LabelTable.empty(TaskSet((Task("x", node_type="a"),)), 2))
    assert composed_relations(lonely, "a") == {}
    assert families(lonely.tasks)[0].node_type == "a"
