"""A small graph with everything that is awkward: an isolated node, an empty relation, a type nothing reaches."""

from __future__ import annotations

import torch

from weft.data.hetero import Relation
from weft.hetero.layer import LayerConfig
from weft.hetero.topology import Adjacency, Topology, reverse
from weft.hetero.trunks.base import Families, Trunk, TrunkConfig, build_trunk

COUNTS = {"a": 6, "b": 8, "c": 4, "items": 3}
FAMILIES = Families(("one", "two", "three"), ("a", "b", "a"))
DIM = 16


def toy_pairs(seed: int = 0) -> dict[Relation, torch.Tensor]:
    """Edges `[2, E]` of four relations; node 0 of every type has none."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for (source, name, target), p in {("a", "w", "b"): 0.5, ("b", "h", "c"): 0.5, ("b", "e", "b"): 0.3}.items():
        hit = torch.rand(COUNTS[source], COUNTS[target], generator=draw) < p
        hit[0], hit[:, 0] = False, False
        found[Relation(source, name, target)] = hit.nonzero().T
    found[Relation("a", "none", "c")] = torch.zeros(2, 0, dtype=torch.int64)
    return found


def toy_topology(pairs=None, loops=("a",)) -> Topology:
    """The graph of `pairs`, each relation with its reverse; nothing reaches `alone`."""
    edges = {}
    for r, (source, target) in (toy_pairs() if pairs is None else pairs).items():
        edges[r] = Adjacency(source, target, COUNTS[r.source], COUNTS[r.target])
        edges[reverse(r)] = Adjacency(target, source, COUNTS[r.target], COUNTS[r.source])
    return Topology(COUNTS, edges, tuple(loops))


def toy_config(**options) -> TrunkConfig:
    return TrunkConfig(layers=2, layer=LayerConfig(dim=DIM, dropout=0.3), **options)


def toy_trunk(name: str, seed: int = 0, families: Families = FAMILIES, **options) -> Trunk:
    torch.manual_seed(seed)
    return build_trunk(name, toy_topology().schema, families, toy_config(**options))


def toy_states(copies: int, seed: int = 1) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return {kind: torch.randn(copies, n, DIM, generator=draw) for kind, n in COUNTS.items()}
