"""Which rows of a table can be used, and what they are known by: what images, texts and vectors have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError

if TYPE_CHECKING:
    from weft.data.pixels import Pixels
    from weft.data.ragged import Ragged
    from weft.data.store import PackedGraphs


class Rows:
    """Rows without molecules, bad ones included: the part of `weft.data.base.Data` that does not read their features.

    Args:
        status: `ok` or the reason why the row cannot be used, `[N]`.
        keys: what each row is known by across tables, `[N]`; that of a bad row is dropped.
        things: what they are, in messages.

    Raises:
        UserError: when `keys` are not one per row.
    """

    #: The encoder that reads them, in messages.
    encoder: ClassVar[str]

    def __init__(self, status: Sequence[str], keys: Sequence[str], things: str) -> None:
        if len(keys) != len(status):
            raise UserError(f"{len(keys)} keys for {len(status)} {things}")
        self._things = things
        self._status = [str(word) for word in status]
        self._ok: NDArray[np.bool_] = np.array([word == "ok" for word in self._status], bool)
        self._keys = [str(key) if good else "" for key, good in zip(keys, self._ok, strict=True)]

    def __len__(self) -> int:
        return len(self._status)

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

    def groups(self) -> NDArray[np.int64]:
        """Return one group per key: copies of a datum stay together, int64 `[N]`."""
        return np.unique(self._keys, return_inverse=True)[1].astype(np.int64)

    def graphs(self) -> PackedGraphs:
        """Raise: there are no molecules."""
        raise self._lacks("graphs")

    def images(self) -> Pixels:
        """Raise: there are no images."""
        raise self._lacks("images")

    def ragged(self, kind: str) -> Ragged:
        """Raise: there are no atoms."""
        raise self._lacks(f"features {kind!r}")

    def _lacks(self, what: str) -> UserError:
        return UserError(f"{self._things} have no {what}", mend=f"Use the encoder {self.encoder!r}.")

    def _at(self, index: NDArray[np.int64]) -> Self:
        """Return the rows at `index`; features are the subclass's to add."""
        part = type(self).__new__(type(self))
        part._things, part._ok = self._things, self._ok[index]
        part._status = [self._status[at] for at in index]
        part._keys = [self._keys[at] for at in index]
        return part
