"""How long a server takes: a what-if on a molecule seen before, and 64 molecules in one request.

    python benchmarks/serve_latency.py MODEL TABLE [OUT.json]

MODEL is a folder of `weft fit`, TABLE its training table (its SMILES are asked about). Wall time is measured at the
client, HTTP included, CPU time in the server's process; on a machine with other work the former tells of that work,
too, so that median, best and the machine's load are kept.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import httpx
from serve_process import Server, serving

from weft.data.columns import plan_columns
from weft.data.tables import read_table
from weft.files import write_json

REPEATS, MANY, LONGEST = 40, 64, 1000


def timed(server: Server, ask: Callable[[], httpx.Response], repeats: int) -> dict[str, float]:
    """Return median, 90th percentile and best of some requests, milliseconds."""
    wall: list[float] = []
    start = server.cpu()
    for _ in range(repeats):
        begun = time.perf_counter()
        answer = ask()
        wall.append(1000 * (time.perf_counter() - begun))
        if answer.status_code != 200:
            raise SystemExit(answer.text)
    cpu = 1000 * (server.cpu() - start) / repeats
    told = {"median_ms": median(wall), "p90_ms": sorted(wall)[int(0.9 * repeats)], "best_ms": min(wall)}
    return {name: round(value, 1) for name, value in {**told, "server_cpu_ms": cpu}.items()}


def what_ifs(client: httpx.Client, smiles: str, tasks: list[str]) -> Callable[[], httpx.Response]:
    """Return what asks one molecule's what-if, every time with another change."""
    known = {task: k % 2 for k, task in enumerate(tasks[: len(tasks) // 2])}
    turn = iter(range(10**9))

    def ask() -> httpx.Response:
        k = next(turn)
        changes = {tasks[k % len(tasks)]: (k // len(tasks)) % 2}
        return client.post("/api/what-if", json={"smiles": smiles, "known": known, "changes": changes})

    return ask


def predictions(client: httpx.Client, batches: Iterator[list[str]]) -> Callable[[], httpx.Response]:
    """Return what asks for the next molecules, all at once."""
    return lambda: client.post("/api/predict", json={"items": [{"smiles": text} for text in next(batches)]})


def measure(server: Server, smiles: list[str]) -> dict[str, object]:
    """Return the times of a server."""
    with httpx.Client(base_url=server.address, timeout=120) as client:
        tasks = [task["name"] for task in client.get("/api/model").json()["tasks"] if task["kind"] == "binary"]
        ask = what_ifs(client, smiles[0], tasks)
        ask()
        warm = timed(server, ask, REPEATS)
        one = predictions(client, iter([text] for text in smiles[1:]))
        first = timed(server, one, REPEATS)
        batches = [smiles[k : k + MANY] for k in range(100, 100 + 10 * MANY, MANY)]
        new = timed(server, predictions(client, iter(batches)), len(batches))
        again = timed(server, predictions(client, iter(batches)), len(batches))
    return {"what_if_warm": warm, "one_new_molecule": first, "64_new_molecules": new, "64_molecules_again": again}


def main() -> None:
    """Measure and tell."""
    model, table = Path(sys.argv[1]), read_table(sys.argv[2])
    column = plan_columns(table, tasks=[]).smiles
    smiles = [text for text in dict.fromkeys(table.frame[column]) if text and len(text) <= LONGEST]
    before = os.getloadavg()[0]
    with serving(model, "--threads", "1") as server:
        times = measure(server, smiles)
    about = {
        "model": json.loads((model / "model.json").read_text())["predictor"],
        "data": Path(sys.argv[2]).name,
        "cores": os.cpu_count(),
        "load": [round(before, 1), round(os.getloadavg()[0], 1)],
        "python": platform.python_version(),
        "threads": 1,
    }
    print(json.dumps({**about, **times}, indent=2))
    if len(sys.argv) > 3:
        write_json(sys.argv[3], {**about, **times})


if __name__ == "__main__":
    main()
