"""The relation layer equals plain loops over heads, nodes and relations, gradients included."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.hetero.random_graphs import AT, NEAR, NEVER, TO, topology
from tests.hetero.slow import same_gradients, slow_layer
from weft.data.hetero import Relation
from weft.hetero.layer import LayerConfig, RelationLayer
from weft.hetero.topology import Adjacency, Topology

CONFIG = LayerConfig(dim=5, dropout=0.5)
COUNTS = {"a": 6, "b": 7, "c": 3}


def graph(loops: tuple[str, ...] = ("b",)) -> Topology:
    """Isolated nodes, a relation without edges (`never`), hubs and a loop."""
    return topology(3, COUNTS, {TO: 14, NEAR: 6, AT: 3, NEVER: 0}, loops)


def built(config: LayerConfig, heads: int, full: Topology, kinds: tuple[str, ...] = ("a", "b", "c")) -> RelationLayer:
    torch.manual_seed(1)
    layer = RelationLayer(full.schema, kinds, heads, config).double().eval()
    for parameter in layer.parameters():  # also those that start at zero or one
        parameter.data += 0.3 * torch.randn_like(parameter)
    return layer


def states(copies: int, counts: dict[str, int] = COUNTS, dim: int = 5) -> dict[str, torch.Tensor]:
    torch.manual_seed(2)
    return {k: torch.randn(copies, n, dim, dtype=torch.float64, requires_grad=True) for k, n in counts.items()}


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(CONFIG, attention="mean", merge="mean"),
        replace(CONFIG, norm="none", activation="elu", relation_dim=4, merge_by="layer"),
        replace(CONFIG, norm="none", residual=False),
    ],
)
def test_it_is_its_slow_reference(config: LayerConfig, copies: int):
    full = graph()
    assert any(int((edges.count == 0).sum()) for edges in full.edges.values())
    layer, h = built(config, 3, full), states(copies)
    fast, slow = layer(h, full), slow_layer(layer, h, full)
    of = dict(layer.named_parameters()) | {f"h {kind}": state for kind, state in h.items()}
    same_gradients(list(fast.values()), list(slow.values()), of)


def test_heads_that_share_an_input_are_heads_with_equal_inputs():
    full = graph()
    layer, h = built(CONFIG, 3, full), states(1)
    own = {kind: state.expand(3, -1, -1).contiguous() for kind, state in h.items()}
    for kind, state in layer(h, full).items():
        torch.testing.assert_close(state, layer(own, full)[kind])


def test_heads_do_not_meet():
    full = graph()
    layer, h = built(CONFIG, 3, full), states(3)
    layer(h, full)["b"][1].sum().backward()
    assert all(not state.grad[[0, 2]].any() for state in h.values())
    assert h["b"].grad[1].any()


def test_single_precision_takes_the_fast_products_and_agrees():
    full = topology(3, {"a": 60, "b": 70, "c": 30}, {TO: 400, NEAR: 200, AT: 90, NEVER: 0}, ("b",))
    config = replace(CONFIG, dim=16)
    layer, h = built(config, 3, full), states(3, dict(full.counts), 16)
    exact = layer(h, full)
    rough = layer.float()({kind: state.float() for kind, state in h.items()}, full)
    for kind, state in rough.items():
        assert state.dtype == torch.float32
        torch.testing.assert_close(state.double(), exact[kind], rtol=0, atol=1e-5)


def test_the_order_of_edges_does_not_matter():
    full, draw = graph(), torch.Generator().manual_seed(0)
    mixed: dict[Relation, Adjacency] = {}
    for relation, e in full.edges.items():
        at = torch.randperm(len(e), generator=draw)
        mixed[relation] = Adjacency(e.source[at], e.target[at], e.n_source, e.n_target)
    layer, h = built(CONFIG, 2, full), states(1)
    for kind, state in layer(h, Topology(full.counts, mixed, full.loops)).items():
        torch.testing.assert_close(state, layer(h, full)[kind])


def test_renumbered_nodes_get_the_same_states():
    full, draw = graph(), torch.Generator().manual_seed(0)
    at = {kind: torch.randperm(n, generator=draw) for kind, n in COUNTS.items()}  # new -> old
    new = {kind: torch.argsort(order) for kind, order in at.items()}
    edges = {
        r: Adjacency(new[r.source][e.source], new[r.target][e.target], e.n_source, e.n_target)
        for r, e in full.edges.items()
    }
    layer, h = built(CONFIG, 2, full), states(1)
    moved = layer({kind: state[:, at[kind]] for kind, state in h.items()}, Topology(COUNTS, edges, full.loops))
    for kind, state in layer(h, full).items():
        torch.testing.assert_close(moved[kind], state[:, at[kind]])


def test_a_type_that_hears_nobody_keeps_to_itself():
    counts = {"a": 4, "b": 3}
    full = Topology(counts, {})
    layer, h = built(CONFIG, 2, full, ("a", "b")), states(1, counts)
    same_gradients(list(layer(h, full).values()), list(slow_layer(layer, h, full).values()), h)


def test_a_type_without_nodes_has_no_states():
    counts = {"a": 0, "b": 5, "c": 2}
    full = topology(0, counts, {TO: 9, NEAR: 5, AT: 4, NEVER: 3}, ("a", "b"))
    layer, h = built(CONFIG, 2, full), states(1, counts)
    found = layer(h, full)
    sum(state.sum() for state in found.values()).backward()
    assert found["a"].shape == (2, 0, 5)
    assert torch.isfinite(found["b"]).all()


def test_types_may_be_called_anything():
    """`items` and a dot are names that torch's own containers refuse."""
    counts = {"items": 3, "a.b": 2}
    edge = Relation("items", "in.of", "a.b")
    full = Topology(counts, {edge: Adjacency(torch.tensor([0, 2]), torch.tensor([1, 1]), 3, 2)}, ("items",))
    layer, h = built(CONFIG, 2, full, ("items", "a.b")), states(1, counts)
    same_gradients(list(layer(h, full).values()), list(slow_layer(layer, h, full).values()), h)


def test_dropout_in_training_is_repeatable():
    full = graph()
    layer, h = built(replace(CONFIG, logit_dropout=0.5), 2, full).float().train(), states(1)
    h = {kind: state.detach().float() for kind, state in h.items()}

    def once(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return layer(h, full)["b"]

    assert torch.equal(once(1), once(1))
    assert not torch.equal(once(1), once(2))


def test_a_step_leaves_nothing_behind_for_inference():
    """Caches hold the graph alone: weights changed in between count."""
    full = graph()
    layer, h = built(CONFIG, 2, full), states(1)
    layer(h, full)["b"].sum().backward()
    other, fresh = built(CONFIG, 2, full), graph()
    for changed in (layer, other):
        changed.send.data.mul_(2)
    with torch.no_grad():
        torch.testing.assert_close(layer(h, full)["b"], other(h, fresh)["b"], rtol=0, atol=0)
