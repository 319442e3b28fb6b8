"""Molecules to atoms and bonds: SMILES in, flat arrays of categorical codes out.

The fields are those of the D-MPNN (Yang et al., J. Chem. Inf. Model. 2019, table 2, also used by MetaLink's
molecule experiments), kept as one code per field instead of one-hot rows: 7 bytes an atom, 4 a bond. The last
code of a field, or 0 for the atomic number, stands for anything else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from weft.data.parallel import Part, Rows, run_rows
from weft.data.smiles import parse

if TYPE_CHECKING:
    from rdkit.Chem import Mol

#: Name and number of codes of each atom field, in column order. Atomic number 0 is "none or above 100".
ATOM_FIELDS: Final = (
    ("atomic number", 101),
    ("degree", 7),  # 0..5, more
    ("formal charge", 6),  # -2..2, beyond
    ("chiral tag", 5),  # none, clockwise, counter-clockwise, other, beyond
    ("hydrogens", 6),  # 0..4, more
    ("hybridisation", 6),  # sp, sp2, sp3, sp3d, sp3d2, other
    ("aromatic", 2),
)
#: Name and number of codes of each bond field, in column order.
BOND_FIELDS: Final = (
    ("type", 5),  # single, double, triple, aromatic, other
    ("conjugated", 2),
    ("in ring", 2),
    ("stereo", 7),  # none, any, Z, E, cis, trans, other
)
VERSION: Final = 1
#: Hash of the tables above; stored with a model and compared when it is used.
FEATURISER_HASH: Final = hashlib.sha256(json.dumps([VERSION, ATOM_FIELDS, BOND_FIELDS]).encode()).hexdigest()

Ints = NDArray[np.int64]


def _mass_table() -> NDArray[np.float32]:
    table = Chem.GetPeriodicTable()
    mass = [0.0, *(table.GetAtomicWeight(number) / 100 for number in range(1, 101))]
    return np.array(mass, np.float32)


#: Atomic mass / 100 by code of the atomic number, float32 `[101]`; 0 for code 0.
ATOM_MASS: Final = _mass_table()

_H, _B = Chem.HybridizationType, Chem.BondType
_ATOM_GETTERS: Final = (
    Chem.Atom.GetAtomicNum,
    Chem.Atom.GetDegree,
    Chem.Atom.GetFormalCharge,
    Chem.Atom.GetChiralTag,
    Chem.Atom.GetTotalNumHs,
    Chem.Atom.GetHybridization,
    Chem.Atom.GetIsAromatic,
)
_BOND_GETTERS: Final = (
    Chem.Bond.GetBondType,
    Chem.Bond.GetIsConjugated,
    Chem.Bond.IsInRing,
    Chem.Bond.GetStereo,
    Chem.Bond.GetBeginAtomIdx,
    Chem.Bond.GetEndAtomIdx,
)
_CHIRAL, _STEREO = 3, 3  # places of the fields that most molecules need not be asked for


def _codes_of(kinds: Sequence[object], beyond: int) -> Ints:
    """Return the code of each value of an RDKit enumeration."""
    codes = np.full(64, beyond, np.int64)
    codes[[int(cast(int, kind)) for kind in kinds]] = np.arange(len(kinds))
    return codes


_HYBRID: Final = _codes_of((_H.SP, _H.SP2, _H.SP3, _H.SP3D, _H.SP3D2), 5)
_BOND: Final = _codes_of((_B.SINGLE, _B.DOUBLE, _B.TRIPLE, _B.AROMATIC), 4)


class _Columns:
    """What RDKit says of the atoms and bonds of some molecules, one list per field."""

    def __init__(self) -> None:
        self.atom: list[list[int]] = [[] for _ in _ATOM_GETTERS]
        self.bond: list[list[int]] = [[] for _ in _BOND_GETTERS]

    def add(self, mol: Mol, text: str) -> None:
        # Asking for RDKit's enumerations is slow, so not for stereo that the text cannot have said.
        more = "|" in text
        chiral, stereo = more or "@" in text, more or "/" in text or "\\" in text
        atoms = list(map(mol.GetAtomWithIdx, range(mol.GetNumAtoms())))
        for at, (column, get) in enumerate(zip(self.atom, _ATOM_GETTERS, strict=True)):
            column += map(get, atoms) if chiral or at != _CHIRAL else [0] * len(atoms)
        bonds = list(map(mol.GetBondWithIdx, range(mol.GetNumBonds())))
        for at, (column, get) in enumerate(zip(self.bond, _BOND_GETTERS, strict=True)):
            column += map(get, bonds) if stereo or at != _STEREO else [0] * len(bonds)

    def coded(self) -> dict[str, NDArray[Any]]:
        """Return the arrays `atom`, `bond`, `src` and `dst`."""
        number, degree, charge, chiral, hydrogens, hybrid, aromatic = (np.array(x, np.int64) for x in self.atom)
        kind, conjugated, ring, stereo, begin, end = (np.array(x, np.int64) for x in self.bond)
        atom = (
            np.where(number <= 100, number, 0),
            np.minimum(degree, 6),
            np.where(np.abs(charge) <= 2, charge + 2, 5),
            np.minimum(chiral, 4),
            np.minimum(hydrogens, 5),
            _HYBRID[hybrid],
            aromatic,
        )
        bond = np.stack((_BOND[kind], conjugated, ring, np.minimum(stereo, 6)), 1).astype(np.uint8)
        # The two directions of a bond stand side by side, so the reverse of e is e ^ 1.
        ends = np.stack((begin, end), 1).astype(np.int32)
        return {
            "atom": np.stack(atom, 1).astype(np.uint8),
            "bond": bond.repeat(2, 0),
            "src": ends.reshape(-1),
            "dst": ends[:, ::-1].reshape(-1),
        }


def graph_part(rows: Rows) -> Part:
    """Return atoms, bonds and per-row counts of some SMILES; a row that cannot be used has no atoms."""
    columns = _Columns()
    counts = np.zeros((2, len(rows)), np.int64)
    status: list[str] = []
    keys: list[str] = []
    for at, row in enumerate(rows):
        mol, reason = parse(row)
        status.append(reason)
        keys.append("" if mol is None else Chem.MolToSmiles(mol))
        if mol is not None:
            columns.add(mol, row or "")
            counts[:, at] = mol.GetNumAtoms(), 2 * mol.GetNumBonds()
    return Part({**columns.coded(), "n_atoms": counts[0], "n_bonds": counts[1]}, status, keys)


def featurise(smiles: Rows, workers: int = 2) -> tuple[dict[str, NDArray[Any]], list[str], list[str]]:
    """Featurise molecules in parallel.

    Args:
        smiles: `N` SMILES; None and blank ones give empty graphs.
        workers: number of processes; small inputs are done in this one.

    Returns:
        The arrays of a `PackedGraphs`, the status of each row, and its canonical SMILES ('' when bad).
    """
    parts = run_rows("weft.data.featurize:graph_part", smiles, workers)
    flat = {name: np.concatenate([part.arrays[name] for part in parts]) for name in parts[0].arrays}
    for name, counts in (("atom_ptr", flat.pop("n_atoms")), ("bond_ptr", flat.pop("n_bonds"))):
        flat[name] = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    status = [reason for part in parts for reason in part.status]
    return flat, status, [key for part in parts for key in part.keys]
