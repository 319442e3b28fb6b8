"""Train one row of a graph suite with one seed, also with a changed recipe, and keep its test predictions.

    python benchmarks/inline_row.py inline-dblp default --seed 3 --out docs/results
    python benchmarks/inline_row.py inline-imdb one/whole --change net.trunk.own_share=0.95 --seed 0 --out variants

A row as it is goes where `weft benchmark SUITE --out DIR` puts it. A changed one is named by its changes: dotted fields
of `weft.hetero.presets.GraphConfig` with Python values; such rows choose recipes, by their validation scores. With
`--keep DIR` the test nodes' answers and predictions are saved for `benchmarks/inline_intervals.py`.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
from pathlib import Path

import numpy as np
import torch

from weft.benchmark.attempt import with_changes
from weft.benchmark.measure import Measure
from weft.benchmark.results import Result, Results
from weft.benchmark.row import Job, Row
from weft.benchmark.suite import select_rows, suite
from weft.predictor import Predictor
from weft.training.run import Run


@dataclasses.dataclass(frozen=True)
class Changed(Row):
    """A row whose model's configuration is changed: (dotted field, value) each."""

    changes: tuple[tuple[str, object], ...] = ()

    def build(self) -> Predictor:
        model = super().build()
        for path, value in self.changes:
            model.config = put(model.config, path.split("."), value)
        return model

    def told(self) -> dict:
        return {**super().told(), **dict(self.changes)}


def put(config, path: list[str], value):
    """Return a frozen configuration with one field, however deep, replaced."""
    name, *rest = path
    if name not in {field.name for field in dataclasses.fields(config)}:
        raise SystemExit(f"there is no field {name!r} in {type(config).__name__}")
    return dataclasses.replace(config, **{name: put(getattr(config, name), rest, value) if rest else value})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--change", metavar="FIELD=VALUE", action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--keep", type=Path, metavar="DIR")
    given = parser.parse_args()
    torch.set_num_threads(1)
    found = suite(given.suite)
    row = select_rows(found, [given.row])[0]
    changes = tuple((name, ast.literal_eval(text)) for name, _, text in (one.partition("=") for one in given.change))
    if changes:
        name = f"{row.name} {' '.join(given.change)}"
        row = Changed(**{**vars(row), "name": name}, changes=changes)
    if given.epochs:
        row = with_changes(row, {"epochs": given.epochs})
    result, cells = Measure(found, own=True).answered(Job(row, given.seed), Run(given.seed, device=given.device))
    Results(given.out, found.name, Result).add(result)
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        arrays = {f"{part} {name}": getattr(c, part) for name, c in cells.items() for part in ("truth", "mean")}
        file = f"{found.name} {row.name} {given.seed}.npz".replace("/", "-").replace(" ", "_")
        np.savez_compressed(given.keep / file, **arrays)


if __name__ == "__main__":
    main()
