"""Data that are encoded already, and a predictor that takes the encoding from them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from weft.data.nodes import Nodes
from weft.labels import Shown
from weft.predictor import Predictions, Predictor
from weft.serve.encodings import Recent
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
    """A predictor that need not encode, and remembers what it answered; all else is the predictor's."""

    def __init__(self, predictor: Predictor, answers: Recent[Predictions] | None) -> None:
        self._predictor, self._answers = predictor, answers

    def encode(self, data: Remembered) -> Any:
        return data.encoded

    def answer(self, encoded: Any, known: Shown) -> Predictions:
        key = None if self._answers is None else _key(encoded, known)
        if self._answers is None or key is None:
            return self._predictor.answer(encoded, known)
        found = self._answers.get(key)
        if found is None:
            found = self._predictor.answer(encoded, known)
            self._answers.put(key, found)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)


def remembering(predictor: Predictor, answers: Recent[Predictions] | None = None) -> Predictor:
    """Return the predictor, which takes encodings from `Remembered` data instead of making them.

    Args:
        predictor: the model.
        answers: where a model of a graph, each of whose answers is a pass over the graph, keeps them.
    """
    return cast("Predictor", _Remembering(predictor, answers))


def _key(encoded: Any, known: Shown) -> Hashable | None:
    """Return what an answer about nodes depends on; None for other data."""
    nodes = getattr(encoded, "nodes", encoded)
    if not isinstance(nodes, Nodes):
        return None
    table = known.table
    return tuple(part.tobytes() for part in (nodes.row, table.row, table.col, table.value))


def in_groups(groups: Sequence[Rows], predict: Callable[[Rows], Predictions]) -> Predictions:
    """Predict the rows of each group together and put them back in order."""
    parts = [predict(rows) for rows in groups]
    back = np.argsort(np.concatenate(groups), kind="stable")
    mean, std, ok = (np.concatenate([getattr(part, name) for part in parts])[back] for name in ("mean", "std", "ok"))
    return Predictions(parts[0].tasks, mean, std, ok)
