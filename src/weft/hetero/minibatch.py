"""Training and predicting by parts: nodes in batches, each with the neighbourhood it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from torch import Tensor

from weft.data.nodes import Nodes
from weft.group import current
from weft.hetero.batches import batches, epoch_generator
from weft.hetero.families import Family
from weft.hetero.graph_batch import GraphBatch
from weft.hetero.losses import FamilyTargets
from weft.hetero.network import HeteroNet
from weft.hetero.products import plain_products
from weft.hetero.sampler import Sampler

if TYPE_CHECKING:
    from weft.hetero.train import TrainConfig

#: The key under which neighbours are drawn for predictions: the same for every model and batch.
_STILL = 0


@dataclass(frozen=True, eq=False)
class Minibatches:
    """A graph cut into parts.

    Attributes:
        full: the whole graph; parts are cut out of edges on the processor, and their features gathered where those are.
        families: what is predicted.
        sampler: cuts out neighbourhoods, as many hops as the network has layers.
        size: labelled nodes of a step, of all types together.
        seed: decides shuffles and neighbours in training, with the epoch's number.
    """

    full: GraphBatch
    families: Sequence[Family]
    sampler: Sampler
    size: int
    seed: int

    @classmethod
    def of(cls, config: TrainConfig, full: GraphBatch, families: Sequence[Family], hops: int, seed: int) -> Self | None:
        """Return the parts that `config` asks for, or None where the graph is taken whole.

        Args:
            config: `batch_size` and `fanout`; no fan-out takes all neighbours.
            full: the whole graph.
            families: what is predicted.
            hops: number of layers of the network.
            seed: of the fit.
        """
        if not config.batch_size:
            return None
        return cls(full, families, Sampler(full.topology, [config.fanout or None] * hops), config.batch_size, seed)

    def epoch(self, asked: Sequence[FamilyTargets], epoch: int) -> Iterator[tuple[GraphBatch, list[FamilyTargets]]]:
        """Yield the steps of an epoch: a part of the graph and each family's labels there, rows being the part's.

        What is drawn depends on the seed and the epoch's number alone. Of a group's processes each has a part of the
        step's nodes.

        Args:
            asked: training labels per family, rows ascending.
            epoch: from 0.
        """
        draw, labelled = epoch_generator(self.seed, epoch), self._nodes(asked)
        kind = torch.cat([torch.full((len(rows),), at) for at, rows in enumerate(labelled.values())])
        row = torch.cat(list(labelled.values()))
        for all_chosen in batches(torch.arange(len(row)), self.size, draw):
            chosen = current().part(all_chosen)
            seeds = {name: row[chosen][kind[chosen] == at] for at, name in enumerate(labelled)}
            sample = self.sampler.sample(seeds, draw)
            here = [_at(found, seeds[f.node_type]) for f, found in zip(self.families, asked, strict=True)]
            yield self.full.part(sample), here

    def predict(self, net: HeteroNet, asked: Sequence[FamilyTargets] | Nodes | None = None) -> list[Tensor]:
        """Return each family's logits `[N_type, C]`, part by part.

        Neighbours are those of one thinned graph, the whole one without a fan-out, so that a node's logits do not
        depend on the part it is in.

        Args:
            net: in evaluation mode.
            asked: only these nodes, or those with these labels, are computed, others get zero; None computes all.
        """
        counts, device, group = self.full.topology.counts, self.full.device, current()
        found = [torch.zeros(counts[f.node_type], f.width, device=device) for f in self.families]
        for kind, rows in self._wanted(asked).items():
            for seeds in batches(group.part(rows), self.size):
                sample = self.sampler.sample({kind: seeds}, _STILL)
                with torch.no_grad(), plain_products():
                    scores = net(self.full.part(sample))
                for family, score, out in zip(self.families, scores, found, strict=True):
                    if family.node_type == kind:
                        out[seeds] = score
        group.add_up(found)  # zero where another process has computed
        return found

    def _wanted(self, asked: Sequence[FamilyTargets] | Nodes | None) -> dict[str, Tensor]:
        kinds = dict.fromkeys(f.node_type for f in self.families)
        if asked is None:
            return {kind: torch.arange(self.full.topology.counts[kind]) for kind in kinds}
        if not isinstance(asked, Nodes):
            return self._nodes(asked)
        local = {kind: asked.row - asked.graph.offset[kind] for kind in kinds}
        inside = {kind: at[(at >= 0) & (at < asked.graph.nodes[kind].n)] for kind, at in local.items()}
        return {kind: torch.from_numpy(np.unique(at)) for kind, at in inside.items()}

    def _nodes(self, asked: Sequence[FamilyTargets]) -> dict[str, Tensor]:
        """Return the nodes of each type that have a label of any family, ascending, on the processor."""
        rows: dict[str, list[Tensor]] = {}
        for family, found in zip(self.families, asked, strict=True):
            rows.setdefault(family.node_type, []).append(found.row.cpu())
        return {kind: torch.unique(torch.cat(parts)) for kind, parts in rows.items()}


def _at(found: FamilyTargets, seeds: Tensor) -> FamilyTargets:
    """Return a family's labels at `seeds`, rows being positions in `seeds`."""
    if not len(found.row):
        return found
    seeds = seeds.to(found.row.device)
    near = torch.searchsorted(found.row, seeds).clamp(max=len(found.row) - 1)
    row = (found.row[near] == seeds).nonzero()[:, 0]
    labels = found.take(near[row])
    return FamilyTargets(row, labels.value, labels.known)
