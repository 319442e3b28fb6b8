"""Blocks against the torch modules they stand for."""

import torch
from torch import nn

from weft.encoders.blocks import PReLU, RowNorm


def test_rows_with_counts_are_repeated_rows():
    """Values, gradients and running statistics are those of plain batch normalisation of every atom."""
    torch.manual_seed(0)
    counts = torch.tensor([1, 4, 2])
    rows = torch.randn(3, 5, requires_grad=True)
    peer, norm = nn.BatchNorm1d(5), RowNorm(5)
    weight = torch.randn(7, 5)
    index = torch.repeat_interleave(counts)
    expected, found = peer(rows[index]), norm(rows, counts)[index]
    torch.testing.assert_close(found, expected)
    grads = [torch.autograd.grad((y * weight).sum(), rows)[0] for y in (expected, found)]
    torch.testing.assert_close(*grads)
    for name, value in peer.state_dict().items():
        torch.testing.assert_close(norm.state_dict()[name], value)


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
