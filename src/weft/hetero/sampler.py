"""The neighbourhood of some nodes, cut out of a large graph hop by hop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weft.data.hetero import Relation
from weft.errors import UserError, nearest
from weft.hetero.draw import draw_edges
from weft.hetero.topology import Adjacency, Topology

Fanout = int | None | Mapping[str, int | None]
"""Most neighbours of a node under each relation, or by `relation.key`; None, -1 and unnamed relations take all."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Some nodes of a graph and edges among them.

    Attributes:
        nodes: type -> int64 ids in the full graph, every type; the seeds come first, in their order.
        topology: the relations and loops of the full graph, in its order, over these nodes.
        seeds: type -> how many of its first nodes are seeds.
    """

    nodes: Mapping[str, Tensor]
    topology: Topology
    seeds: Mapping[str, int]


class Sampler:
    """Cuts neighbourhoods out of a graph: those of GraphSAGE (arXiv 1706.02216), per relation, without replacement.

    A network of as many relation layers as there are fan-outs computes the same at the seeds as on the full graph
    when no fan-out limits. A node's neighbours are drawn once, at the hop where it first appears, and edges run into
    drawn nodes only; what is kept beyond the graph is one number per node. Which neighbours are drawn depends on the
    key and the node alone: under one key and the same fan-out at every hop all samples are parts of one thinned
    graph, so that what a network says of a node does not depend on the other seeds.

    Args:
        topology: the full graph.
        fanouts: of each hop, the seeds' neighbours first; as many as the network has layers.

    Raises:
        UserError: for a fan-out below -1 or of an unknown relation.

    Example:
        >>> t = torch.tensor
        >>> line = Adjacency(t([0, 1, 2]), t([1, 2, 3]), 4, 4)
        >>> sampler = Sampler(Topology({"a": 4}, {Relation("a", "to", "a"): line}), [None, None])
        >>> sampler.sample({"a": t([3])}, key=0).nodes["a"]
        tensor([3, 2, 1])
    """

    def __init__(self, topology: Topology, fanouts: Sequence[Fanout]) -> None:
        self.topology = topology
        self.fanouts = tuple(_by_relation(fanout, topology) for fanout in fanouts)
        self._place = {kind: torch.full((n,), -1) for kind, n in topology.counts.items()}

    def sample(self, seeds: Mapping[str, Tensor], key: int | torch.Generator) -> Sample:
        """Cut out the neighbourhood of `seeds`; one call at a time.

        Args:
            seeds: type -> int64 ids, none twice; types may be left out.
            key: decides which neighbours are drawn, whatever the number of threads; a generator draws a new key.

        Raises:
            UserError: for an unknown type, an id out of range or given twice.
        """
        _check(seeds, self.topology)
        if isinstance(key, torch.Generator):
            key = int(torch.randint(2**62, (1,), generator=key))
        none = torch.zeros(0, dtype=torch.int64)
        found = {kind: [seeds.get(kind, none)] for kind in self.topology.counts}
        edges: dict[Relation, list[tuple[Tensor, Tensor]]] = {relation: [] for relation in self.topology.edges}
        try:
            self._grow(found, edges, key)
            nodes = {kind: torch.cat(parts) for kind, parts in found.items()}
            cut = {relation: self._adjacency(relation, drawn, nodes) for relation, drawn in edges.items()}
        finally:
            for kind, parts in found.items():
                for ids in parts:
                    self._place[kind][ids] = -1
        counts = {kind: len(ids) for kind, ids in nodes.items()}
        return Sample(nodes, Topology(counts, cut, self.topology.loops), {k: len(p[0]) for k, p in found.items()})

    def _grow(
        self,
        found: dict[str, list[Tensor]],
        edges: dict[Relation, list[tuple[Tensor, Tensor]]],
        key: int,
    ) -> None:
        """Append every hop's new nodes to `found` and its edges, as (source id, place of target), to `edges`."""
        first = {kind: self._number(kind, parts[0], 0) for kind, parts in found.items()}
        for fanout in self.fanouts:
            heard: dict[str, list[Tensor]] = {kind: [] for kind in found}
            for at, (relation, full) in enumerate(self.topology.edges.items()):
                into = found[relation.target][-1]
                if len(into) and len(full):
                    edge, place = draw_edges(full.start[into], full.count[into], fanout[relation], key + at)
                    edges[relation].append((full.source[edge], place + first[relation.target]))
                    heard[relation.source].append(edges[relation][-1][0])
            for kind, parts in found.items():
                first[kind] += len(parts[-1])
                parts.append(self._unseen(kind, heard[kind]))
                self._number(kind, parts[-1], first[kind])

    def _number(self, kind: str, ids: Tensor, start: int) -> int:
        self._place[kind][ids] = torch.arange(start, start + len(ids))
        return start

    def _unseen(self, kind: str, heard: list[Tensor]) -> Tensor:
        """Return the ids that have no place yet, ascending."""
        if not heard:
            return torch.zeros(0, dtype=torch.int64)
        ids = torch.cat(heard)
        return torch.unique(ids[self._place[kind][ids] < 0])

    def _adjacency(
        self, relation: Relation, drawn: list[tuple[Tensor, Tensor]], nodes: Mapping[str, Tensor]
    ) -> Adjacency:
        none = torch.zeros(0, dtype=torch.int64)
        source = self._place[relation.source][torch.cat([none, *(ids for ids, _ in drawn)])]
        target = torch.cat([none, *(at for _, at in drawn)])
        return Adjacency(source, target, len(nodes[relation.source]), len(nodes[relation.target]))


def _by_relation(fanout: Fanout, topology: Topology) -> dict[Relation, int | None]:
    keys = {relation.key: relation for relation in topology.edges}
    given = fanout if isinstance(fanout, Mapping) else dict.fromkeys(keys, fanout)
    for key, most in given.items():
        if key not in keys:
            raise UserError(f"a fan-out is given for {key!r}, which is no relation", mend=nearest(key, keys))
        if most is not None and most < -1:
            raise UserError(f"the fan-out of {key} is {most}", mend="Write a number from 0, or -1 for all neighbours.")
    limits = {key: None if most == -1 else most for key, most in given.items()}
    return {relation: limits.get(key) for key, relation in keys.items()}


def _check(seeds: Mapping[str, Tensor], topology: Topology) -> None:
    for kind, ids in seeds.items():
        if kind not in topology.counts:
            raise UserError(f"there are no nodes of type {kind!r}", mend=nearest(kind, topology.counts))
        n = topology.counts[kind]
        if ids.numel() and not (int(ids.min()) >= 0 and int(ids.max()) < n):
            raise UserError(f"a seed lies outside the {n} nodes of type {kind!r}")
        if len(torch.unique(ids)) != len(ids):
            raise UserError(f"a seed of type {kind!r} is given twice")
