"""A hundred million labels built into a store and sampled: time and peak memory.

    python benchmarks/label_store.py --work FOLDER [--labels 100000000] [--out docs/results/label_store.json]

Ten labels of 1000 tasks on each of ten million data, in chunks of data far apart. Building, opening, episodes of 256
data and a support of 16 labels per class of every task are each done in a process of its own on one thread; told are
times and the process's peak of resident memory, mapped pages included.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

TASKS, PER_ROW = 1000, 10


def main() -> None:
    """Run each step in a process of its own and write what it told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--labels", type=int, default=100_000_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", choices=["build", "sample"])
    given = parser.parse_args()
    if given.step:
        told = {"build": build, "sample": sample}[given.step](given.work, given.labels // PER_ROW)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**told, "peak_mb": round(peak)}))
        return
    rows: dict[str, Any] = {"labels": given.labels, "tasks": TASKS, "data": given.labels // PER_ROW}
    for step in ("build", "sample"):
        command = [sys.executable, __file__, "--work", str(given.work), "--labels", str(given.labels), "--step", step]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows[step] = json.loads(done.stdout)
        print(step, rows[step], flush=True)
    if given.out:
        given.out.write_text(json.dumps(rows, indent=2) + "\n")


def build(work: Path, n_rows: int) -> dict[str, Any]:
    """Build the store from chunks."""
    from weft.label_store import LabelStore

    clock, cpu = time.perf_counter(), time.process_time()
    store = LabelStore.build(work / "labels", tasks(), n_rows, chunks(n_rows))
    size = sum(path.stat().st_size for path in (work / "labels").iterdir())
    told = {"wall_s": round(time.perf_counter() - clock, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    return {**told, "store_mb": round(size / 1e6), "labels": len(store)}


def sample(work: Path, _: int) -> dict[str, Any]:
    """Open the store, draw episodes and a support."""
    from weft.label_store import LabelStore
    from weft.settings import reveal_at_random

    clock = time.perf_counter()
    store = LabelStore.open(work / "labels")
    opened = time.perf_counter() - clock
    rng = np.random.default_rng(0)
    cpu = time.process_time()
    for _ in range(1000):
        _, labels = store.draw(256, rng)
        reveal_at_random(labels, rng)
    episode = (time.process_time() - cpu) / 1000
    cpu = time.process_time()
    support = store.support(16, rng)
    told = {"open_s": round(opened, 4), "episode_ms": round(1000 * episode, 2)}
    return {**told, "support_cpu_s": round(time.process_time() - cpu, 1), "support_labels": len(support)}


def tasks() -> Any:
    """Return the tasks."""
    from weft.tasks import TaskSet

    return TaskSet.binary([f"t{at}" for at in range(TASKS)])


def chunks(n_rows: int) -> Any:
    """Give all labels, in chunks of data far apart."""
    from weft.labels import LabelTable

    rng, own, count = np.random.default_rng(0), tasks(), 50
    for part in range(count):
        row = np.arange(part, n_rows, count)
        first = rng.integers(0, TASKS, len(row))
        col = (first[:, None] + np.arange(PER_ROW) * 97) % TASKS
        value = (rng.random(col.shape) < 0.02 + 0.4 * col / TASKS).astype(np.float64)
        yield LabelTable(own, n_rows, np.repeat(row, PER_ROW), col.ravel(), value.ravel())


if __name__ == "__main__":
    main()
