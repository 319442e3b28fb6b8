"""Training steps on molecules: weft's D-MPNN, chemprop's, and a MetaLink network, from batch to optimiser step."""

from __future__ import annotations

import csv
import gzip
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import torch
from gpu_timing import Step
from torch import nn
from torch.nn import functional as F

from weft.data.base import Inputs
from weft.data.featurize import featurise
from weft.data.store import PackedGraphs
from weft.devices import autocast
from weft.encoders.dmpnn import DMPNNEncoder
from weft.labels import LabelTable
from weft.metalink.columns import Layout
from weft.metalink.episodes import Episodes, column_prior
from weft.metalink.network import MetaLinkNet
from weft.metalink.presets import configure
from weft.tasks import Task, TaskSet

DIM, DEPTH, TASKS = 300, 3, 12


class Table:
    """Tox21: SMILES, packed graphs, labels `[N, 12]` with NaN, of the rows that can be read."""

    def __init__(self, path: Path) -> None:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        store = PackedGraphs.from_arrays(featurise([row["smiles"] for row in rows])[0])
        kept = torch.nonzero(store.atom_ptr.diff() > 1).flatten()
        names = [name for name in rows[0] if name not in ("smiles", "mol_id")][:TASKS]
        self.graphs = store.take(kept)
        self.smiles = [rows[at]["smiles"] for at in kept.tolist()]
        self.y = np.array([[float(rows[at][name] or "nan") for name in names] for at in kept.tolist()])

    def __len__(self) -> int:
        return len(self.smiles)

    def batch(self, draw: np.random.Generator, size: int) -> torch.Tensor:
        """Return random rows; larger batches than the table repeat some."""
        return torch.from_numpy(draw.integers(0, len(self), size))


class Network(nn.Module):
    """D-MPNN, mean over atoms and two layers to 12 tasks: chemprop's default network for classification."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = DMPNNEncoder({}, DIM, depth=DEPTH)
        self.head = nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, TASKS))

    def forward(self, batch) -> torch.Tensor:
        return self.head(self.encoder(batch))


def ours(table: Table, device: str, size: int, precision: str = "float32") -> Step:
    """Return weft's step: gather a batch from the store on the device, loss, backward, Adam."""
    torch.manual_seed(0)
    inputs = Inputs(table.graphs).to(device)
    y = torch.from_numpy(table.y).float().to(device)
    net = Network().to(device)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3, fused=device != "cpu" or None)
    draw = np.random.default_rng(0)

    def step() -> None:
        rows = table.batch(draw, size)
        target = y[rows.to(device, non_blocking=True)]
        known = ~target.isnan()
        optimizer.zero_grad(set_to_none=True)
        with autocast(device, precision):
            score = net(inputs.take(rows)).float()
            cell = F.binary_cross_entropy_with_logits(score, target.nan_to_num(), reduction="none")
            loss = (cell * known).sum() / known.sum()
        loss.backward()
        optimizer.step()

    return step


def peers(table: Table, device: str, size: int, loader: bool) -> Step:
    """Return chemprop's step on its own network and molecules.

    Args:
        table: the molecules.
        device: where to.
        size: molecules of a batch.
        loader: collate every batch and send it, as chemprop's training does (features kept, no worker processes); else
            the same few batches lie on the device.
    """
    warnings.simplefilter("ignore")
    sys.modules.setdefault("cuik_molmaker", types.ModuleType("cuik_molmaker"))  # a C++ featuriser, not used here
    from chemprop import data, models
    from chemprop import nn as parts

    torch.manual_seed(0)
    points = [data.MoleculeDatapoint.from_smi(s, y) for s, y in zip(table.smiles, table.y, strict=True)]
    held = data.MoleculeDataset(points)
    held.cache = True
    passing = parts.BondMessagePassing(d_h=DIM, depth=DEPTH)
    model = models.MPNN(passing, parts.MeanAggregation(), parts.BinaryClassificationFFN(TASKS, DIM, DIM)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=device != "cpu" or None)
    draw = np.random.default_rng(0)

    def batch():
        found = data.collate_batch([held[int(at)] for at in draw.integers(0, len(held), size)])
        found.bmg.to(device)
        return found.bmg, found.Y.to(device), found.w.to(device)

    kept = [] if loader else [batch() for _ in range(8)]

    def step() -> None:
        graph, target, weight = batch() if loader else kept[draw.integers(len(kept))]
        mask = target.isfinite()
        optimizer.zero_grad(set_to_none=True)
        score = model.predictor.train_step(model.fingerprint(graph, None, None))
        none = torch.zeros_like(mask)
        model.criterion(score, target.nan_to_num(nan=0.0), mask, weight, none, none).backward()
        optimizer.step()

    return step


def metalink(table: Table, device: str, size: int, precision: str = "float32", preset: str = "metalink-paper") -> Step:
    """Return a step of MetaLink's training loop: pairs of `size` support and `size` query molecules."""
    torch.manual_seed(0)
    config = configure(preset, None if preset == "metalink-paper" else "dmpnn")
    tasks = TaskSet(tuple(Task(f"t{j}") for j in range(table.y.shape[1])))
    labels = LabelTable.from_dense(tasks, table.y)
    layout = Layout.fit(labels)
    prior = column_prior(layout, labels)
    net = MetaLinkNet(config, {}, prior).to(device)
    inputs = Inputs(table.graphs).to(device)
    rows = np.tile(np.arange(len(table)), -(-16 * size // len(table)))
    sized = type(config)(**{**vars(config), "batch": size})
    episodes = Episodes(sized, net, inputs, labels, layout, rows, prior, 0)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3, fused=device != "cpu" or None)
    state = {"steps": iter(()), "epoch": 0}

    def step() -> None:
        made = next(state["steps"], None)
        if made is None:
            state["steps"], state["epoch"] = episodes.steps(state["epoch"]), state["epoch"] + 1
            made = next(state["steps"])
        optimizer.zero_grad(set_to_none=True)
        with autocast(device, precision):
            loss = made()
        loss.backward()
        optimizer.step()

    return step
