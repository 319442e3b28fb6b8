"""Reading SMILES: silently, within limits that keep the process alive, and with a reason for every refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rdkit import Chem, rdBase

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_HEAVY_ATOMS: Final = 1000
MAX_RINGS: Final = 300
#: A SMILES longer than this is not read at all: RDKit's canonical form recurses once per atom and overflows.
MAX_CHARS: Final = 20_000
_ALWAYS_SMALL: Final = 500


def _read(text: str, sanitize: bool = True) -> Mol | None:
    # RDKit's stubs hide that a SMILES it cannot read gives None.
    return cast("Mol | None", Chem.MolFromSmiles(text, sanitize=sanitize))


def parse(smiles: str | None) -> tuple[Mol | None, str]:
    """Read a SMILES without noise on the terminal and within limits that keep the process alive.

    Returns:
        The molecule and `ok`, or None and the reason why the row cannot be used.
    """
    with rdBase.BlockLogs():
        return parse_quiet(smiles)


def parse_quiet(smiles: str | None) -> tuple[Mol | None, str]:
    """Do what `parse` does, for a caller that keeps RDKit quiet (`rdBase.BlockLogs`) for many molecules at once."""
    text = smiles.strip() if smiles is not None else ""
    if not text:
        return None, "empty SMILES"
    if len(text) > MAX_CHARS:
        return None, f"SMILES longer than {MAX_CHARS} characters"
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
    if mol.GetNumAtoms() > MAX_HEAVY_ATOMS:
        return None, f"more than {MAX_HEAVY_ATOMS} atoms"
    return mol, "ok"


def _too_big(mol: Mol) -> str:
    # Most explicit hydrogens become counts of their heavy atom when the molecule is read.
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
