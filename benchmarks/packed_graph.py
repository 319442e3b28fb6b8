"""Graphs on disk of three sizes, up to 10^7 nodes and 10^8 edges: packing, opening, steps, memory, and a whole fit.

    python benchmarks/packed_graph.py --work FOLDER [--only 1e5 1e6 1e7] [--out docs/results/packed_graph.json]

The graph of `large_graph.py` (customers, accounts and stations with features, four relations with hubs, three tasks
that only neighbours tell), generated chunk by chunk. At every size it is packed, opened, and trained on by batches
of 128 nodes per type with fan-outs 10 and 5, each in a process of its own on one thread; the largest is also given to
`weft fit`. Told are CPU seconds, times by the clock for opening, and the peak of resident memory, mapped pages
included, which the system counts as long as it has no other use for them. Rows of sizes that are not run again stay.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
from large_graph_data import EDGES, NODES, TASKS

#: Share of the full size of `large_graph.py`.
SIZES = {"1e5": 0.05, "1e6": 0.5, "1e7": 5.0}
CHUNK, LABELLED, STEPS = 1_000_000, 6_000, 40
#: Drawn edges that come twice are dropped, so some more are drawn.
MORE = 1.04
FIT = ["--members", "1", "--epochs", "1", "--batch-size", "128", "--fanout", "4", "--threads", "1", "--quiet"]


def main() -> None:
    """Run every step in a process of its own and write what they told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=list(SIZES), nargs="*", default=list(SIZES))
    parser.add_argument("--step", choices=["pack", "train"])
    given = parser.parse_args()
    if given.step:
        told = {"pack": pack, "train": train}[given.step](given.work / given.only[0], SIZES[given.only[0]])
        print(json.dumps({**told, "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    kept = json.loads(given.out.read_text())["rows"] if given.out and given.out.is_file() else {}
    for size in given.only:
        row: dict[str, Any] = {}
        for step in ("pack", "train"):
            row[step] = alone([__file__, "--work", given.work, "--only", size, "--step", step])
            print(size, step, row[step], flush=True)
        kept[size] = row
        write(given.out, kept)
        if SIZES[size] == max(SIZES.values()):
            row["fit"] = fit(given.work, given.work / size)
            print(size, "fit", row["fit"], flush=True)
            write(given.out, kept)
        shutil.rmtree(given.work / size)


def write(out: Path | None, rows: dict[str, Any]) -> None:
    """Write what was told so far."""
    if out is not None:
        note = {"threads": 1, "batch_per_type": 128, "fanout": [10, 5], "steps": STEPS, "fit": FIT}
        in_order = {size: rows[size] for size in SIZES if size in rows}
        out.write_text(json.dumps({**note, "rows": in_order}, indent=2) + "\n")


def alone(words: list[Any]) -> dict[str, Any]:
    """Run Python on one thread and return what it printed last."""
    one = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **one})
    return json.loads(done.stdout.splitlines()[-1])


def pack(folder: Path, scale: float) -> dict[str, Any]:
    """Pack the graph, then label some nodes by what is around them."""
    from weft.data.hetero import Relation
    from weft.data.stored_build import NodeSource, build_store, write_labels
    from weft.labels import LabelTable
    from weft.tasks import Task, TaskSet

    n = {kind: int(count * scale) for kind, (count, _) in NODES.items()}
    clock, cpu = time.perf_counter(), time.process_time()
    nodes = {
        kind: NodeSource(n[kind], width, lambda kind=kind, width=width: features(kind, n[kind], width))
        for kind, (_, width) in NODES.items()
    }
    edges = {
        Relation(*key): lambda key=key, m=m: pairs(key, n[key[0]], n[key[2]], int(m * scale * MORE))
        for key, m in EDGES.items()
    }
    tasks = TaskSet(tuple(Task(name, node_type=kind) for name, (kind, _, _) in TASKS.items()))
    store = build_store(folder, nodes, edges, LabelTable.empty(tasks, sum(n.values())))
    told = {"cpu_s": round(time.process_time() - cpu, 1), "wall_s": round(time.perf_counter() - clock, 1)}
    write_labels(folder, labels(store, tasks))
    size = sum(path.stat().st_size for path in folder.iterdir())
    edges_held = sum(found.shape[1] for found in store.edges.values())
    return {**told, "nodes": len(store), "edges": edges_held, "store_mb": round(size / 1e6)}


def features(kind: str, n: int, width: int) -> Iterator[np.ndarray]:
    """Give the features of a type, the same every time."""
    for first in range(0, n, CHUNK):
        draw = np.random.default_rng([list(NODES).index(kind), first])
        yield draw.standard_normal((min(CHUNK, n - first), width), np.float32)


def pairs(key: tuple[str, str, str], n_source: int, n_target: int, count: int) -> Iterator[np.ndarray]:
    """Give edges: sources nearly even, a few targets with a great share, neighbours far apart."""
    for first in range(0, count, CHUNK):
        draw = np.random.default_rng([100 + list(EDGES).index(key), first])
        m = min(CHUNK, count - first)
        source = (draw.random(m) ** 1.2 * n_source).astype(np.int64)
        target = (draw.random(m) ** 2.5 * n_target).astype(np.int64)
        yield np.stack([scattered(source, n_source), scattered(target, n_target)])


def scattered(at: np.ndarray, n: int) -> np.ndarray:
    """Give every number below `n` another one."""
    step = next(step for step in range(int(0.618 * n), n) if gcd(step, n) == 1)
    return (at * step + 7) % n


def labels(store: Any, tasks: Any) -> Any:
    """Label some nodes by a weighted mean of the features at the other end of one relation, and noise."""
    from weft.labels import LabelTable

    draw = np.random.default_rng(0)
    row, col, value = [], [], []
    for at, (kind, name, share) in enumerate(TASKS.values()):
        relation = next(found for found in store.edges if found.name == name)
        inward = relation.target == kind
        side, other = (store.into(relation), relation.source) if inward else (store.out_of(relation), relation.target)
        dense = store.nodes[other].dense
        weight = draw.normal(size=dense.shape[1]).astype(np.float32)
        chosen = np.unique(draw.integers(0, store.nodes[kind].n, 4 * LABELLED))
        chosen = np.sort(draw.permutation(chosen[np.asarray(side.degree[chosen]) > 0])[:LABELLED])
        start, degree = np.asarray(side.start[chosen]), np.asarray(side.degree[chosen])
        mean = np.array(
            [
                float((dense[np.sort(side.other[a : a + min(d, 2000)])] @ weight).mean())
                for a, d in zip(start, degree, strict=True)
            ]
        )
        score = mean + 0.3 * mean.std() * draw.normal(size=len(mean))
        row.append(chosen + store.offset[kind])
        col.append(np.full(len(chosen), at))
        value.append((score > np.quantile(score, 1 - share)).astype(float))
    return LabelTable(tasks, len(store), *(np.concatenate(part) for part in (row, col, value)))


def train(folder: Path, _: float) -> dict[str, Any]:
    """Open the graph and train on it by batches."""
    import torch
    from large_graph_training import Training

    from weft.data.stored_graph import StoredGraph
    from weft.hetero.products import plain_products
    from weft.hetero.topology import build_topology

    torch.set_num_threads(1)
    torch.manual_seed(0)
    store, opened = StoredGraph.open(folder), []  # the first time brings in libraries
    for _ in range(5):
        clock = time.perf_counter(), time.process_time()
        store = StoredGraph.open(folder)
        build_topology(store)
        opened.append((time.perf_counter() - clock[0], time.process_time() - clock[1]))
    open_s, open_cpu_s = (round(min(column), 3) for column in zip(*opened, strict=True))
    training = Training(store)
    with plain_products():
        before = training.auc()
        told = training.run(STEPS)
        return {"open_s": open_s, "open_cpu_s": open_cpu_s, **told, "auc_before": before, "auc_after": training.auc()}


def fit(work: Path, folder: Path) -> dict[str, Any]:
    """Run `weft fit` on the graph and tell what it took."""
    shutil.rmtree(work / "model", ignore_errors=True)
    clock = time.perf_counter()
    command = [sys.executable, "-m", "weft", "fit", str(folder), "--out", str(work / "model"), *FIT, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"weft fit ended with {status}")
    parts = json.loads((work / "model" / "metrics.json").read_text())
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "wall_s": round(time.perf_counter() - clock, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
        "test": {task: m["roc_auc"] for task, m in next(iter(parts["test"].values()))["tasks"].items()},
    }


if __name__ == "__main__":
    main()
