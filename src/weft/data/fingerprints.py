"""Dense features of molecules: Morgan count fingerprints and RDKit descriptors, in parallel."""

from __future__ import annotations

import hashlib
import logging
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from weft.data.descriptors import DESCRIPTOR_NAMES, DESCRIPTORS_HASH, describe
from weft.data.parallel import Part, Rows, run_rows
from weft.data.smiles import parse, parse_quiet

if TYPE_CHECKING:
    from rdkit.Chem.rdFingerprintGenerator import FingerprintGenerator64

LOG = logging.getLogger(__name__)
MORGAN_BITS: Final = 2048
MORGAN_RADIUS: Final = 2
MORGAN_HASH: Final = hashlib.sha256(f"1 morgan counts {MORGAN_RADIUS} {MORGAN_BITS}".encode()).hexdigest()


@cache
def _generator() -> FingerprintGenerator64:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=MORGAN_RADIUS, fpSize=MORGAN_BITS)


def morgan_part(rows: Rows) -> Part:
    """Return Morgan counts, uint8 `[n, 2048]`, of some SMILES; zeros for a row that cannot be used."""
    x = np.zeros((len(rows), MORGAN_BITS), np.uint8)
    status: list[str] = []
    for at, row in enumerate(rows):
        mol, reason = parse(row)
        if mol is not None:
            x[at] = np.minimum(_generator().GetCountFingerprintAsNumPy(mol), 255)
        status.append(reason)
    return Part({"x": x}, status)


def counts_part(rows: Rows) -> Part:
    """Return the Morgan counts that are not 0: bits, counts and how many a row has; a bad row has none."""
    from rdkit import rdBase

    bits: list[int] = []
    counts: list[int] = []
    each = np.zeros(len(rows), np.int64)
    status: list[str] = []
    count = _generator().GetCountFingerprint
    with rdBase.BlockLogs():
        for at, row in enumerate(rows):
            mol, reason = parse_quiet(row)
            if mol is not None:
                found = count(mol).GetNonzeroElements()
                bits += found
                counts += found.values()
                each[at] = len(found)
            status.append(reason)
    arrays = {"bit": np.array(bits, np.int32), "count": np.minimum(np.array(counts, np.int64), 255).astype(np.uint8)}
    return Part({**arrays, "n": each}, status)


def descriptor_part(rows: Rows) -> Part:
    """Return descriptors, float32 `[n, D]`, of some SMILES; zeros for a row that cannot be used."""
    from rdkit import rdBase

    x = np.zeros((len(rows), len(DESCRIPTOR_NAMES)), np.float32)
    status: list[str] = []
    with rdBase.BlockLogs():
        for at, row in enumerate(rows):
            mol, reason = parse(row)
            if mol is not None:
                x[at] = describe(mol)
            status.append(reason)
    return Part({"x": x}, status)


def morgan(smiles: Rows, workers: int = 2) -> NDArray[np.uint8]:
    """Return Morgan count fingerprints of radius 2 (Rogers and Hahn, J. Chem. Inf. Model. 2010).

    Args:
        smiles: `N` SMILES.
        workers: number of processes.

    Returns:
        uint8 `[N, 2048]`, counts cut at 255; zeros for rows that cannot be used.
    """
    return _joined("morgan_part", smiles, workers)


def morgan_counts(smiles: Rows, workers: int = 2) -> tuple[Any, list[str]]:
    """Return what `morgan` gives as CSR float64 `[N, 2048]`, a hundredth of its size, and the status of each row."""
    from scipy.sparse import csr_array

    parts = run_rows(f"{__name__}:counts_part", smiles, workers)
    bit, count, n = (np.concatenate([part.arrays[name] for part in parts]) for name in ("bit", "count", "n"))
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(n)])
    x = csr_array((count.astype(np.float64), bit, start), shape=(len(n), MORGAN_BITS))
    x.sort_indices()
    return x, [reason for part in parts for reason in part.status]


def descriptors(smiles: Rows, workers: int = 2) -> NDArray[np.float32]:
    """Return the RDKit descriptors `DESCRIPTOR_NAMES`.

    Args:
        smiles: `N` SMILES.
        workers: number of processes.

    Returns:
        float32 `[N, D]`; zeros for rows that cannot be used, NaN where a descriptor is undefined, and all NaN for a
        molecule on which RDKit crashed or took too long.
    """
    return _joined("descriptor_part", smiles, workers)


def _joined(function: str, smiles: Rows, workers: int) -> NDArray[Any]:
    parts = run_rows(f"{__name__}:{function}", smiles, workers)
    for part in parts:
        if part.lost:
            LOG.warning("a molecule has no %s: it %s", function.removesuffix("_part"), part.status[0])
            if part.arrays["x"].dtype == np.float32:
                part.arrays["x"][:] = np.nan
    return np.concatenate([part.arrays["x"] for part in parts])


#: Hash of how each dense kind is made; stored with a model and compared when it is used.
HASHES: Final = {"morgan": MORGAN_HASH, "descriptors": DESCRIPTORS_HASH}
