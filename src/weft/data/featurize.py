"""Molecules to atoms and bonds: SMILES in, flat arrays of categorical codes out.

The fields are those of the D-MPNN (Yang et al., J. Chem. Inf. Model. 2019, table 2, also used by MetaLink's
molecule experiments), kept as one code per field instead of one-hot rows: 7 bytes an atom, 4 a bond. The last
code of a field, or 0 for the atomic number, stands for anything else.
"""

from __future__ import annotations

import hashlib
import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from weft.data.parallel import Part, Rows, run_rows

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

MAX_HEAVY_ATOMS: Final = 1000
MAX_RINGS: Final = 300
#: A SMILES longer than this is not read at all: RDKit's canonical form recurses once per atom and overflows.
MAX_CHARS: Final = 20_000
_ALWAYS_SMALL: Final = 500

Ints = NDArray[np.int64]


def _mass_table() -> NDArray[np.float32]:
    table = Chem.GetPeriodicTable()
    mass = [0.0, *(table.GetAtomicWeight(number) / 100 for number in range(1, 101))]
    return np.array(mass, np.float32)


#: Atomic mass / 100 by code of the atomic number, float32 `[101]`; 0 for code 0.
ATOM_MASS: Final = _mass_table()

_H = Chem.HybridizationType
_HYBRID: Final = {kind: code for code, kind in enumerate((_H.SP, _H.SP2, _H.SP3, _H.SP3D, _H.SP3D2))}
_B = Chem.BondType
_BOND: Final = {kind: code for code, kind in enumerate((_B.SINGLE, _B.DOUBLE, _B.TRIPLE, _B.AROMATIC))}


def _read(text: str, sanitize: bool = True) -> Mol | None:
    # RDKit's stubs hide that a SMILES it cannot read gives None.
    return cast("Mol | None", Chem.MolFromSmiles(text, sanitize=sanitize))


def parse(smiles: str | None) -> tuple[Mol | None, str]:
    """Read a SMILES without noise on the terminal and within limits that keep the process alive.

    Returns:
        The molecule and `ok`, or None and the reason why the row cannot be used.
    """
    text = smiles.strip() if smiles is not None else ""
    if not text:
        return None, "empty SMILES"
    if len(text) > MAX_CHARS:
        return None, f"SMILES longer than {MAX_CHARS} characters"
    with rdBase.BlockLogs():
        try:
            return _parse(text)
        except (ValueError, RuntimeError, UnicodeError) as error:
            return None, f"cannot be parsed: {_one_line(error)}"


def _parse(text: str) -> tuple[Mol | None, str]:
    if len(text) > _ALWAYS_SMALL:
        raw = _read(text, sanitize=False)
        if raw is not None and (reason := _too_big(raw)):
            return None, reason
    mol = _read(text)
    if mol is None:
        return None, f"cannot be parsed: {_problem(text)}"
    if mol.GetNumAtoms() == 0:
        return None, "no atoms"
    return mol, "ok"


def _too_big(mol: Mol) -> str:
    # Explicit hydrogens are counted in: they make the molecule no smaller for the parser.
    atoms = mol.GetNumAtoms()
    if atoms > MAX_HEAVY_ATOMS and sum(atom.GetAtomicNum() != 1 for atom in mol.GetAtoms()) > MAX_HEAVY_ATOMS:
        return f"more than {MAX_HEAVY_ATOMS} heavy atoms"
    if mol.GetNumBonds() - atoms + 1 > MAX_RINGS:
        return f"more than {MAX_RINGS} rings"
    return ""


def _problem(text: str) -> str:
    mol = _read(text, sanitize=False)
    if mol is None:
        return "not valid SMILES"
    problems = Chem.DetectChemistryProblems(mol)
    return _one_line(problems[0].Message()) if problems else "not a valid structure"


def _one_line(message: object) -> str:
    return " ".join(str(message).split())[:200]


def _atom_codes(mol: Mol, chiral: bool) -> list[int]:
    codes: list[int] = []
    for at in range(mol.GetNumAtoms()):
        atom = mol.GetAtomWithIdx(at)
        number, charge = atom.GetAtomicNum(), atom.GetFormalCharge()
        codes += (
            number if number <= 100 else 0,
            min(atom.GetDegree(), 6),
            charge + 2 if -2 <= charge <= 2 else 5,
            min(int(atom.GetChiralTag()), 4) if chiral else 0,
            min(atom.GetTotalNumHs(), 5),
            _HYBRID.get(atom.GetHybridization(), 5),
            atom.GetIsAromatic(),
        )
    return codes


def _bond_codes(mol: Mol, stereo: bool) -> tuple[list[int], list[int], list[int]]:
    codes: list[int] = []
    src: list[int] = []
    dst: list[int] = []
    for at in range(mol.GetNumBonds()):
        bond = mol.GetBondWithIdx(at)
        begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        arrangement = min(int(bond.GetStereo()), 6) if stereo else 0
        # The two directions stand side by side, so the reverse of bond e is e ^ 1.
        codes += (_BOND.get(bond.GetBondType(), 4), bond.GetIsConjugated(), bond.IsInRing(), arrangement) * 2
        src += (begin, end)
        dst += (end, begin)
    return codes, src, dst


def _codes(text: str, mol: Mol) -> tuple[list[int], list[int], list[int], list[int]]:
    # Asking for RDKit's enumerations is slow, so not for what the text cannot have said.
    more = "|" in text
    return _atom_codes(mol, more or "@" in text), *_bond_codes(mol, more or "/" in text or "\\" in text)


def graph_part(rows: Rows) -> Part:
    """Return atoms, bonds and per-row counts of some SMILES; a row that cannot be used has no atoms."""
    atoms, bonds, src, dst, status, keys = ([] for _ in range(6))
    for row in rows:
        mol, reason = parse(row)
        codes = ([], [], [], []) if mol is None else _codes(row or "", mol)
        for column, values in zip((atoms, bonds, src, dst), codes, strict=True):
            column.append(values)
        status.append(reason)
        keys.append("" if mol is None else Chem.MolToSmiles(mol))
    arrays: dict[str, NDArray[Any]] = {
        "atom": _flat(atoms, np.uint8).reshape(-1, len(ATOM_FIELDS)),
        "bond": _flat(bonds, np.uint8).reshape(-1, len(BOND_FIELDS)),
        "src": _flat(src, np.int32),
        "dst": _flat(dst, np.int32),
        "n_atoms": np.array([len(codes) // len(ATOM_FIELDS) for codes in atoms], np.int64),
        "n_bonds": np.array([len(ends) for ends in src], np.int64),
    }
    return Part(arrays, status, keys)


def _flat(lists: list[list[int]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.fromiter(chain.from_iterable(lists), dtype)


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
