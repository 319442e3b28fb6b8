"""One small model of every kind, and what it is asked: the folders below are made of these, once per released version.

    python -m tests.models.kinds [KIND...]

writes `tests/models/VERSION/KIND` for the version at hand: the model folder, and `asked.json` with the rows, the labels
shown and the numbers that came of them. A folder of a released version is never made again: later versions must read it
and answer the same.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import weft
from tests import toy
from tests.metalink.problems import MIXED, Problem, related
from weft.data.base import Data
from weft.data.graph_known import unlabelled
from weft.data.images import Images
from weft.data.molecules import Molecules
from weft.data.nodes import Nodes
from weft.data.splits import Split
from weft.data.synthetic import DEMO
from weft.data.tables import read_table
from weft.labels import LabelTable, Shown
from weft.predictor import Predictor, build
from weft.settings import Setting, reveal
from weft.tasks import Kind, Task, TaskSet
from weft.training.calibrator import calibrate
from weft.training.run import Run

HERE = Path(__file__).parent
ASKED = "asked.json"
BINARY = TaskSet.binary(list("abc"))
CLASSES = TaskSet((Task("c", Kind.MULTICLASS, tuple("vwx")),))
#: Rows that are asked.
_ROWS = 6
NARROW = {"net.trunk.layer.dim": 8, "net.inputs.dim": 8}
PAPER: dict[str, Any] = {"preset": "metalink-paper", "epochs": 1, "changes": {"dim": 8}}
#: Predictors of tables -> options and tasks.
TABLES: dict[str, tuple[dict[str, Any], TaskSet]] = {
    "metalink": ({"changes": {"learners": ("gp",), "members": 1, "rung": "weak", "stages": ()}}, MIXED),
    "metalink-paper": ({**PAPER, "encoder": "vectors"}, BINARY),
    "rf": ({"setting": Setting.RELATIONAL}, TaskSet.binary(["a"])),
    "lightgbm": ({"setting": Setting.RELATIONAL}, BINARY),
    **{name: ({}, MIXED) for name in ("prior", "molecule-mean", "naive-bayes", "label-knn", "label-gaussian")},
    **{name: ({}, BINARY) for name in ("rf-gaussian", "two-stage-lr", "two-stage-lightgbm", "mean-of-four")},
    **{name: ({}, BINARY) for name in ("binary-relevance", "classifier-chains", "powerset-knn", "linear")},
    "few-shot": ({"epochs": 1, "changes": {"steps": 2, "judged": 2}}, CLASSES),
}


def problem(tasks: TaskSet) -> Problem:
    """Forty rows of vectors."""
    return related(n=40, tasks=tasks, missing=0.1)


def _split(n: int) -> Split:
    order = np.arange(n)
    return Split(order[: n // 2], order[n // 2 : 3 * n // 4], order[3 * n // 4 :], "made", 0)


def of_vectors(name: str) -> tuple[Predictor, Data, LabelTable, Split]:
    """A predictor of tables, on vectors."""
    options, tasks = TABLES[name]
    found = problem(tasks)
    return _built(name, options), found.data, found.labels, found.split


def _built(name: str, options: dict[str, Any]) -> Predictor:
    return build("metalink" if name.startswith("metalink") else name, **options)


def of_molecules() -> tuple[Predictor, Data, LabelTable, Split]:
    """The default's profile and channel on molecules of the table that ships."""
    frame = read_table(DEMO).frame.head(30)
    data = Molecules.from_smiles(frame["smiles"].to_list(), workers=0)
    y = np.array([[float(v) if v is not None else np.nan for v in frame[name]] for name in frame.columns[1:3]]).T
    labels = LabelTable.from_dense(TaskSet.binary(frame.columns[1:3]), np.nan_to_num(y), ~np.isnan(y))
    options = {"learners": ("gp",), "members": 1, "rung": "weak", "stages": ()}
    return build("metalink", changes=options), data, labels, _split(len(data))


def of_images() -> tuple[Predictor, Data, LabelTable, Split]:
    """A small network over images."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3)).astype(np.uint8)
    labels = LabelTable.from_dense(TaskSet.binary(["a"]), np.arange(20)[:, None] % 2.0, np.ones((20, 1), bool))
    return (
        build("metalink", encoder="conv4", **PAPER),
        Images.from_arrays(pixels),
        labels,
        _split(20),
    )


def of_graph(name: str) -> tuple[Predictor, Data, LabelTable, Split]:
    """A predictor of nodes of the toy graph."""
    graph = toy.toy()
    assert graph.split is not None
    options: dict[str, Any] = {"epochs": 1, "members": 1, "changes": NARROW} if name == "inline" else {}
    return build(name, **options), Nodes.of(unlabelled(graph)), graph.labels, graph.split


KINDS: dict[str, Callable[[], tuple[Predictor, Data, LabelTable, Split]]] = {
    **{name: (lambda name=name: of_vectors(name)) for name in TABLES},
    "molecules": of_molecules,
    "images": of_images,
    **{name: (lambda name=name: of_graph(name)) for name in ("inline", "linear-graph")},
}


def answers(model: Predictor, data: Data, labels: LabelTable, rows: np.ndarray) -> dict[str, Any]:
    """Return what a model answers of some rows of which half of the labels are shown, JSON-ready."""
    shown = reveal(labels.take(rows), 0.5, 0).shown if len(labels.tasks) > 1 else Shown.nothing(labels.tasks, len(rows))
    found = model.answer(model.encode(data.take(rows)), shown)
    return {"mean": found.mean.tolist(), "std": found.std.tolist(), "ok": found.ok.tolist()}


def make(kind: str, folder: Path) -> None:
    """Fit, save and ask the model of a kind."""
    model, data, labels, split = KINDS[kind]()
    seen = labels.on_rows(np.concatenate([split.train, split.val]))
    model.fit(data, seen, split, Run(threads=1))
    model.calibrator = calibrate(model, data, seen, split.val)
    shutil.rmtree(folder, ignore_errors=True)
    model.save(folder)
    rows = np.sort(split.test)[:_ROWS]
    told = {"rows": rows.tolist(), **answers(model, data, replace(labels), rows)}
    (folder / ASKED).write_text(json.dumps(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:] or KINDS:
        make(name, HERE / weft.__version__ / name)
