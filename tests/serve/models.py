"""Model folders made directly, without a report: what `weft serve` reads of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests import toy
from tests.jobs.conftest import write_table
from tests.tiny import Tiny
from weft.data.columns import plan_columns
from weft.data.graph_files import read_graph
from weft.data.graph_known import content_hash, unlabelled
from weft.data.molecules import Molecules
from weft.data.nodes import Nodes
from weft.data.reading import read_labels
from weft.data.splits import Split
from weft.data.synthetic import DEMO
from weft.data.tables import read_table
from weft.predictor import Predictor
from weft.training.calibrator import calibrate
from weft.training.run import Run


def zipped(files: Mapping[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file of some files, by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as held:
        for name, data in files.items():
            held.writestr(name, data)
    return file.getvalue()


def split(n: int) -> Split:
    """The first two thirds train, the others validate."""
    cut = 2 * n // 3
    return Split(np.arange(cut), np.arange(cut, n), np.zeros(0, np.int64), "random", 0)


def molecules(model: Predictor, table: Path, rows: int, folder: Path, kinds: dict[str, str] | None = None) -> Path:
    """Fit to the first rows of a table, calibrate and save."""
    read = read_table(table)
    plan = plan_columns(read, kinds=kinds, exclude=[name for name in ("id", "part") if name in read.frame.columns])
    labels = read_labels(read, plan).take(np.arange(rows))
    data = Molecules.from_smiles(read.frame[plan.smiles].to_list()[:rows], workers=0)
    model.fit(data, labels, split(rows), Run(threads=1))
    model.calibrator = calibrate(model, data, labels, split(rows).val)
    return _save(model, folder, {"file": str(table.resolve()), "smiles": plan.smiles})


def tiny(folder: Path) -> Path:
    """Tasks a, b (binary), size (regression) and colour (blue, red) of twelve alcohols."""
    folder.mkdir(parents=True, exist_ok=True)
    return molecules(Tiny(), write_table(folder / "assays.csv"), 12, folder / "model", {"colour": "multiclass"})


def real(folder: Path) -> Path:
    """The default model with one learner and one member, on 60 molecules of the demo."""
    from weft.metalink.model import MetaLinkPredictor

    model = MetaLinkPredictor(changes={"learners": ("gp",), "members": 1, "rung": "weak", "stages": ()})
    return molecules(model, DEMO, 60, folder / "assays")


def graph(folder: Path) -> Path:
    """An InLINE model of the toy graph: areas of authors, four tasks of papers."""
    from weft.hetero.model import InlinePredictor

    toy.write_toy(folder / "graph")
    found = read_graph(folder / "graph")
    model = InlinePredictor(epochs=2, members=1)
    data = Nodes.of(unlabelled(found))
    assert found.split is not None
    model.fit(data, found.labels, found.split, Run(threads=1))
    model.calibrator = calibrate(model, data, found.labels, found.split.val)
    about = {"path": str(folder / "graph"), "schema": found.schema(), "content": content_hash(found)}
    return _save(model, folder / "papers", about)


def _save(model: Predictor, folder: Path, data: dict[str, object]) -> Path:
    model.save(folder)
    (folder / "run.json").write_text(json.dumps({"data": data, "seed": 0, "identity": {"x": 1}}))
    (folder / "metrics.json").write_text(json.dumps({"test": {"0": {"tasks": {}}}}))
    return folder
