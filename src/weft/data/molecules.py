"""A table of molecules: graphs, fingerprints and descriptors, computed when asked for and cached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from weft.data.molecule_source import KINDS, RAGGED, Source, recipe
from weft.errors import UserError, nearest

if TYPE_CHECKING:
    from weft.data.pixels import Pixels
    from weft.data.ragged import Ragged
    from weft.data.store import PackedGraphs


class Molecules:
    """Molecules, one per input row, bad rows included; implements `weft.data.base.Data`.

    Example:
        >>> data = Molecules.from_smiles(["CCO", None, "C1CC"], workers=0)
        >>> data.keys, data.ok.tolist(), data.status[1]
        (['CCO', '', ''], [True, False, False], 'empty SMILES')
    """

    def __init__(self, source: Source, rows: NDArray[np.int64] | None = None) -> None:
        self._source = source
        self._rows = rows

    @classmethod
    def from_smiles(cls, smiles: Sequence[str | None], workers: int = 2) -> Molecules:
        """Make the table of some SMILES.

        Args:
            smiles: one SMILES per row; None, NaN and blank ones give bad rows.
            workers: number of processes for large tables.

        Raises:
            UserError: when a value is neither text nor missing.
        """
        return cls(Source([_text(value, at) for at, value in enumerate(smiles)], workers))

    def __len__(self) -> int:
        return len(self._source.smiles) if self._rows is None else len(self._rows)

    @property
    def smiles(self) -> list[str | None]:
        """The SMILES as given, `[N]`."""
        return self._pick(self._source.smiles)

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why the row cannot be used, `[N]`."""
        return self._pick(self._source.status)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Whether the row can be used, bool `[N]`."""
        return np.array([reason == "ok" for reason in self.status], bool)

    @property
    def keys(self) -> list[str]:
        """Canonical SMILES, '' for bad rows, `[N]`."""
        return self._pick(self._source.keys)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The feature kinds: graph, morgan and descriptors."""
        return KINDS

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return Morgan counts `[N, 2048]` or descriptors `[N, D]`, float32; bad rows zeros, undefined NaN."""
        if kind not in KINDS[1:]:
            raise UserError(f"molecules have no dense features {kind!r}", mend=nearest(kind, KINDS[1:]))
        x = self._source.dense(kind)
        return (x if self._rows is None else x[self._rows]).astype(np.float32)

    def counts(self) -> Any:
        """Return Morgan counts as CSR float64 `[N, 2048]`: what `dense("morgan")` tells, without its zeros."""
        x = self._source.counts()
        return x if self._rows is None else x[self._rows]

    def images(self) -> Pixels:
        """Raise: molecules are no images."""
        raise UserError("molecules are no images", mend="Use an encoder of molecules.")

    def graphs(self) -> PackedGraphs:
        """Return the packed graphs of all `N` rows; bad rows are empty graphs."""
        from weft.data.store import as_rows

        store = self._source.graphs()
        return store if self._rows is None else store.take(as_rows(self._rows))

    def ragged(self, kind: str) -> Ragged:
        """Return features of changing number per molecule, such as GROVER's of atoms; bad rows have none."""
        from weft.data.store import as_rows

        if kind not in RAGGED:
            raise UserError(f"molecules have no ragged features {kind!r}", mend=nearest(kind, RAGGED))
        store = self._source.ragged(kind)
        return store if self._rows is None else store.take(as_rows(self._rows))

    def groups(self) -> NDArray[np.int64]:
        """Return the number of each molecule's Murcko scaffold, int64 `[N]`."""
        from weft.data.scaffolds import scaffold_groups

        return scaffold_groups(self.keys)

    def feature_hash(self, kind: str) -> str:
        """Return the hash of how a feature kind is made."""
        if kind not in (*KINDS, *RAGGED):
            raise UserError(f"molecules have no features {kind!r}", mend=nearest(kind, (*KINDS, *RAGGED)))
        return recipe(kind)

    def facts(self) -> dict[str, dict[str, float]]:
        """Return what is to be told of the features computed so far, of the whole table, by kind."""
        from weft.data.distances import facts

        made = self._source.made("distances")
        return {} if made is None else {"distances": facts(made.values.numpy(), made.ptr.diff().numpy())}

    def take(self, rows: NDArray[np.int64]) -> Molecules:
        """Return the molecules at `rows`; features are computed once, for the whole table, and shared."""
        index = np.arange(len(self))[np.asarray(rows)]
        return Molecules(self._source, index if self._rows is None else self._rows[index])

    def _pick(self, values: list[Any]) -> list[Any]:
        return list(values) if self._rows is None else [values[at] for at in self._rows]


def _text(value: object, at: int) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if not isinstance(value, str):
        raise UserError(f"expected a SMILES, got {type(value).__name__} {value!r}", where=f"row {at + 1}")
    return str(value)
