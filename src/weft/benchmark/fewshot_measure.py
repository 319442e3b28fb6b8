"""Training one few-shot row with one seed, and asking it the test episodes."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.arrays import tensors
from weft.benchmark.cost import Clock, peak_memory
from weft.benchmark.fewshot_data import ClassSet, with_turns
from weft.benchmark.fewshot_results import FewShotResult
from weft.benchmark.fewshot_suite import FewShotRow
from weft.benchmark.measure import made
from weft.data.base import Inputs
from weft.encoders.base import encoder_class
from weft.errors import UserError
from weft.fewshot.episodes import Ints, Shape, members
from weft.fewshot.exact import ExactHead, solved
from weft.fewshot.frozen import FROZEN
from weft.fewshot.heads import Head
from weft.fewshot.layered import with_layers
from weft.fewshot.network import CELLS, FewShotConfig, FewShotNet, allows, correct, learn
from weft.training.shelf import source

if TYPE_CHECKING:
    from weft.benchmark.fewshot_suite import FewShotSuite
    from weft.benchmark.row import Job
    from weft.training.run import Run

#: Seed of the test episodes: the same ones for every row, of each split.
_EPISODES = 1_000
#: Training images of a class that exact class nodes are estimated from.
_MOST = 100


class FewShotMeasure:
    """Trains rows of a few-shot suite.

    Args:
        suite: whose rows.
        threads: to compute with.
        own: whether this process is there for one training.
    """

    def __init__(self, suite: FewShotSuite, threads: int = 1, own: bool = False) -> None:
        self.suite, self.threads, self.own = suite, threads, own
        self.load = lru_cache(maxsize=1)(suite.load)

    def __call__(self, job: Job, run: Run) -> FewShotResult:
        """Train a row on the training classes of a split and ask it about the test classes."""
        torch.set_num_threads(self.threads)
        row, held = job.here, self.load(job.data)
        if not isinstance(row, FewShotRow):
            raise UserError(f"the row {row.name} is not one of a few-shot suite")
        train, val, test = held.split(job.seed)
        shapes = self._shapes(held, test)
        data, label, rows = with_turns(held, train) if held.drawings else (held.data, held.label, train)
        config = row.config()
        inputs = Inputs.of(data, encoder_class(config.encoder).needs)
        training = Clock()
        net, epochs = _trained(config, held, inputs, label, (rows, val), run)
        held_out = _embedded(net, inputs, label, val)
        head: Head = net.head
        if row.exact:
            judged = [shape for n, k in CELLS if allows(held_out[1], shape := Shape(n, k, config.queries))]
            known = _embedded(net, inputs, label, np.concatenate([part[:_MOST] for part in members(label, rows)]))
            head = solved(net.head, *known, held_out, judged, config.judged)
            if config.exact_layers:
                head = with_layers(head, config, *known, held_out, judged, run)
        cpu, wall = training.cpu_s, training.wall_s
        if run.shelf is not None:  # what was found there counts as if it had been trained here
            cpu, wall = cpu + run.shelf.cpu_s, wall + run.shelf.wall_s
        asked = Clock()
        seen = _embedded(net, inputs, label, test)
        right = {"": _right(head, *seen, shapes, self.suite.episodes)}
        predict = asked.cpu_s
        alone = row.exact and not config.exact_layers  # with layers over exact nodes it is that of the row without
        others = {**({"learnt": net.head} if alone else {}), **{name: FROZEN[name] for name in row.readings}}
        right |= {name: _right(answer, *seen, shapes, self.suite.episodes) for name, answer in others.items()}
        own = _right(head, *held_out, shapes, self.suite.episodes)
        weights = asdict(head.weights) if isinstance(head, ExactHead) else {}
        asks = {str(shape): shape.ways * shape.queries for shape in shapes}
        return FewShotResult(
            self.suite.name, row.name, job.data, job.seed, row.model, row.told(),
            [str(shape) for shape in shapes], asks, right,
            {cell: float(np.mean(values)) / asks[cell] for cell, values in own.items() if values},
            {name: len(np.unique(label[part])) for name, part in (("train", rows), ("val", val), ("test", test))},
            epochs,
            cpu, wall, predict, _size(net, head), self.threads,
            {**made(), "data_sha256": held.sha256}, peak_memory() if self.own else None, run.device, weights,
        )  # fmt: skip

    def _shapes(self, held: ClassSet, test: Ints) -> list[Shape]:
        """Return the sizes of episodes that the test classes allow.

        Raises:
            UserError: when they allow none.
        """
        among, wanted = members(held.label, test), [Shape(n, k, self.suite.queries) for n, k in self.suite.cells]
        found = [shape for shape in wanted if allows(among, shape)]
        if not found:
            what = f"the {len(among)} test classes are too few, or too small, for a {wanted[0]} episode"
            mend = f"Give {wanted[0].ways} classes of {wanted[0].shots + wanted[0].queries} images or more."
            raise UserError(what, where=f"data {held.name}", mend=mend)
        return found


def _trained(
    config: FewShotConfig, held: ClassSet, inputs: Inputs, label: Ints, parts: tuple[Ints, Ints], run: Run
) -> tuple[FewShotNet, dict[str, int]]:
    """Return the trained network, and how many epochs it took and which was best; rows share it through the shelf."""
    config = replace(config, exact_layers=0)

    def compute() -> dict[str, NDArray[Any]]:
        net, history = learn(config, inputs, inputs.widths, label, parts, run)
        told = np.array([len(history.rows), history.best_epoch])
        return {"epochs": told, **{f"net.{key}": value.cpu().numpy() for key, value in net.state_dict().items()}}

    if run.shelf is None:
        found = compute()
    else:
        made_of = (run.seed, asdict(config), held.sha256, label, list(parts), source("fewshot", "encoders"))
        found = run.shelf.get("few-shot", made_of, compute)
    net = FewShotNet(config, inputs.widths)
    net.load_state_dict(tensors("net.", found))
    trained, best = (int(n) for n in found["epochs"])
    return net.eval(), {"trained": trained, "best": best}


def _size(net: FewShotNet, head: Head) -> int:
    """Return how many numbers were trained: of the network, and of layers over exact nodes."""
    layers = head.layers if isinstance(head, ExactHead) else None
    return sum(p.numel() for part in (net, layers) if part is not None for p in part.parameters())


def _embedded(net: FewShotNet, inputs: Inputs, label: Ints, rows: Ints) -> tuple[Tensor, list[Ints]]:
    """Return embeddings of `rows`, and the places of each class among them."""
    rows = np.sort(rows)
    among = [np.searchsorted(rows, part) for part in members(label, rows)]
    return net.embed(inputs, torch.from_numpy(rows)), among


def _right(answer: Any, h: Tensor, among: list[Ints], shapes: list[Shape], count: int) -> dict[str, list[int]]:
    """Return the right answers in every episode of the sizes that these classes allow."""
    found: dict[str, list[int]] = {}
    for shape in shapes:
        if allows(among, shape):
            share = correct(answer, h, among, shape, count, _EPISODES)
            found[str(shape)] = [int(n) for n in np.rint(share * shape.ways * shape.queries)]
    return found
