"""InLINE's formulas as one would write them first: loops over tasks and relations, a tensor row per edge.

It takes the weights of a `weft.hetero.trunks.inline.Inline` built as released, so that both compute the same.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.hetero.topology import Topology
from weft.hetero.trunks.inline import Inline

DROP = 0.5


def slow_forward(trunk: Inline, x: dict[str, Tensor], topology: Topology) -> list[Tensor]:
    """Return every task's unit-length logits."""
    tasks = range(len(trunk.families))
    h = [{kind: state[0] for kind, state in x.items()} for _ in tasks]
    for layer, gates in zip(trunk.layers, trunk.gates, strict=True):
        made = [{kind: messages(layer, t, kind, h[t], topology, trunk.training) for kind in layer.kinds} for t in tasks]
        h = [
            {kind: exchange(layer, gates.gates[at].logits, t, kind, h[t][kind], made, trunk.training)
             for at, kind in enumerate(layer.kinds)}
            for t in tasks
        ]  # fmt: skip
    return [output(task, h[t], topology, trunk.training) for t, task in enumerate(trunk.output.tasks)]


def messages(layer, t: int, kind: str, h: dict[str, Tensor], topology: Topology, training: bool) -> Tensor:
    """One expert's messages into a type, `[N, R, D]`; every relation drops and projects its own copy."""
    w, found = layer.into(kind)[t], []
    p = F.dropout(h[kind], DROP, training) @ w
    for relation in layer.relations[kind]:
        edges = topology.edges.get(relation)
        if edges is None:
            found.append(p)
            continue
        q = F.dropout(h[relation.source], DROP, training) @ w
        logit = p[edges.target] @ layer.receive[t] + q[edges.source] @ layer.send[t] + layer.term()[relation][t]
        logit = F.dropout(F.leaky_relu(logit, 0.2), DROP, training)
        alpha = softmax(logit, edges.target, edges.n_target)
        found.append(spread(q, alpha, edges.source, edges.target, edges.n_target))
    return torch.stack(found, 1)


def exchange(layer, gate, t: int, kind: str, state: Tensor, made: list[dict], training: bool) -> Tensor:
    """Task t's new states of a type: gates over `[N, R, T, D]`, attention over relations, residual."""
    every = torch.stack([each[kind] for each in made], 2)
    y = F.dropout(state, DROP, training)
    z = F.relu(y @ (gate.factor * gate.hidden[t]) + gate.bias[t])
    weight = (z @ gate.out[t].T).view(len(y), *gate.shape).softmax(2)
    fused = (weight[..., None] * every).sum(2)
    beta = (fused @ layer.key(kind)[t]).softmax(1)
    merged = (beta[..., None] * fused).sum(1)
    if layer.residual is not None:
        merged = merged + state @ layer.residual[t] + layer.residual_bias[t]
    return F.elu(merged)


def output(task, h: dict[str, Tensor], topology: Topology, training: bool) -> Tensor:
    near = topology.neighbourhood(task.kind)
    p = F.dropout(h[task.kind], DROP, training) @ task.project
    q = torch.cat([F.dropout(h[kind], DROP, training) for kind in near.types]) @ task.project
    number = torch.stack([task.term()[relation][0] for relation in near.relations])
    edges = near.edges
    logit = p[edges.target] @ task.receive + q[edges.source] @ task.send + number[near.relation]
    alpha = softmax(F.dropout(F.leaky_relu(logit, 0.2), DROP, training), edges.target, edges.n_target)
    out = spread(q, alpha, edges.source, edges.target, edges.n_target)
    return F.normalize(out + h[task.kind] @ task.residual + task.residual_bias, dim=1, eps=1e-12)


def softmax(logit: Tensor, target: Tensor, n: int) -> Tensor:
    top = torch.full((n,), -torch.inf).scatter_reduce(0, target, logit.detach(), "amax")
    raw = (logit - top[target]).exp()
    return raw / torch.zeros(n).index_add(0, target, raw)[target]


def spread(q: Tensor, alpha: Tensor, source: Tensor, target: Tensor, n: int) -> Tensor:
    return torch.zeros(n, q.shape[1]).index_add(0, target, alpha[:, None] * q[source])
