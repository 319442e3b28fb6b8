"""InLINE as released: given weights, the network and its loss follow the published formulas, with nothing left out.

The reference holds the released code's own weights: gates that read `[y; y]`, relation attention over `[p; m]` with a
constant. What weft leaves out must make no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.hetero.random_graphs import AT, NEAR, NEVER, TO, topology
from tests.hetero.slow import neighbours, same_gradients
from weft.data.hetero import Relation
from weft.hetero.layer import LayerConfig
from weft.hetero.paper_loss import DBLP_WEIGHTS, probability_bce
from weft.hetero.starts import slot
from weft.hetero.topology import Topology
from weft.hetero.trunks.base import Families, TrunkConfig, build_trunk
from weft.hetero.trunks.inline import Inline

D, COUNTS, CLASSES = 4, {"a": 4, "b": 5, "c": 2}, (3, 5)
FAMILIES = Families(("area", "venue"), ("a", "b"))
LAYER = LayerConfig(D, logit_dropout=0.5, relation_dim=D, merge_by="layer", norm="none", activation="elu")
CONFIG = TrunkConfig(
    3,
    LAYER,
    gate_sees="state",
    gate_prior=False,
    gate_spread=1e-4,
    gate_twice=True,
    first_residual=False,
    widths=CLASSES,
)


def graph() -> Topology:
    return topology(4, COUNTS, {TO: 9, NEAR: 5, AT: 3, NEVER: 0}, ("a", "b"))


def random(*shape: int) -> Tensor:
    return (0.6 * torch.randn(shape, dtype=torch.float64)).requires_grad_()


@dataclass
class Expert:
    """One task's weights in one layer, as released."""

    W: dict[str, Tensor]
    E: dict[Relation, Tensor]
    W_e: Tensor
    a_l: Tensor
    a_r: Tensor
    a_e: Tensor
    k: Tensor
    k0: Tensor
    res: tuple[Tensor, Tensor] | None
    A: dict[str, Tensor]
    b: dict[str, Tensor]
    B: dict[str, Tensor]


def expert(full: Topology, width: int, residual: bool) -> Expert:
    kinds, schema = full.schema.types, full.schema
    return Expert(
        W={s: random(width, D) for s in kinds},
        E={r: random(D) for r in schema.relations},
        W_e=random(D, D),
        a_l=random(width),
        a_r=random(width),
        a_e=random(D),
        k=random(2 * width),
        k0=random(1),
        res=(random(width, D), random(width)) if residual else None,
        A={s: random(D, 2 * D) for s in kinds},
        b={s: random(D) for s in kinds},
        B={s: random(len(schema.into(s)) * 2, D) for s in kinds},
    )


def logit(w: Expert, s: str, r: Relation, p: Tensor, q: Tensor) -> Tensor:
    """Step 3, without dropout."""
    c = w.a_e @ (w.E[r] @ w.W_e)
    return F.leaky_relu(w.a_l @ p + w.a_r @ q + c, 0.2)


def disentangled(w: Expert, s: str, v: int, h: dict, full: Topology) -> list[Tensor]:
    """Steps 1 to 4: one message per relation."""
    p, found = w.W[s] @ h[s][v], []
    for r in full.schema.into(s):
        q = [w.W[s] @ h[r.source][n] for n in neighbours(full, r, v)]
        if q:
            alpha = torch.stack([logit(w, s, r, p, each) for each in q]).softmax(0)
            found.append(sum(a * each for a, each in zip(alpha, q, strict=True)))
        else:
            found.append(torch.zeros(D, dtype=torch.float64))
    return found


def layer(experts: list[Expert], h: list[dict], full: Topology) -> list[dict]:
    """Steps 1 to 8 for every task."""
    after: list[dict] = []
    for i, w in enumerate(experts):
        rows: dict[str, Tensor] = {}
        for s in full.schema.types:
            states = []
            for v in range(full.counts[s]):
                m = [disentangled(other, s, v, h[j], full) for j, other in enumerate(experts)]
                relations = len(m[0])
                y = h[i][s][v]
                z = F.relu(w.A[s] @ torch.cat([y, y]) + w.b[s])
                g = (w.B[s] @ z).view(relations, 2).softmax(1)
                fused = [sum(g[r, j] * m[j][r] for j in range(2)) for r in range(relations)]
                p = w.W[s] @ h[i][s][v]
                beta = torch.stack([w.k @ torch.cat([p, each]) + w.k0[0] for each in fused]).softmax(0)
                total = sum(b * each for b, each in zip(beta, fused, strict=True))
                if w.res is not None:
                    total = total + w.res[0] @ h[i][s][v] + w.res[1]
                states.append(F.elu(total))
            rows[s] = torch.stack(states)
        after.append(rows)
    return after


