"""A table of given vectors, such as embeddings of images or of another model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.pixels import Pixels
    from weft.data.ragged import Ragged
    from weft.data.store import PackedGraphs


class Vectors:
    """Vectors, one per input row, bad rows included; implements `weft.data.base.Data`.

    Args:
        x: numbers `[N, D]`; a row with NaN or an infinity is a bad row.
        keys: what each row is known by across tables, `[N]`; by default its number.

    Raises:
        UserError: when `x` is not a matrix or `keys` are not one per row.

    Example:
        >>> Vectors([[1.0, 2.0], [float("nan"), 0.0]]).status
        ['ok', 'column 1 is not a finite number']
    """

    def __init__(self, x: ArrayLike, keys: Sequence[str] | None = None) -> None:
        try:
            with np.errstate(over="ignore"):  # a number beyond float32 becomes an infinity and its row a bad one
                matrix = np.asarray(x).astype(np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"vectors are not a matrix of numbers ({error})") from error
        if matrix.ndim != 2:
            raise UserError(f"vectors have shape {matrix.shape}, expected (rows, columns)")
        names = [str(at) for at in range(len(matrix))] if keys is None else [str(key) for key in keys]
        if len(names) != len(matrix):
            raise UserError(f"{len(names)} keys for {len(matrix)} vectors")
        finite = np.isfinite(matrix)
        self._ok: NDArray[np.bool_] = np.asarray(finite.all(1))
        self._status = ["ok"] * len(matrix)
        for at in np.flatnonzero(~self._ok):
            self._status[at] = f"column {int(np.argmin(finite[at])) + 1} is not a finite number"
        self._x = np.where(self._ok[:, None], matrix, np.float32(0))
        self._keys = [name if good else "" for name, good in zip(names, self._ok, strict=True)]

    def __len__(self) -> int:
        return len(self._x)

    @property
    def status(self) -> list[str]:
        """`ok` or the reason why the row cannot be used, `[N]`."""
        return list(self._status)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Whether the row can be used, bool `[N]`."""
        return self._ok.copy()

    @property
    def keys(self) -> list[str]:
        """What a row is known by across tables; '' for bad rows."""
        return list(self._keys)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The one feature kind, vectors."""
        return ("vectors",)

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return the vectors, float32 `[N, D]`; bad rows are zeros."""
        self._check(kind)
        return self._x.copy()

    def images(self) -> Pixels:
        """Raise: vectors are no images."""
        raise UserError("vectors are no images", mend="Use the encoder 'vectors'.")

    def graphs(self) -> PackedGraphs:
        """Raise: vectors have no graphs."""
        raise UserError("vectors have no graphs", mend="Use the encoder 'vectors'.")

    def ragged(self, kind: str) -> Ragged:
        """Raise: there are no atoms."""
        raise UserError(f"vectors have no features {kind!r}", mend="Use the encoder 'vectors'.")

    def groups(self) -> NDArray[np.int64]:
        """Return one group per key: rows known as one datum stay together, int64 `[N]`."""
        return np.unique(self._keys, return_inverse=True)[1].astype(np.int64)

    def feature_hash(self, kind: str) -> str:
        """Return the hash of the kind and the width: what else made the vectors is not known here."""
        self._check(kind)
        return hashlib.sha256(f"vectors {self._x.shape[1]}".encode()).hexdigest()

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """Return the vectors at `rows`, with their status and keys."""
        part = Vectors.__new__(Vectors)
        index = np.arange(len(self))[np.asarray(rows)]
        part._x, part._ok = self._x[index], self._ok[index]
        part._status = [self._status[at] for at in index]
        part._keys = [self._keys[at] for at in index]
        return part

    def _check(self, kind: str) -> None:
        if kind != "vectors":
            raise UserError(f"this data has vectors, not {kind!r}", mend="Use the encoder 'vectors'.")
