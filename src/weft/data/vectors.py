"""A table of given vectors, such as embeddings of images or of another model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weft.data.rows import Rows
from weft.errors import UserError


class Vectors(Rows):
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

    encoder = "vectors"

    def __init__(self, x: ArrayLike, keys: Sequence[str] | None = None) -> None:
        try:
            with np.errstate(over="ignore"):  # a number beyond float32 becomes an infinity and its row a bad one
                matrix = np.asarray(x).astype(np.float32)
        except (TypeError, ValueError) as error:
            raise UserError(f"vectors are not a matrix of numbers ({error})") from error
        if matrix.ndim != 2:
            raise UserError(f"vectors have shape {matrix.shape}, expected (rows, columns)")
        names = [str(at) for at in range(len(matrix))] if keys is None else keys
        finite = np.isfinite(matrix)
        status = ["ok"] * len(matrix)
        for at in np.flatnonzero(~finite.all(1)):
            status[at] = f"column {int(np.argmin(finite[at])) + 1} is not a finite number"
        super().__init__(status, names, "vectors")
        self._x = np.where(self._ok[:, None], matrix, np.float32(0))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The one feature kind, vectors."""
        return ("vectors",)

    def dense(self, kind: str) -> NDArray[np.float32]:
        """Return the vectors, float32 `[N, D]`; bad rows are zeros."""
        self._check(kind)
        return self._x.copy()

    def feature_hash(self, kind: str) -> str:
        """Return the hash of the kind and the width: what else made the vectors is not known here."""
        self._check(kind)
        return hashlib.sha256(f"vectors {self._x.shape[1]}".encode()).hexdigest()

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """Return the vectors at `rows`, with their status and keys."""
        index = np.arange(len(self))[np.asarray(rows)]
        part = self._at(index)
        part._x = self._x[index]
        return part

    def _check(self, kind: str) -> None:
        if kind != "vectors":
            raise UserError(f"this data has vectors, not {kind!r}", mend="Use the encoder 'vectors'.")
