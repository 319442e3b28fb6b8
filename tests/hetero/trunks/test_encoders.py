"""R-GCN, HAN, HGT and Simple-HGN on our topologies: their formulas node by node, and meta-paths within bounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.hetero.trunks import toy
from tests.hetero.trunks.toy import COUNTS, toy_states, toy_topology, toy_trunk
from weft.data.hetero import Relation
from weft.hetero.topology import Adjacency, Topology, reverse
from weft.hetero.trunks import metapaths
from weft.hetero.trunks.encoder import attention_heads
from weft.hetero.trunks.metapaths import neighbours, paths_to


def _edges(topology):
    """Every edge as (relation position, source row, target row) over all types' rows."""
    begin = dict(zip(COUNTS, np.cumsum([0, *COUNTS.values()]), strict=False))
    for at, (r, pairs) in enumerate(topology.edges.items()):
        for s, t in zip(pairs.source.tolist(), pairs.target.tolist(), strict=True):
            yield at, s + begin[r.source], t + begin[r.target]


def _rows(h):
    return dict(zip(COUNTS, h.split(list(COUNTS.values())), strict=True))


def test_rgcn_is_its_formula():
    trunk, topology = toy_trunk("rgcn").eval(), toy_topology()
    h = torch.cat([state[0] for state in toy_states(1).values()])
    for layer in trunk.layers:
        new = h @ layer.root + layer.bias
        heard = {}
        for r, s, t in _edges(topology):
            heard.setdefault((r, t), []).append(h[s])
        for (r, t), messages in heard.items():
            new[t] = new[t] + torch.stack(messages).mean(0) @ layer.weight[r]
        h = new.relu()
    torch.testing.assert_close(trunk(toy_states(1), topology)[1], _rows(h)["b"])


def test_simple_hgn_is_its_formula():
    trunk, topology = toy_trunk("simple-hgn").eval(), toy_topology()
    for layer in trunk.layers:
        layer.bias.data.normal_(generator=torch.Generator().manual_seed(2))
    h = torch.cat([state[0] for state in toy_states(1).values()])
    edges = [*_edges(topology), *((len(topology.edges), v, v) for v in range(len(h)))]
    before = None
    for at, layer in enumerate(trunk.layers):
        heads = torch.stack(layer.project(h).chunk(layer.heads, 1))
        alpha = torch.zeros(layer.heads, len(edges))
        for k in range(layer.heads):
            score = [
                F.leaky_relu(heads[k, t] @ layer.receive[k] + heads[k, s] @ layer.send[k] + layer.bias[k, r], 0.2)
                for r, s, t in edges
            ]
            for v in range(len(h)):
                into = [e for e, (_, _, t) in enumerate(edges) if t == v]
                alpha[k, into] = torch.softmax(torch.stack([score[e] for e in into]), 0)
        if before is not None:
            alpha = 0.95 * alpha + 0.05 * before
        summed = torch.zeros_like(heads)
        for e, (_, s, t) in enumerate(edges):
            summed[:, t] += alpha[:, e, None] * heads[:, s]
        h, before = summed.transpose(0, 1).flatten(1) + h, alpha
        h = F.elu(h) if at == 0 else h
    h = h / h.norm(dim=1, keepdim=True) * toy.DIM**0.5
    torch.testing.assert_close(trunk(toy_states(1), topology)[0], _rows(h)["a"].detach(), rtol=1e-4, atol=1e-5)


def test_hgt_keeps_the_state_of_a_type_nothing_reaches():
    families = toy.Families(("x",), ("items",))
    trunk = toy_trunk("hgt", families=families).eval()
    x = toy_states(1)
    assert torch.equal(trunk(x, toy_topology())[0], x["items"][0])


def test_han_hears_nodes_of_its_own_type_only():
    trunk = toy_trunk("han").eval()
    x = {kind: state.requires_grad_() for kind, state in toy_states(1).items()}
    grads = torch.autograd.grad(trunk(x, toy_topology())[0].sum(), [x["a"], x["b"]], allow_unused=True)
    assert grads[0] is not None
    assert grads[1] is None or not grads[1].any()


def test_meta_paths_come_back_to_their_type():
    relations = list(toy_topology().edges)
    a_b, b_c, b_b = (next(r for r in relations if r.name == name) for name in "whe")
    none = Relation("a", "none", "c")
    assert paths_to("a", relations) == [(a_b, reverse(a_b)), (none, reverse(none))]
    assert set(paths_to("b", relations)) == {(b_b,), (reverse(b_b),), (b_c, reverse(b_c)), (reverse(a_b), a_b)}
    assert paths_to("items", relations) == [()]


@pytest.mark.parametrize("kind", ["a", "b", "items"])
def test_meta_path_neighbours_are_the_product_of_the_relations(kind):
    topology = toy_topology()
    for path in paths_to(kind, list(topology.edges)):
        joined = np.eye(COUNTS[kind], dtype=int)
        for r in path:
            dense = np.zeros((COUNTS[r.source], COUNTS[r.target]), int)
            dense[topology.edges[r].source, topology.edges[r].target] = 1
            joined = joined @ dense
        np.fill_diagonal(joined, 1)
        got = np.zeros_like(joined)
        np.add.at(got, tuple(neighbours(topology, kind, path).numpy()), 1)
        assert np.array_equal(got, joined > 0)


def test_a_hub_stays_within_bounds():
    """3000 nodes under one hub make nine million pairs; at most MOST each are kept, the same ones every time."""
    n, r = 3000, Relation("a", "w", "b")
    ids, zero = torch.arange(n), torch.zeros(n, dtype=torch.int64)

    def build():
        edges = {r: Adjacency(ids, zero, n, 1), reverse(r): Adjacency(zero, ids, 1, n)}
        return neighbours(Topology({"a": n, "b": 1}, edges), "a", (r, reverse(r)))

    found = build()
    assert found.shape[1] <= n * (metapaths.MOST + 1)
    assert torch.equal(found, build())


def test_a_receiver_keeps_the_neighbours_that_most_paths_join(monkeypatch):
    monkeypatch.setattr(metapaths, "MOST", 2)
    source, target = np.array([1, 2, 2, 3, 3, 0, 4]), np.array([0, 0, 0, 0, 0, 0, 0])
    got = metapaths._strongest(source, target, 5)
    assert sorted(got[0].tolist()) == [2, 3]


@pytest.mark.parametrize(("dim", "heads"), [(64, 8), (48, 4), (16, 2), (9, 1), (12, 1)])
def test_attention_heads_divide_the_width(dim, heads):
    assert attention_heads(dim) == heads
