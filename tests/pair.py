"""Fits made by two processes together, and by one alone: `python -m tests.pair FOLDER` in each, with its place in the
environment. Every fit's arrays go to `FOLDER/NAME-RANK.safetensors`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from safetensors.numpy import save_file

from tests.data.pictures import picture
from tests.hetero.small import model, small_graph
from tests.metalink.problems import related
from tests.metalink.test_network import SHAPES
from weft.data.images import Images
from weft.data.molecules import Molecules
from weft.data.nodes import Nodes
from weft.data.splits import Split
from weft.data.synthetic import DEMO
from weft.data.tables import read_table
from weft.fewshot.model import FewShotPredictor
from weft.hetero.heads import HeadConfig
from weft.labels import LabelTable, Shown
from weft.metalink.network_engine import NetworkEngine
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

Fit = Callable[[], dict[str, np.ndarray]]
#: One scalar with a weight of its own per family; learnt from norms of gradients; solved from their products.
BALANCINGS = ("uncertainty", "gradnorm", "nash-mtl")
PARTS = {"batch_size": 25, "exchange": "shared"}


def network(shape: str) -> dict[str, np.ndarray]:
    """A MetaLink network without dropout: weights, and predictions of all rows with labels shown."""
    problem, engine = related(), NetworkEngine(SHAPES[shape])
    engine.fit(problem.data, problem.labels, problem.split.train, problem.split.val, Run(seed=1))
    mean = engine.predict(engine.encode(problem.data), Shown(problem.labels)).mean
    return {"mean": mean, "losses": losses(engine), **engine.state()[1]}


def molecules() -> dict[str, np.ndarray]:
    """MetaLink's own encoder in double precision: kinds of atoms stand in the batch more than once."""
    frame = read_table(DEMO).frame.head(90)
    names = ["receptor_binding", "oxidative_stress", "cell_death"]
    values = frame.select(pl.col(names).cast(float)).to_numpy()
    labels = LabelTable.from_dense(TaskSet.binary(names), np.nan_to_num(values), ~np.isnan(values))
    data = Molecules.from_smiles(frame["smiles"].to_list(), workers=0)
    config = replace(SHAPES["double"], encoder="metalink", encoder_options={"layers": 2}, batch=16)
    engine, rows = NetworkEngine(config), np.arange(90)
    engine.fit(data, labels, rows[:70], rows[70:], Run(seed=1))
    return {"losses": losses(engine), **engine.state()[1]}


def losses(engine: NetworkEngine) -> np.ndarray:
    """Of every member and epoch."""
    return np.array([[row["loss"] for row in rows] for rows in engine.history])


def graph(dropout: bool = False, **options) -> dict[str, np.ndarray]:
    """A model of the small graph; without dropout all processes and one draw the same."""
    made, data = model(**options), small_graph()
    if not dropout:
        net = made.config.net
        trunk = replace(net.trunk, layer=replace(net.trunk.layer, dropout=0.0))
        none = HeadConfig(0.0, 0.0, 0.0, 0.0)
        net = replace(net, trunk=trunk, head=none, inputs=replace(net.inputs, entry_dropout=0.0))
        made.config = replace(made.config, net=net, dropouts=None)
    made.fit(Nodes.of(data), data.labels, data.split, Run(seed=1))
    return {"mean": made.predict(Nodes.of(data)).mean, **made.state()[1]}


def few_shot() -> dict[str, np.ndarray]:
    """Classes of images and layers over them: episodes are embedded in two parts, by batch statistics of both."""
    label = np.repeat(np.arange(15), 8)
    pixels = np.stack([picture(k % 3, 7 * k + at, 16) for at, k in enumerate(label)])
    pixels[:, :8, :8] = (label * 16)[:, None, None, None]
    tasks = TaskSet((Task("class", Kind.MULTICLASS, tuple(f"c{k}" for k in range(15))),))
    options = {"steps": 3, "judged": 5, "encoder_options": {"hidden": 8, "augmentations": ()}}
    made, data, rows = (
        FewShotPredictor(kg_layers=1, epochs=1, changes=options),
        Images.from_arrays(pixels),
        np.arange(120),
    )
    labels = LabelTable.from_dense(tasks, label[:, None].astype(float))
    made.fit(data, labels, Split(rows, rows[:0], rows[:0], "all"), Run(seed=1))
    return {"mean": made.predict(data).mean, **made.state()[1]}


FITS: dict[str, Fit] = {
    **{f"network {shape}": lambda shape=shape: network(shape) for shape in ("paper", "default", "double")},
    "molecules double": molecules,
    "few-shot": few_shot,
    **{f"parts {name}": lambda name=name: graph(balance=name, **PARTS) for name in BALANCINGS},
    "whole": lambda: graph(dropout=True, members=2, epochs=2),
}


def main(folder: Path) -> None:
    """Fit everything together with the other process."""
    from weft.group import together

    with together() as group:
        for name, fit in FITS.items():
            save_file(
                {k: np.ascontiguousarray(v) for k, v in fit().items()}, folder / f"{name}-{group.rank}.safetensors"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
