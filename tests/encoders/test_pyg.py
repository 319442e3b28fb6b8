"""Encoders made of PyG's operators, or that replace one, against PyG."""

import pytest
import torch

from weft.data.base import Batch
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, atom_rows, bond_rows
from weft.encoders.attentive_fp import AttentiveFPEncoder
from weft.encoders.gine import GINEEncoder
from weft.encoders.mpnn import MPNNEncoder
from weft.errors import UserError
from weft.testing import toy_graphs


@pytest.fixture
def graph():
    return toy_graphs(5, seed=4).batch(torch.arange(5))


def test_edge_conv_equals_nnconv(graph):
    """One matrix per kind of bond gives PyG's messages."""
    from torch_geometric.nn import NNConv

    torch.manual_seed(0)
    encoder = MPNNEncoder({}, 8, hidden=6, steps=1)
    peer = NNConv(6, 6, encoder.conv.edge, aggr="add", root_weight=True)
    peer.lin.weight, peer.bias = encoder.conv.root.weight, encoder.conv.root.bias
    x = encoder.atom(atom_rows(graph.atom)).relu()
    x = encoder.update(peer(x, torch.stack([graph.src, graph.dst]), bond_rows(graph.bond)).relu(), x)
    expected = encoder.out(encoder.readout(x, graph.graph, dim_size=5))
    torch.testing.assert_close(encoder(Batch(graph)), expected, rtol=1e-4, atol=1e-6)


def test_attentive_fp_equals_pyg(graph):
    """The order of operators is that of the published model, as PyG has it."""
    from torch_geometric.nn.models import AttentiveFP

    torch.manual_seed(0)
    encoder = AttentiveFPEncoder({}, 8, layers=3, timesteps=2)
    peer = AttentiveFP(ATOM_WIDTH, 8, 8, BOND_WIDTH, num_layers=3, num_timesteps=2)
    pairs = {"lin1": encoder.atom, "gate_conv": encoder.bond_conv, "gru": encoder.grus[0], "atom_convs": encoder.convs}
    pairs |= {"atom_grus": encoder.grus[1:], "mol_conv": encoder.mol_conv, "mol_gru": encoder.mol_gru}
    for name, module in (pairs | {"lin2": encoder.out}).items():
        getattr(peer, name).load_state_dict(module.state_dict())
    ends = torch.stack([graph.src, graph.dst])
    expected = peer(atom_rows(graph.atom), ends, bond_rows(graph.bond), graph.graph)
    torch.testing.assert_close(encoder(Batch(graph)), expected, rtol=1e-4, atol=1e-6)


def test_gine_layer_equals_the_equation(graph):
    """One layer by loops over bonds, in eval mode."""
    torch.manual_seed(0)
    encoder = GINEEncoder({}, 6, layers=1, pool="sum").eval()
    torch.nn.init.constant_(encoder.convs[0].eps, 0.3)
    x, e = encoder.atom(atom_rows(graph.atom)), encoder.bonds[0](bond_rows(graph.bond))
    rows = []
    for i in range(len(x)):
        near = [(x[j] + e[k]).relu() for k, (j, d) in enumerate(zip(graph.src, graph.dst, strict=True)) if d == i]
        rows.append(sum(near, 1.3 * x[i]))
    y = encoder.norms[0](encoder.convs[0].nn(torch.stack(rows)))
    expected = torch.stack([y[graph.graph == g].sum(0) for g in range(5)])
    torch.testing.assert_close(encoder(Batch(graph)), expected, rtol=1e-4, atol=1e-5)


def test_gine_mean_is_the_sum_over_the_size(graph):
    """The two read-outs differ by the number of atoms only."""
    torch.manual_seed(0)
    encoder = GINEEncoder({}, 6).eval()
    mean, encoder.pool = encoder(Batch(graph)), "sum"
    torch.testing.assert_close(mean * torch.bincount(graph.graph)[:, None], encoder(Batch(graph)))


@pytest.mark.parametrize(
    ("encoder", "options"),
    [
        (MPNNEncoder, {"steps": 0}),
        (GINEEncoder, {"pool": "max"}),
        (GINEEncoder, {"layers": 0}),
        (AttentiveFPEncoder, {"timesteps": 0}),
    ],
)
def test_bad_options_are_said(encoder, options):
    """No layer, step or known pool is the caller's error."""
    with pytest.raises(UserError):
        encoder({}, 8, **options)
