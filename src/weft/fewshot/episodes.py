"""Episodes: N classes, K examples of each as support, and queries of the same classes (N-way, K-shot).

Vinyals et al., Matching networks for one shot learning (arXiv 1606.04080).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """How large an episode is.

    Attributes:
        ways: classes, N.
        shots: support data of each, K.
        queries: query data of each.
    """

    ways: int
    shots: int
    queries: int = 15

    def __str__(self) -> str:
        return f"{self.ways}-way {self.shots}-shot"


@dataclass(frozen=True, eq=False)
class Drawn:
    """An episode.

    Attributes:
        classes: the classes drawn, int64 `[N]`.
        support: rows, class by class, int64 `[N * K]`.
        query: rows, class by class, int64 `[N * Q]`.
        shape: its size.
    """

    classes: Ints
    support: Ints
    query: Ints
    shape: Shape

    @property
    def support_answer(self) -> Ints:
        """Which of the `N` classes each support datum is of, int64 `[N * K]`."""
        return np.repeat(np.arange(self.shape.ways), self.shape.shots)

    @property
    def answer(self) -> Ints:
        """Which of the `N` classes each query datum is of, int64 `[N * Q]`."""
        return np.repeat(np.arange(self.shape.ways), self.shape.queries)


def members(label: Ints, rows: Ints) -> list[Ints]:
    """Return the rows of each class that `rows` have, classes in order of their number.

    Args:
        label: class of every datum, int64 `[N]`.
        rows: int64, the rows to use.
    """
    own = label[rows]
    return [np.sort(rows[own == c]) for c in np.unique(own)]


def draw(among: Sequence[Ints], shape: Shape, rng: np.random.Generator) -> Drawn:
    """Draw an episode.

    Args:
        among: rows of each class.
        shape: its size.
        rng: the source of randomness.

    Raises:
        UserError: when there are too few classes with enough rows.
    """
    need = shape.shots + shape.queries
    enough = [k for k, rows in enumerate(among) if len(rows) >= need]
    if len(enough) < shape.ways:
        what = f"{len(enough)} classes have the {need} rows that a {shape} episode takes of each"
        raise UserError(what, mend="Use fewer ways, shots or queries, or more classes.")
    classes = rng.choice(enough, shape.ways, replace=False)
    picked = [rng.permutation(among[c])[:need] for c in classes]
    support = np.concatenate([rows[: shape.shots] for rows in picked])
    return Drawn(classes, support, np.concatenate([rows[shape.shots :] for rows in picked]), shape)


def group_split(group: Ints, label: Ints, seed: int, least: int) -> tuple[Ints, Ints, Ints]:
    """Split data by groups of classes, such as alphabets, so that no class is in two parts.

    In an order drawn from `seed`, whole groups go to test until it has `least` classes, then to validation likewise,
    and the rest to training.

    Args:
        group: of every datum, int64 `[N]`; a class is in one group.
        label: class of every datum, int64 `[N]`.
        seed: orders the groups.
        least: classes that test and validation have at least.

    Returns:
        rows of training, validation and test.

    Raises:
        UserError: when nothing is left to train on.
    """
    order = np.random.default_rng(seed).permutation(np.unique(group))
    parts: list[list[int]] = [[], []]
    for g in order:
        part = next((p for p in parts if _classes(group, label, p) < least), None)
        if part is not None:
            part.append(int(g))
    test, val = (np.flatnonzero(np.isin(group, part)) for part in parts)
    train = np.flatnonzero(~np.isin(group, parts[0] + parts[1]))
    if not len(train) or _classes(group, label, parts[1]) < least:
        raise UserError(f"the groups of classes are too few for {least} classes in each part", mend="Use fewer ways.")
    return train, val, test


def _classes(group: Ints, label: Ints, part: Sequence[int]) -> int:
    return len(np.unique(label[np.isin(group, part)]))
