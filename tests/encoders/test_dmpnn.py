"""The D-MPNN against its equations, bond by bond."""

import pytest
import torch

from weft.data.base import Batch
from weft.encoders.atoms import atom_rows, bond_rows
from weft.encoders.dmpnn import DMPNNEncoder
from weft.errors import UserError
from weft.testing import toy_graphs


def _by_definition(encoder, graph):
    x, e = atom_rows(graph.atom), bond_rows(graph.bond)
    src, dst = graph.src.tolist(), graph.dst.tolist()
    h0 = [encoder.w_i.weight @ torch.cat([x[v], e[k]]) for k, v in enumerate(src)]
    h = [a.relu() for a in h0]
    zero = torch.zeros(encoder.dim)
    for _ in range(encoder.depth - 1):
        m = [sum((h[j] for j in range(len(h)) if dst[j] == v and src[j] != dst[k]), zero) for k, v in enumerate(src)]
        h = [(h0[k] + encoder.w_h.weight @ m[k]).relu() for k in range(len(h))]
    into = [sum((h[j] for j in range(len(h)) if dst[j] == v), zero) for v in range(len(x))]
    a = torch.stack(
        [(encoder.w_o.weight @ torch.cat([x[v], into[v]]) + encoder.w_o.bias).relu() for v in range(len(x))]
    )
    parts = [a[graph.graph == i] for i in range(graph.n_graphs)]
    pool = {"norm": lambda p: p.sum(0) / encoder.norm, "mean": lambda p: p.mean(0), "sum": lambda p: p.sum(0)}
    return torch.stack([pool[encoder.aggregation](p) for p in parts])


@pytest.mark.parametrize(("depth", "aggregation"), [(1, "sum"), (2, "norm"), (3, "mean"), (4, "norm")])
def test_equals_the_equations(depth, aggregation):
    """Kinds of bond, node sums minus the reverse, and the early W_h change neither embeddings nor gradients."""
    torch.manual_seed(0)
    encoder = DMPNNEncoder({}, 8, depth=depth, aggregation=aggregation)
    graph = toy_graphs(4, seed=1).batch(torch.arange(4))
    weight = torch.randn(4, 8)
    results = []
    for h in (_by_definition(encoder, graph), encoder(Batch(graph))):
        encoder.zero_grad()
        (h * weight).sum().backward()
        grads = [p.grad.clone() for p in encoder.parameters() if p.grad is not None]
        results.append([h.detach(), *grads])
    for slow, fast in zip(*results, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-6)


def test_dropout_acts_in_training_only():
    """Predictions must not be drawn at random."""
    torch.manual_seed(0)
    encoder = DMPNNEncoder({}, 16, dropout=0.5)
    batch = Batch(toy_graphs(3).batch(torch.arange(3)))
    assert not torch.equal(encoder(batch), encoder(batch))
    encoder.eval()
    assert torch.equal(encoder(batch), encoder(batch))


def test_bad_options_are_said():
    """An unknown aggregation or no depth names what is expected."""
    with pytest.raises(UserError, match="norm"):
        DMPNNEncoder({}, 8, aggregation="max")
    with pytest.raises(UserError, match="at least 1"):
        DMPNNEncoder({}, 8, depth=0)
