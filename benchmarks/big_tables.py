"""Ten million molecules predicted on a laptop's cores: rate, flatness, memory, and two kills.

    python benchmarks/big_tables.py --work FOLDER [--data tox21.csv.gz] [--default MODEL] [--out FILE.json]

A linear model is fitted to Tox21 (12 tasks) by `weft fit`; then `weft predict` reads CSV files of 10^5, 10^6 and 10^7
enumerated molecules and writes folders of Parquet, with two processes. Told are rows per second by the clock and per
CPU second, and the peak of memory: resident pages of all processes together, those that they share counted for each.
The largest table is predicted again, killed twice by SIGKILL on the way and resumed; every part must have the bytes of
the undisturbed run, and the rows the order of the input. The floor is reading a SMILES and counting its groups of atoms
with RDKit, by one process, on molecules of the same table. With `--default`, the rate of another model (of the default
preset) on 20 000 of the molecules is told as well. What is finished stays in FOLDER, for another start of the script.
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
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from big_tables_molecules import molecules

SIZES = {"1e5": 10**5, "1e6": 10**6, "1e7": 10**7}
KILLS = (0.3, 0.65)


def main() -> None:
    """Run what is not done yet and write what was told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("tox21.csv.gz"))
    parser.add_argument("--default", type=Path)
    parser.add_argument("--sizes", nargs="*", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    told = Told(given.work / "told.json")
    model = given.work / "model"
    if not (model / "model.json").is_file():
        weft("fit", given.data, "--model", "linear", "--out", model, "--quiet")
    for size in given.sizes:
        table = given.work / f"{size}.csv"
        if not table.is_file():
            generate(SIZES[size], table)
        told.once(size, lambda table=table: undisturbed(model, table, given.threads))
    largest = given.work / f"{given.sizes[-1]}.csv"
    told.once("floor", lambda: floor(largest))
    told.once("killed", lambda: killed(model, largest, given.threads))
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
    before, clock = cpu(), time.perf_counter()
    process = start(model, table, out, threads)
    peak = watched(process)
    seconds, used = time.perf_counter() - clock, cpu() - before
    rows = json.loads((out / "_manifest.json").read_text())["rows"]
    return {
        "rows": rows,
        "wall_s": round(seconds, 1),
        "rows_per_s": round(rows / seconds),
        "cpu_s": round(used, 1),
        "rows_per_cpu_s": round(rows / used),
        "peak_mb": round(peak),
        "input_mb": round(table.stat().st_size / 1e6),
        "output_mb": round(sum(part.stat().st_size for part in out.glob("part-*")) / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }


def killed(model: Path, table: Path, threads: int) -> dict[str, Any]:
    """Predict a table, killing the command twice; compare with the undisturbed run."""
    whole, out = table.with_name(f"{table.stem}-whole"), table.with_name(f"{table.stem}-killed")
    parts = len(json.loads((whole / "_manifest.json").read_text())["parts"])
    kept: list[int] = []
    peak = 0.0
    for share in KILLS:
        process = start(model, table, out, threads)
        peak = max(peak, watched(process, lambda share=share: finished(out) >= share * parts))
        kept.append(finished(out))
    peak = max(peak, watched(start(model, table, out, threads)))
    same = [digest(whole / name) == digest(out / name) for name in names(whole)]
    return {
        "parts": parts,
        "parts_done_at_kills": kept,
        "same_names": names(whole) == names(out),
        "parts_equal": sum(same),
        "rows_in_order": in_order(out, table),
        "peak_mb": round(peak),
    }


def start(model: Path, table: Path, out: Path, threads: int) -> subprocess.Popen[bytes]:
    """Start `weft predict`, or go on with it."""
    words = [model, table, "--out", out, "--threads", threads, "--quiet", *(["--resume"] if out.exists() else [])]
    return subprocess.Popen([sys.executable, "-m", "weft", "predict", *map(str, words)])


def watched(process: subprocess.Popen[bytes], enough: Callable[[], bool] = lambda: False) -> float:
    """Wait for a command, or kill it when it is enough; return the peak memory of its processes in MB."""
    peak, shot = [0.0], threading.Event()

    def look() -> None:
        while process.poll() is None:
            peak[0] = max(peak[0], resident(process.pid))
            if enough():
                shot.set()
                process.send_signal(signal.SIGKILL)
            time.sleep(0.5)

    watcher = threading.Thread(target=look)
    watcher.start()
    code = process.wait()
    watcher.join()
    if code and not shot.is_set():
        raise SystemExit(f"weft predict ended with {code}")
    if shot.is_set():
        time.sleep(5)  # its processes notice, and end with the part in hand
    return peak[0]


def resident(pid: int) -> float:
    """Return the resident memory of a process and its descendants in MB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text().split() if task.name != str(pid) else []
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 1e6 + sum(resident(int(child)) for child in children)


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
    part = work / "default.csv"
    part.write_text("".join(line for line in islice(table.open(), n + 1)))
    before, clock = cpu(), time.perf_counter()
    peak = watched(start(model, part, work / "default-out", threads))
    seconds, used = time.perf_counter() - clock, cpu() - before
    told = {"rows": n, "wall_s": round(seconds, 1), "rows_per_s": round(n / seconds)}
    return {**told, "cpu_s": round(used, 1), "rows_per_cpu_s": round(n / used), "peak_mb": round(peak)}


def cpu() -> float:
    """Return the CPU seconds of all ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def weft(*words: object) -> None:
    """Run a command of weft."""
    subprocess.run([sys.executable, "-m", "weft", *map(str, words)], check=True)


if __name__ == "__main__":
    main()
