"""Features made ready: scaled without labels, gaps told apart from zeros, sparse kept sparse."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch

from weft.data.hetero import HeteroGraph, NodeTable
from weft.hetero.features import FeatureScaler, unit_rows
from weft.hetero.inputs import InputConfig, InputProjection, Widths
from weft.hetero.sparse import SparseMatrix
from weft.labels import LabelTable
from weft.tasks import TaskSet


def graph_of(table: NodeTable) -> HeteroGraph:
    return HeteroGraph({"a": table}, {}, LabelTable.empty(TaskSet(()), table.n))


def test_dense_columns_are_standardised_and_gaps_marked():
    """An unknown number becomes the mean, and a column of its own says that it was unknown."""
    table = NodeTable(4, np.array([[1, 5], [3, np.nan], [1, 5], [3, 5]], np.float32))
    scaler = FeatureScaler.fit(graph_of(table))
    dense = scaler.inputs("a", table).dense.numpy()
    np.testing.assert_allclose(dense, [[-1, 0, 0], [1, 0, 1], [-1, 0, 0], [1, 0, 0]], atol=1e-6)
    assert scaler.width("a", table) == 3


def test_raw_features_stay_as_they_are():
    """The paper's preset takes features unscaled."""
    table = NodeTable(2, np.array([[7.0], [9.0]], np.float32), sp.csr_array(np.array([[3.0, 0], [0, 4]], np.float32)))
    inputs = FeatureScaler.fit(graph_of(table), raw=True).inputs("a", table)
    np.testing.assert_array_equal(inputs.dense, [[7], [9]])
    np.testing.assert_array_equal(inputs.sparse.value, [3, 4])


def test_words_are_weighed_by_rareness_and_rows_have_length_one():
    """tf-idf by hand on three documents."""
    counts = sp.csr_array(np.array([[1, 1, 0], [1, 0, 2], [0, 0, 0]], np.float32))
    table = NodeTable(3, sparse=counts)
    found = FeatureScaler.fit(graph_of(table)).sparse("a", table).toarray()
    idf = np.log(4 / np.array([3, 2, 2])) + 1
    first = np.log(2) * idf[:2]
    np.testing.assert_allclose(found[0, :2], first / np.linalg.norm(first), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 0], atol=1e-6)


def test_a_new_graph_is_scaled_as_the_first_one():
    """Statistics are kept, not fitted anew: a node's numbers do not depend on the graph it comes in."""
    rng = np.random.default_rng(0)
    table = NodeTable(30, rng.standard_normal((30, 3)).astype(np.float32))
    scaler = FeatureScaler.fit(graph_of(table))
    part = NodeTable(5, table.dense[:5])
    torch.testing.assert_close(scaler.inputs("a", part).dense, scaler.inputs("a", table).dense[:5])


def test_sparse_product_and_its_gradient_equal_the_dense_ones():
    """Rows without entries give zero; heads have weights of their own."""
    rng = np.random.default_rng(1)
    dense = (rng.random((6, 5)) * (rng.random((6, 5)) < 0.4)).astype(np.float32)
    weight = torch.randn(2, 5, 3, requires_grad=True)
    found = SparseMatrix.of(sp.csr_array(dense)).times(weight)
    torch.testing.assert_close(found, torch.matmul(torch.from_numpy(dense), weight))
    (grad,) = torch.autograd.grad(found.square().sum(), weight)
    (slow,) = torch.autograd.grad(torch.matmul(torch.from_numpy(dense), weight).square().sum(), weight)
    torch.testing.assert_close(grad, slow)


def test_rows_of_a_sparse_matrix():
    """Taking rows, repeats and empty ones included, is what it is on the dense matrix."""
    dense = np.array([[0, 2, 0], [0, 0, 0], [1, 0, 3]], np.float32)
    part = SparseMatrix.of(sp.csr_array(dense)).take(torch.tensor([2, 1, 2, 0]))
    torch.testing.assert_close(part.times(torch.eye(3)[None])[0], torch.from_numpy(dense[[2, 1, 2, 0]]))


def test_unit_rows_leaves_empty_rows_and_its_input_alone():
    """No division by zero, no change in place."""
    given = sp.csr_array(np.array([[3.0, 4.0], [0, 0]]))
    np.testing.assert_allclose(unit_rows(given).toarray(), [[0.6, 0.8], [0, 0]], rtol=1e-6)
    np.testing.assert_array_equal(given.toarray(), [[3, 4], [0, 0]])


def test_nodes_without_features_are_known_by_identity():
    """Every such node has a state of its own; copies of the input share nothing."""
    torch.manual_seed(0)
    layer = InputProjection({"a": Widths(4, 0, 0)}, 2, InputConfig(dim=8))
    table = NodeTable(4)
    state = layer({"a": FeatureScaler.fit(graph_of(table)).inputs("a", table)}, {})["a"]
    assert state.shape == (2, 4, 8)
    assert len(torch.unique(state.reshape(8, 8), dim=0)) == 8


def test_given_labels_reach_the_state_only_when_given():
    """A type left out of what is given shows no label."""
    layer = InputProjection({"a": Widths(3, 1, 0, given=2)}, 1, InputConfig(dim=4)).eval()
    table = NodeTable(3, np.zeros((3, 1), np.float32))
    inputs = {"a": FeatureScaler.fit(graph_of(table)).inputs("a", table)}
    hidden, shown = layer(inputs, {})["a"], layer(inputs, {"a": torch.eye(3)[:, :2]})["a"]
    assert (shown[0, :2] != hidden[0, :2]).any(1).all()
    torch.testing.assert_close(shown[0, 2], hidden[0, 2])
