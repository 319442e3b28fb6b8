"""Ten million molecules predicted on a laptop's cores: rate, flatness, memory, and two kills.

    python benchmarks/big_tables.py --work FOLDER [--data tox21.csv.gz] [--default MODEL] [--out FILE.json]

A linear model is fitted to Tox21 (12 tasks) by `weft fit`; then `weft predict` reads CSV files of 10^5, 10^6 and 10^7
enumerated molecules and writes folders of Parquet, with two processes. On the largest it is killed twice by SIGKILL on
the way and resumed; every tenth part (all with `--whole`) is then predicted anew, undisturbed, and must have the same
bytes, and the rows of all parts the order of the input. Told are rows per second by the clock and per CPU second, at
every million rows, and the peak of memory: resident pages of all processes together, those that they share counted for
each. The floor is reading a SMILES and counting its groups of atoms with RDKit, by one process, on molecules of the
same table. With `--default`, the rate of another model (of the default preset) on 20 000 molecules is told as well.
What is finished stays in FOLDER, for another start of the script.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import polars as pl
from big_tables_molecules import molecules

SIZES = {"1e5": 10**5, "1e6": 10**6, "1e7": 10**7}
KILLS = (0.3, 0.65)
PART_ROWS, CURVE = 10_000, 100


def main() -> None:
    """Run what is not done yet and write what was told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("tox21.csv.gz"))
    parser.add_argument("--default", type=Path)
    parser.add_argument("--sizes", nargs="*", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--whole", action="store_true", help="compare with a whole second run")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    told = Told(given.work / "told.json")
    model = given.work / "model"
    if not (model / "model.json").is_file():
        weft("fit", given.data, "--model", "linear", "--out", model, "--quiet")
    for size in given.sizes:
        if not (given.work / f"{size}.csv").is_file():
            generate(SIZES[size], given.work / f"{size}.csv")
    largest = given.work / f"{given.sizes[-1]}.csv"
    told.once("killed", lambda: killed(model, largest, given.threads, SIZES[given.sizes[-1]]))
    told.once("again", lambda: again(model, largest, given.threads))
    if given.whole:
        told.once("whole", lambda: again(model, largest, given.threads, 1))
    told.once("floor", lambda: floor(largest))
    for size in given.sizes[:-1]:
        told.once(size, lambda size=size: undisturbed(model, given.work / f"{size}.csv", given.threads))
    if given.default:
        told.once("default", lambda: rate_of_default(given.default, largest, given.work, given.threads))
    if given.out:
        note = {"machine": platform.processor() or platform.machine(), "threads": given.threads, "tasks": 12}
        given.out.write_text(json.dumps({**note, **told.found}, indent=2) + "\n")


class Told:
    """What was measured so far, kept in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}

    def once(self, name: str, measure: Callable[[], dict[str, Any]]) -> None:
        """Measure what was not measured yet."""
        if name not in self.found:
            self.found[name] = measure()
            self.path.write_text(json.dumps(self.found, indent=2))
        print(name, json.dumps(self.found[name]), flush=True)


def generate(n: int, path: Path) -> None:
    """Write a CSV file of an id and a SMILES, piece by piece."""
    source = molecules(n)
    with path.with_suffix(".part").open("w") as file:
        file.write("id,smiles\n")
        at = 0
        while rows := list(islice(source, 100_000)):
            file.writelines(f"m{at + k},{smiles}\n" for k, smiles in enumerate(rows))
            at += len(rows)
    path.with_suffix(".part").rename(path)


def undisturbed(model: Path, table: Path, threads: int) -> dict[str, Any]:
    """Predict a table and tell rate and memory."""
    out = table.with_name(f"{table.stem}-whole")
    leg = watched(start(model, table, out, threads), out)
    rows = json.loads((out / "_manifest.json").read_text())["rows"]
    return {**rates(leg, rows), "rows": rows, **megabytes(table, out)}


def killed(model: Path, table: Path, threads: int, rows: int) -> dict[str, Any]:
    """Predict a table, killing the command twice; tell rate and memory of every leg, and whether anything is lost."""
    out, parts = table.with_name(f"{table.stem}-killed"), -(-rows // PART_ROWS)
    legs: list[dict[str, Any]] = []
    for share in (*KILLS, 2.0):
        before = finished(out)
        leg = watched(start(model, table, out, threads), out, lambda share=share: finished(out) >= share * parts)
        done = finished(out) if share < 1 else parts
        legs.append({"parts_before": before, "parts_after": done, **rates(leg, (done - before) * PART_ROWS)})
    told = {"rows": rows, "parts": len(names(out)), "rows_in_order": in_order(out, table), **megabytes(table, out)}
    return {"legs": legs, "peak_mb": max(leg["peak_mb"] for leg in legs), **told}


def again(model: Path, table: Path, threads: int, every: int = 10) -> dict[str, Any]:
    """Predict some parts anew, undisturbed, and compare their files with those of the run that was killed."""
    out, some = table.with_name(f"{table.stem}-killed"), table
    if every > 1:
        some = table.with_name(f"{table.stem}-tenth.csv")
        with table.open() as source, some.open("w") as file:
            file.write(next(source))
            for at in range(len(names(out))):
                lines = islice(source, PART_ROWS)
                file.writelines(lines if at % every == 0 else list(lines)[:0])
    anew = some.with_name(f"{some.stem}-whole")
    leg = watched(start(model, some, anew, threads), anew)
    pairs = list(zip(names(anew), names(out)[::every], strict=True))
    same = sum(digest(anew / new) == digest(out / old) for new, old in pairs)
    return {"parts_compared": len(pairs), "parts_equal": same, **rates(leg, len(pairs) * PART_ROWS)}


def rates(leg: Leg, rows: int) -> dict[str, Any]:
    """Return what is told of a run of the command."""
    told: dict[str, Any] = {"wall_s": round(leg.seconds, 1), "cpu_s": round(leg.cpu, 1), "peak_mb": round(leg.peak)}
    told |= {"rows_per_s": round(rows / leg.seconds), "rows_per_cpu_s": round(rows / leg.cpu)}
    every = [(n, c) for n, c in leg.curve if n]
    steps = [(b[0] - a[0]) * PART_ROWS / (b[1] - a[1]) for a, b in pairwise(every) if b[1] > a[1]]
    told["rows_per_cpu_s_along"] = [round(step) for step in steps]
    return {**told, "load": round(os.getloadavg()[0], 1)}


def megabytes(table: Path, out: Path) -> dict[str, int]:
    """Return the sizes of input and output."""
    output = sum(part.stat().st_size for part in out.glob("part-*"))
    return {"input_mb": round(table.stat().st_size / 1e6), "output_mb": round(output / 1e6)}


@dataclass
class Leg:
    """One run of the command: seconds by the clock and of CPU, peak memory in MB, (parts done, CPU s) on the way."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)


def start(model: Path, table: Path, out: Path, threads: int) -> subprocess.Popen[bytes]:
    """Start `weft predict`, or go on with it."""
    words = [model, table, "--out", out, "--threads", threads, "--quiet", *(["--resume"] if out.exists() else [])]
    return subprocess.Popen([sys.executable, "-m", "weft", "predict", *map(str, words)])


def watched(process: subprocess.Popen[bytes], out: Path, enough: Callable[[], bool] = lambda: False) -> Leg:
    """Wait for a command, or kill it when it is enough; tell what it took."""
    leg, shot, clock, step = Leg(), False, time.perf_counter(), 0
    while process.poll() is None:
        memory, cpu = used(process.pid)
        leg.peak, leg.cpu = max(leg.peak, memory), max(leg.cpu, cpu)
        done = finished(out)
        if done >= step:
            leg.curve.append((done, cpu))
            step = done - done % CURVE + CURVE
        if enough() and not shot:
            shot = True
            process.send_signal(signal.SIGKILL)
        time.sleep(0.3)
    leg.seconds = time.perf_counter() - clock
    if process.returncode and not shot:
        raise SystemExit(f"weft predict ended with {process.returncode}")
    if shot:
        time.sleep(5)  # its processes notice, and end with the part in hand
    return leg


def used(pid: int) -> tuple[float, float]:
    """Return resident memory in MB and CPU seconds of a process and its descendants."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        ticks = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
        tasks = [path / "children" for path in Path(f"/proc/{pid}/task").iterdir()]
        children = [int(child) for path in tasks for child in path.read_text().split()]
    except OSError:
        return 0.0, 0.0
    below = [used(child) for child in children]
    memory = pages * resource.getpagesize() / 1e6 + sum(found[0] for found in below)
    return memory, ticks / os.sysconf("SC_CLK_TCK") + sum(found[1] for found in below)


def finished(out: Path) -> int:
    """Return how many parts are done."""
    return sum(1 for _ in (out / ".work").glob("done-*.json")) if (out / ".work").is_dir() else 0


def names(out: Path) -> list[str]:
    """Return the names of an output's parts."""
    return sorted(part.name for part in out.glob("part-*"))


def digest(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_order(out: Path, table: Path) -> bool:
    """Whether ids and SMILES of the output are those of the input, row by row, and nothing is blank."""
    with table.open() as file:
        next(file)
        for name in names(out):
            frame = pl.read_parquet(out / name, columns=["id", "smiles", "NR-AR_pred", "SR-p53_pred", "status"])
            rows = [line.rstrip("\n").split(",") for line in islice(file, len(frame))]
            same = [[a, b] for a, b in zip(frame["id"], frame["smiles"], strict=True)] == rows
            if not same or frame.null_count().sum_horizontal()[0] or (frame["status"] != "ok").any():
                return False
        return not list(islice(file, 1))


def floor(table: Path, n: int = 20_000) -> dict[str, Any]:
    """Time RDKit alone: read a SMILES, count its groups of atoms."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    texts = pl.read_csv(table, n_rows=n)["smiles"].to_list()
    clock = time.process_time()
    for text in texts:
        generator.GetCountFingerprint(Chem.MolFromSmiles(text))
    return {"molecules": n, "rows_per_cpu_s": round(n / (time.process_time() - clock))}


def rate_of_default(model: Path, table: Path, work: Path, threads: int, n: int = 20_000) -> dict[str, Any]:
    """Tell the rate of another model on the first molecules of a table."""
    part, out = work / "default.csv", work / "default-out"
    with table.open() as file:
        part.write_text("".join(islice(file, n + 1)))
    return {**rates(watched(start(model, part, out, threads), out), n), "rows": n}


def weft(*words: object) -> None:
    """Run a command of weft."""
    subprocess.run([sys.executable, "-m", "weft", *map(str, words)], check=True)


if __name__ == "__main__":
    main()
