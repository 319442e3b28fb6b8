"""Gradient-boosted trees (LightGBM, Ke et al. 2017), k-fold, kept as plain arrays.

The boosters' text is parsed once after training into a `Forest`; nothing of LightGBM is needed to predict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.baselines.learners import Arrays, Floats, Learner, Targets, folds
from weft.baselines.tabular import Features
from weft.baselines.tree_nodes import Nodes, round_down
from weft.baselines.trees import Forest
from weft.training.run import Run

SETTINGS: dict[str, Any] = {
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "feature_pre_filter": False,
    "max_bin": 63,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "metric": "",
}


class GradientLearner(Learner):
    """One booster per fold and column; a query is answered with the mean of the folds' raw scores.

    Rounds are chosen by early stopping on the fold that is held out and then predicted: the one number by which
    a datum's label touches its own out-of-fold prediction.

    Args:
        k: folds; None for 4, or 2 when there are more than 100 columns.
        rate: learning rate; None for .1, or .15 when there are more than 100 columns.
        rounds: most rounds.
    """

    name = "lightgbm"
    least = 8

    def __init__(self, k: int | None = None, rate: float | None = None, rounds: int = 300) -> None:
        self.k, self.rate, self.rounds = k, rate, rounds
        self.forest: Forest | None = None
        self.shares = 1

    def _fit(self, x: Features, targets: Targets, run: Run) -> Floats:
        import lightgbm

        many = targets.width > 100
        self.shares = self.k or (2 if many else 4)
        settings = {**SETTINGS, "learning_rate": self.rate or (0.15 if many else 0.1)}
        settings |= {"num_threads": run.threads, "seed": run.seed}
        binned = lightgbm.Dataset(x.x, np.zeros(len(x)), params=settings, free_raw_data=True).construct()
        out = np.empty(targets.y.shape)
        trees: list[Nodes] = []
        column: list[int] = []
        for j in range(targets.width):
            parts, out[:, j] = self._column(binned, x.x, targets, j, settings, run)
            trees.extend(parts)
            column.extend([j] * len(parts))
            run.report(self.name, j + 1, targets.width, "")
        self.forest = Forest.of(trees, column, targets.width)
        return out

    def _column(
        self, binned: Any, x: NDArray[np.float32], targets: Targets, j: int, settings: dict[str, Any], run: Run
    ) -> tuple[list[Nodes], Floats]:
        rows, y = targets.column(j)
        continuous = bool(targets.continuous[j])
        fold = folds(y, continuous, self.shares, np.random.default_rng([run.seed, j]))
        settings = {**settings, **objective(continuous, len(y), x.shape[1])}
        raw = np.zeros((self.shares, len(x)))
        kept: list[Nodes] = []
        for k in range(self.shares):
            trees = boost(binned, rows, y, fold == k, settings, self.rounds)
            raw[k] = Forest.of(trees, [0] * len(trees), 1).sums(x)[:, 0]
            kept.extend(trees)
        answer = raw.mean(0)
        answer[rows] = raw[fold, rows]
        return kept, answer

    def _predict(self, x: Features) -> Floats:
        assert self.forest is not None
        return self.forest.sums(x.x) / self.shares

    def _state(self) -> dict[str, NDArray[Any]]:
        assert self.forest is not None
        return {**self.forest.state(), "shares": np.array([self.shares])}

    def _restore(self, arrays: Arrays) -> None:
        self.forest = Forest.restore(arrays)
        self.shares = int(arrays["shares"][0])


def objective(continuous: bool, n: int, width: int) -> dict[str, Any]:
    """Return the settings that depend on the kind of a column, its number of labels and of features.

    A tree draws a tenth of the features, or 100 when there are fewer than 1000.
    """
    kind = {"objective": "regression", "metric": "l2"} if continuous else {"objective": "binary"}
    return {
        "metric": "binary_logloss",
        **kind,
        "min_data_in_leaf": max(3, min(20, n // 20)),
        "feature_fraction": float(np.clip(100 / width, 0.1, 1)),
    }


def boost(
    binned: Any, rows: NDArray[np.int64], y: Floats, held: NDArray[np.bool_], settings: dict[str, Any], rounds: int
) -> list[Nodes]:
    """Boost on the rows that are not `held`, stop early on those that are, return the trees kept."""
    import lightgbm

    def part(mask: NDArray[np.bool_]) -> Any:
        return binned.subset(rows[mask].tolist(), params=settings).construct().set_label(y[mask])

    stop = lightgbm.early_stopping(30, verbose=False)
    booster = lightgbm.train(settings, part(~held), rounds, valid_sets=[part(held)], callbacks=[stop])
    return from_lightgbm(booster.model_to_string(num_iteration=booster.best_iteration))


def boost_folds(
    x: NDArray[np.float32],
    y: Floats,
    datum: NDArray[np.int64],
    continuous: bool,
    settings: Mapping[str, Any],
    members: int,
    rounds: int,
    seed: Sequence[int],
) -> tuple[list[Nodes], list[int]]:
    """Boost `members` times, each stopped early on a share of the data that it did not see.

    Args:
        x: float32 `[m, D]`.
        y: float64 `[m]`.
        datum: int64 `[m]`, the datum a row is a copy of; its copies are in one share.
        continuous: whether `y` holds values.
        settings: of LightGBM, over those of `SETTINGS`.
        members: boosters.
        rounds: most rounds.
        seed: of the shares.

    Returns:
        The trees, and the member that each belongs to.
    """
    import lightgbm

    rows, first = np.unique(datum, return_index=True)
    settings = {**SETTINGS, **objective(continuous, len(rows), x.shape[1]), **settings}
    fold = folds(y[first], continuous, members, np.random.default_rng(list(seed)))
    held = fold[np.searchsorted(rows, datum)]
    binned = lightgbm.Dataset(x, np.zeros(len(x)), params=dict(settings)).construct()
    trees: list[Nodes] = []
    member: list[int] = []
    for k in range(members):
        grown = boost(binned, np.arange(len(y)), y, held == k, dict(settings), rounds)
        trees.extend(grown)
        member.extend([k] * len(grown))
    return trees, member


def from_lightgbm(text: str) -> list[Nodes]:
    """Parse the trees of a LightGBM model text (numerical splits only)."""
    trees: list[Nodes] = []
    for block in text.split("\nTree=")[1:]:
        lines = dict(line.split("=", 1) for line in block.split("\n\n")[0].splitlines()[1:] if "=" in line)
        trees.append(_parse(lines))
    return trees


def _parse(lines: dict[str, str]) -> Nodes:
    """Number LightGBM's splits 0..m-1 and its leaves (there: ~leaf) m..2m."""
    answer = np.array(lines["leaf_value"].split(), np.float32)
    m = len(answer) - 1
    leaf, none = np.full(m + 1, -1, np.int32), np.zeros(m + 1, bool)
    if m == 0:
        return Nodes(leaf, answer, leaf, leaf, none)
    threshold = np.array(lines["threshold"].split(), np.float64)
    kind = np.array(lines["decision_type"].split(), np.int64)
    no_nan = (kind >> 2) & 3 == 0  # no NaN was seen in training: LightGBM then reads NaN as 0
    nan_left = np.where(no_nan, threshold >= 0, kind & 2 > 0)
    ends = [np.array(lines[name].split(), np.int32) for name in ("left_child", "right_child")]
    left, right = (np.where(end < 0, m + ~end, end) for end in ends)
    return Nodes(
        np.concatenate([np.array(lines["split_feature"].split(), np.int32), leaf]),
        np.concatenate([round_down(threshold), answer]),
        np.concatenate([left, leaf]),
        np.concatenate([right, leaf]),
        np.concatenate([nan_left, none]),
    )
