"""Bemis-Murcko scaffolds: which molecules share the ring systems and what links them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.data.cache import cached, content_key
from weft.data.parallel import Part, Rows, run_rows


def scaffold_groups(keys: Sequence[str], workers: int = 2) -> NDArray[np.int64]:
    """Number the Bemis-Murcko scaffolds (without chirality) of molecules by first appearance.

    Args:
        keys: SMILES `[N]`, '' for rows without a molecule.
        workers: number of processes.

    Returns:
        int64 `[N]`; molecules without a ring share one group; -1 for rows without a molecule.
    """
    from rdkit import rdBase

    def compute() -> dict[str, NDArray[Any]]:
        parts = run_rows(f"{__name__}:scaffold_part", keys, workers)
        number: dict[str, int] = {}
        scaffolds = (scaffold for part in parts for scaffold in part.keys)
        groups = [-1 if not key else number.setdefault(s, len(number)) for key, s in zip(keys, scaffolds, strict=True)]
        return {"group": np.array(groups, np.int64)}

    return cached("scaffold", content_key(f"scaffold 1 rdkit {rdBase.rdkitVersion}", keys), compute)["group"]


def scaffold_part(rows: Rows) -> Part:
    """Return the scaffold of each SMILES as the keys of the part; a failed row is its own scaffold."""
    from rdkit.Chem.Scaffolds import MurckoScaffold

    from weft.data.smiles import parse

    scaffolds: list[str] = []
    for row in rows:
        mol, _ = parse(row)
        try:
            found = None if mol is None else MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=False)
        except (ValueError, RuntimeError):
            found = None
        scaffolds.append(f"none {row}" if found is None else found)
    return Part({}, ["ok"] * len(scaffolds), scaffolds)
