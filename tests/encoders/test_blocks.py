"""Blocks against the torch modules they stand for."""

import pytest
import torch
from torch import nn

from weft.encoders.blocks import PReLU, RowNorm


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_with_counts_are_repeated_rows(dtype):
    """Values, gradients and running statistics are those of plain batch normalisation of every atom.

    Seen to catch: shares of rows rounded to float32 among numbers in float64.
    """
    torch.manual_seed(0)
    counts = torch.tensor([1, 4, 2])
    rows = torch.randn(3, 5, requires_grad=True, dtype=dtype)
    peer, norm = nn.BatchNorm1d(5, dtype=dtype), RowNorm(5, dtype=dtype)
    weight = torch.randn(7, 5, dtype=dtype)
    index = torch.repeat_interleave(counts)
    expected, found = peer(rows[index]), norm(rows, counts)[index]
    near = {"rtol": 1e-12, "atol": 1e-12} if dtype == torch.float64 else {}
    torch.testing.assert_close(found, expected, **near)
    grads = [torch.autograd.grad((y * weight).sum(), rows)[0] for y in (expected, found)]
    torch.testing.assert_close(*grads, **near)
    for name, value in peer.state_dict().items():
        torch.testing.assert_close(norm.state_dict()[name], value, **near)


def test_one_row_leaves_the_running_statistics_alone():
    """A last batch of one molecule must neither raise nor spoil the statistics of evaluation."""
    norm = RowNorm(2).train()
    norm(torch.randn(10, 2))
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    assert norm(torch.randn(1, 2)).isfinite().all()
    assert norm(torch.randn(1, 2), torch.tensor([1])).isfinite().all()
    assert all(torch.equal(norm.state_dict()[name], value) for name, value in before.items())


def test_prelu_equals_torch():
    """The fast gradient is the gradient, at zero too."""
    torch.manual_seed(0)
    x = torch.randn(6, 3)
    x[0, 0] = 0.0
    weight = torch.randn(6, 3)
    results = []
    for layer in (nn.PReLU(), PReLU()):
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
        (y * weight).sum().backward()
        results.append([y.detach(), leaf.grad, next(layer.parameters()).grad])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)
