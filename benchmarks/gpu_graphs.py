"""A training step of InLINE on the whole of DBLP: as published, and weft's default network."""

from __future__ import annotations

from pathlib import Path

import torch
from gpu_timing import Step

from weft.data.graph_npz import read_npz_graph
from weft.hetero.families import families, targets
from weft.hetero.losses import FamilyTargets, family_loss
from weft.hetero.members import new_network
from weft.hetero.prepare import Preparer
from weft.hetero.presets import configure


def inline(folder: Path, device: str, preset: str) -> Step:
    """Return one step: forward on the whole graph, losses of both tasks, backward, AdamW."""
    graph = read_npz_graph(folder)
    config = configure(preset).suited(any(table.sparse is not None for table in graph.nodes.values()))
    train = graph.labels.on_rows(graph.split.train)
    found = families(graph.labels.tasks)
    prepare = Preparer.fit(config.net, graph, found, train)
    batch = prepare.batch(graph, train, train)
    shape = prepare.shape(graph, batch)
    asked = [FamilyTargets.of(targets(train, f, graph.offset[f.node_type], prepare.scale)) for f in found]
    net = new_network(config.member(0), shape, found, asked, 0).to(device).train()
    batch, asked = batch.to(device), [t.to(device) for t in asked]
    optimizer = torch.optim.AdamW(net.parameters(), config.train.lr, fused=device != "cpu" or None)
    weight = {f.name: torch.ones(f.width, device=device) for f in found}

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        each = zip(found, net(batch), asked, strict=True)
        sum(
            family_loss(f, s[t.row], t.value, t.known, weight[f.name], config.train.loss) for f, s, t in each
        ).backward()
        optimizer.step()

    return step
