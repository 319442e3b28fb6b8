"""Data that are encoded already, and a predictor that takes the encoding from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from weft.predictor import Predictions, Predictor
from weft.serve.queries import Query

Rows = NDArray[np.int64]


class Remembered:
    """Some data with their encoding: the part of `Data` that asking needs."""

    def __init__(self, queries: Sequence[Query], encoded: Any) -> None:
        self.status = [query.status for query in queries]
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.status)


class _Remembering:
    """A predictor that need not encode; all else is the predictor's."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def encode(self, data: Remembered) -> Any:
        return data.encoded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)


def remembering(predictor: Predictor) -> Predictor:
    """Return the predictor, which takes encodings from `Remembered` data instead of making them."""
    return cast("Predictor", _Remembering(predictor))


def in_groups(groups: Sequence[Rows], predict: Callable[[Rows], Predictions]) -> Predictions:
    """Predict the rows of each group together and put them back in order."""
    parts = [predict(rows) for rows in groups]
    back = np.argsort(np.concatenate(groups), kind="stable")
    mean, std, ok = (np.concatenate([getattr(part, name) for part in parts])[back] for name in ("mean", "std", "ok"))
    return Predictions(parts[0].tasks, mean, std, ok)
