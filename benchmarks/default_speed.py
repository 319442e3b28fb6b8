"""How long the default takes to train, and how many molecules a second it answers from cached features.

    python benchmarks/default_speed.py sider tox21 --threads 2 --shelf /tmp/shelf

Scaffold split 0. Training counts every stage: what the shelf already holds, with the time it took when it was made
(with the threads of then). Answers are timed over all molecules of the table, features in memory, once with nothing
known and once with half of each molecule's labels shown; the first such pass is left out.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from weft.benchmark.cost import Clock
from weft.benchmark.molecule_data import MoleculeSet, load_set
from weft.files import write_json
from weft.labels import Shown
from weft.metalink.model import MetaLinkPredictor
from weft.settings import reveal
from weft.training.run import Run
from weft.training.shelf import Shelf

_PASSES = 3


def main() -> None:
    """Time every table and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shelf", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/results/default_speed.json"))
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    found = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for name in arguments.data:
        found[name] = timed(load_set(name), arguments.threads, arguments.shelf)
        print(name, found[name])
        write_json(arguments.out, found)


def timed(held: MoleculeSet, threads: int, folder: Path) -> dict[str, float]:
    """Fit on split 0 and answer for the whole table."""
    split, shelf = held.split(0), Shelf(folder)
    for kind in held.data.kinds:
        if kind != "graph":
            held.data.dense(kind)
    model, training = MetaLinkPredictor(), Clock()
    seen = held.labels.on_rows(np.concatenate([split.train, split.val]))
    model.fit(held.data, seen, split, Run(0, threads=threads, shelf=shelf))
    told = {"fit_cpu_s": training.cpu_s + shelf.cpu_s, "fit_wall_s": training.wall_s + shelf.wall_s}
    shown = {"nothing": Shown.nothing(held.labels.tasks, len(held.data)), "half": reveal(held.labels, 0.5, 0).shown}
    for word, known in shown.items():
        rates = [_rate(model, held, known) for _ in range(_PASSES)][1:]
        told |= {f"per_s_{word}": max(wall for wall, _ in rates), f"per_cpu_s_{word}": max(cpu for _, cpu in rates)}
    return {"molecules": len(held.data), "threads": threads, **{key: round(value, 1) for key, value in told.items()}}


def _rate(model: MetaLinkPredictor, held: MoleculeSet, known: Shown) -> tuple[float, float]:
    """Return molecules answered per second by the clock, and per CPU second."""
    wall, cpu = time.monotonic(), time.process_time()
    model.predict_encoded(model.encode(held.data), known)
    return len(held.data) / (time.monotonic() - wall), len(held.data) / (time.process_time() - cpu)


if __name__ == "__main__":
    main()
