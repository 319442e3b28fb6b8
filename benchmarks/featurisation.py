"""Featurisation and batching of molecules: weft against chemprop and PyTorch Geometric.

chemprop pins its own RDKit, so it lives in an environment of its own, whose Python is given; there this script
runs itself again:

    python -m venv /tmp/chemprop && /tmp/chemprop/bin/pip install "chemprop>=2.3,<2.4"
    python benchmarks/featurisation.py tox21.csv.gz --peer-python /tmp/chemprop/bin/python

PyTorch Geometric comes with weft and is timed in weft's environment. Times are processor time of one thread, the best
of some repeats, so that other work on the machine counts little; only that of two processes is wall time. weft's
featurisation includes the canonical SMILES, which the others do not make. Prints a table and writes
docs/results/featurisation.json.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

SIZES, BATCHES = (64, 128), 30
RESULT = Path(__file__).parent.parent / "docs" / "results" / "featurisation.json"
Times = dict[str, float]


def best(call: Callable[[], object], repeats: int = 3, clock: Callable[[], float] = time.process_time) -> float:
    """Return the least seconds of some calls."""
    seconds: list[float] = []
    for _ in range(repeats):
        start = clock()
        call()
        seconds.append(clock() - start)
    return min(seconds)


def read(table: Path, count: int | None) -> list[str]:
    """Return the first SMILES that RDKit can read."""
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    with gzip.open(table, "rt", encoding="utf-8") as file:
        smiles = [row["smiles"] for row in csv.DictReader(file)]
    return [text for text in smiles if Chem.MolFromSmiles(text) is not None][:count]


def batches(n: int, size: int) -> list[list[int]]:
    """Return the same random batches of row numbers to everyone."""
    draw = random.Random(size)
    return [[draw.randrange(n) for _ in range(size)] for _ in range(BATCHES)]


def batching(name: str, n: int, make: Callable[[list[int]], object]) -> Times:
    """Return the milliseconds per batch of each size."""
    times: Times = {}
    for size in SIZES:
        rows = batches(n, size)
        times[f"{name} ms, batch of {size}"] = best(lambda rows=rows: [make(r) for r in rows], 7) / BATCHES * 1e3
    return times


def weft(smiles: list[str]) -> Times:
    """Time weft: codes into the packed store, batches by index gather."""
    import torch

    from weft.data.featurize import featurise
    from weft.data.molecules import Molecules
    from weft.data.store import PackedGraphs
    from weft.encoders.atoms import atom_rows, bond_rows

    store = PackedGraphs.from_arrays(featurise(smiles, workers=0)[0])
    each = 1e6 / len(smiles)

    def expanded(rows: list[int]) -> object:
        batch = store.batch(torch.tensor(rows))
        return atom_rows(batch.atom), bond_rows(batch.bond)

    with tempfile.TemporaryDirectory() as cache:
        os.environ["WEFT_CACHE"] = cache
        Molecules.from_smiles(smiles).graphs()
        cached = best(lambda: Molecules.from_smiles(smiles).graphs())
    both = best(lambda: featurise(smiles, workers=2), clock=time.perf_counter)
    return {
        "weft us per molecule, 1 process": best(lambda: featurise(smiles, workers=0)) * each,
        "weft us per molecule, 2 processes (wall)": both * each,
        "weft us per molecule, from the cache": cached * each,
        **batching("weft", len(smiles), lambda rows: store.batch(torch.tensor(rows))),
        **batching("weft with one-hot floats", len(smiles), expanded),
    }


def pyg(smiles: list[str]) -> Times:
    """Time PyTorch Geometric: `from_smiles`, then `Batch.from_data_list`."""
    from torch_geometric.data import Batch
    from torch_geometric.utils import from_smiles

    part = smiles[:500]
    graphs = [from_smiles(text) for text in smiles]
    return {
        "PyG us per molecule, 1 process": best(lambda: [from_smiles(text) for text in part]) / len(part) * 1e6,
        **batching("PyG", len(smiles), lambda rows: Batch.from_data_list([graphs[row] for row in rows])),
    }


def chemprop(smiles: list[str]) -> Times:
    """Time chemprop: its RDKit and its C++ featuriser, then its batch class."""
    from chemprop.data.collate import BatchMolGraph
    from chemprop.featurizers import CuikmolmakerMolGraphFeaturizer, SimpleMoleculeMolGraphFeaturizer
    from rdkit import Chem

    plain, cuik, part = SimpleMoleculeMolGraphFeaturizer(), CuikmolmakerMolGraphFeaturizer(), smiles[:500]
    graphs = [plain(Chem.MolFromSmiles(text)) for text in smiles]
    name = "chemprop us per molecule, "
    chunks = [smiles[start : start + 64] for start in range(0, len(smiles), 64)]
    return {
        name + "1 process": best(lambda: [plain(Chem.MolFromSmiles(text)) for text in part]) / len(part) * 1e6,
        name + "C++, batches of 64": best(lambda: [cuik(chunk) for chunk in chunks]) / len(smiles) * 1e6,
        **batching("chemprop", len(smiles), lambda rows: BatchMolGraph([graphs[row] for row in rows])),
        **batching("chemprop C++ from SMILES", len(smiles), lambda rows: cuik([smiles[row] for row in rows])),
    }


def in_peer(python: str, table: Path, count: int | None) -> tuple[Times, str]:
    """Run `chemprop` of this file in the other environment."""
    command = [python, __file__, str(table), "--in-peer", *(["--molecules", str(count)] if count else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the peer failed:\n{done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["times"], answer["version"]


def ratios(times: Times) -> Times:
    """Return how many times faster weft is, by what is compared."""
    table: Times = {}
    for peer in ("PyG", "chemprop"):
        for size in SIZES:
            what = f"ms, batch of {size}"
            if f"{peer} {what}" in times:
                table[f"batch of {size}: {peer} / weft"] = times[f"{peer} {what}"] / times[f"weft {what}"]
        what = "us per molecule, 1 process"
        if f"{peer} {what}" in times:
            table[f"featurisation, 1 process: {peer} / weft"] = times[f"{peer} {what}"] / times[f"weft {what}"]
    fast, own = "chemprop us per molecule, C++, batches of 64", "weft us per molecule, 1 process"
    if fast in times:
        table["featurisation, 1 process: chemprop C++ / weft"] = times[fast] / times[own]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="a .csv.gz with a column smiles")
    parser.add_argument("--peer-python", help="interpreter of an environment with chemprop; left out: no chemprop")
    parser.add_argument("--molecules", type=int, help="use the first of them only")
    parser.add_argument("--in-peer", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()

    import torch

    torch.set_num_threads(1)
    smiles = read(given.table, given.molecules)
    if given.in_peer:
        print(json.dumps({"times": chemprop(smiles), "version": version("chemprop")}))
        return
    versions = {"torch": torch.__version__, "rdkit": version("rdkit"), "PyG": version("torch-geometric")}
    times = {**weft(smiles), **pyg(smiles)}
    if given.peer_python:
        found, versions["chemprop"] = in_peer(given.peer_python, given.table, given.molecules)
        times |= found
    faster = ratios(times)
    for name, value in times.items():
        print(f"{value:12.3f}  {name}")
    for name, value in faster.items():
        print(f"{value:11.1f}x  {name}")
    result = {"table": given.table.name, "molecules": len(smiles), "cores": os.cpu_count(), "threads": 1}
    result |= {"load": round(os.getloadavg()[0], 1)}
    result |= {"python": platform.python_version(), **versions}
    rounded = [{name: float(f"{value:.4g}") for name, value in part.items()} for part in (times, faster)]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({**result, "times": rounded[0], "ratios": rounded[1]}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
