"""From the categorical codes of atoms and bonds to vectors.

The atoms of a batch are of few kinds (a kind is one combination of codes), so whatever depends on an
atom's codes alone is computed once per kind and then gathered.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.data.base import Batch
from weft.data.featurize import ATOM_FIELDS, ATOM_MASS, BOND_FIELDS
from weft.encoders.base import one_hot_rows
from weft.encoders.sums import IndexSum, counts
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.store import GraphBatch

#: Columns of an atom's row: its one-hot fields and its mass; of a bond's row: its one-hot fields.
ATOM_WIDTH = sum(size for _, size in ATOM_FIELDS) + 1
BOND_WIDTH = sum(size for _, size in BOND_FIELDS)


def graph_of(batch: Batch) -> GraphBatch:
    """Return the graphs of a batch.

    Raises:
        UserError: when the batch was made without them.
    """
    if batch.graph is None:
        raise UserError("the batch has no graphs", mend="Ask the data for the feature kind 'graph'.")
    return batch.graph


def atom_rows(codes: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return one-hot fields and mass / 100, `[M, ATOM_WIDTH]` of type `dtype`, of atom codes uint8 `[M, 7]`."""
    mass = atom_mass(codes.device)[codes[:, 0].long()].to(dtype)
    return torch.cat([_one_hot(codes, ATOM_FIELDS, dtype), mass[:, None]], 1)


def bond_rows(codes: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return one-hot fields, `[M, BOND_WIDTH]` of type `dtype`, of bond codes uint8 `[M, 4]`."""
    return _one_hot(codes, BOND_FIELDS, dtype)


@cache
def atom_mass(device: torch.device) -> Tensor:
    """Return mass / 100 by atomic number, on a device; kept there."""
    return torch.as_tensor(ATOM_MASS, device=device)


def _one_hot(codes: Tensor, fields: tuple[tuple[str, int], ...], dtype: torch.dtype) -> Tensor:
    return one_hot_rows(codes, _offsets(fields, codes.device), sum(size for _, size in fields), dtype)


@cache
def _offsets(fields: tuple[tuple[str, int], ...], device: torch.device) -> Tensor:
    """Return the first column of every field, on a device; kept there."""
    sizes = [size for _, size in fields]
    return torch.tensor([sum(sizes[:at]) for at in range(len(sizes))], device=device)


class Kinds(NamedTuple):
    """The kinds of some atoms or bonds, or each for itself.

    Attributes:
        codes: uint8 `[K, F]`, of each kind.
        of: int64 `[M]`, the kind of each atom or bond.
        spread: the map from a row per kind `[K, D]` to one per atom or bond `[M, D]`.
    """

    codes: Tensor
    of: Tensor
    spread: IndexSum

    def counts(self) -> Tensor | None:
        """Return how often each kind is there, int64 `[K]`; None where each row is for itself."""
        return None if self.spread.is_same else counts(self.of, len(self.codes))


def kinds(codes: Tensor, always: bool = False) -> Kinds:
    """Return the distinct rows of codes; on a card, where products are cheap and sorting is not, all rows as they are.

    Args:
        codes: uint8 `[M, F]`, at most 8 fields.
        always: find the distinct ones on a card, too.
    """
    if codes.device.type != "cpu" and not always:
        return Kinds(codes, torch.arange(len(codes), device=codes.device), IndexSum.same(len(codes)))
    width = codes.shape[1]
    packed = F.pad(codes, (0, 8 - width)).view(torch.int64).flatten()
    distinct, kind = torch.unique(packed, return_inverse=True)
    return Kinds(distinct[:, None].view(torch.uint8)[:, :width], kind, IndexSum.gather(kind, len(distinct)))
