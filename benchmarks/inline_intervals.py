"""Is a row of a graph suite better than another, task by task? From predictions that `inline_row.py --keep` saved.

    python benchmarks/inline_intervals.py FOLDER inline-imdb default exchange/single

On one graph: the mean difference over the seeds that both rows have, and its 95 % interval under a two-level bootstrap
of test nodes and seeds (`weft.benchmark.intervals`). Where every seed has a graph of its own, nodes cannot be paired
across seeds: told are the mean of the differences, graph by graph, its standard error, and on how many graphs the first
row is ahead.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from weft.benchmark.intervals import compare_runs
from weft.benchmark.scores import first_metrics
from weft.benchmark.suite import suite
from weft.hetero.compare import EXCHANGE, SINGLE
from weft.hetero.resample import Cells, resampled

Runs = dict[int, Mapping[str, Cells]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suite")
    parser.add_argument("row")
    parser.add_argument("against")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    mine, theirs = (read(given.folder, given.suite, row) for row in (given.row, given.against))
    seeds = sorted(mine.keys() & theirs.keys())
    if not seeds:
        raise SystemExit(f"{given.folder} has no seed of both rows")
    found = suite(given.suite)
    metrics = first_metrics(found.graph().labels.tasks)
    made = by_graph if found.drawn else by_nodes
    for line in made([mine[s] for s in seeds], [theirs[s] for s in seeds], metrics):
        print(json.dumps(line) if given.json else "  ".join(f"{key} {value}" for key, value in line.items()))


def read(folder: Path, suite_name: str, row: str) -> Runs:
    """Return the predictions of a row, seed by seed."""
    stem, found = f"{suite_name}_{row}_".replace("/", "-").replace(" ", "_"), {}
    for path in sorted(folder.glob(f"{stem}*.npz")):
        seed = path.stem.removeprefix(stem)
        if seed.isdigit():
            with np.load(path) as arrays:
                names = [key.removeprefix("truth ") for key in arrays if key.startswith("truth ")]
                found[int(seed)] = {name: Cells(arrays[f"truth {name}"], arrays[f"mean {name}"]) for name in names}
    return found


def by_nodes(mine: list, theirs: list, metrics: Mapping[str, str]) -> list[dict]:
    """One graph: nodes and seeds are resampled."""
    rows = compare_runs({SINGLE: theirs, EXCHANGE: mine}, metrics)
    return [
        {
            "task": r.family, "metric": r.metric, "first": round(r.exchange, 4), "second": round(r.single, 4),
            "difference": round(r.difference, 4), "low": round(r.low, 4), "high": round(r.high, 4), "seeds": len(mine),
        }
        for r in rows
    ]  # fmt: skip


def by_graph(mine: list, theirs: list, metrics: Mapping[str, str]) -> list[dict]:
    """A graph per seed: differences are paired by graph."""
    lines, nothing = [], np.random.default_rng(0)
    for task, metric in metrics.items():
        pairs = [resampled({"a": a[task], "b": b[task]}, metric, nothing, 0) for a, b in zip(mine, theirs, strict=True)]
        first, second = ([float(pair[name][0]) for pair in pairs] for name in "ab")
        gaps = [a - b for a, b in zip(first, second, strict=True)]
        error = statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
        lines.append(
            {
                "task": task, "metric": metric, "first": round(statistics.fmean(first), 4),
                "second": round(statistics.fmean(second), 4), "difference": round(statistics.fmean(gaps), 4),
                "standard error": round(error, 4), "ahead on": f"{sum(gap > 0 for gap in gaps)} of {len(gaps)}",
            }
        )  # fmt: skip
    return lines


if __name__ == "__main__":
    main()
