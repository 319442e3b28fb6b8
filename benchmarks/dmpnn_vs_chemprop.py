"""D-MPNN against chemprop: the same weights and molecules, the same numbers? And how fast?

chemprop pins its own RDKit, so it lives in an environment of its own, whose Python is given:

    python -m venv /tmp/chemprop && /tmp/chemprop/bin/pip install "chemprop>=2.3,<2.4"
    python benchmarks/dmpnn_vs_chemprop.py tox21.csv.gz --peer /tmp/chemprop/bin/python

Prints a table and writes docs/results/dmpnn_vs_chemprop.json.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

BATCH, BATCHES, DIM, DEPTH, REPEATS = 128, 16, 300, 3, 5
RESULT = Path(__file__).parent.parent / "docs" / "results" / "dmpnn_vs_chemprop.json"


def timed(step) -> float:
    """Return the least CPU seconds of `REPEATS` passes over all batches, after one that warms up."""
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.process_time()
        for k in range(BATCHES):
            step(k).square().sum().backward()
        seconds.append(time.process_time() - start)
    return min(seconds[1:])


def ours(table: Path, folder: Path) -> tuple[list[torch.Tensor], float]:
    """Embed with weft; leave weights and batches in `folder` for the peer."""
    from weft.data.base import Batch
    from weft.data.featurize import featurise
    from weft.data.store import PackedGraphs
    from weft.encoders.atoms import atom_rows, bond_rows
    from weft.encoders.dmpnn import DMPNNEncoder

    with gzip.open(table, "rt", encoding="utf-8") as file:
        smiles = [row["smiles"] for row in csv.DictReader(file)][: 2 * BATCH * BATCHES]
    store = PackedGraphs.from_arrays(featurise(smiles)[0])
    rows = torch.nonzero(store.atom_ptr.diff() > 0).flatten()[: BATCH * BATCHES]
    graphs = [store.batch(part) for part in rows.split(BATCH)]
    torch.manual_seed(0)
    encoder = DMPNNEncoder({}, DIM, depth=DEPTH, aggregation="norm")
    np.savez(folder / "weights.npz", **{name: value.numpy() for name, value in encoder.state_dict().items()})
    for k, graph in enumerate(graphs):
        arrays = {"V": atom_rows(graph.atom), "E": bond_rows(graph.bond), "batch": graph.graph}
        arrays["edge_index"] = torch.stack([graph.src, graph.dst])
        np.savez(folder / f"batch{k}.npz", **{name: value.numpy() for name, value in arrays.items()})
    with torch.no_grad():
        embeddings = [encoder(Batch(graph)) for graph in graphs]
    return embeddings, timed(lambda k: encoder(Batch(graphs[k])))


def theirs(folder: Path) -> None:
    """Run inside chemprop's environment: embed the batches of `folder` with the same weights."""
    import chemprop
    from chemprop.nn import BondMessagePassing, NormAggregation

    batches = []
    for k in range(BATCHES):
        arrays = {name: torch.from_numpy(value) for name, value in np.load(folder / f"batch{k}.npz").items()}
        arrays["rev_edge_index"] = torch.arange(len(arrays["E"])) ^ 1
        batches.append(SimpleNamespace(**arrays))
    passing = BondMessagePassing(batches[0].V.shape[1], batches[0].E.shape[1], DIM, depth=DEPTH)
    weights = np.load(folder / "weights.npz")
    names = {"W_i.weight": "w_i.weight", "W_h.weight": "w_h.weight", "W_o.weight": "w_o.weight", "W_o.bias": "w_o.bias"}
    passing.load_state_dict({theirs: torch.from_numpy(weights[ours]) for theirs, ours in names.items()})
    pool = NormAggregation(norm=100.0)
    with torch.no_grad():
        embeddings = {f"h{k}": pool(passing(batch), batch.batch).numpy() for k, batch in enumerate(batches)}
    seconds = timed(lambda k: pool(passing(batches[k]), batches[k].batch))
    np.savez(folder / "peer.npz", seconds=seconds, version=chemprop.__version__, **embeddings)


def compare(table: Path, peer_python: str) -> dict[str, object]:
    """Run both and return what the table says."""
    with tempfile.TemporaryDirectory() as name:
        embeddings, seconds = ours(table, Path(name))
        subprocess.run([peer_python, "-W", "ignore", __file__, "--as-peer", name], check=True)
        peer = np.load(Path(name) / "peer.npz")
        gap = max(float(np.abs(h.numpy() - peer[f"h{k}"]).max()) for k, h in enumerate(embeddings))
    n = BATCH * BATCHES
    return {
        "molecules": n,
        "batch": BATCH,
        "dim": DIM,
        "depth": DEPTH,
        "threads": 1,
        "chemprop": str(peer["version"]),
        "torch": torch.__version__,
        "embedding_scale": max(float(h.abs().max()) for h in embeddings),
        "max_abs_difference": gap,
        "weft_molecules_per_cpu_s": round(n / seconds),
        "chemprop_molecules_per_cpu_s": round(n / float(peer["seconds"])),
        "ratio": round(float(peer["seconds"]) / seconds, 2),
    }


def main() -> None:
    """Compare, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="gzipped CSV with a column 'smiles'")
    parser.add_argument("--peer", required=True, help="the Python of an environment with chemprop")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    result = compare(arguments.table, arguments.peer)
    for key, value in result.items():
        print(f"{key:28} {value}")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as-peer"]:
        torch.set_num_threads(1)
        theirs(Path(sys.argv[2]))
    else:
        main()
