"""How long the default takes to train, and how many molecules a second it answers from cached features.

    python benchmarks/default_speed.py sider tox21 --threads 2 --shelf /tmp/shelf
    python benchmarks/default_speed.py sider --threads 1 --model MODEL

Scaffold split 0, or a folder of `weft fit` on the table (`--model`), whose fit is not timed. Training counts every
stage: what the shelf already holds, with the time it took when it was made (with the threads of then). Answers are
timed over all molecules of the table, features in memory, once with nothing known and once with half of each
molecule's labels shown; the first such pass is left out.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from weft.benchmark.cost import Clock
from weft.benchmark.molecule_data import MoleculeSet, load_set
from weft.files import write_json
from weft.labels import Shown
from weft.metalink.model import MetaLinkPredictor
from weft.saved import load
from weft.settings import reveal
from weft.training.run import Run
from weft.training.shelf import Shelf

_PASSES = 3


def main() -> None:
    """Time every table and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--shelf", type=Path, help="folder of learnt stages")
    how.add_argument("--model", type=Path, help="a fitted model, of one table")
    parser.add_argument("--out", type=Path, default=Path("docs/results/default_speed.json"))
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    found = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for name in arguments.data:
        held = load_set(name)
        model, told = fitted(held, arguments) if arguments.shelf else (load(arguments.model), {})
        rates = answered(held, model)
        told = {"molecules": len(held.data), "threads": arguments.threads, **told, **rates}
        found[name] = {key: round(value, 1) for key, value in told.items()}
        print(name, found[name])
        write_json(arguments.out, found)


def fitted(held: MoleculeSet, arguments: argparse.Namespace) -> tuple[MetaLinkPredictor, dict[str, float]]:
    """Fit on split 0; return the model and what the fit took."""
    split, shelf = held.split(0), Shelf(arguments.shelf)
    _make_features(held)
    model, training = MetaLinkPredictor(), Clock()
    seen = held.labels.on_rows(np.concatenate([split.train, split.val]))
    model.fit(held.data, seen, split, Run(0, threads=arguments.threads, shelf=shelf))
    return model, {"fit_cpu_s": training.cpu_s + shelf.cpu_s, "fit_wall_s": training.wall_s + shelf.wall_s}


def answered(held: MoleculeSet, model: Any) -> dict[str, float]:
    """Answer for the whole table; return molecules per second."""
    _make_features(held)
    told: dict[str, float] = {}
    labels = held.labels.take_tasks(model.tasks.names)
    shown = {"nothing": Shown.nothing(labels.tasks, len(held.data)), "half": reveal(labels, 0.5, 0).shown}
    for word, known in shown.items():
        rates = [_rate(model, held, known) for _ in range(_PASSES)][1:]
        told |= {f"per_s_{word}": max(wall for wall, _ in rates), f"per_cpu_s_{word}": max(cpu for _, cpu in rates)}
    return told


def _make_features(held: MoleculeSet) -> None:
    for kind in held.data.kinds:
        if kind != "graph":
            held.data.dense(kind)


def _rate(model: Any, held: MoleculeSet, known: Shown) -> tuple[float, float]:
    """Return molecules answered per second by the clock, and per CPU second."""
    wall, cpu = time.monotonic(), time.process_time()
    model.predict_encoded(model.encode(held.data), known)
    return len(held.data) / (time.monotonic() - wall), len(held.data) / (time.process_time() - cpu)


if __name__ == "__main__":
    main()
