"""GROVER's rows of atoms (151) and bonds (14) from packed codes and `weft.data.grover_atoms`.

Order of columns, as in the released featuriser. Of an atom: atomic number (100, other), total degree (0 to 5, more),
charge (6 places, see there), chiral tag (4, other), hydrogens (0 to 4, more), hybridisation (5, other), aromatic,
mass / 100, implicit valence (0 to 6, more), acceptor, donor, acidic, basic, in a ring of 3 to 8. Of a bond: not a
bond (never), single, double, triple, aromatic, conjugated, in a ring, stereo (6, other).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.encoders.atoms import atom_mass

ATOM_FEATURES: Final = 151
BOND_FEATURES: Final = 14

#: Sizes of an atom's one-hot fields before and after aromaticity and mass.
_FIRST: Final = (101, 7, 6, 5, 6, 6)
_VALENCES: Final = 8
_FLAGS: Final = 10


def atom_features(codes: Tensor, more: Tensor | None = None) -> Tensor:
    """Return GROVER's features of atoms, float32 `[A, 151]`.

    Args:
        codes: uint8 `[A, 7]`, codes of `weft.data.featurize.ATOM_FIELDS`.
        more: float32 `[A, 14]`, columns of `weft.data.grover_atoms`; None takes what the codes can tell.
    """
    number, _, _, chiral, hydrogens, hybrid, aromatic = codes.long().unbind(1)
    more = _told_by(codes) if more is None else more
    degree, charge, valence = more[:, :3].long().unbind(1)
    fields = ((number - 1) % 101, degree, charge, chiral, hydrogens, hybrid)
    parts = [F.one_hot(field, size).float() for field, size in zip(fields, _FIRST, strict=True)]
    last = [aromatic[:, None].float(), more[:, 3:4], F.one_hot(valence, _VALENCES).float(), more[:, 4:]]
    return torch.cat([*parts, *last], 1)


def _told_by(codes: Tensor) -> Tensor:
    """Return the columns of `weft.data.grover_atoms` as far as the codes tell: no patterns and no ring sizes.

    Hydrogens are taken to be implicit, a charge beyond 2 to be 3 and every isotope to be the usual mixture.
    """
    number, degree, charge, _, hydrogens, _, _ = codes.long().unbind(1)
    charge = torch.where(charge == 5, 3, (charge - 2) % 6)
    mass = atom_mass(codes.device)[number]
    known = [(degree + hydrogens).clamp(max=6).float(), charge.float(), hydrogens.float(), mass]
    return torch.cat([torch.stack(known, 1), mass.new_zeros(len(codes), _FLAGS)], 1)


def bond_features(codes: Tensor) -> Tensor:
    """Return GROVER's features of bonds, float32 `[E, 14]`, of codes uint8 `[E, 4]`."""
    kind, conjugated, ring, stereo = codes.long().unbind(1)
    kinds = F.one_hot(kind, 5)[:, :4]  # a bond of another type has none of the four
    flags = torch.stack([conjugated, ring], 1)
    return torch.cat([torch.zeros_like(flags[:, :1]), kinds, flags, F.one_hot(stereo, 7)], 1).float()
