"""The packed store: all molecule graphs of a data set in six flat tensors; a batch is an index gather."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.data.featurize import ATOM_FIELDS, BOND_FIELDS
from weft.data.ragged import placed, pointer, spans, total_of
from weft.errors import UserError
from weft.files import atomic, disk_errors


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """The graphs of some data, joined into one graph without links between them.

    Attributes:
        atom: uint8 `[A, 7]`, codes of the atom fields.
        bond: uint8 `[E, 4]`, codes of the bond fields; both directions, the reverse of bond e is e ^ 1.
        src: int64 `[E]`, the atom a bond leaves.
        dst: int64 `[E]`, the atom it reaches.
        graph: int64 `[A]`, sorted, the graph of each atom.
        n_graphs: number of graphs; the empty ones have no atoms.
    """

    atom: Tensor
    bond: Tensor
    src: Tensor
    dst: Tensor
    graph: Tensor
    n_graphs: int

    def to(self, device: torch.device | str) -> GraphBatch:
        """Return the batch on a device."""
        atom, bond, src, dst, graph = (x.to(device) for x in (self.atom, self.bond, self.src, self.dst, self.graph))
        return GraphBatch(atom, bond, src, dst, graph, self.n_graphs)


@dataclass(frozen=True, eq=False)
class PackedGraphs:
    """The graphs of `N` molecules, one after the other.

    Attributes:
        atom: uint8 `[A, 7]`, codes of `ATOM_FIELDS`.
        bond: uint8 `[E, 4]`, codes of `BOND_FIELDS`; both directions side by side.
        src: int32 `[E]`, the atom a bond leaves, counted within its molecule.
        dst: int32 `[E]`, the atom it reaches.
        atom_ptr: int64 `[N + 1]`, first atom of each molecule, and `A`.
        bond_ptr: int64 `[N + 1]`, first bond of each molecule, and `E`.
    """

    atom: Tensor
    bond: Tensor
    src: Tensor
    dst: Tensor
    atom_ptr: Tensor
    bond_ptr: Tensor

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Wrap the arrays of `featurise`, without a copy."""
        return cls(**{field.name: torch.from_numpy(arrays[field.name]) for field in fields(cls)})

    def __len__(self) -> int:
        """Return the number of molecules, `N`."""
        return len(self.atom_ptr) - 1

    def batch(self, rows: Tensor) -> GraphBatch:
        """Gather the graphs of `rows`, int64 `[B]`, in that order; repeats are allowed."""
        totals = (None, None) if self._host is None else (total_of(ptr, rows) for ptr in self._host)
        n_atoms_in_all, n_bonds_in_all = totals
        rows = placed(rows, self.atom.device)
        atoms, n_atoms, atom_row = spans(self.atom_ptr, rows, n_atoms_in_all)
        bonds, _, bond_row = spans(self.bond_ptr, rows, n_bonds_in_all)
        first = (n_atoms.cumsum(0) - n_atoms).index_select(0, bond_row)
        src, dst = (ends.index_select(0, bonds) + first for ends in (self.src, self.dst))
        atom, bond = self.atom.index_select(0, atoms), self.bond.index_select(0, bonds)
        return GraphBatch(atom, bond, src, dst, atom_row, len(rows))

    @cached_property
    def _host(self) -> tuple[Tensor, Tensor] | None:
        """The pointers on the processor, of a store on a card: sizes are reckoned there, so that none is waited for."""
        return None if self.atom.device.type == "cpu" else (self.atom_ptr.cpu(), self.bond_ptr.cpu())

    def take(self, rows: Tensor) -> PackedGraphs:
        """Return the store of the molecules `rows`, int64 `[B]`, in that order; repeats are allowed."""
        atoms, n_atoms, _ = spans(self.atom_ptr, rows)
        bonds, n_bonds, _ = spans(self.bond_ptr, rows)
        local = self.atom[atoms], self.bond[bonds], self.src[bonds], self.dst[bonds]
        return PackedGraphs(*local, pointer(n_atoms), pointer(n_bonds))

    def to(self, device: torch.device | str) -> PackedGraphs:
        """Return the store on a device."""
        return PackedGraphs(*(getattr(self, field.name).to(device) for field in fields(self)))

    def save(self, path: Path | str) -> None:
        """Write the store as one safetensors file.

        Raises:
            UserError: when the disk is full or the folder cannot be written to.
        """
        from safetensors.torch import save_file

        with atomic(path) as temporary:
            save_file({field.name: getattr(self, field.name).contiguous() for field in fields(self)}, temporary)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a store; its tensors are memory-mapped.

        Raises:
            UserError: when the file is missing, damaged or no packed store.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        mend = "Delete it and featurise again."
        try:
            with disk_errors(path):
                tensors = load_file(path)
            store = cls(**{field.name: tensors[field.name] for field in fields(cls)})
        except (SafetensorError, KeyError) as error:
            raise UserError(f"not a packed store ({error})", where=str(path), mend=mend) from error
        if reason := store._fault():
            raise UserError(f"damaged packed store: {reason}", where=str(path), mend=mend)
        return store

    def _fault(self) -> str:
        """Return what contradicts itself in the store, or ''."""
        for name, codes, ptr, width in (
            ("atom", self.atom, self.atom_ptr, len(ATOM_FIELDS)),
            ("bond", self.bond, self.bond_ptr, len(BOND_FIELDS)),
        ):
            if codes.ndim != 2 or codes.shape[1] != width or codes.dtype != torch.uint8:
                return f"{name} has shape {tuple(codes.shape)}"
            if len(ptr) == 0 or ptr[0] != 0 or ptr[-1] != len(codes) or bool((ptr.diff() < 0).any()):
                return f"{name}_ptr does not fit {len(codes)} {name}s"
        same = len(self.atom_ptr) == len(self.bond_ptr) and len(self.src) == len(self.dst) == len(self.bond)
        return "" if same else "lengths differ"


def empty_store(n: int) -> PackedGraphs:
    """Return the store of `n` molecules without atoms."""
    ptr, ends = torch.zeros(n + 1, dtype=torch.int64), torch.zeros(0, dtype=torch.int32)
    codes = [torch.zeros((0, len(names)), dtype=torch.uint8) for names in (ATOM_FIELDS, BOND_FIELDS)]
    return PackedGraphs(codes[0], codes[1], ends, ends.clone(), ptr, ptr.clone())


def as_rows(rows: NDArray[np.int64]) -> Tensor:
    """Return row numbers as an index tensor."""
    return torch.from_numpy(np.ascontiguousarray(rows, np.int64))
