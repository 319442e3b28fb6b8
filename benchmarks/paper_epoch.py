"""One training epoch of the paper's preset against the same epoch written the plain way.

    python benchmarks/paper_epoch.py ../data/sider.csv.gz [--out docs/results/paper_epoch.json]

The plain way is that of the released code, with equal mathematics: one object per molecule collated by PyG's
`Batch.from_data_list`, one-hot atoms and bonds, a (bonds x 526) concatenation multiplied per bond, and messages of
the knowledge graph computed per label. Both run in turn in one process on one thread; CPU seconds per epoch (batches
made, forward, backward, optimiser step; no evaluation), the median over rounds and the median of the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weft.data.base import Batch, Inputs
from weft.data.columns import plan_columns
from weft.data.molecules import Molecules
from weft.data.reading import read_labels
from weft.data.splits import scaffold_split
from weft.data.tables import read_table
from weft.encoders.atoms import ATOM_WIDTH, BOND_WIDTH, atom_rows, bond_rows
from weft.metalink.columns import Layout
from weft.metalink.episodes import Episodes, column_prior
from weft.metalink.layer import GatedMessage
from weft.metalink.network import MetaLinkNet
from weft.metalink.presets import PAPER


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = read_table(arguments.file)
    plan = plan_columns(table)
    data = Molecules.from_smiles(table.frame[plan.smiles].to_list())
    labels, rows = read_labels(table, plan), scaffold_split(data.keys, data.ok, 0).train
    layout = Layout.fit(labels.on_rows(rows))
    inputs, prior = Inputs.of(data, ["graph"]), column_prior(layout, labels.take(rows))
    torch.manual_seed(0)
    fast = MetaLinkNet(PAPER, {}, prior)
    plain = PlainNet(fast)
    plain_inputs = PlainInputs.of(inputs)
    epochs = {
        "weft": lambda: epoch(fast, Episodes(PAPER, fast, inputs, labels, layout, rows, prior, 0)),
        "plain": lambda: epoch(plain, Episodes(PAPER, plain, plain_inputs, labels, layout, rows, prior, 0)),
    }
    times = {name: [] for name in epochs}
    for _ in range(arguments.rounds + 1):
        for name, run in epochs.items():
            times[name].append(clock(run))
    weft, slow = times["weft"][1:], times["plain"][1:]
    found = {
        "data": arguments.file.name,
        "molecules": len(rows),
        "weft_cpu_s": statistics.median(weft),
        "plain_cpu_s": statistics.median(slow),
        "ratio": statistics.median(b / a for a, b in zip(weft, slow, strict=True)),
    }
    print(json.dumps(found, indent=2))
    if arguments.out:
        arguments.out.write_text(json.dumps({"torch": torch.__version__, "threads": 1, **found}, indent=2) + "\n")


def clock(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def epoch(net: nn.Module, episodes: Episodes) -> None:
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=5e-4)
    net.train()
    for step in episodes.steps(0):
        optimizer.zero_grad()
        step().backward()
        optimizer.step()


class PlainNet(nn.Module):
    """The paper's network with everything per edge."""

    def __init__(self, fast: MetaLinkNet) -> None:
        super().__init__()
        self.encoder, self.graph = (
            PlainEncoder(),
            type(fast.graph)(torch.zeros(fast.graph.nodes.width), 256, PAPER.graph),
        )
        for module in self.graph.modules():
            if isinstance(module, GatedMessage):
                module.forward = module.per_edge


@dataclass
class PlainInputs:
    """One PyG object per molecule."""

    molecules: list

    @classmethod
    def of(cls, inputs: Inputs) -> PlainInputs:
        from torch_geometric.data import Data

        molecules = []
        for row in range(len(inputs.graph)):
            graph = inputs.graph.batch(torch.tensor([row]))
            edges = torch.stack([graph.src, graph.dst])
            molecules.append(Data(x=atom_rows(graph.atom), edge_index=edges, edge_attr=bond_rows(graph.bond)))
        return cls(molecules)

    def take(self, rows: Tensor) -> Batch:
        from torch_geometric.data import Batch as PyGBatch

        return PyGBatch.from_data_list([self.molecules[row] for row in rows.tolist()])


class PlainEncoder(nn.Module):
    """The reference's encoder, per bond: x + sum_j W [x_i; x_j; e_ij]."""

    def __init__(self) -> None:
        super().__init__()
        self.atom, self.first = nn.Linear(ATOM_WIDTH, 256, bias=False), nn.Sequential(nn.BatchNorm1d(256), nn.PReLU())
        self.message = nn.ModuleList(nn.Linear(512 + BOND_WIDTH, 256, bias=False) for _ in range(2))
        self.after = nn.ModuleList(nn.Sequential(nn.BatchNorm1d(256), nn.PReLU()) for _ in range(2))
        hidden = [nn.Linear(256, 256, bias=False), nn.BatchNorm1d(256), nn.PReLU(), nn.Linear(256, 256)]
        self.readout = nn.Sequential(*hidden)

    def forward(self, batch) -> Tensor:
        x = self.first(self.atom(batch.x))
        source, target = batch.edge_index
        for message, after in zip(self.message, self.after, strict=True):
            m = message(torch.cat([x[target], x[source], batch.edge_attr], 1))
            x = after(x + torch.zeros_like(x).index_add(0, target, m))
        pooled = torch.zeros(batch.num_graphs, 256).index_add(0, batch.batch, x)
        return F.normalize(self.readout(pooled), dim=1)


if __name__ == "__main__":
    main()
