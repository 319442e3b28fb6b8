"""Small problems that trees and kernels can learn."""

import numpy as np

from weft.baselines.learners import Targets
from weft.baselines.tabular import Features
from weft.data.splits import Split
from weft.data.vectors import Vectors
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet


def features(n=200, seed=0) -> Features:
    """Counts of 24 fingerprint bits, then 6 descriptors."""
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.poisson(0.7, (n, 24)), rng.normal(size=(n, 6))], 1)
    return Features(x.astype(np.float32), 24)


def targets(x: Features, known=0.8, seed=0) -> Targets:
    """Three 0/1 columns and one of values, with missing labels; the unknown cells hold nonsense."""
    rng = np.random.default_rng(seed)
    z = np.stack([x.x[:, 24] + x.x[:, 0], x.x[:, 25] - x.x[:, 1], x.x[:, 26] - 1, x.x[:, 27] + x.x[:, 2]], 1)
    z = z + 0.3 * rng.normal(size=z.shape)
    continuous = np.array([False, False, False, True])
    y = np.where(continuous, 5 + 3 * z, z > 0)
    observed = rng.random(y.shape) < known
    return Targets(np.where(observed, y, 77.0), observed, continuous)


def table(n=240, seed=0) -> tuple[Vectors, LabelTable, Split]:
    """Two related binary tasks, one of three classes and one of values; the last two rows are bad."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    hidden = rng.normal(size=n)  # known labels tell of it, structure does not
    tasks = TaskSet(
        (Task("a"), Task("b"), Task("c", Kind.MULTICLASS, ("x", "y", "z")), Task("d", Kind.REGRESSION)),
    )
    y = np.stack(
        [
            x[:, 0] + 2 * hidden > 0,
            x[:, 1] + 2 * hidden > 0,
            np.digitize(x[:, 2] + hidden, [-0.7, 0.7]),
            50 + 10 * (x[:, 3] + hidden),
        ],
        1,
    )
    labels = LabelTable.from_dense(tasks, y, rng.random(y.shape) < 0.85)
    x[-2:] = np.nan
    order = rng.permutation(n)
    return Vectors(x), labels, Split(order[: n // 2], order[n // 2 : n // 2 + 20], order[n // 2 + 20 :], "random", 0)


def auc(y, score) -> float:
    """Share of (one, zero) pairs in the right order."""
    one, zero = score[y > 0.5], score[y < 0.5]
    return float((np.sign(one[:, None] - zero[None]).mean() + 1) / 2)
