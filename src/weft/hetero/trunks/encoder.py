"""What R-GCN, HAN, HGT and Simple-HGN share: names and edges as their operators want them."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from weft.data.hetero import Relation
from weft.hetero.dropout import dropout
from weft.hetero.layer import States
from weft.hetero.topology import LOOP, Schema, Topology
from weft.hetero.trunks.base import Families, Trunk, TrunkConfig

_JOINED: WeakKeyDictionary[Topology, tuple[Tensor, Tensor]] = WeakKeyDictionary()


class Encoder(Trunk):
    """A shared bottom whose layers are not relation layers; loops are left to the layers' own root terms.

    Attributes:
        config: of its layers; `dim` and `dropout` are used.
        names: node type -> a name of its own that is safe as a module's key, whatever the type is called.
        relations: relations with edges -> the same with safe names, in the schema's order.
    """

    def __init__(self, schema: Schema, families: Families, config: TrunkConfig) -> None:
        super().__init__(schema, families, config)
        self.families, self.config = families, config.layer
        self.names = {kind: f"n{at}" for at, kind in enumerate(schema.types)}
        kept = [relation for relation in schema.relations if relation.name != LOOP]
        self.relations = {
            r: Relation(self.names[r.source], f"r{at}", self.names[r.target]) for at, r in enumerate(kept)
        }

    def drop(self, state: Tensor) -> Tensor:
        """Return the state as a layer reads it while training: entries dropped."""
        return dropout(state, self.config.dropout, self.training)

    def joined(self, topology: Topology) -> tuple[Tensor, Tensor]:
        """Return all edges on rows of all types, int64 `[2, E]`, and the relation of each, int64 `[E]`; kept."""
        if topology not in _JOINED:
            _JOINED[topology] = _join(topology, list(self.relations))
        return _JOINED[topology]


def stacked(x: States, topology: Topology) -> Tensor:
    """Return the shared inputs of all types under each other, `[N, D]`."""
    return torch.cat([x[kind][0] for kind in topology.counts])


def parted(h: Tensor, topology: Topology) -> dict[str, Tensor]:
    """Return the rows `[N, D]` of all types, type by type."""
    return dict(zip(topology.counts, h.split(list(topology.counts.values())), strict=True))


def attention_heads(dim: int) -> int:
    """Return how many attention heads share `dim`: eight at most, with eight numbers each at least."""
    return next(heads for heads in (8, 4, 2, 1) if heads == 1 or (dim % heads == 0 and dim // heads >= 8))


def _join(topology: Topology, relations: list[Relation]) -> tuple[Tensor, Tensor]:
    begin, n = dict[str, int](), 0
    for kind, count in topology.counts.items():
        begin[kind], n = n, n + count
    none = torch.zeros(2, 0, dtype=torch.int64, device=topology.device)
    ends, kinds = [none], [none[0]]
    for at, relation in enumerate(relations):
        edges = topology.edges[relation]
        ends.append(torch.stack([edges.source + begin[relation.source], edges.target + begin[relation.target]]))
        kinds.append(torch.full_like(edges.source, at))
    return torch.cat(ends, 1), torch.cat(kinds)
