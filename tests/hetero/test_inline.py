"""InLINE's gates against plain loops, per relation and per edge; shared experts; what can be read afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from tests.hetero.random_graphs import AT, NEAR, NEVER, TO, topology
from tests.hetero.slow import attention, head, merge, message, neighbours, same_gradients, slow_layer, update
from weft.errors import UserError
from weft.hetero import gating
from weft.hetero.gates import groups
from weft.hetero.layer import LayerConfig
from weft.hetero.topology import Topology
from weft.hetero.trunks.base import Families, TrunkConfig, build_trunk
from weft.hetero.trunks.inline import Inline, expert_width

CONFIG = TrunkConfig(layers=2, layer=LayerConfig(dim=4), own_share=0.5, narrow=0)
COUNTS = {"a": 4, "b": 5, "c": 2}
FAMILIES = Families(("s", "t", "u"), ("a", "b", "b"))
ALL = [0, 1, 2]


def graph(loops: tuple[str, ...] = ("b",)) -> Topology:
    return topology(3, COUNTS, {TO: 9, NEAR: 5, AT: 2, NEVER: 0}, loops)


def built(config: TrunkConfig, full: Topology) -> Inline:
    torch.manual_seed(1)
    trunk = build_trunk("inline", full.schema, FAMILIES, config).double().eval()
    assert isinstance(trunk, Inline)
    for parameter in trunk.parameters():
        parameter.data += 0.5 * torch.randn_like(parameter)
    return trunk


def states() -> dict[str, torch.Tensor]:
    torch.manual_seed(2)
    return {k: torch.randn(1, n, 4, dtype=torch.float64, requires_grad=True) for k, n in COUNTS.items()}


def logits(part, i: int, r: int, state: torch.Tensor) -> torch.Tensor:
    """One task's logits over source experts for one node and relation."""
    relations, sources = part.shape
    z = F.relu(state @ (part.factor * part.hidden[i]) + part.bias[i, 0])
    return (part.out[i] @ z).view(relations, sources)[r]


def by_relation(layer, gate, i: int, kind: str, v: int, h: dict, full: Topology, group=ALL) -> list[torch.Tensor]:
    """Task i's gated messages at node v, taken from its group's experts and shared ones."""
    found, sources, own = [], [*group, *range(len(FAMILIES), layer.heads)], group.index(i)
    for r, relation in enumerate(layer.relations[kind]):
        each = torch.stack([message(layer, j, relation, h, full, v) for j in sources])
        logit = logits(gate.logits, own, r, head(h[kind], i)[v]) + gate.prior[own, r, :, 0]
        if gate.look is not None:
            logit = logit + each @ gate.look[r, own]
        found.append(logit.softmax(0) @ each)
    return found


def by_edge(layer, gate, i: int, kind: str, v: int, h: dict, full: Topology, group=ALL) -> list[torch.Tensor]:
    found = []
    for r, relation in enumerate(layer.relations[kind]):
        total = torch.zeros(layer.config.dim, dtype=torch.float64)
        near = neighbours(full, relation, v)
        alphas = [attention(layer, j, relation, h, full, v) if near else None for j in range(layer.heads)]
        for at, w in enumerate(near):
            q = torch.stack([head(h[relation.source], j)[w] @ layer.into(kind)[j] for j in range(layer.heads)])
            logit = logits(gate.receiver, i, r, head(h[kind], i)[v]) + gate.prior[i, r, :, 0]
            logit = logit + logits(gate.sender, i, r, head(h[relation.source], i)[w])
            if gate.look is not None:
                logit = logit + q @ gate.look[r, i]
            alpha = torch.stack([1 * a[at] for a in alphas])
            total = total + (logit.softmax(0) * alpha) @ q
        found.append(total)
    return found


def slow_trunk(trunk: Inline, x: dict, full: Topology, gated) -> list[torch.Tensor]:
    for layer, gates in zip(trunk.layers, trunk.gates, strict=True):
        after, groups = {}, getattr(gates, "groups", [ALL])
        for at, kind in enumerate(layer.kinds):
            of = {i: (gates.gates[at * len(groups) + g], group) for g, group in enumerate(groups) for i in group}
            rows = torch.zeros(layer.heads, full.counts[kind], layer.config.dim, dtype=torch.float64)
            for v in range(full.counts[kind]):
                for i in range(layer.heads):
                    if i < len(FAMILIES):
                        each = gated(layer, of[i][0], i, kind, v, x, full, of[i][1])
                    else:
                        each = [message(layer, i, r, x, full, v) for r in layer.relations[kind]]
                    rows[i, v] = update(layer, i, kind, head(x[kind], i)[v], merge(layer, i, kind, each))
            after[kind] = rows
        x = after
    return [x[kind][t] for t, kind in enumerate(FAMILIES.kinds)]