def output(w: Expert, s: str, h: dict, full: Topology) -> Tensor:
    """The output layer: one softmax over all neighbours of all relations together."""
    rows = []
    for v in range(full.counts[s]):
        p = w.W[s] @ h[s][v]
        q = [(r, w.W[s] @ h[r.source][n]) for r in full.schema.into(s) for n in neighbours(full, r, v)]
        alpha = torch.stack([logit(w, s, r, p, each) for r, each in q]).softmax(0)
        o = sum(a * each for a, (_, each) in zip(alpha, q, strict=True)) + w.res[0] @ h[s][v] + w.res[1]
        rows.append(o / max(o.norm(), torch.tensor(1e-12)))
    return torch.stack(rows)


def released() -> tuple[list[list[Expert]], list[Expert]]:
    torch.manual_seed(0)
    full = graph()
    return [[expert(full, D, at > 0) for _ in range(2)] for at in range(3)], [expert(full, c, True) for c in CLASSES]


def fill(trunk: Inline, layers: list[list[Expert]], outputs: list[Expert]) -> None:
    """Put the released weights in their places; what has none is left out."""

    def put(parameter: Tensor, *values: Tensor) -> None:
        parameter.data.copy_(torch.stack([value.detach() for value in values]).view_as(parameter))

    for experts, into, gates in zip(layers, trunk.layers, trunk.gates, strict=True):
        for at, s in enumerate(into.kinds):
            put(into.project[slot(s)], *(w.W[s].T for w in experts))
            part = gates.gates[at].logits
            put(part.hidden, *((w.A[s][:, :D] + w.A[s][:, D:]).T / 2 for w in experts))
            put(part.bias, *(w.b[s] for w in experts))
            put(part.out, *(w.B[s] for w in experts))
        put(into.receive, *(w.a_l for w in experts))
        put(into.send, *(w.a_r for w in experts))
        put(into.key(into.kinds[0]), *(w.k[D:] for w in experts))
        put(into.term.embed, *(torch.stack(list(w.E.values())) for w in experts))
        put(into.term.turn, *(w.W_e for w in experts))
        put(into.term.read, *(w.a_e for w in experts))
        if into.residual is not None:
            put(into.residual, *(w.res[0].T for w in experts))
            put(into.residual_bias, *(w.res[1] for w in experts))
    for w, into in zip(outputs, trunk.output.tasks, strict=True):
        for parameter, value in (
            (into.project, w.W[into.kind].T),
            (into.receive, w.a_l),
            (into.send, w.a_r),
            (into.residual, w.res[0].T),
            (into.residual_bias, w.res[1]),
            (into.term.embed, torch.stack(list(w.E.values()))),
            (into.term.turn, w.W_e),
            (into.term.read, w.a_e),
        ):
            put(parameter, value)


def loss_of(logits: list[Tensor]) -> Tensor:
    """Binary cross entropy of probabilities against one-hot labels, weighted as released."""
    total = torch.zeros((), dtype=torch.float64)
    for weight, o, classes in zip((0.005, 0.995), logits, CLASSES, strict=True):
        target = F.one_hot(torch.arange(len(o)) % classes, classes).double()
        probability = o.exp() / o.exp().sum(1, keepdim=True)
        each = -(target * probability.log() + (1 - target) * (1 - probability).log())
        total = total + weight * each.sum() / each.numel()
    return total


def weft_loss(logits: list[Tensor]) -> Tensor:
    targets = [F.one_hot(torch.arange(len(o)) % c, c).double() for o, c in zip(logits, CLASSES, strict=True)]
    return sum(w * probability_bce(o, t) for w, o, t in zip(DBLP_WEIGHTS, logits, targets, strict=True))


