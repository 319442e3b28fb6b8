"""Random inputs of encoders, and the same data with atoms numbered otherwise: for checks."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from weft.data.base import Batch, Inputs
from weft.data.distances import NONE, records
from weft.data.featurize import ATOM_FIELDS, BOND_FIELDS
from weft.data.pixels import Pixels
from weft.data.ragged import Ragged, pointer
from weft.data.store import GraphBatch, PackedGraphs


def toy_graphs(n: int, seed: int = 0, sizes: tuple[int, ...] = (7, 1, 12, 2, 23, 5)) -> PackedGraphs:
    """Return a store of `n` random connected graphs with random codes, of the given sizes in turn."""
    draw = torch.Generator().manual_seed(seed)
    n_atoms = torch.tensor([sizes[i % len(sizes)] for i in range(n)], dtype=torch.int64)
    ends = [_random_bonds(int(size), draw) for size in n_atoms]
    n_bonds = torch.tensor([len(pairs) for pairs in ends], dtype=torch.int64)
    src, dst = torch.cat([*ends, torch.zeros(0, 2, dtype=torch.int64)]).int().unbind(1)
    bond = _random_codes(BOND_FIELDS, len(src) // 2, draw).repeat_interleave(2, 0)
    atom = _random_codes(ATOM_FIELDS, int(n_atoms.sum()), draw)
    return PackedGraphs(atom, bond, src, dst, pointer(n_atoms), pointer(n_bonds))


def _random_bonds(n_atoms: int, draw: torch.Generator) -> Tensor:
    """Return a random tree and a few rings, both directions of a bond side by side, int64 `[E, 2]`."""
    pairs = [(i, int(torch.randint(i, (1,), generator=draw))) for i in range(1, n_atoms)]
    pairs += [(i, i - 4) for i in range(4, n_atoms, 5) if (i, i - 4) not in pairs]
    return torch.tensor([end for i, j in pairs for end in ((i, j), (j, i))], dtype=torch.int64).reshape(-1, 2)


def _random_codes(fields: tuple[tuple[str, int], ...], n: int, draw: torch.Generator) -> Tensor:
    return torch.stack([torch.randint(min(size, 9), (n,), generator=draw) for _, size in fields], 1).to(torch.uint8)


def toy_inputs(n: int = 24, seed: int = 0, morgan: int = 32, descriptors: int = 10, vectors: int = 6) -> Inputs:
    """Return random inputs of every kind: counts, descriptors with undefined and huge values, molecules, images."""
    draw = torch.Generator().manual_seed(seed)
    counts = torch.poisson(torch.full((n, morgan), 0.4), generator=draw)
    values = torch.randn(n, descriptors, generator=draw) * torch.logspace(-2, 3, descriptors)
    values[::5, 1] = torch.nan
    values[n // 2, 2] = 1e30
    plain = torch.randn(n, vectors, generator=draw)
    words = torch.poisson(torch.full((n, morgan), 0.2), generator=draw)
    pixels = torch.randint(256, (n, 3, 16, 20), generator=draw, dtype=torch.uint8)
    graphs, dense = toy_graphs(n, seed), {"morgan": counts, "descriptors": values, "vectors": plain, "words": words}
    return Inputs(graphs, dense, {"distances": toy_distances(graphs, seed)}, Pixels(pixels.numpy()))


def toy_distances(graphs: PackedGraphs, seed: int = 0) -> Ragged:
    """Return the distance records of atoms at random places."""
    rng = np.random.default_rng(seed)
    places = [rng.normal(0, 3, (n, 3)) for n in graphs.atom_ptr.diff().tolist()]
    found = [records(np.linalg.norm(x[:, None] - x[None], axis=-1)) for x in places]
    counts = torch.tensor([len(x) for x in found], dtype=torch.int64)
    return Ragged(torch.from_numpy(np.concatenate([NONE, *found])), pointer(counts))


def permute_atoms(graph: GraphBatch, seed: int) -> GraphBatch:
    """Return the same graphs with atoms renumbered within each, and bonds in another order and direction."""
    draw = torch.Generator().manual_seed(seed)
    order, place = _places(graph, draw)
    pair = torch.randperm(len(graph.src) // 2, generator=draw)
    flip = torch.randint(2, (len(pair),), generator=draw)
    bonds = (2 * pair[:, None] + torch.stack([flip, 1 - flip], 1)).flatten()
    return GraphBatch(
        graph.atom[order],
        graph.bond[bonds],
        place[graph.src[bonds]],
        place[graph.dst[bonds]],
        graph.graph,
        graph.n_graphs,
    )


def renumber(batch: Batch, seed: int) -> Batch:
    """Return the same data with the atoms of its graphs renumbered, the distances between them too."""
    if batch.graph is None:
        return batch
    ragged = dict(batch.ragged)
    order, place = _places(batch.graph, torch.Generator().manual_seed(seed))
    for kind, values in ragged.items():
        ragged[kind] = _renumbered(values, place) if kind == "distances" else values[order]
    return Batch(permute_atoms(batch.graph, seed), batch.dense, ragged)


def _places(graph: GraphBatch, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the atoms in a new order within their graphs, and the new number of each, int64 `[A]`."""
    order = torch.argsort(graph.graph + torch.rand(len(graph.graph), generator=draw, dtype=torch.float64))
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    return order, place


def _renumbered(values: Tensor, place: Tensor) -> Tensor:
    """Return distance records int16 `[M, 2]` of the same atoms under new numbers."""
    step, distance = values.long().unbind(1)
    left = (step == 0).cumsum(0) - 1
    ends = place[torch.stack([left, left + step])]
    low, high = ends.amin(0), ends.amax(0)
    order = torch.argsort(low * len(place) + high)
    return torch.stack([high - low, distance], 1)[order].to(values.dtype)
