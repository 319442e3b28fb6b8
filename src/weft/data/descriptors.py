"""RDKit's two-dimensional descriptors, without those that are slow on big peptides.

Left out of RDKit's list, with milliseconds per molecule (mean of Tox21; mean of the ten biggest of SIDER, 400 to 490
atoms): qed (1.0; 12), BCUT2D_* (0.4; 220), BertzCT (0.3; 74), SPS (0.2; 6), Ipc and AvgIpc (0.2; 1550, and Ipc
overflows), BalabanJ (0.1; 94). What several descriptors share is computed once per molecule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import Descriptors, Fragments
from rdkit.Chem import rdMolDescriptors as rd
from rdkit.Chem.EState.EState import GetPrincipleQuantumNumber
from rdkit.Chem.EState.EState_VSA import estateBins, vsaBins

if TYPE_CHECKING:
    from rdkit.Chem import Mol

Floats = NDArray[np.float64]

_SINGLE: Final[tuple[str, ...]] = (
    *("MolWt", "HeavyAtomMolWt", "ExactMolWt"),
    *("MaxPartialCharge", "MinPartialCharge", "MaxAbsPartialCharge", "MinAbsPartialCharge"),
    *("FpDensityMorgan1", "FpDensityMorgan2", "FpDensityMorgan3", "MolLogP", "MolMR"),
    *("Chi0n", "Chi0v", "Chi1n", "Chi1v", "Chi2n", "Chi2v", "Chi3n", "Chi3v", "Chi4n", "Chi4v"),
    *("HallKierAlpha", "Kappa1", "Kappa2", "Kappa3", "LabuteASA", "TPSA", "FractionCSP3", "HeavyAtomCount"),
    *("NHOHCount", "NOCount", "NumAliphaticCarbocycles", "NumAliphaticHeterocycles", "NumAliphaticRings"),
    *("NumAmideBonds", "NumAromaticCarbocycles", "NumAromaticHeterocycles", "NumAromaticRings"),
    *("NumAtomStereoCenters", "NumBridgeheadAtoms", "NumHAcceptors", "NumHDonors", "NumHeteroatoms"),
    *("NumHeterocycles", "NumRotatableBonds", "NumSaturatedCarbocycles", "NumSaturatedHeterocycles"),
    *("NumSaturatedRings", "NumSpiroAtoms", "NumUnspecifiedAtomStereoCenters", "Phi", "RingCount"),
    *sorted(name for name in vars(Fragments) if name.startswith("fr_")),
)
_COUNTED: Final = ("NumValenceElectrons", "NumRadicalElectrons", "Chi0", "Chi1")
_ESTATE: Final = ("MaxAbsEStateIndex", "MaxEStateIndex", "MinAbsEStateIndex", "MinEStateIndex")


def _numbered(stem: str, count: int) -> tuple[str, ...]:
    return tuple(f"{stem}{number}" for number in range(1, count + 1))


#: Names of the columns, in order; each as in `rdkit.Chem.Descriptors`.
DESCRIPTOR_NAMES: Final[tuple[str, ...]] = (
    *_SINGLE,
    *_COUNTED,
    *_ESTATE,
    *_numbered("EState_VSA", len(estateBins) + 1),
    *_numbered("VSA_EState", len(vsaBins) + 1),
    *_numbered("PEOE_VSA", 14),
    *_numbered("SMR_VSA", 10),
    *_numbered("SlogP_VSA", 12),
)
VERSION: Final = 1
DESCRIPTORS_HASH: Final = hashlib.sha256(json.dumps([VERSION, DESCRIPTOR_NAMES]).encode()).hexdigest()

_TABLE: Final = dict[str, Callable[..., float]](Descriptors.descList)
_SINGLE_FUNCTIONS: Final = tuple(_TABLE[name] for name in _SINGLE)
_VSA: Final[tuple[tuple[Callable[..., Any], int], ...]] = ((rd.PEOE_VSA_, 14), (rd.SMR_VSA_, 10), (rd.SlogP_VSA_, 12))
_ELEMENTS: Final = range(119)
_OUTER: Final = np.array([Chem.GetPeriodicTable().GetNOuterElecs(number) for number in _ELEMENTS], np.float64)
_PRINCIPAL: Final = np.array([GetPrincipleQuantumNumber(number) for number in _ELEMENTS], np.float64)
_FAILURES: Final = (ValueError, RuntimeError, ArithmeticError, LookupError)


def describe(mol: Mol) -> NDArray[np.float32]:
    """Return the descriptors of a molecule, float32 `[D]`; NaN where one is undefined."""
    try:
        values = [function(mol) for function in _SINGLE_FUNCTIONS]
    except _FAILURES:
        values = [_guarded(function, mol, 1)[0] for function in _SINGLE_FUNCTIONS]
    values += _guarded(_own, mol, len(DESCRIPTOR_NAMES) - len(values) - sum(width for _, width in _VSA))
    for function, width in _VSA:
        values += _guarded(function, mol, width)
    row = np.array(values, np.float64)
    limit = np.finfo(np.float32).max
    return np.where(np.isfinite(row), np.clip(row, -limit, limit), np.nan).astype(np.float32)


def _guarded(function: Callable[..., Any], mol: Mol, width: int) -> list[float]:
    """Return `width` values of a function, NaN where it fails."""
    try:
        values = function(mol)
    except _FAILURES:
        return [np.nan] * width
    return [values] if width == 1 else list(values)


def _own(mol: Mol) -> list[float]:
    """Return electron counts, Chi0, Chi1, the extremes of the EState indices and their two VSA histograms.

    Chi: Hall and Kier, Rev. Comput. Chem. 1991, equations 1 and 2. EState VSA: sums of one property over the
    atoms whose other property falls into a bin.
    """
    atoms = [mol.GetAtomWithIdx(at) for at in range(mol.GetNumAtoms())]
    number = np.array([atom.GetAtomicNum() for atom in atoms])
    hydrogens = np.array([atom.GetTotalNumHs() for atom in atoms], np.float64)
    degree = np.array([atom.GetDegree() for atom in atoms], np.float64)
    step = Chem.GetDistanceMatrix(mol, useBO=False, useAtomWts=False) + 1
    electrons = _OUTER[number].sum() - Chem.GetFormalCharge(mol) + hydrogens.sum()
    radicals = sum(atom.GetNumRadicalElectrons() for atom in atoms)
    one, other = np.nonzero(np.triu(step == 2))
    chi = [(degree[degree > 0] ** -0.5).sum(), ((degree[one] * degree[other]) ** -0.5).sum()]
    state = _estate(_OUTER[number] - hydrogens, _PRINCIPAL[number], degree, step)
    size = np.abs(state)
    volume = np.array(rd._CalcLabuteASAContribs(mol)[0])  # pyright: ignore
    by_state = np.bincount(np.searchsorted(estateBins, state, "right"), volume, len(estateBins) + 1)
    by_volume = np.bincount(np.searchsorted(vsaBins, volume, "right"), state, len(vsaBins) + 1)
    return [electrons, radicals, *chi, size.max(), state.max(), size.min(), state.min(), *by_state, *by_volume]


def _estate(v: Floats, n: Floats, degree: Floats, step: Floats) -> Floats:
    """Return the electrotopological state of each atom, float64 `[A]`.

    S_i = I_i + sum_j (I_i - I_j) / p_ij^2 with I = ((2/n)^2 v + 1) / degree, or 0 for a lone atom (Hall, Mohney and
    Kier, J. Chem. Inf. Comput. Sci. 1991, 31, 76).

    Args:
        v: valence electrons that hold no hydrogen, `[A]`.
        n: principal quantum number of the valence shell, `[A]`.
        degree: number of neighbours, `[A]`.
        step: p, number of atoms on the shortest path, `[A, A]`; huge where there is no path.
    """
    intrinsic = np.where(degree > 0, (4 / n**2 * v + 1) / np.maximum(degree, 1), 0)
    weight = np.where(step < 1e6, step**-2.0, 0)
    return intrinsic + intrinsic * weight.sum(1) - weight @ intrinsic