@pytest.fixture(scope="module")
def both() -> tuple[Inline, dict, list[Tensor], list[Tensor], list[list[Expert]]]:
    full = graph()
    trunk = build_trunk("inline", full.schema, FAMILIES, CONFIG).double().eval()
    layers, outputs = released()
    fill(trunk, layers, outputs)
    x = {kind: random(1, n, D) for kind, n in COUNTS.items()}
    h = [{kind: state[0] for kind, state in x.items()}] * 2
    for experts in layers:
        h = layer(experts, h, full)
    slow = [output(w, s, h[i], full) for i, (w, s) in enumerate(zip(outputs, FAMILIES.kinds, strict=True))]
    return trunk, x, trunk(x, full), slow, layers


def test_outputs_and_gradients_are_those_of_the_formulas(both):
    _, x, fast, slow, _ = both
    same_gradients(fast, slow, x)


def test_the_loss_is_the_released_one(both):
    _, x, fast, slow, _ = both
    same_gradients([weft_loss(fast)], [loss_of(slow)], x)


def test_gradients_of_weights_agree(both):
    """Of both halves of A the same; the sum moves weft's half twice as far, as Adam moves the sum."""
    trunk, _, fast, slow, layers = both
    for at, kind in enumerate(trunk.layers[1].kinds):
        part, experts = trunk.gates[1].gates[at].logits, layers[1]
        (mine,) = torch.autograd.grad(weft_loss(fast), part.hidden, retain_graph=True)
        theirs = torch.autograd.grad(loss_of(slow), [w.A[kind] for w in experts], retain_graph=True)
        for i, grad in enumerate(theirs):
            torch.testing.assert_close(grad[:, :D], grad[:, D:])
            torch.testing.assert_close(mine[i], 2 * grad[:, :D].T)
        (mine,) = torch.autograd.grad(weft_loss(fast), trunk.layers[1].project[slot(kind)], retain_graph=True)
        theirs = torch.autograd.grad(loss_of(slow), [w.W[kind] for w in experts], retain_graph=True)
        torch.testing.assert_close(mine, torch.stack([g.T for g in theirs]))


def test_half_of_the_relation_attention_and_its_constant_cancel(both):
    _, _, _, slow, layers = both
    dead = [part for experts in layers for w in experts for part in (w.k, w.k0)]
    for grad in torch.autograd.grad(loss_of(slow), dead, retain_graph=True):
        receiver = grad[:D] if len(grad) > 1 else grad
        assert receiver.abs().max() < 1e-15


def test_outputs_have_length_one(both):
    for out in both[2]:
        torch.testing.assert_close(out.norm(dim=1), torch.ones(len(out), dtype=torch.float64))


def test_gates_start_even_and_layer_one_has_no_residual():
    torch.manual_seed(0)
    full = graph()
    trunk = build_trunk("inline", full.schema, FAMILIES, CONFIG)
    assert trunk.layers[0].residual is None
    assert trunk.layers[1].residual is not None
    assert all(layer.norm is None for layer in trunk.layers)
    for gates in trunk.gates:
        for gate in gates.gates:
            assert gate.prior is None
            assert 0.5e-4 < gate.logits.hidden.std() * 2**0.5 < 2e-4  # the mean of two halves


def test_parameters_are_the_released_ones_less_the_duplicates_and_the_dead():
    """583,296 on DBLP less half of A, the dead of relation attention, and unused parts of the output layers."""
    schema = topology(0, {"author": 1, "paper": 1, "term": 1}, {}, ()).schema
    relations = (
        Relation("author", "self", "author"),
        Relation("paper", "self", "paper"),
        Relation("author", "writes", "paper"),
        Relation("paper", "rev_writes", "author"),
        Relation("paper", "has", "term"),
        Relation("term", "rev_has", "paper"),
    )
    schema = type(schema)(schema.types, relations)
    config = TrunkConfig(3, LayerConfig(64, 0.5, 0.5, "gat", 64, "attention", "layer", "none", "elu"))
    config = TrunkConfig(**{**vars(CONFIG), "layer": config.layer, "widths": (4, 20)})
    trunk = build_trunk("inline", schema, Families(("area", "venue"), ("author", "paper")), config)
    inputs = 295_552
    dropped = 6 * 3 * 64 * 64 + 6 * 65 + (2 * 4 + 1) + (2 * 20 + 1) + 2 * 64 * (4 + 20)
    assert sum(p.numel() for p in trunk.parameters()) + inputs == 583_296 - dropped
