"""The knowledge-graph layer by matrix products against the same layer edge by edge.

    python benchmarks/kg_layer.py [--out docs/results/kg_layer.json]

One forward and backward pass of both directions of messages (data to task, task to data) for 256 data, 256
wide, with 12, 617 and 5000 binary tasks of which 30 % are known. Both forms are run in turn in one process on one
thread; the median of the pairs' ratios is reported, with each form's median CPU time and the largest difference
between their results.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from weft.metalink.columns import ColumnLabels
from weft.metalink.layer import GatedMessage

ROWS, DIM, KNOWN = 256, 256, 0.3


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measure(tasks, arguments.rounds) for tasks in (12, 617, 5000)]
    for row in rows:
        print(
            f"{row['tasks']:>5} tasks, {row['edges']:>7} edges: products {row['products_ms']:9.2f} ms, per edge"
            f" {row['per_edge_ms']:9.2f} ms, ratio {row['ratio']:6.1f}, largest difference {row['difference']:.1e}"
        )
    if arguments.out:
        note = {"torch": torch.__version__, "machine": platform.processor() or platform.machine(), "threads": 1}
        arguments.out.write_text(json.dumps({**note, "rows": rows}, indent=2) + "\n")


def measure(tasks: int, rounds: int) -> dict[str, float]:
    torch.manual_seed(0)
    known = (torch.rand(ROWS, tasks) < KNOWN).float()
    labels = ColumnLabels(known, (torch.rand(ROWS, tasks) < 0.5).float() * known, torch.zeros(tasks, dtype=torch.bool))
    to_task, to_data = GatedMessage(DIM), GatedMessage(DIM)
    h, t = torch.randn(ROWS, DIM, requires_grad=True), torch.randn(tasks, DIM, requires_grad=True)

    def products() -> tuple[torch.Tensor, torch.Tensor]:
        return to_task(h, labels, True), to_data(t, labels, False)

    def per_edge() -> tuple[torch.Tensor, torch.Tensor]:
        return to_task.per_edge(h, labels, True), to_data.per_edge(t, labels, False)

    difference = max(float((a - b).detach().abs().max()) for a, b in zip(products(), per_edge(), strict=True))
    times = [(clock(products), clock(per_edge)) for _ in range(rounds + 1)][1:]
    return {
        "tasks": tasks,
        "edges": int(known.sum()),
        "products_ms": statistics.median(a for a, _ in times) * 1e3,
        "per_edge_ms": statistics.median(b for _, b in times) * 1e3,
        "ratio": statistics.median(b / a for a, b in times),
        "difference": difference,
    }


def clock(form: Callable[[], tuple[torch.Tensor, torch.Tensor]], least: float = 0.2) -> float:
    """CPU seconds of one forward and backward pass, over enough passes to fill `least` seconds."""
    count, start = 0, time.process_time()
    while time.process_time() - start < least:
        sum(out.square().sum() for out in form()).backward()
        count += 1
    return (time.process_time() - start) / count


if __name__ == "__main__":
    main()
