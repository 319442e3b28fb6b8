"""Mini-batch training on a generated graph of 2 million nodes and 20 million edges, and on a tenth of it.

    python benchmarks/large_graph.py [--out docs/results/large_graph.json]

Customers, accounts and stations with 16 to 32 dense features; four relations with hubs; three tasks whose labels are
means over the features of neighbours under one relation each, so that a node's own features say nothing. Each size
runs in a process of its own on one thread: the whole graph is made, checked and sorted there, then the network is
trained by sampled batches. Told are the process's peak of memory, how much of it training added to the graph, the
memory after a third of the steps and at the end, CPU time of sampling and of all else in a step, the size of batches,
ROC AUC on nodes that were not trained on, before and after, and the time of the sampler against a plain loop over
nodes (PyG's loaders need compiled extensions that come with no install of plain wheels here).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from large_graph_data import make
from large_graph_loop import one_by_one
from large_graph_training import BATCH, DIM, FANOUT, Training, peak, resident

SIZES = {"200k": 0.1, "2M": 1.0}


def main() -> None:
    """Run every size in a process of its own and write what they told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--size", choices=list(SIZES), help="run this size here and print its row")
    parser.add_argument("--only", choices=list(SIZES), nargs="*", default=list(SIZES))
    arguments = parser.parse_args()
    if arguments.size:
        print(json.dumps(case(SIZES[arguments.size], arguments.steps)))
        return
    rows: list[dict[str, Any]] = []
    for size in arguments.only:
        command = [sys.executable, __file__, "--size", size, "--steps", str(arguments.steps)]
        told = subprocess.run(command, capture_output=True, check=True, text=True, env=_environment())
        rows.append({"size": size, **json.loads(told.stdout.splitlines()[-1])})
        print(json.dumps(rows[-1], indent=2), flush=True)
    if arguments.out:
        import torch

        note = {"torch": torch.__version__, "machine": platform.processor() or platform.machine(), "threads": 1}
        settings = {"fanout": FANOUT, "batch_per_type": BATCH, "dim": DIM}
        arguments.out.write_text(json.dumps({**note, **settings, "rows": rows}, indent=2) + "\n")


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def case(scale: float, steps: int) -> dict[str, Any]:
    """Make the graph, train, and tell."""
    import torch

    from weft.hetero.products import plain_products

    torch.set_num_threads(1)
    torch.manual_seed(0)
    clock = time.process_time()
    training = Training(make(scale))
    made = time.process_time() - clock
    with plain_products():
        return {**training.sizes(), "graph_cpu_s": round(made, 1), **measure(training, steps)}


def measure(training: Training, steps: int) -> dict[str, Any]:
    """Train between two looks at the nodes held out, and tell."""
    before = training.auc()
    before_training, making = resident(), peak()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    told = training.run(steps)
    training_peak = peak()
    return {
        "graph_mb": round(before_training),
        "training_adds_mb": round(training_peak - before_training),
        "peak_rss_mb": round(max(making, training_peak)),
        "steps": steps,
        **told,
        "auc_before": before,
        "auc_after": training.auc(),
        **compare_samplers(training),
    }


def compare_samplers(training: Training, rounds: int = 5) -> dict[str, float]:
    """Return the median CPU time of a batch's sampling, ours and by a loop over nodes, in turn."""
    import torch

    draw, ours, plain = np.random.default_rng(0), [], []
    generator = torch.Generator().manual_seed(0)
    for _, (seeds, _) in zip(range(rounds), training.stream(), strict=False):
        start = time.process_time()
        training.sampler.sample(seeds, generator)
        middle = time.process_time()
        one_by_one(training.sampler.topology, seeds, FANOUT, draw)
        ours.append(middle - start)
        plain.append(time.process_time() - middle)
    ratio = statistics.median(b / a for a, b in zip(ours, plain, strict=True))
    return {
        "sampler_cpu_s": round(statistics.median(ours), 4),
        "loop_cpu_s": round(statistics.median(plain), 4),
        "loop_to_sampler": round(ratio, 1),
    }


if __name__ == "__main__":
    main()
