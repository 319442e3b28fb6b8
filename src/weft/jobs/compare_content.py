"""What a comparison found, JSON-ready: scores per seed, differences with intervals, and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import weft
from weft.benchmark.intervals import TOO_FEW, compare_runs
from weft.benchmark.scores import family_cells, family_kinds, family_scores, first_metrics
from weft.hetero.compare import NO_DIFFERENCE, Comparison, compare_seeds
from weft.jobs.card import versions
from weft.jobs.graph_source import USUAL, GraphSource
from weft.jobs.options import FitOptions
from weft.labels import Asked
from weft.predictor import Predictions
from weft.training.run import Report

if TYPE_CHECKING:
    from weft.data.splits import Split

LEVEL, DRAWS = 0.95, 1000


@dataclass(frozen=True)
class Runs:
    """All trainings of a comparison.

    Attributes:
        source: the graph.
        split: its parts.
        options: as given, filled.
        models: `single`, `shared`, `exchange` -> the options of each.
        arrays: model -> per seed `mean` and `cost`.
    """

    source: GraphSource
    split: Split
    options: FitOptions
    models: Mapping[str, FitOptions]
    arrays: Mapping[str, Sequence[Mapping[str, NDArray[Any]]]]

    @property
    def asked(self) -> Asked:
        """Labels of the test nodes."""
        return Asked(self.source.labels.take(self.split.test))

    def predictions(self) -> dict[str, list[Predictions]]:
        """Return what each model predicted for the test nodes, per seed."""
        ok = np.ones(len(self.split.test), bool)
        tasks = self.source.labels.tasks
        return {
            name: [Predictions(tasks, held["mean"], np.zeros_like(held["mean"]), ok) for held in seeds]
            for name, seeds in self.arrays.items()
        }


def content(runs: Runs, same: Mapping[str, Any], took: float, report: Report) -> dict[str, Any]:
    """Return the content of `compare.json`.

    Args:
        runs: the trainings.
        same: options, data and version that decide it.
        took: seconds from start to end, trainings of this time only.
        report: told of progress.
    """
    report("intervals", 0, 1, "")
    told, predicted, asked = runs.source.card(), runs.predictions(), runs.asked
    cells = {name: [family_cells(one, asked) for one in seeds] for name, seeds in predicted.items()}
    tasks = runs.source.labels.tasks
    metrics = {name: metric for name, metric in first_metrics(tasks).items() if name in cells["single"][0]}
    scores = {name: [family_scores(one, asked) for one in seeds] for name, seeds in predicted.items()}
    found = compare_runs(cells, metrics, runs.options.seed, DRAWS, LEVEL)
    firsts = {name: {f: [one[f][m] for one in held] for f, m in metrics.items()} for name, held in scores.items()}
    over_seeds = compare_seeds(firsts, metrics, LEVEL)
    names = {name: str(options.exchange) for name, options in runs.models.items()} | {"single": "alone"}
    differences = [_difference(row, seeds, names[row.of]) for row, seeds in zip(found, over_seeds, strict=True)]
    report("intervals", 1, 1, "")
    return {
        "weft": weft.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(took, 1),
        "identity": dict(same),
        "data": {**told, "sha256": same["data_sha256"]},
        "split": {"method": runs.split.method, **{part: len(rows) for part, rows in runs.split.parts().items()}},
        "options": runs.options.account(USUAL),
        "seeds": [runs.options.seed + k for k in range(len(runs.arrays["single"]))],
        "level": LEVEL,
        "draws": DRAWS,
        "models": {name: _model(names[name], runs.arrays[name]) for name in runs.models},
        "families": {
            family: {
                "kind": family_kinds(tasks)[family],
                "metric": metric,
                "n": len(cells["single"][0][family].truth),
                "scores": {name: [one[family] for one in held] for name, held in scores.items()},
            }
            for family, metric in metrics.items()
        },
        "differences": differences,
        "words": words(differences),
        "versions": versions(),
    }


def _model(name: str, seeds: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, Any]:
    cpu, wall, parameters = (float(v) for v in np.mean([held["cost"] for held in seeds], 0))
    told = None if parameters < 0 else round(parameters)
    return {"name": name, "cpu_s": round(cpu, 1), "wall_s": round(wall, 1), "parameters": told}


def _difference(row: Comparison, seeds: Comparison, name: str) -> dict[str, Any]:
    numbers = {
        "single": row.single,
        "other": row.shared if row.of == "shared" else row.exchange,
        "difference": row.difference,
        "low": row.low,
        "high": row.high,
        "seeds_low": seeds.low,
        "seeds_high": seeds.high,
    }
    finite = {key: float(value) if np.isfinite(value) else None for key, value in numbers.items()}
    return {"family": row.family, "metric": row.metric, "of": row.of, "model": name, **finite, "verdict": row.verdict}


def words(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say where sharing hurt, where it helped, and of each model on what no difference was seen; harm comes first."""
    told: list[str] = []
    for verb in ("hurt", "helped"):
        meant = [row for row in differences if row["verdict"] == f"sharing {verb} {row['family']}"]
        told += [f"{row['model']}: {row['verdict']}, {interval(row)}" for row in meant]
    for model in dict.fromkeys(row["model"] for row in differences):
        for verdict in (NO_DIFFERENCE, TOO_FEW):
            rest = [row["family"] for row in differences if (row["model"], row["verdict"]) == (model, verdict)]
            told += [f"{model}: {verdict} on {', '.join(rest)}"] if rest else []
    return told


def interval(row: Mapping[str, Any]) -> str:
    """Say a difference with its interval, as in `macro_f1 +0.021 (+0.003 to +0.040)`."""
    low, high = (f"{v:+.3f}" if v is not None else "unknown" for v in (row["low"], row["high"]))
    return f"{row['metric']} {row['difference']:+.3f} ({low} to {high})"
