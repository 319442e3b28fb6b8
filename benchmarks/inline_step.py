"""One training step of InLINE as released on DBLP: CPU seconds and memory, against the same formulas written plainly.

    python benchmarks/inline_step.py FOLDER_OF_DBLP [--out docs/results/inline_step.json]

Three layers, 64 wide, dropout one half, sparse inputs, the published output layer and loss, backward pass and AdamW,
on one thread. Every line is a process of its own (peak memory is the process's), and the lines take turns `--rounds`
times: what is reported is the median step over all of them. `slow` is `benchmarks/inline_slow.py`; `labels` are as many
labels in two multi-label tasks instead of as many tasks with experts of their own. Beyond 8 tasks gates choose within
groups of 8 (`TrunkConfig.group`), and the experts of more than 4 tasks are narrower (`TrunkConfig.narrow`), 48 numbers
for 8 and 32 for 32 tasks, unless `wide` keeps them at 64; the published ones have no groups and one width. The figures
of the released code were measured elsewhere and cannot be run here: they are shown beside, and not compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from inline_slow import slow_forward

from weft.data.graph_npz import read_npz_graph
from weft.hetero.features import FeatureScaler
from weft.hetero.inputs import InputConfig, InputProjection, Widths
from weft.hetero.layer import LayerConfig
from weft.hetero.paper_loss import probability_bce
from weft.hetero.topology import build_topology
from weft.hetero.trunks.base import Families, TrunkConfig, build_trunk
from weft.memory import keep_freed_memory

LAYER = LayerConfig(64, 0.5, 0.5, relation_dim=64, merge_by="layer", norm="none", activation="elu")
RELEASED = {"published": {"cpu_s": 21, "rss_gb": 3.5}, "sparse products repaired": {"cpu_s": 1.84, "rss_gb": 2.0}}
KINDS, CLASSES, LABELLED = ("author", "paper"), (4, 20), (974, 8596)
#: line -> tasks, form, steps in each process
LINES = {
    "2 tasks": (2, "weft", 12),
    "2 tasks, slow": (2, "slow", 3),
    "8 tasks": (8, "weft", 4),
    "8 tasks, wide": (8, "wide", 4),
    "32 tasks": (32, "weft", 2),
    "32 tasks, wide": (32, "wide", 2),
    "8 labels": (8, "labels", 8),
    "32 labels": (32, "labels", 8),
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--line", choices=LINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.line:
        print(json.dumps(measure(arguments.graph, *LINES[arguments.line])))
        return
    rounds = [{name: run(arguments.graph, name) for name in LINES} for _ in range(arguments.rounds)]
    rows = {name: summary(name, [each[name] for each in rounds]) for name in LINES}
    for name, row in rows.items():
        print(f"{name:>14}: {row['cpu_s']:7.3f} CPU s a step (least {row['least_s']:.3f}), {row['rss_gb']:.2f} GB")
    print("released, measured elsewhere:", RELEASED)
    note = {"torch": torch.__version__, "machine": platform.processor() or platform.machine(), "threads": 1}
    if arguments.out:
        growth = {f"{b} for {a}": rows[b]["cpu_s"] / rows[a]["cpu_s"] for a, b in pairs()}
        found = {**note, "rows": list(rows.values()), "growth": growth, "released_elsewhere": RELEASED}
        arguments.out.write_text(json.dumps(found, indent=2) + "\n")


def pairs() -> list[tuple[str, str]]:
    return [
        ("2 tasks", "8 tasks"),
        ("8 tasks", "32 tasks"),
        ("2 tasks", "8 tasks, wide"),
        ("8 tasks, wide", "32 tasks, wide"),
        ("2 tasks", "8 labels"),
        ("8 labels", "32 labels"),
    ]


def run(graph: Path, line: str) -> dict:
    command = [sys.executable, __file__, str(graph), "--line", line]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def summary(name: str, found: list[dict]) -> dict:
    steps = [step for each in found for step in each.pop("steps")]
    peak = max(each["rss_gb"] for each in found)
    times = {"cpu_s": statistics.median(steps), "least_s": min(steps), "steps": len(steps)}
    return {"line": name, **found[0], "rss_gb": peak, **times}


def measure(path: Path, tasks: int, form: str, count: int) -> dict:
    """Run steps of one line and return their CPU seconds."""
    keep_freed_memory()
    graph = read_npz_graph(path)
    topology, scaler = build_topology(graph, KINDS), FeatureScaler.fit(graph, raw=True)
    inputs = {kind: scaler.inputs(kind, table) for kind, table in graph.nodes.items()}
    families = 2 if form == "labels" else tasks
    kinds = tuple(KINDS[t % 2] for t in range(families))
    widths = tuple(tasks // 2 if form == "labels" else CLASSES[t % 2] for t in range(families))
    config = TrunkConfig(
        3, LAYER, gate_sees="state", gate_prior=False, gate_spread=1e-4, gate_twice=True, first_residual=False,
        widths=widths, narrow=0 if form == "wide" else TrunkConfig.narrow,
    )  # fmt: skip
    torch.manual_seed(0)
    trunk = build_trunk("inline", topology.schema, Families(tuple(map(str, range(families))), kinds), config)
    project = InputProjection({k: width(t) for k, t in graph.nodes.items()}, 1, InputConfig(64, 0.0, 0.0))
    parameters = [*trunk.parameters(), *project.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0)
    targets = [(torch.randperm(graph.nodes[k].n)[: LABELLED[t % 2]], c) for t, (k, c) in enumerate(zip(kinds, widths, strict=True))]  # fmt: skip  # noqa: E501
    labels = [(row, torch.eye(c)[torch.randint(c, (len(row),))]) for row, c in targets]

    def forward() -> list[torch.Tensor]:
        x = project(inputs, {})
        return slow_forward(trunk, x, topology) if form == "slow" else trunk(x, topology)

    def step() -> float:
        start = time.process_time()
        optimizer.zero_grad()
        found = zip(forward(), labels, strict=True)
        sum(probability_bce(o[row], y, exclusive=form != "labels") for o, (row, y) in found).backward()
        optimizer.step()
        return time.process_time() - start

    step()
    times = [step() for _ in range(count)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    note = {"parameters": sum(p.numel() for p in parameters), "rss_gb": peak, "steps": times}
    if form == "slow":
        trunk.eval()
        with torch.no_grad():
            both = zip(forward(), trunk(project(inputs, {}), topology), strict=True)
            note["difference"] = max(float((a - b).abs().max()) for a, b in both)
    return note


def width(table) -> Widths:
    return Widths(table.n, *(0 if x is None else x.shape[1] for x in (table.dense, table.sparse)))


if __name__ == "__main__":
    main()
