"""What every trunk keeps: shapes, gradients, no dependence on node order, finite at isolated nodes, seeds."""

from __future__ import annotations

import re

import pytest
import torch

from tests.hetero.trunks.toy import COUNTS, DIM, FAMILIES, toy_pairs, toy_states, toy_topology, toy_trunk
from weft.errors import UserError
from weft.hetero.trunks.base import REGISTRY, Families, trunk_class

ALL = sorted(REGISTRY)


@pytest.mark.parametrize("name", ALL)
def test_shapes_and_finite_at_isolated_nodes_and_empty_relations(name):
    trunk = toy_trunk(name).eval()
    states = trunk(toy_states(trunk.copies), toy_topology())
    assert [tuple(s.shape) for s in states] == [(COUNTS[kind], DIM) for kind in FAMILIES.kinds]
    assert all(s.isfinite().all() for s in states)


@pytest.mark.parametrize("name", ALL)
def test_a_task_on_a_type_without_relations_or_alone_has_a_state(name):
    for families in (Families(("x", "y"), ("items", "a")), Families(("x",), ("items",))):
        trunk = toy_trunk(name, families=families).eval()
        states = trunk(toy_states(trunk.copies), toy_topology(loops=("a",)))
        assert states[0].shape == (3, DIM)
        assert all(s.isfinite().all() for s in states)


#: Parameters that this graph leaves without a gradient (as patterns), and why.
NO_GRADIENT = {
    r".*none.*": "an empty relation has no edge to weigh",
    r".*__self__.*": "a loop has no attention",
    r"hgt:.*p_rel\.n\d__r[67]__n\d": "an empty relation (the sixth and its reverse)",
    r"hgt:.*\.n3.*": "nothing reaches this type and no one hears it",
    r"hgt:layers\.1\.(out_lin\.lins|skip)\.n2.*": "the last layer computes all types, tasks read theirs only",
    r"hgt:layers\.1\.p_rel\.n\d__r\d__n2": "the same",
    r"han:.*lin_(src|dst)\.n0__p1__n0": "an empty relation: every node is alone on this meta-path",
}


@pytest.mark.parametrize("name", ALL)
def test_gradients_reach_every_parameter(name):
    trunk = toy_trunk(name).train()
    total = sum(s.square().sum() + s.sum() for s in trunk(toy_states(trunk.copies), toy_topology()))
    total.backward()
    dead = {key for key, p in trunk.named_parameters() if p.grad is None or not p.grad.abs().sum()}
    assert {key for key in dead if not any(re.fullmatch(p, f"{name}:{key}") for p in NO_GRADIENT)} == set()


@pytest.mark.parametrize("name", ALL)
def test_node_order_does_not_matter(name):
    order = {kind: torch.randperm(n, generator=torch.Generator().manual_seed(n)) for kind, n in COUNTS.items()}
    place = {kind: torch.argsort(perm) for kind, perm in order.items()}
    moved = {r: torch.stack([place[r.source][s], place[r.target][t]]) for r, (s, t) in toy_pairs().items()}
    trunk = toy_trunk(name).eval()
    x = toy_states(trunk.copies)
    expected = trunk(x, toy_topology())
    got = trunk({kind: state[:, order[kind]] for kind, state in x.items()}, toy_topology(moved))
    for kind, a, b in zip(FAMILIES.kinds, expected, got, strict=True):
        torch.testing.assert_close(a[order[kind]], b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_neighbours_are_heard_and_strangers_are_not(name):
    """A state follows its neighbours' inputs and no isolated node's; HAN weighs meta-paths by a mean over all nodes."""
    trunk = toy_trunk(name).eval()
    x = {kind: state.requires_grad_() for kind, state in toy_states(trunk.copies).items()}
    state = trunk(x, toy_topology())[1]
    grads = torch.autograd.grad(state[1:].sum(), list(x.values()), allow_unused=True, materialize_grads=True)
    heard = {kind: g.abs().amax((0, 2)) for kind, g in zip(x, grads, strict=True)}
    assert (heard["b"][1:] > 0).any()
    assert heard["b"][0] <= (1e-3 if name == "han" else 0)
    assert not heard["items"].any()


@pytest.mark.parametrize("name", ALL)
def test_same_seed_same_result(name):
    def run(seed):
        trunk = toy_trunk(name, seed).train()
        torch.manual_seed(5)
        return trunk(toy_states(trunk.copies), toy_topology())[0]

    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))


def test_unknown_names_are_answered():
    with pytest.raises(UserError, match="Did you mean mmoe"):
        trunk_class("mmo")
