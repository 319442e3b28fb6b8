"""InLINE's published output layer: a last graph layer per task, from states to classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.hetero.dropout import dropout
from weft.hetero.layer import LayerConfig, States
from weft.hetero.products import scores
from weft.hetero.relation_term import RelationTerm
from weft.hetero.segments import segment_softmax, to_edges, weighted_sum
from weft.hetero.starts import uniform, xavier
from weft.hetero.topology import Schema, Topology
from weft.hetero.trunks.base import Families


class GraphOutput(nn.Module):
    """One output layer per family of tasks, each on the family's own states."""

    def __init__(self, schema: Schema, families: Families, widths: Sequence[int], config: LayerConfig) -> None:
        super().__init__()
        self.tasks = nn.ModuleList(
            TaskOutput(schema, kind, width, config) for kind, width in zip(families.kinds, widths, strict=True)
        )

    def forward(self, states: States, topology: Topology) -> list[Tensor]:
        """Return every family's logits at the nodes of its type, `T` tensors `[N_type, C]`.

        Args:
            states: type -> `[T or more, N, D]`.
            topology: the graph.
        """
        each = {kind: state.unbind(0) for kind, state in states.items()}  # a slice's gradient is as large as all states
        return [task({kind: parts[t] for kind, parts in each.items()}, topology) for t, task in enumerate(self.tasks)]


class TaskOutput(nn.Module):
    """A Simple-HGN layer with as many columns as classes, computed at the nodes that carry the task.

    `o_v = sum over w of alpha[v, w] W h[w] + Res h[v]` with one softmax over all neighbours of all relations
    together, of `LeakyReLU(a_l W h[v] + a_r W h[w] + c_r)`; then `o_v / max(|o_v|, 1e-12)`, so that no class ever gets
    a probability near one. A single column would lose all but its sign and is left as it is.

    Args:
        schema: types and relations.
        kind: the type of node that carries the task.
        width: number of classes `C`.
        config: width of states, dropouts, and of relation embeddings.
    """

    def __init__(self, schema: Schema, kind: str, width: int, config: LayerConfig) -> None:
        super().__init__()
        self.kind, self.config, d = kind, config, config.dim
        self.project = nn.Parameter(xavier(d, width))
        self.receive, self.send = nn.Parameter(xavier(1, width)[0]), nn.Parameter(xavier(1, width)[0])
        self.term = RelationTerm(schema, 1, config.relation_dim)
        self.residual, self.residual_bias = nn.Parameter(uniform(d, d, width)), nn.Parameter(uniform(d, width))

    def forward(self, h: States, topology: Topology) -> Tensor:
        """Return unit-length logits `[N, C]` from the family's states, type -> `[N, D]`."""
        near = topology.neighbourhood(self.kind)
        types = dict.fromkeys((self.kind, *near.types))
        dropped = {kind: dropout(h[kind], self.config.dropout, self.training) for kind in types}
        out = h[self.kind] @ self.residual + self.residual_bias
        if near.types:
            q = torch.cat([dropped[kind] for kind in near.types]) @ self.project
            left = scores((self.project @ self.receive)[None, None], dropped[self.kind][None])[0]
            number = torch.stack([self.term()[relation][0] for relation in near.relations])
            logit = to_edges(left, (q @ self.send)[None], near.edges) + near.per_edge(number)
            logit = dropout(F.leaky_relu(logit, 0.2), self.config.logit_dropout, self.training)
            out = out + weighted_sum(q[None], segment_softmax(logit, near.edges), near.edges)[0]
        return F.normalize(out, dim=1, eps=1e-12) if out.shape[1] > 1 else out
