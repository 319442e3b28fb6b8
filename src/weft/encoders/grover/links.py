"""Sums over the links of a graph, prepared once for all the hops of a forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from weft.encoders.sums import IndexSum, counts

if TYPE_CHECKING:
    from weft.encoders.grover.graph import GroverGraph


@dataclass(frozen=True, eq=False)
class Links:
    """Sums over links.

    Attributes:
        neighbours: states of atoms `[N, D]` to their sum over each atom's neighbours, `[N, D]`.
        incoming: states of bonds `[E, D]` to their sum over the bonds that reach each atom, `[N, D]`.
        left: states of atoms to that of the atom each bond leaves, `[E, D]`.
        reached: states of atoms to that of the atom each bond reaches, `[E, D]`.
        reverse: states of bonds to those of the same bonds in the other direction, `[E, D]`.
        padding: rows of padding behind atoms and behind bonds, 0 or 1; they are counted in `N` and `E` above.
    """

    neighbours: IndexSum
    incoming: IndexSum
    left: IndexSum
    reached: IndexSum
    reverse: IndexSum
    padding: int

    @classmethod
    def of(cls, graph: GroverGraph, pad: int = 0) -> Links:
        """Prepare the sums of a graph.

        The released code fills lists of neighbours to one length with a padding atom and a padding bond. Their
        features are zero, but not their states after the first layer norm, whose shift is learnt; so an atom of few
        neighbours also hears the padding. That length is the highest degree of a batch, nearly always 4. A fixed
        length gives released weights what they were trained with and keeps a molecule's states free of its batch.

        Args:
            graph: `N` atoms and `E` bonds.
            pad: number of neighbours up to which atoms hear padding; 0 makes none.
        """
        n, e = len(graph.atom), len(graph.bond)
        bonds = torch.arange(e, device=graph.src.device)
        src, dst, reverse = graph.src, graph.dst, graph.reverse
        if not pad:
            sums = IndexSum(src, dst, n, n), IndexSum(bonds, dst, e, n)
        else:
            hears = torch.cat([_missing(dst, n, pad), dst.new_full((pad,), n)])  # the padding atom is its own neighbour
            to = torch.cat([dst, hears])
            atoms = IndexSum(torch.cat([src, torch.full_like(hears, n)]), to, n + 1, n + 1)
            sums = atoms, IndexSum(torch.cat([bonds, torch.full_like(hears, e)]), to, e + 1, n + 1)
            src, dst, reverse = (torch.cat([x, x.new_full((1,), at)]) for x, at in ((src, n), (dst, n), (reverse, e)))
            n, e = n + 1, e + 1
        gathers = (IndexSum.gather(index, size) for index, size in ((src, n), (dst, n), (reverse, e)))
        return cls(*sums, *gathers, padding=int(pad > 0))


def _missing(dst: Tensor, n: int, pad: int) -> Tensor:
    """Return every atom as often as it has fewer than `pad` neighbours, int64."""
    missing = (pad - counts(dst, n)).clamp(min=0)
    return torch.arange(n, device=dst.device).repeat_interleave(missing)
