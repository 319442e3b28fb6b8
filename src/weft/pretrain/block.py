"""Some molecules with their labels of pretraining, packed; a batch is an index gather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weft.data.ragged import Ragged, pointer
from weft.data.store import GraphBatch, PackedGraphs


@dataclass(frozen=True, eq=False)
class Sample:
    """The molecules of one step.

    Attributes:
        graph: `B` molecules, `A` atoms, `E` directed bonds.
        more: `[A, 14]`, what GROVER reads of atoms beside their codes.
        atom: int64 `[A]`, class of each atom's context.
        bond: int64 `[E / 2]`, class of each bond's context; of the directed bonds 2b and 2b + 1.
        motif: float32 `[B, 85]`, 1 where the molecule has the motif.
    """

    graph: GraphBatch
    more: Tensor
    atom: Tensor
    bond: Tensor
    motif: Tensor

    def to(self, device: torch.device | str) -> Sample:
        """Return the molecules on a device."""
        return Sample(self.graph.to(device), *(x.to(device) for x in (self.more, self.atom, self.bond, self.motif)))

    def owner(self) -> tuple[Tensor, Tensor]:
        """Return the molecule of each atom, int64 `[A]`, and of each bond, int64 `[E / 2]`."""
        return self.graph.graph, self.graph.graph.index_select(0, self.graph.src[::2])


@dataclass(frozen=True, eq=False)
class Block:
    """`N` molecules.

    Attributes:
        graphs: their graphs.
        more: `[A, 14]`.
        atom: integer `[A]`, class of each atom's context.
        bond: integer `[E / 2]`, class of each bond's context.
        motif: uint8 `[N, 85]`.
    """

    graphs: PackedGraphs
    more: Tensor
    atom: Tensor
    bond: Tensor
    motif: Tensor

    def __len__(self) -> int:
        """Return the number of molecules, `N`."""
        return len(self.motif)

    def take(self, rows: Tensor) -> Block:
        """Return the molecules `rows`, int64 `[B]`, in that order."""
        return Block(self.graphs.take(rows), *self._labels(rows))

    def sample(self, rows: Tensor) -> Sample:
        """Return the molecules `rows`, int64 `[B]`, joined for a step."""
        more, atom, bond, motif = self._labels(rows)
        return Sample(self.graphs.batch(rows), more, atom.long(), bond.long(), motif.float())

    def _labels(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        atoms, bonds = self.graphs.atom_ptr, self.graphs.bond_ptr // 2
        more, atom = (Ragged(values, atoms).gather(rows) for values in (self.more, self.atom))
        return more, atom, Ragged(self.bond, bonds).gather(rows), self.motif.index_select(0, rows)


def concat(blocks: Sequence[Block]) -> Block:
    """Return the molecules of several blocks, one block's after the other's."""
    if len(blocks) == 1:
        return blocks[0]
    graphs = [block.graphs for block in blocks]
    codes = [torch.cat([getattr(graph, name) for graph in graphs]) for name in ("atom", "bond", "src", "dst")]
    ptrs = [pointer(torch.cat([getattr(graph, name).diff() for graph in graphs])) for name in ("atom_ptr", "bond_ptr")]
    labels = [torch.cat([getattr(block, name) for block in blocks]) for name in ("more", "atom", "bond", "motif")]
    return Block(PackedGraphs(*codes, *ptrs), *labels)
