"""What the default's forests cost for a whole table: a bit per row against a walk, tree by tree and row by row.

    python benchmarks/forests.py MODEL sider --out docs/results/forests.json

MODEL is a folder of `weft fit` with the default preset on that table. One thread, CPU time, features in memory; the
best of three passes each, the ways in turn. *Walked* is scikit-learn's compiled tree over rows that lie end to end, as
weft had it; *by column* the same over columns that do. All three give the same sums, which is checked.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.baselines.bagging import BaggedLearner
from weft.baselines.gradient import GradientLearner
from weft.baselines.tabular import tabular
from weft.baselines.trees import Forest
from weft.benchmark.molecule_data import load_set
from weft.files import write_json
from weft.saved import load

_BLOCK = 512
_PASSES = 3


def main() -> None:
    """Time every forest of the model and add the figures to the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("--out", type=Path, default=Path("docs/results/forests.json"))
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    model: Any = load(arguments.model)
    profile = model.engine.profile
    x = profile.columns.apply(tabular(load_set(arguments.data).data)).x
    found = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    found[arguments.data] = {
        name: timed(learner.forest, x)
        for name, learner in profile.learners.items()
        if isinstance(learner, BaggedLearner | GradientLearner)
    }
    print(json.dumps(found[arguments.data], indent=1))
    write_json(arguments.out, found)


def timed(forest: Forest, x: NDArray[np.float32]) -> dict[str, float]:
    """Return the CPU seconds of each way for all rows, and nanoseconds per row and tree."""
    ways: dict[str, Callable[[], NDArray[np.float64]]] = {
        "bits": lambda: forest.sums(x),
        "walked": lambda: walked(forest, x, "C"),
        "by column": lambda: walked(forest, x, "F"),
    }
    sums = [way() for way in ways.values()]  # made ready, too
    if not all(np.array_equal(sums[0], other) for other in sums[1:]):
        raise SystemExit("the ways disagree")
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(_PASSES):
        for name, way in ways.items():
            start = time.process_time()
            way()
            best[name] = min(best[name], time.process_time() - start)
    told: dict[str, float] = {
        "rows": len(x),
        "trees": len(forest),
        "nodes_per_tree": round(len(forest.nodes) / len(forest)),
    }
    for name, seconds in best.items():
        told |= {f"{name} s": round(seconds, 3), f"{name} ns": round(1e9 * seconds / len(x) / len(forest), 1)}
    return told


def walked(forest: Forest, x: NDArray[np.float32], order: Any) -> NDArray[np.float64]:
    """Add up the answers of every tree, block of rows by block of rows."""
    total = np.zeros((forest.n_columns, len(x)))
    for first in range(0, len(x), _BLOCK):
        block = np.array(x[first : first + _BLOCK], np.float32, order=order)
        for at, column in enumerate(forest.column.tolist()):
            total[column, first : first + len(block)] += forest.answers(block, at)
    return total.T.copy()


if __name__ == "__main__":
    main()