@pytest.mark.parametrize("experts", [0, 1])
@pytest.mark.parametrize("sees", ["state", "message"])
@pytest.mark.parametrize("gate", ["relation", "edge"])
def test_gates_are_their_slow_reference(gate: str, sees: str, experts: int):
    full, x = graph(), states()
    trunk = built(replace(CONFIG, gate=gate, gate_sees=sees, experts=experts), full)
    slow = slow_trunk(trunk, x, full, by_relation if gate == "relation" else by_edge)
    of = dict(trunk.named_parameters()) | {f"x {kind}": state for kind, state in x.items()}
    same_gradients(trunk(x, full), slow, of)


@pytest.mark.parametrize("block", [1, 1 << 20])
@pytest.mark.parametrize("experts", [0, 1])
def test_gates_in_groups_are_their_slow_reference(experts: int, block: int, monkeypatch: pytest.MonkeyPatch):
    full, x = graph(), states()
    monkeypatch.setattr(gating, "BLOCK", block)
    trunk = built(replace(CONFIG, group=2, experts=experts), full)
    assert [gates.groups for gates in trunk.gates] == [[[0, 1], [2]], [[0, 2], [1]]]
    slow = slow_trunk(trunk, x, full, by_relation)
    of = dict(trunk.named_parameters()) | {f"x {kind}": state for kind, state in x.items()}
    same_gradients(trunk(x, full), slow, of)


@pytest.mark.parametrize("gate", ["relation", "edge"])
def test_narrow_experts_are_their_slow_reference(gate: str):
    full, x = graph(), states()
    trunk = built(replace(CONFIG, gate=gate, narrow=1, narrow_power=0.5), full)
    assert trunk.width == 2
    slow = slow_trunk(trunk, x, full, by_relation if gate == "relation" else by_edge)
    of = dict(trunk.named_parameters()) | {f"x {kind}": state for kind, state in x.items()}
    same_gradients(trunk(x, full), slow, of)


def test_experts_of_many_tasks_are_narrower():
    config = TrunkConfig()
    assert [expert_width(tasks, config) for tasks in (1, 2, 4, 8, 32)] == [64, 64, 64, 48, 32]
    assert expert_width(32, replace(config, narrow=0)) == 64
    steeply = replace(config, narrow=8, narrow_power=0.5)
    assert [expert_width(tasks, steeply) for tasks in (1, 8, 9, 32, 128)] == [64, 64, 64, 32, 16]


@pytest.mark.parametrize("kept", [0, 8])
@pytest.mark.parametrize("merge_by", ["mean", "attention"])
def test_blocks_of_nodes_change_nothing(merge_by: str, kept: int, monkeypatch: pytest.MonkeyPatch):
    full, x = graph(), states()
    trunk = built(replace(CONFIG, layer=LayerConfig(dim=4, merge=merge_by)), full)
    of = dict(trunk.named_parameters()) | {f"x {kind}": state for kind, state in x.items()}
    whole = trunk(x, full)
    expected = torch.autograd.grad(sum(o.square().sum() for o in whole), list(of.values()), allow_unused=True)
    monkeypatch.setattr(gating, "BLOCK", 1)
    monkeypatch.setattr(gating, "KEPT", kept)
    again = trunk(x, full)
    found = torch.autograd.grad(sum(o.square().sum() for o in again), list(of.values()), allow_unused=True)
    for a, b in zip((*whole, *expected), (*again, *found), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b)


def test_without_gates_every_task_keeps_to_itself():
    full, x = graph(), states()
    trunk = built(replace(CONFIG, gate="none", experts=2), full)
    h: dict = x
    for layer in trunk.layers:
        h = slow_layer(layer, h, full)
    for t, (out, kind) in enumerate(zip(trunk(x, full), FAMILIES.kinds, strict=True)):
        torch.testing.assert_close(out, h[kind][t])
    assert trunk.read_gates(x, full) == []


