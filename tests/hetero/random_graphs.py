"""Random topologies with isolated nodes, empty relations, hubs, loops and a type without nodes."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from weft.data.hetero import Relation
from weft.hetero.topology import Adjacency, Topology, reverse

TO, NEAR = Relation("a", "to", "b"), Relation("b", "near", "b")
AT, NEVER = Relation("c", "at", "a"), Relation("c", "never", "b")
RELATIONS = (TO, NEAR, AT, NEVER)


def topology(seed: int, counts: dict[str, int], edges: dict[Relation, int], loops: tuple[str, ...] = ()) -> Topology:
    """Draw the ends of each relation's edges at random, many of them at a type's first nodes, each pair once."""
    draw = torch.Generator().manual_seed(seed)
    found: dict[Relation, Adjacency] = {}
    for relation, n_edges in edges.items():
        ns, nt = counts[relation.source], counts[relation.target]
        share = torch.rand(2, n_edges * (ns > 0 and nt > 0), generator=draw) ** 2
        source, target = torch.unique((share * torch.tensor([[ns], [nt]])).long(), dim=1)
        mixed = torch.randperm(len(source), generator=draw)
        found[relation] = Adjacency(source[mixed], target[mixed], ns, nt)
        found[reverse(relation)] = Adjacency(target[mixed], source[mixed], nt, ns)
    return Topology(counts, found, loops)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Draw a topology of three types, the second with at least a node."""
    counts = {"a": draw(st.integers(0, 9)), "b": draw(st.integers(1, 12)), "c": draw(st.integers(0, 4))}
    edges = {relation: draw(st.integers(0, 25)) for relation in RELATIONS}
    loops = tuple(draw(st.sets(st.sampled_from(["a", "b", "c"]))))
    return topology(draw(st.integers(0, 10**6)), counts, edges, tuple(sorted(loops)))
