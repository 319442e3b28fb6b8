"""How far a training shared by two processes ends from that of one: `weft fit --devices 2` beside `--devices 1`.

    python benchmarks/two_processes.py sider.csv.gz --epochs 30

The network of MetaLink's preset on the scaffold split, in both precisions, on the processor (gloo, one thread each).
Told are the largest differences of the losses, of what `weft evaluate` finds on the test part at four reveal ratios, as
means over tasks and of every task, and of the predictions of all rows; and whether both files have the same rows.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from weft.files import write_json

RATIOS = ("0", "0.2", "0.5", "0.8")
ALONE = ("--threads", "1", "--device", "cpu", "--quiet")


def main() -> None:
    """Fit, ask, compare, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--precision", nargs="+", default=["32", "64"])
    parser.add_argument("--out", type=Path, default=Path("docs/results/two_processes.json"))
    given = parser.parse_args()
    rows = [_compared(given.table, given.epochs, precision) for precision in given.precision]
    write_json(given.out, {"table": given.table.name, "epochs": given.epochs, "rows": rows})


def _compared(table: Path, epochs: int, precision: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        one, two = (_made(table, epochs, precision, n, Path(folder) / str(n)) for n in (1, 2))
    told = {
        "precision": precision,
        "roc_auc": {ratio: [made["means"][ratio] for made in (one, two)] for ratio in RATIOS},
        "mean_differs": {ratio: abs(one["means"][ratio] - two["means"][ratio]) for ratio in RATIOS},
        "task_differs": {ratio: _most(one["tasks"][ratio], two["tasks"][ratio]) for ratio in RATIOS},
        "loss_differs": _most(*([row["loss"] for row in made["history"]] for made in (one, two))),
        "best_epoch": [made["best"] for made in (one, two)],
        "same_rows": one["rows"].equals(two["rows"]),
        "rows": len(one["rows"]),
        "prediction_differs": _most(one["answers"], two["answers"]),
        "cpu_seconds": [round(made["seconds"], 1) for made in (one, two)],
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return told


def _made(table: Path, epochs: int, precision: str, count: int, model: Path) -> dict[str, Any]:
    """Fit with `count` processes; return scores, what every epoch reached, predictions, and seconds of the fit."""
    devices = ("--devices", str(count))
    network = ("--preset", "metalink-paper", "--epochs", str(epochs), "--precision", precision)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    _weft("fit", table, "--out", model, *network, *devices, *ALONE)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    reveal = [word for ratio in RATIOS for word in ("--reveal", ratio)]
    scores: dict[str, Any] = json.loads(_weft("evaluate", model, table, *reveal, "--json", *ALONE))["reveal"]
    predicted = model.with_suffix(".csv")
    _weft("predict", model, table, "--out", predicted, *devices, *ALONE)
    frame = pl.read_csv(predicted, infer_schema_length=None)
    numbers = [name for name in frame.columns if name.endswith("_pred")]
    told = json.loads((model / "run.json").read_text())["configuration"]
    history: list[dict[str, float]] = told["state"]["history"][0]
    return {
        "means": {ratio: scores[ratio]["means"]["roc_auc"]["value"] for ratio in RATIOS},
        "tasks": {ratio: list(_values(scores[ratio]["tasks"])) for ratio in RATIOS},
        "history": history,
        "best": max(range(len(history)), key=lambda at: history[at]["score"]) + 1,
        "rows": frame.drop(numbers),
        "answers": frame.select(numbers).to_numpy().ravel().tolist(),
        "seconds": seconds,
    }


def _values(tasks: dict[str, dict[str, Any]]) -> Iterator[float]:
    for row in tasks.values():
        if row.get("roc_auc") is not None:
            yield row["roc_auc"]


def _most(one: Sequence[float | None], two: Sequence[float | None]) -> float:
    """Return the largest difference of two lists; rows that cannot be predicted have no number in either."""
    pairs = [(a, b) for a, b in zip(one, two, strict=True) if a is not None and b is not None]
    return max(abs(a - b) for a, b in pairs)


def _weft(*words: object) -> str:
    done = subprocess.run([sys.executable, "-m", "weft", *map(str, words)], check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
