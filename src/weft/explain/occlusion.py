"""One molecule with each of its atoms hidden in turn, as data that any predictor of molecules reads.

Of the Morgan counts (Rogers and Hahn 2010) every circular environment that the atom is in is taken away; of the graph
the atom and its bonds. Descriptors are of the whole molecule and stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.data.molecules import Molecules
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.pixels import Pixels
    from weft.data.ragged import Ragged
    from weft.data.store import PackedGraphs


@dataclass(frozen=True, eq=False)
class Occluded:
    """`A + 1` copies of a molecule of `A` atoms: whole, then without each atom (implements `Data`).

    Attributes:
        whole: the molecule, as a table of one row.
        hidden: which atom each row is without, int64; -1 hides none.
    """

    whole: Molecules
    hidden: NDArray[np.int64]

    @classmethod
    def of(cls, molecule: Molecules) -> Self:
        """Hide every atom of a table of one molecule in turn."""
        n = int(molecule.graphs().atom_ptr[-1])
        return cls(molecule, np.arange(-1, n))

    def __len__(self) -> int:
        return len(self.hidden)

    @property
    def status(self) -> list[str]:
        """That of the molecule, for every row."""
        return self.whole.status * len(self)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Whether the molecule can be used, for every row."""
        return np.repeat(self.whole.ok, len(self))

    @property
    def keys(self) -> list[str]:
        """The canonical SMILES of the whole molecule, for every row."""
        return self.whole.keys * len(self)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The feature kinds of molecules."""
        return self.whole.kinds

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return Morgan counts without the hidden atom's environments; other features as they are."""
        x = np.repeat(self.whole.dense(kind), len(self), 0)
        return x - self._environments()[self.hidden + 1] if kind == "morgan" else x

    def _environments(self) -> NDArray[np.float32]:
        """Return by how much counts fall without nothing, and without each atom: float32 `[A + 1, 2048]`."""
        x = self.whole.dense("morgan")[0]
        lost = np.zeros((int(self.whole.graphs().atom_ptr[-1]) + 1, len(x)), np.float32)
        for bit, atoms in environments(self.whole.smiles[0] or ""):
            lost[atoms + 1, bit] += 1
        return np.minimum(lost, x)  # stored counts are cut at 255

    def graphs(self) -> PackedGraphs:
        """Return the packed graphs without the hidden atoms and their bonds."""
        from weft.data.store import PackedGraphs

        whole = self.whole.graphs()
        codes = {name: getattr(whole, name).numpy() for name in ("atom", "bond", "src", "dst")}
        parts = [_without(codes, int(atom)) for atom in self.hidden]
        flat: dict[str, NDArray[Any]] = {name: np.concatenate([part[name] for part in parts]) for name in codes}
        for name, of in (("atom_ptr", "atom"), ("bond_ptr", "bond")):
            flat[name] = np.cumsum([0, *(len(part[of]) for part in parts)], dtype=np.int64)
        return PackedGraphs.from_arrays(flat)

    def images(self) -> Pixels:
        """Raise: molecules are no images."""
        return self.whole.images()

    def ragged(self, kind: str) -> Ragged:
        """Raise: features of atoms that come from the whole molecule, such as distances, do not lose one atom.

        Raises:
            UserError: always.
        """
        raise UserError(
            f"an encoder that reads {kind} of atoms cannot be asked about a molecule without one of them",
            mend="Contributions of atoms are told by the default preset and by encoders of plain graphs.",
        )

    def groups(self) -> NDArray[np.int64]:
        """Return one group for all."""
        return np.zeros(len(self), np.int64)

    def feature_hash(self, kind: str) -> str:
        """Return how features are made: as those of the whole molecule."""
        return self.whole.feature_hash(kind)

    def take(self, rows: NDArray[np.int64]) -> Occluded:
        """Return some of the rows."""
        return Occluded(self.whole, self.hidden[rows])


def environments(smiles: str) -> list[tuple[int, NDArray[np.int64]]]:
    """Return every counted circular environment of a molecule: its bit and the atoms in it."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    from weft.data.fingerprints import MORGAN_BITS, MORGAN_RADIUS
    from weft.data.smiles import parse

    mol, _ = parse(smiles)
    if mol is None:
        return []
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    make = rdFingerprintGenerator.GetMorganGenerator(radius=MORGAN_RADIUS, fpSize=MORGAN_BITS)
    make.GetCountFingerprint(mol, additionalOutput=output)
    distance = np.asarray(Chem.GetDistanceMatrix(mol))
    found: dict[int, Any] = output.GetBitInfoMap()
    return [
        (bit, np.flatnonzero(distance[centre] <= radius)) for bit, places in found.items() for centre, radius in places
    ]


def _without(codes: dict[str, NDArray[Any]], atom: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of one graph without an atom; -1 takes none away."""
    if atom < 0:
        return codes
    kept = (codes["src"] != atom) & (codes["dst"] != atom)
    src, dst = codes["src"][kept], codes["dst"][kept]
    return {
        "atom": np.delete(codes["atom"], atom, 0),
        "bond": codes["bond"][kept],
        "src": (src - (src > atom)).astype(np.int32),
        "dst": (dst - (dst > atom)).astype(np.int32),
    }
