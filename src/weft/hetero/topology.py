"""Who hears whom: the relations of a graph as edges sorted once, by receiver and by sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from weft.data.hetero import HeteroGraph, Relation

LOOP = "self"


class Adjacency:
    """The edges of one relation, sorted by receiver; messages run source -> target.

    The same class serves a sparse matrix: its columns are the sources, its rows the targets.

    Args:
        source: int64 `[E]`.
        target: int64 `[E]`.
        n_source: number of sources.
        n_target: number of targets.

    Attributes:
        order: the given edges in the kept order, int64 `[E]`.
        source: int64 `[E]`, in the kept order.
        target: int64 `[E]`, ascending.
        start: first edge of each target, int64 `[n_target]`.
    """

    def __init__(self, source: Tensor, target: Tensor, n_source: int, n_target: int) -> None:
        self.n_source, self.n_target = n_source, n_target
        self.order = torch.argsort(target, stable=True)
        self.source, self.target = source[self.order], target[self.order]
        self.count = torch.bincount(target, minlength=n_target)
        self.start = self.count.cumsum(0) - self.count
        self._heads: dict[tuple[int, int], Blocks] = {}

    def __len__(self) -> int:
        return len(self.source)

    def blocks(self, heads: int, copies: int) -> Blocks:
        """Return the edges of `heads` disjoint copies of the relation as one, kept for next time.

        Args:
            heads: number of heads `K`.
            copies: 1 when all heads read the same sources, else `K`.
        """
        if (heads, copies) not in self._heads:
            self._heads[heads, copies] = Blocks(self, heads, copies)
        return self._heads[heads, copies]


class Blocks:
    """The edges of `K` heads over one relation, as flat indexes for segment sums and their gradients.

    Attributes:
        source: int64 `[K * E]`, into `[copies * n_source]`.
        target: int64 `[K * E]`, into `[K * n_target]`, ascending.
        start: int64 `[K * n_target]`.
        back_order: the edges sorted by source, int64 `[K * E]`.
        back_target: `target[back_order]`.
        back_start: int64 `[copies * n_source]`.
    """

    def __init__(self, edges: Adjacency, heads: int, copies: int) -> None:
        shift = torch.arange(heads, device=edges.source.device)[:, None]
        self.n_source, self.n_target = copies * edges.n_source, heads * edges.n_target
        self.source = (edges.source + shift * edges.n_source * (copies > 1)).flatten()
        self.target = (edges.target + shift * edges.n_target).flatten()
        self.start = (edges.start + shift * len(edges)).flatten()
        self.back_order = torch.argsort(self.source, stable=True)
        self.back_target = self.target[self.back_order]
        count = torch.bincount(self.source, minlength=self.n_source)
        self.back_start = count.cumsum(0) - count


@dataclass(frozen=True)
class Schema:
    """What a network is built for: types and relations, without any node.

    Attributes:
        types: node types, in order.
        relations: every relation a message may take, loops among them (named `self`).
    """

    types: tuple[str, ...]
    relations: tuple[Relation, ...]

    def into(self, kind: str) -> tuple[Relation, ...]:
        """Return the relations whose receivers are of type `kind`, in order."""
        return tuple(relation for relation in self.relations if relation.target == kind)

    def senders(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """Return the types whose states matter to `kinds` one layer later: their senders and themselves."""
        wanted = set(kinds)
        heard = wanted | {relation.source for relation in self.relations if relation.target in wanted}
        return tuple(kind for kind in self.types if kind in heard)


@dataclass(frozen=True, eq=False)
class Topology:
    """The relations of one graph (or of a sampled part of it), reverses and loops included.

    Attributes:
        counts: type -> number of nodes.
        edges: relation -> its edges; loops have none, they are the node itself.
    """

    counts: Mapping[str, int]
    edges: Mapping[Relation, Adjacency]
    loops: tuple[str, ...] = field(default=())

    @cached_property
    def schema(self) -> Schema:
        """Types and relations."""
        loops = tuple(Relation(kind, LOOP, kind) for kind in self.loops)
        return Schema(tuple(self.counts), (*loops, *self.edges))


def reverse(relation: Relation) -> Relation:
    """Return the relation that runs the other way."""
    return Relation(relation.target, f"rev_{relation.name}", relation.source)


def build_topology(graph: HeteroGraph, loops: Iterable[str] = ()) -> Topology:
    """Sort the edges of `graph`, each relation followed by its reverse.

    Args:
        graph: `N` nodes of several types.
        loops: types whose nodes also hear themselves.
    """
    counts = {kind: table.n for kind, table in graph.nodes.items()}
    edges: dict[Relation, Adjacency] = {}
    for relation, pairs in graph.edges.items():
        source, target = torch.from_numpy(pairs)
        n_source, n_target = counts[relation.source], counts[relation.target]
        edges[relation] = Adjacency(source, target, n_source, n_target)
        edges[reverse(relation)] = Adjacency(target, source, n_target, n_source)
    return Topology(counts, edges, tuple(loops))
