"""The MetaLink encoder against its definition, bond by bond."""

import pytest
import torch
from torch.nn import functional as F

from weft.data.base import Batch
from weft.encoders.atoms import atom_rows, bond_rows
from weft.encoders.metalink import MetaLinkEncoder
from weft.errors import UserError
from weft.testing import toy_graphs


def _norm(norm, x):
    if not norm.training:
        return (x - norm.running_mean) / torch.sqrt(norm.running_var + norm.eps) * norm.weight + norm.bias
    return (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + norm.eps) * norm.weight + norm.bias


def _act(act, x):
    return torch.where(x > 0, x, act.slope * x)


def _by_definition(encoder, graph):
    """Return the embeddings of metalink.md section 2, one message per bond."""
    e = bond_rows(graph.bond)
    x = _act(encoder.act, _norm(encoder.norm, atom_rows(graph.atom) @ encoder.atom.weight.T))
    for layer in [encoder.first, *encoder.others]:
        m = [torch.zeros(encoder.dim) for _ in x]
        for k, (j, i) in enumerate(zip(graph.src.tolist(), graph.dst.tolist(), strict=True)):
            m[i] = m[i] + layer.message.weight @ torch.cat([x[i], x[j], e[k]])
        x = _act(layer.act, _norm(layer.norm, x + torch.stack(m)))
    g = [x[graph.graph == i].sum(0) for i in range(graph.n_graphs)]
    first, norm, act, _, last = encoder.readout
    h = _act(act, _norm(norm, torch.stack(g) @ first.weight.T)) @ last.weight.T + last.bias
    return h / h.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
def test_equals_the_definition(layers, training):
    """Sums on atoms and on kinds of atom change neither embeddings nor gradients."""
    torch.manual_seed(0)
    encoder = MetaLinkEncoder({}, 12, layers=layers).train(training)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    graph = toy_graphs(6, seed=1).batch(torch.arange(6))
    loss_weight = torch.randn(6, 12)
    gradients = []
    for h in (_by_definition(encoder, graph), encoder(Batch(graph))):
        encoder.zero_grad()
        (h * loss_weight).sum().backward()
        gradients.append([h.detach(), *(p.grad.clone() for p in encoder.parameters())])
    for slow, fast in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, slow, rtol=2e-4, atol=2e-5)


def test_embeddings_have_length_one():
    """The knowledge graph head counts on unit embeddings; without `unit` they are free."""
    torch.manual_seed(0)
    batch = Batch(toy_graphs(5, seed=2).batch(torch.arange(5)))
    assert torch.allclose(MetaLinkEncoder({}, 8)(batch).norm(dim=1), torch.ones(5), atol=1e-6)
    assert not torch.allclose(MetaLinkEncoder({}, 8, unit=False)(batch).norm(dim=1), torch.ones(5), atol=1e-2)


def test_initial_weights_are_xavier_with_gain_root_two():
    """Initialisation is part of the published recipe."""
    torch.manual_seed(0)
    weight = MetaLinkEncoder({}, 64).others[0].message.weight.detach()
    bound = 2**0.5 * (6 / sum(weight.shape)) ** 0.5
    assert weight.abs().max() <= bound
    assert float(weight.std()) == pytest.approx(bound / 3**0.5, rel=0.05)


def test_bad_options_and_inputs_are_said():
    """A layer count of zero or a batch without graphs is the caller's error, named."""
    with pytest.raises(UserError, match="at least 1"):
        MetaLinkEncoder({}, 8, layers=0)
    with pytest.raises(UserError, match="no graphs"):
        MetaLinkEncoder({}, 8)(Batch(dense={"vectors": F.one_hot(torch.arange(3)).float()}))
