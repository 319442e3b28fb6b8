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
    parser.add_argument("--out", type=Path, default=Path("docs/results/measure_next.jsonl"))
    parser.add_argument("--picture", type=Path)
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
    show(rows)
    if arguments.picture:
        draw(rows, arguments.picture)


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


def show(rows: list[dict]) -> None:
    for data, replay in dict.fromkeys((row["data"], row["replay"]) for row in rows):
        losses = gathered(rows, data, replay)
        print(f"\n{data}, {replay}, {len(losses['random'])} molecules")
        for policy, each in losses.items():
            print(f"  {policy:13}" + " ".join(f"{value:.4f}" for value in each.mean(0)))
        for policy in POLICIES[1:]:
            gap = losses[policy] - losses[POLICIES[0]]
            gap = np.concatenate([gap, gap[:, 1:].mean(1, keepdims=True)], 1)  # and the mean over 1 to 5 labels
            low, high = bootstrap(gap)
            print(f"  {policy} - measure_next: " + " ".join(
                f"{m:.4f} [{a:.4f}, {b:.4f}]" for m, a, b in list(zip(gap.mean(0), low, high, strict=True))[1:]
            ))  # fmt: skip


def gathered(rows: list[dict], data: str, replay: str) -> dict[str, np.ndarray]:
    mine = [row for row in rows if (row["data"], row["replay"]) == (data, replay)]
    return {
        policy: np.concatenate([np.array(row["losses"]) for row in mine if row["policy"] == policy])
        for policy in POLICIES
    }


def bootstrap(gap: np.ndarray, draws: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of the mean over molecules, per number of labels."""
    rng = np.random.default_rng(0)
    means = np.stack([gap[rng.integers(0, len(gap), len(gap))].mean(0) for _ in range(draws)])
    return tuple(np.quantile(means, [0.025, 0.975], axis=0))


def draw(rows: list[dict], path: Path) -> None:
    """Draw the mean log-loss after each label, with 95 % intervals of the gap to `measure_next`."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "weft", "svg.fonttype": "none", "font.size": 10})
    panels = list(dict.fromkeys((row["data"], row["replay"]) for row in rows))
    figure, axes = plt.subplots(1, len(panels), figsize=(3.1 * len(panels), 3.3), layout="constrained", squeeze=False)
    styles = {"measure_next": ("-o", "#1b4965"), "uncertain": ("--s", "#5fa8d3"), "random": (":^", "#8795a1")}
    names = {"sider": "SIDER", "tox21": "Tox21", "remaining": "tasks not yet measured", "targets": "target tasks"}
    for axis, (data, replay) in zip(axes[0], panels, strict=True):
        losses = gathered(rows, data, replay)
        for policy in reversed(POLICIES):
            mark, colour = styles[policy]
            mean = losses[policy].mean(0)
            axis.plot(range(STEPS + 1), mean, mark, color=colour, label=policy.replace("_", " "), lw=1.6, ms=5)
            if policy != "measure_next":  # the interval of the difference, which is paired, hangs on the other curve
                low, high = bootstrap(losses[policy] - losses["measure_next"])
                base = losses["measure_next"].mean(0)
                axis.vlines(
                    np.arange(1, STEPS + 1), (base + low)[1:], (base + high)[1:], color=colour, lw=3, alpha=0.35
                )
        axis.set(title=names.get(data, data), xlabel="labels measured", ylabel=f"log-loss, {names[replay]}")
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside upper left", ncols=3, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
