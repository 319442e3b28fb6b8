"""Random lists of molecules, good and bad, for property tests."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import strategies as st

REAL = Path(__file__).parents[3] / "shared" / "data" / "molecules"

GOOD = (
    "CCO", "c1ccccc1", "[Na+].[Cl-]", "[He]", "C/C=C/C", "F/C=C\\F", "N[C@@H](C)C(=O)O", "O=C1CCC1",
    "C1CC1C(=O)c1ccncc1", "[O-][N+](=O)c1ccccc1", "CC(C)(C)C", "O", "[2H]O[2H]", "*C", "F[P-](F)(F)(F)(F)F",
    "C1CC2CCC1CC2", "[Cu+2]", "[H][H]", "CC(C)C[C@H](N)C(=O)N1CCC[C@H]1C(=O)O", "C->[Pt]",
)  # fmt: skip
BAD = (None, "", "   ", "C1CC", "C(", "N(C)(C)(C)(C)C", "no molecule", "C\x00C", "c1cccc1", ">>", "\ud800")

rows = st.lists(st.sampled_from((*GOOD, *GOOD, *BAD)), min_size=1, max_size=12)


def real_smiles(name: str) -> list[str]:
    """Return the SMILES of a real data set, or skip the test where it is absent."""
    path = REAL / f"{name}.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    with gzip.open(path, "rt") as file:
        return [row["smiles"] for row in csv.DictReader(file)]
