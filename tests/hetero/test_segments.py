"""Sums and softmax over sorted edges are those of plain loops, and so are their gradients."""

from __future__ import annotations

import pytest
import torch

from weft.hetero.segments import crossed_sum, mean_weights, segment_softmax, to_edges, weighted_sum
from weft.hetero.topology import Adjacency

SOURCE, TARGET = torch.tensor([0, 3, 3, 1, 0, 2, 3]), torch.tensor([2, 0, 2, 2, 4, 4, 0])
N_SOURCE, N_TARGET = 5, 6  # source 4 and targets 1, 3, 5 have no edge


def edges(permutation: torch.Tensor | None = None) -> Adjacency:
    at = torch.arange(7) if permutation is None else permutation
    return Adjacency(SOURCE[at], TARGET[at], N_SOURCE, N_TARGET)


def empty() -> Adjacency:
    none = torch.empty(0, dtype=torch.int64)
    return Adjacency(none, none, N_SOURCE, N_TARGET)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize("copies", [1, 3])
def test_weighted_sum_is_a_loop_over_edges(copies: int):
    x, weight, adjacency = numbers(copies, N_SOURCE, 4), numbers(3, 7, seed=1), edges()
    expected = torch.zeros(3, N_TARGET, 4, dtype=torch.float64)
    for k in range(3):
        for e, (w, v) in enumerate(zip(adjacency.source, adjacency.target, strict=True)):
            expected[k, v] += weight[k, e] * x[k % copies, w]
    torch.testing.assert_close(weighted_sum(x, weight, adjacency), expected)


@pytest.mark.parametrize("copies", [1, 3])
def test_gradients_of_weighted_sum(copies: int):
    inputs = (numbers(copies, N_SOURCE, 4), numbers(3, 7, seed=1))
    assert torch.autograd.gradcheck(lambda x, w: weighted_sum(x, w, edges()), inputs)


def test_crossed_sum_adds_up_weighted_sums_of_every_head():
    x, weight, adjacency = numbers(2, N_SOURCE, 4), numbers(3, 2, 7, seed=1), edges()
    expected = sum(weighted_sum(x[s : s + 1], weight[:, s], adjacency) for s in range(2))
    torch.testing.assert_close(crossed_sum(x, weight, adjacency), expected)
    assert torch.autograd.gradcheck(lambda a, b: crossed_sum(a, b, adjacency), (x, weight))


def test_softmax_is_each_receivers_own():
    logit, adjacency = numbers(2, 7), edges()
    alpha = segment_softmax(logit, adjacency)
    for v in range(N_TARGET):
        at = adjacency.target == v
        torch.testing.assert_close(alpha[:, at], logit[:, at].softmax(1))
    assert torch.autograd.gradcheck(lambda x: segment_softmax(x, adjacency), (logit,))


def test_softmax_bears_logits_of_any_size():
    logit = torch.tensor([[1e4, -1e4, 3.0, 2.0, -1e30, 1e30, 0.0]])
    alpha = segment_softmax(logit, edges())
    assert torch.isfinite(alpha).all()
    torch.testing.assert_close(weighted_sum(torch.ones(1, N_SOURCE, 1), alpha, edges())[0, [0, 2, 4], 0], torch.ones(3))


def test_logits_of_edges_join_both_ends():
    left, right, adjacency = numbers(2, N_TARGET), numbers(2, N_SOURCE, seed=1), edges()
    torch.testing.assert_close(to_edges(left, right, adjacency), left[:, adjacency.target] + right[:, adjacency.source])
    assert torch.autograd.gradcheck(lambda a, b: to_edges(a, b, adjacency), (left, right))


def test_mean_weights_make_a_mean():
    x = numbers(1, N_SOURCE, 4)
    mean = weighted_sum(x, mean_weights(edges(), 1, torch.float64), edges())
    torch.testing.assert_close(mean[0, 2], x[0, [0, 3, 1]].mean(0))
    assert not mean[0, 1].any()


def test_a_relation_without_edges_gives_zeros_and_zero_gradients():
    x, weight = numbers(2, N_SOURCE, 4), numbers(2, 0)
    out = weighted_sum(x, segment_softmax(weight, empty()), empty())
    out.sum().backward()
    assert out.shape == (2, N_TARGET, 4)
    assert not out.any()
    assert not x.grad.any()


def test_the_order_of_the_given_edges_does_not_matter():
    mixed = torch.tensor([6, 2, 0, 5, 1, 4, 3])
    x, weight = numbers(1, N_SOURCE, 4), numbers(1, 7)
    whole = [weighted_sum(x, weight[:, at][:, edges(at).order], edges(at)) for at in (torch.arange(7), mixed)]
    torch.testing.assert_close(*whole)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_keep_their_dtype(dtype: torch.dtype):
    x, logit = torch.ones(1, N_SOURCE, 4, dtype=dtype, requires_grad=True), torch.zeros(1, 7, dtype=dtype)
    out = weighted_sum(x, segment_softmax(logit.requires_grad_(), edges()), edges())
    out.sum().backward()
    assert {out.dtype, x.grad.dtype, logit.grad.dtype} == {dtype}
