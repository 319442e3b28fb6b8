"""What was computed of a whole table of SMILES so far: graphs, dense and ragged features, each once and cached."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from weft.data.cache import Arrays, cached, content_key

if TYPE_CHECKING:
    from weft.data.ragged import Ragged
    from weft.data.store import PackedGraphs

KINDS: Final = ("graph", "morgan", "descriptors")
#: Ragged kinds: module with `HASH` and `ragged`, which some encoders alone ask for.
RAGGED: Final = {"grover": "weft.data.grover_atoms", "distances": "weft.data.conformers"}


def recipe(kind: str) -> str:
    """Return the hash of how a feature kind is made."""
    if kind == "graph":
        from weft.data.featurize import FEATURISER_HASH

        return FEATURISER_HASH
    if kind in RAGGED:
        return importlib.import_module(RAGGED[kind]).HASH
    from weft.data.fingerprints import HASHES

    return HASHES[kind]


@dataclass
class Source:
    """The whole table and what was computed of it so far."""

    smiles: list[str | None]
    workers: int
    _features: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why the row cannot be used, `[N]`; every reading of the SMILES tells it."""
        counted = self._features.get("counts")
        return self._read()["status"] if counted is None or "read" in self._features else counted[1]

    @property
    def keys(self) -> list[str]:
        """Canonical SMILES, '' for bad rows, `[N]`."""
        return self._read()["keys"]

    def dense(self, kind: str) -> NDArray[Any]:
        """Return dense features `[N, D]`."""
        if kind not in self._features:
            self._features[kind] = self._cached(kind, lambda: {"x": self._compute(kind)})["x"]
        return self._features[kind]

    def counts(self) -> Any:
        """Return Morgan counts as CSR `[N, 2048]`; quickly made, and not cached."""
        if "counts" not in self._features:
            from weft.data.fingerprints import morgan_counts

            self._features["counts"] = morgan_counts(self.smiles, self.workers)
        return self._features["counts"][0]

    def ragged(self, kind: str) -> Ragged:
        """Return ragged features of the `N` rows."""
        import torch

        from weft.data.ragged import Ragged, pointer

        if kind not in self._features:
            make = importlib.import_module(RAGGED[kind]).ragged
            found = self._cached(kind, lambda: dict(zip(("x", "counts"), make(self.smiles, self.workers), strict=True)))
            x, counts = (torch.from_numpy(found[name]) for name in ("x", "counts"))
            self._features[kind] = Ragged(x, pointer(counts))
        return self._features[kind]

    def made(self, kind: str) -> Any:
        """Return a feature that was computed already, or None."""
        return self._features.get(kind)

    def _compute(self, kind: str) -> NDArray[Any]:
        from weft.data import fingerprints

        return getattr(fingerprints, kind)(self.smiles, self.workers)

    def graphs(self) -> PackedGraphs:
        """Return the packed graphs of the `N` rows."""
        from weft.data.store import PackedGraphs

        if "graph" not in self._features:
            self._features["graph"] = PackedGraphs.from_arrays(self._read()["arrays"])
        return self._features["graph"]

    def _read(self) -> dict[str, Any]:
        """Return graph arrays, status and keys, which come of one reading of the SMILES."""
        if "read" not in self._features:
            arrays = self._cached("graph", self._featurise)
            texts = {name: _unpack(arrays.pop(name)) for name in ("status", "keys")}
            self._features["read"] = {"arrays": arrays, **texts}
        return self._features["read"]

    def _featurise(self) -> Arrays:
        from weft.data.featurize import featurise

        arrays, status, keys = featurise(self.smiles, self.workers)
        return {**arrays, "status": _pack(status), "keys": _pack(keys)}

    def _cached(self, kind: str, compute: Any) -> Arrays:
        from rdkit import rdBase

        # Another RDKit may read or describe a molecule in another way.
        made = f"{kind} {recipe(kind)} rdkit {rdBase.rdkitVersion}"
        return cached(kind, content_key(made, self.smiles), compute)


def _pack(texts: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"), np.uint8)


def _unpack(data: NDArray[np.uint8]) -> list[str]:
    return data.tobytes().decode("utf-8").split("\n")[:-1]
