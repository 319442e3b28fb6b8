"""Who hears whom: the relations of a graph as edges sorted once, by receiver and by sender."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from weft.data.hetero import HeteroGraph, Relation
from weft.data.stored_graph import Side, StoredGraph

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
        count: edges of each target, int64 `[n_target]`.
        start: first edge of each target, int64 `[n_target]`.
    """

    def __init__(self, source: Tensor, target: Tensor, n_source: int, n_target: int) -> None:
        self.n_source, self.n_target = n_source, n_target
        self.order = torch.argsort(target, stable=True)
        self.source, self.target = source[self.order], target[self.order]
        self.count = torch.bincount(target, minlength=n_target)
        self.start = self.count.cumsum(0) - self.count
        self._patterns: dict[torch.dtype, Tensor] = {}

    @classmethod
    def of_sorted(cls, source: Tensor, start: Tensor, count: Tensor, n_source: int) -> Adjacency:
        """Take edges that are sorted by target already, as those of a packed graph; the kept order is the given one.

        Args:
            source: int64 `[E]`.
            start: int64 `[n_target]`.
            count: int64 `[n_target]`.
            n_source: number of sources.
        """
        made = cls.__new__(cls)
        made.n_source, made.n_target, made._patterns = n_source, len(count), {}
        made.source, made.start, made.count = source, start, count
        return made

    def __getattr__(self, name: str) -> Tensor:
        """Make what was not given with sorted edges: a sample of them needs neither."""
        if name == "target":
            self.target = torch.repeat_interleave(self.count)
        elif name == "order":
            self.order = torch.arange(len(self))
        else:
            raise AttributeError(name)
        return self.__dict__[name]

    def __len__(self) -> int:
        return len(self.source)

    def to(self, device: torch.device | str) -> Adjacency:
        """Return the edges on a device, in the same order."""
        moved = Adjacency.__new__(Adjacency)
        moved.n_source, moved.n_target, moved._patterns = self.n_source, self.n_target, {}
        for name in ("order", "source", "target", "count", "start"):
            setattr(moved, name, getattr(self, name).to(device))
        return moved

    @cached_property
    def back(self) -> Back:
        """The same edges sorted by source, for gradients."""
        order = torch.argsort(self.source, stable=True)
        count = torch.bincount(self.source, minlength=self.n_source)
        return Back(order, self.target[order], count.cumsum(0) - count)

    @cached_property
    def bounds(self) -> Tensor:
        """First edge of each target and the end of the last, int64 `[n_target + 1]`."""
        return torch.cat([self.start, self.start.new_full((1,), len(self))])

    def pattern(self, dtype: torch.dtype) -> Tensor:
        """Return the relation as a sparse CSR matrix of zeros, `[n_target, n_source]`, kept for next time."""
        if dtype not in self._patterns:
            zero = torch.zeros(len(self), dtype=dtype, device=self.source.device)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # torch calls CSR a beta once per process
                self._patterns[dtype] = torch.sparse_csr_tensor(
                    self.bounds, self.source, zero, (self.n_target, self.n_source), check_invariants=False
                )
        return self._patterns[dtype]


class Back(NamedTuple):
    """Edges sorted by source.

    Attributes:
        order: positions of the edges in the kept order, int64 `[E]`.
        target: int64 `[E]`.
        start: first edge of each source, int64 `[n_source]`.
    """

    order: Tensor
    target: Tensor
    start: Tensor


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
    _near: dict[str, Neighbourhood] = field(default_factory=dict[str, "Neighbourhood"], init=False, repr=False)

    @cached_property
    def schema(self) -> Schema:
        """Types and relations."""
        loops = tuple(Relation(kind, LOOP, kind) for kind in self.loops)
        return Schema(tuple(self.counts), (*loops, *self.edges))

    def to(self, device: torch.device | str) -> Topology:
        """Return the edges on a device; itself where they are there already."""
        if all(edges.source.device == torch.device(device) for edges in self.edges.values()):
            return self
        return Topology(self.counts, {r: edges.to(device) for r, edges in self.edges.items()}, self.loops)

    @property
    def device(self) -> torch.device:
        """Where the edges are; the processor, where there are none."""
        return next((edges.source.device for edges in self.edges.values()), torch.device("cpu"))

    def neighbourhood(self, kind: str) -> Neighbourhood:
        """Return all relations into a type as one, loops included; kept for next time."""
        if kind not in self._near:
            self._near[kind] = _join(self, kind)
        return self._near[kind]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """All neighbours of one type's nodes.

    Attributes:
        types: the senders' types; their nodes follow each other.
        relations: the relations in it.
        relation: which of them an edge is of, int64 `[E]`.
        edges: from any of these nodes to the type's.
    """

    types: tuple[str, ...]
    relations: tuple[Relation, ...]
    relation: Tensor
    edges: Adjacency

    def per_edge(self, number: Tensor) -> Tensor:
        """Return the number of each edge's relation, `[E]`, of one per relation, `[R]`."""
        if number.device.type == "cpu":
            return number[self.relation]
        return self._one_hot.to(number.dtype) @ number  # its gradient is a product, too, and no queue at few places

    @cached_property
    def _one_hot(self) -> Tensor:
        return torch.nn.functional.one_hot(self.relation, len(self.relations)).float()


def _join(topology: Topology, kind: str) -> Neighbourhood:
    relations = topology.schema.into(kind)
    types = tuple(dict.fromkeys(relation.source for relation in relations))
    start = dict(zip(types, np.cumsum([0, *(topology.counts[name] for name in types)]).tolist(), strict=False))
    sources: list[Tensor] = [torch.empty(0, dtype=torch.int64, device=topology.device)]
    targets, which = list(sources), list(sources)
    for at, relation in enumerate(relations):
        edges = topology.edges.get(relation)
        loop = torch.arange(topology.counts[kind], device=topology.device)
        target = loop if edges is None else edges.target
        sources.append((loop if edges is None else edges.source) + start[relation.source])
        targets.append(target)
        which.append(torch.full_like(target, at))
    n_source = sum(topology.counts[name] for name in types)
    joined = Adjacency(torch.cat(sources), torch.cat(targets), n_source, topology.counts[kind])
    return Neighbourhood(types, relations, torch.cat(which)[joined.order], joined)


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
        if isinstance(graph, StoredGraph):
            edges[relation] = _stored(graph.into(relation), counts[relation.source])
            edges[reverse(relation)] = _stored(graph.out_of(relation), counts[relation.target])
            continue
        source, target = torch.from_numpy(pairs)
        n_source, n_target = counts[relation.source], counts[relation.target]
        edges[relation] = Adjacency(source, target, n_source, n_target)
        edges[reverse(relation)] = Adjacency(target, source, n_target, n_source)
    return Topology(counts, edges, tuple(loops))


def _stored(side: Side, n_other: int) -> Adjacency:
    other, start, count = (torch.from_numpy(array) for array in side)
    return Adjacency.of_sorted(other, start, count, n_other)
