"""A network, a large graph and the steps that `large_graph.py` measures."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from large_graph_data import TASKS

FANOUT, BATCH, DIM, HELD = (10, 5), 128, 32, 2_048


class Training:
    """A network, a graph and what is needed to take steps."""

    def __init__(self, graph) -> None:
        import torch

        from weft.hetero.families import families, targets
        from weft.hetero.network import HeteroNet
        from weft.hetero.prepare import Preparer
        from weft.hetero.sampler import Sampler

        found = families(graph.tasks)
        config = network_config()
        prepared = Preparer.fit(config, graph, found, graph.labels)
        self.full = prepared.batch(graph, graph.labels, graph.labels)
        bias = [torch.logit(torch.tensor([TASKS[f.name][2]])) for f in found]
        self.net = HeteroNet(config, prepared.shape(graph, self.full), found, bias)
        self.sampler = Sampler(self.full.topology, FANOUT)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=3e-3)
        known = [targets(graph.labels, f, graph.offset[f.node_type], prepared.scale) for f in found]
        self.labels = [self._columns(f, t, graph) for f, t in zip(found, known, strict=True)]
        self.edges = sum(pairs.shape[1] for pairs in graph.edges.values())
        self.busiest = max(int(edges.count.max()) for edges in self.full.topology.edges.values())
        self.parts = {kind: self._parts(kind) for kind in dict.fromkeys(f.node_type for f in found)}

    def _columns(self, family, known, graph):
        """Return a family's label of every node of its type, NaN where there is none."""
        import torch

        column = torch.full((graph.nodes[family.node_type].n,), torch.nan)
        column[torch.from_numpy(known.row)] = torch.from_numpy(known.value[:, 0])
        return column

    def _parts(self, kind: str):
        """Return the labelled nodes of a type as those held out and those trained on."""
        import torch

        pairs = zip(self.net.families, self.labels, strict=True)
        marks = [~column.isnan() for family, column in pairs if family.node_type == kind]
        rows = torch.stack(marks).any(0).nonzero()[:, 0]
        rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))]
        return rows[:HELD], rows[HELD:]

    def forward(self, seeds, draw):
        """Return the sample of `seeds` and, per family, logits and labels at them."""
        sample = self.sampler.sample(seeds, draw)
        middle = time.process_time()
        logits = self.net(self.full.part(sample))
        pairs = zip(self.net.families, logits, self.labels, strict=True)
        return sample, middle, [(z[:, 0], y[seeds[f.node_type]]) for f, z, y in pairs]

    def run(self, steps: int) -> dict[str, Any]:
        """Train and tell what it took."""
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        self.net.train()
        spent: list[tuple[float, float, int, int]] = []
        losses: list[float] = []
        third = 0.0
        wall = time.perf_counter()
        for step, (seeds, draw) in zip(range(steps), self.stream(), strict=False):
            start = time.process_time()
            sample, middle, outputs = self.forward(seeds, draw)
            loss = sum(cross_entropy(z[~y.isnan()], y[~y.isnan()]) for z, y in outputs)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            nodes = sum(map(len, sample.nodes.values()))
            edges = sum(map(len, sample.topology.edges.values()))
            spent.append((middle - start, time.process_time() - middle, nodes, edges))
            losses.append(float(loss.detach()))
            third = resident() if step == steps // 3 else third
        sampling, rest, nodes, edges = (statistics.median(column) for column in zip(*spent, strict=True))
        return {
            "steps_per_s": round(steps / (time.perf_counter() - wall), 2),
            "sampling_cpu_s": round(sampling, 4),
            "network_cpu_s": round(rest, 4),
            "batch_nodes": round(nodes),
            "batch_edges": round(edges),
            "loss_first_20": round(statistics.mean(losses[:20]), 4),
            "loss_last_20": round(statistics.mean(losses[-20:]), 4),
            "resident_after_a_third_mb": round(third),
            "resident_at_the_end_mb": round(resident()),
        }

    def stream(self):
        """Yield seeds of every type and the epoch's generator, epoch after epoch."""
        from weft.hetero.batches import batches, epoch_generator

        for epoch in range(10**6):
            draw = epoch_generator(0, epoch)
            streams = [batches(rows, BATCH, draw) for _, rows in self.parts.values()]
            for chosen in zip(*streams, strict=False):
                yield dict(zip(self.parts, chosen, strict=True)), draw

    def auc(self) -> dict[str, float]:
        """Return the ROC AUC of every task on the nodes held out."""
        import torch
        from sklearn.metrics import roc_auc_score

        from weft.hetero.batches import epoch_generator

        self.net.eval()
        found: dict[str, list] = {family.name: [] for family in self.net.families}
        with torch.no_grad():
            for at in range(0, HELD, BATCH):
                seeds = {kind: held[at : at + BATCH] for kind, (held, _) in self.parts.items()}
                for name, pair in zip(found, self.forward(seeds, epoch_generator(1, at))[2], strict=True):
                    found[name].append(torch.stack(pair))
        told = {}
        for name, parts in found.items():
            score, label = torch.cat(parts, 1)
            told[name] = round(float(roc_auc_score(label[~label.isnan()], score[~label.isnan()])), 4)
        return told

    def sizes(self) -> dict[str, int]:
        """Return the size of the graph."""
        nodes = sum(self.full.topology.counts.values())
        return {"nodes": nodes, "edges": self.edges, "largest_degree": self.busiest}


def network_config():
    """Return the default's network without what reads labels or sparse features, and without dropout."""
    from weft.hetero.heads import HeadConfig
    from weft.hetero.inputs import InputConfig
    from weft.hetero.layer import LayerConfig
    from weft.hetero.network import NetConfig
    from weft.hetero.trunks.base import TrunkConfig

    trunk = TrunkConfig(layers=len(FANOUT), layer=LayerConfig(dim=DIM, dropout=0.0))
    inputs, head = InputConfig(dim=DIM), HeadConfig(dropout=0.0)
    return NetConfig(trunk=trunk, inputs=inputs, head=head, wide=False, composed=False, labels="none")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def resident() -> float:
    return _status("VmRSS")


def peak() -> float:
    return _status("VmHWM")
