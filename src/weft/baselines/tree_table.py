"""The table that the trees of one output column are grown on: structure, then known labels, repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.baselines.learners import Floats
from weft.baselines.tree_nodes import Nodes

F32 = NDArray[np.float32]

_LABEL_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Column:
    """What one output column is learnt from.

    Attributes:
        x: float32 `[m, D]`, structure, then known labels. Learners that draw a few columns at a time would seldom
            meet the known labels, so those stand there several times, as a fifth of the table.
        y: float64 `[m]`, 0/1 or standardised.
        datum: int64 `[m]`, which training datum a row is a copy of.
        at: the output column.
        continuous: whether it holds values.
    """

    x: F32
    y: Floats
    datum: NDArray[np.int64]
    at: int
    continuous: bool


def drawn_columns(structure: int, known: int) -> NDArray[np.int64]:
    """Return the columns of the training table: structure, then the known labels as often as makes a fifth."""
    repeat = max(1, round(_LABEL_SHARE / (1 - _LABEL_SHARE) * structure / known))
    return np.concatenate([np.arange(structure), np.tile(np.arange(structure, structure + known), repeat)])


def renamed(tree: Nodes, drawn: NDArray[np.int64]) -> Nodes:
    """Let a tree that was grown on the columns `drawn` read the table they come from."""
    feature = np.where(tree.feature < 0, -1, drawn[tree.feature]).astype(np.int32)
    return Nodes(feature, tree.number, tree.left, tree.right, tree.nan_left)