def test_gates_sure_of_the_own_expert_are_no_gates():
    full, x = graph(), states()
    trunk, plain = built(replace(CONFIG, gate_sees="state"), full), built(replace(CONFIG, gate="none"), full)
    plain.layers.load_state_dict(trunk.layers.state_dict())
    for gates in trunk.gates:
        for gate in gates.gates:
            gate.prior.data.copy_(1e4 * torch.eye(3)[:, None, :, None].expand_as(gate.prior))
    for a, b in zip(trunk(x, full), plain(x, full), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("gate", ["relation", "edge"])
def test_gates_can_be_read(gate: str):
    full, x = graph(), states()
    trunk = built(replace(CONFIG, gate=gate, experts=1), full)
    readings = trunk.read_gates(x, full)
    assert [(r.layer, r.kind) for r in readings] == [
        (at, kind) for at, layer in enumerate(trunk.layers) for kind in layer.kinds if layer.relations[kind]
    ]
    for reading in readings:
        assert reading.weight.shape == (3, len(reading.relations), COUNTS[reading.kind], 4)
        torch.testing.assert_close(reading.weight.sum(3), torch.ones(reading.weight.shape[:3], dtype=torch.float64))
        assert not reading.weight.requires_grad


def test_gates_that_were_read_are_those_that_were_used():
    full, x = graph(), states()
    trunk = built(replace(CONFIG, layers=1), full)
    layer, gate = trunk.layers[0], trunk.gates[0].gates[0]
    kind = layer.kinds[0]
    weight = trunk.read_gates(x, full)[0].weight
    each = torch.stack([message(layer, j, layer.relations[kind][0], x, full, 1) for j in range(3)])
    mixed = by_relation(layer, gate, 0, kind, 1, x, full)[0]
    torch.testing.assert_close(weight[0, 0, 1] @ each, mixed)


def test_many_tasks_exchange_in_groups():
    """A task takes from its group alone, as if the others' weights were zero; groups change from layer to layer."""
    full = graph()
    families = Families(tuple("pqrst"), tuple("babab"))
    torch.manual_seed(1)
    trunk = build_trunk("inline", full.schema, families, replace(CONFIG, group=2)).double().eval()
    for parameter in trunk.parameters():
        parameter.data += 0.5 * torch.randn_like(parameter)
    x = states()
    made = [gates.groups for gates in trunk.gates]
    assert made == [[[0, 1], [2, 3], [4]], [[0, 3], [1, 4], [2]]]
    for reading in trunk.read_gates(x, full):
        for group in made[reading.layer]:
            others = [j for j in range(5) if j not in group]
            assert (reading.weight[group][..., others] == 0).all()
    layer, gates = trunk.layers[1], trunk.gates[1]
    h, _ = trunk._layer(0, x, full)
    kind = layer.kinds[0]
    weight = trunk.read_gates(x, full)[len(trunk.layers[0].kinds)].weight
    merged, _ = gates(layer, h, full)
    for i in range(5):
        for v in range(COUNTS[kind]):
            mixed = [
                sum(weight[i, r, v, j] * message(layer, j, relation, h, full, v) for j in range(5))
                for r, relation in enumerate(layer.relations[kind])
            ]
            torch.testing.assert_close(merged[kind][i, v], merge(layer, i, kind, mixed))


@pytest.mark.parametrize("tasks", [1, 7, 8, 9, 17, 32, 64])
def test_two_layers_of_groups_connect_all_tasks(tasks):
    first, second = groups(tasks, 8, 0), groups(tasks, 8, 1)
    for made in (first, second):
        assert sorted(task for group in made for task in group) == list(range(tasks))
        assert max(map(len, made)) <= 8
    reached = {i: {k for g in second if i in g for j in g for f in first if j in f for k in f} for i in range(tasks)}
    assert all(len(found) == tasks for found in reached.values())


def test_heads_can_read_a_mixture_of_all_tasks_states():
    """Weights by the node's input, over the tasks' last states; in plain loops."""
    full = graph()
    plain, mixed = built(CONFIG, full), built(replace(CONFIG, mixture=True), full)
    mixed.load_state_dict(plain.state_dict(), strict=False)
    h = x = states()
    for at in range(2):
        h, _ = mixed._layer(at, h, full)
    for t, (kind, got) in enumerate(zip(FAMILIES.kinds, mixed(x, full), strict=True)):
        for v in range(COUNTS[kind]):
            weight = (x[kind][0, v] @ mixed.mixture.gate[t]).softmax(0)
            torch.testing.assert_close(got[v], sum(weight[e] * h[kind][e, v] for e in range(3)))


def test_a_gate_leans_to_its_own_expert_at_the_start():
    torch.manual_seed(0)
    full = graph()
    trunk = build_trunk("inline", full.schema, FAMILIES, replace(CONFIG, own_share=0.9)).double().eval()
    for reading in trunk.read_gates(states(), full):
        assert (reading.weight.argmax(3) == torch.arange(3)[:, None, None]).all()


def test_an_unknown_gate_is_named():
    with pytest.raises(UserError, match="there are no gates 'edgy'"):
        build_trunk("inline", graph().schema, FAMILIES, replace(CONFIG, gate="edgy"))
