"""Training on a CUDA card: against the machine's own processor, against chemprop on the same card, and its ceilings.

    python benchmarks/gpu.py tox21.csv.gz FOLDER_OF_DBLP [--peer] [--out docs/results/gpu.json]

`--peer` needs chemprop in the same Python (its RDKit pin does not matter here). Every
figure is the median of five rounds in this one run; a ratio is of two figures of it. Operations are those of matrix
products. Steps hold everything from drawing row numbers to the optimiser's step.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import traceback
from pathlib import Path

import torch
from gpu_graphs import inline
from gpu_molecules import Table, metalink, ours, peers
from gpu_timing import ceilings, flops, seconds

from weft.devices import told

#: Molecules of a batch, steps that warm up, steps of a round: on the card.
SIZES = {64: (10, 30), 512: (10, 20), 4096: (5, 10)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--no-cpu", action="store_true")
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    note = {"card": told("cuda")["name"], "processor": told("cpu")["name"], "threads": arguments.threads}
    note |= {"torch": torch.__version__, "python": platform.python_version()}
    print(note, flush=True)
    found = {**note, "ceilings": ceilings(), "rows": []}
    print(found["ceilings"], flush=True)
    for name, measure in lines(arguments).items():
        start = time.perf_counter()
        try:
            row = {"line": name, **measure()}
        except Exception:  # one line less, not all of them
            row = {"line": name, "failed": traceback.format_exc()[-1500:]}
        print(f"{json.dumps(row)}  [{time.perf_counter() - start:.0f} s]", flush=True)
        found["rows"].append(row)
        if arguments.out:
            arguments.out.write_text(json.dumps(found, indent=1) + "\n")


def lines(arguments: argparse.Namespace) -> dict:
    """Return what to measure: name -> a function that returns figures."""
    table, graph = Table(arguments.table), arguments.graph
    found = {}
    for size, steps in SIZES.items():
        for precision in ("float32", "bfloat16"):
            found[f"d-mpnn {size} {precision}"] = lambda s=size, n=steps, p=precision: molecules(
                ours(table, "cuda", s, p), s, *n, count=p == "float32"
            )
            found[f"metalink {size} {precision}"] = lambda s=size, n=steps, p=precision: molecules(
                metalink(table, "cuda", s, p), 2 * s, *n, count=p == "float32"
            )
    if arguments.peer:
        for size in SIZES:
            found[f"chemprop {size} with its loader"] = lambda s=size: molecules(
                peers(table, "cuda", s, loader=True), s, 3, 5
            )
            found[f"chemprop {size} batches on the card"] = lambda s=size: molecules(
                peers(table, "cuda", s, loader=False), s, 8, 10
            )
    for preset in ("inline-paper", "default"):
        found[f"inline {preset}"] = lambda p=preset: whole(inline(graph, "cuda", p), 5, 10)
    if not arguments.no_cpu:
        for size in (64, 512):
            found[f"d-mpnn {size} cpu"] = lambda s=size: molecules(ours(table, "cpu", s), s, 2, 4, device="cpu")
            found[f"metalink {size} cpu"] = lambda s=size: molecules(
                metalink(table, "cpu", s), 2 * s, 2, 4, device="cpu"
            )
        for preset in ("inline-paper", "default"):
            found[f"inline {preset} cpu"] = lambda p=preset: whole(inline(graph, "cpu", p), 1, 2, "cpu")
    return found


def molecules(step, size: int, warm: int, repeats: int, device: str = "cuda", count: bool = False) -> dict:
    took = seconds(step, device, warm, repeats, 3 if device == "cpu" else 5)
    found = {"batch": size, "ms": round(took * 1e3, 3), "molecules_s": round(size / took)}
    return {**found, "gflop": round(flops(step) / 1e9, 2)} if count else found


def whole(step, warm: int, count: int, device: str = "cuda") -> dict:
    return {"ms": round(seconds(step, device, warm, count, 3) * 1e3, 2)}


if __name__ == "__main__":
    main()
