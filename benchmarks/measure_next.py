"""Replay: does measuring what `measure_next` says pay, against measuring at random and measuring the most uncertain?

    python benchmarks/measure_next.py --work /tmp/measure_next --data ../data/sider.csv.gz --seeds 0 1 2

For every table and seed `weft fit FILE --split scaffold --seed S` makes a model (folders that are there are used
again). A test molecule starts with nothing known; five times a policy picks one of the tasks that it has labels of,
and that label is shown. Two replays:

* `remaining`: any labelled task may be measured, all are to be known. Told is the mean log-loss over the labelled
  tasks that are not measured yet. Picks differ between policies, and so do the tasks that remain: it pays to measure
  what is hard, and what tells about the rest.
* `targets`: half of the labelled tasks, drawn at random, are targets that cannot be measured; the others can. Told is
  the mean log-loss over the targets, the same for all policies: only what a label tells about others pays. The mean
  over several such halves of every molecule.

Policies: `measure_next`, `uncertain` (the largest entropy of the task's own answer), `random` (mean of several orders).
Molecules with fewer than `LEAST` labels are left out; `--most` draws a sample of the others. A line of `--out` is one
policy on one split: `losses` holds, per molecule, the log-loss after 0 to 5 labels. What is there is not run again.
`--part val` replays validation molecules, which is where variants were compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from weft.data.molecules import Molecules
from weft.explain.asker import Asker
from weft.explain.measure import gains
from weft.explain.uncertainty import uncertainty
from weft.files import write_json
from weft.labels import LabelTable, Shown
from weft.saved import load

LEAST, STEPS, DRAWS = 8, 5, 5
POLICIES = ("measure_next", "uncertain", "random")
REPLAYS = ("remaining", "targets")


def main() -> None:
    """Run what is missing, then print means with bootstrap intervals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--part", default="test", choices=["test", "val"])
    parser.add_argument("--most", type=int, default=10**9, help="molecules replayed per split")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--summary", type=Path, help="where to write means and intervals")
    arguments = parser.parse_args()
    done = {(row["data"], row["seed"], row["part"]) for row in read(arguments.out)}
    for file in arguments.data:
        for seed in arguments.seeds:
            head = {"data": file.name.split(".")[0], "seed": seed, "part": arguments.part}
            if tuple(head.values()) not in done:
                found = run(file, head, arguments.work, arguments.most)
                with arguments.out.open("a") as stream:
                    stream.writelines(json.dumps(row) + "\n" for row in found)
    rows = [row for row in read(arguments.out) if row["part"] == arguments.part]
    found = summary(rows)
    show(found)
    if arguments.summary:
        write_json(arguments.summary, found)


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run(file: Path, head: dict, work: Path, most: int) -> list[dict]:
    """Replay one split."""
    folder = work / f"{head['data']}-{head['seed']}"
    if not (folder / "model.json").exists():
        options = ["--split", "scaffold", "--seed", str(head["seed"]), "--threads", "1", "--quiet", "--resume"]
        subprocess.run([sys.executable, "-m", "weft", "fit", str(file), "--out", str(folder), *options], check=True)
    model = load(folder)
    frame = pl.read_csv(file, infer_schema_length=None)
    smiles = next(name for name in frame.columns if name not in model.tasks.names)
    labels = LabelTable.from_wide(model.tasks, frame)
    part = pl.read_parquet(folder / "split.parquet").filter(part=head["part"])["row"].to_numpy()
    rows = np.sort(part[labels.row_counts()[part] >= LEAST])
    rng = np.random.default_rng(head["seed"])
    rows = np.sort(rng.choice(rows, most, replace=False)) if len(rows) > most else rows
    data = Molecules.from_smiles(frame[smiles].to_list(), workers=1).take(rows)
    rows, data = rows[data.ok], data.take(np.flatnonzero(data.ok))
    asker = Asker(model, data, Shown.nothing(model.tasks, len(rows)))
    values, observed = labels.take(rows).to_dense()
    told = []
    for replay in REPLAYS:
        draws = [parts(observed, replay, rng) for _ in range(DRAWS)]
        for policy in POLICIES:
            start = time.process_time()
            # where nothing is drawn, one replay tells all
            repeats = 1 if replay == "remaining" and policy != "random" else DRAWS
            losses = np.mean([
                play(asker, values, *draws[draw], policy, np.random.default_rng([head["seed"], draw]))
                for draw in range(repeats)
            ], 0)  # fmt: skip
            spent = round(time.process_time() - start, 1)
            line = {**head, "replay": replay, "policy": policy, "rows": rows.tolist(), "cpu_s": spent}
            told.append({**line, "losses": losses.round(5).tolist()})
            print(head, replay, policy, losses.mean(0).round(4), f"{spent} s", file=sys.stderr)
    return told


def parts(observed: np.ndarray, replay: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return which tasks may be measured and which are targets, bool `[N, T]` each."""
    if replay == "remaining":
        return observed, observed
    free = np.zeros_like(observed)
    for at, row in enumerate(observed):
        having = rng.permutation(np.flatnonzero(row))
        free[at, having[: (len(having) + 1) // 2]] = True
    return free, observed & ~free


def play(
    asker: Asker, truth: np.ndarray, free: np.ndarray, wanted: np.ndarray, policy: str, rng: np.random.Generator
) -> np.ndarray:
    """Return the mean log-loss of every molecule after 0 to `STEPS` labels, `[N, STEPS + 1]`; NaN when none is left."""
    known = np.full(truth.shape, np.nan)
    every = np.arange(len(truth))
    losses = []
    for step in range(STEPS + 1):
        found = asker.ask(every, known)
        p = np.clip(found.mean, 1e-6, 1 - 1e-6)
        loss = -np.where(truth == 1, np.log(p), np.log(1 - p))
        losses.append(np.nanmean(np.where(wanted & np.isnan(known), loss, np.nan), 1))
        if step < STEPS:
            score = scores(asker, known, wanted, policy, found, rng)
            pick = np.where(free & np.isnan(known), score, -np.inf).argmax(1)
            left = (free & np.isnan(known)).any(1)  # a molecule with four free tasks has none left for the fifth label
            known[every[left], pick[left]] = truth[every[left], pick[left]]
    return np.stack(losses, 1)


def scores(asker, known, wanted, policy, found, rng) -> np.ndarray:
    """Return how much a policy wants each task to be measured, `[N, T]`."""
    if policy == "random":
        return rng.random(known.shape)
    if policy == "uncertain":
        return uncertainty(asker.tasks, found)
    worth = []
    for part in np.array_split(np.arange(len(known)), max(len(known) // 32, 1)):
        own, about = gains(asker, part, known[part], (wanted & np.isnan(known))[part])
        worth.append(np.nan_to_num(own) + about.sum(2))
    return np.concatenate(worth)


def show(found: list[dict]) -> None:
    """Print what was found; the last gap is of the mean over 1 to 5 labels."""
    for each in found:
        print(f"\n{each['data']}, {each['replay']}, splits {each['splits']}, {each['molecules']} molecules")
        for policy, curve in each["log_loss"].items():
            print(f"  {policy:13}" + " ".join(f"{value:.4f}" for value in curve))
        for policy, gap in each["above_measure_next"].items():
            told = zip(gap["mean"], gap["low"], gap["high"], strict=True)
            print(f"  {policy} - measure_next: " + " ".join(f"{m:.4f} [{a:.4f}, {b:.4f}]" for m, a, b in told))


def gathered(rows: list[dict], data: str, replay: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return every policy's losses of all splits' molecules, and which molecules they are."""
    mine = [row for row in rows if (row["data"], row["replay"]) == (data, replay)]
    of = {policy: [row for row in mine if row["policy"] == policy] for policy in POLICIES}
    losses = {policy: np.concatenate([np.array(row["losses"]) for row in each]) for policy, each in of.items()}
    kept = ~np.isnan(np.stack(list(losses.values()))).any((0, 2))  # nothing is left to ask where all was measured
    molecule = np.concatenate([row["rows"] for row in of[POLICIES[0]]])
    return {policy: each[kept] for policy, each in losses.items()}, molecule[kept]


def bootstrap(gap: np.ndarray, molecule: np.ndarray, draws: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of the mean, per column; a molecule that is tested in several splits is drawn as one."""
    rng = np.random.default_rng(0)
    _, group = np.unique(molecule, return_inverse=True)
    total = np.stack([np.bincount(group, column) for column in gap.T], 1)
    count = np.bincount(group)
    drawn = rng.multinomial(len(count), np.full(len(count), 1 / len(count)), draws)
    means = drawn @ total / (drawn @ count)[:, None]
    return tuple(np.quantile(means, [0.025, 0.975], axis=0))


def summary(rows: list[dict]) -> list[dict]:
    """Return per table and replay the mean curves, and how far above `measure_next` the other policies are."""
    found = []
    for data, replay in dict.fromkeys((row["data"], row["replay"]) for row in rows):
        losses, molecule = gathered(rows, data, replay)
        splits = sorted({row["seed"] for row in rows if row["data"] == data})
        curves = {policy: each.mean(0).round(5).tolist() for policy, each in losses.items()}
        gaps = {}
        for policy in POLICIES[1:]:
            gap = losses[policy] - losses[POLICIES[0]]
            gap = np.concatenate([gap[:, 1:], gap[:, 1:].mean(1, keepdims=True)], 1)
            low, high = bootstrap(gap, molecule)
            told = {"mean": gap.mean(0), "low": low, "high": high}
            gaps[policy] = {name: value.round(5).tolist() for name, value in told.items()}
        about = {"data": data, "replay": replay, "splits": splits, "molecules": len(molecule)}
        found.append({**about, "log_loss": curves, "above_measure_next": gaps})
    return found


if __name__ == "__main__":
    main()
