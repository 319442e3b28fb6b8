"""Small real models for the page: fitted in a few seconds to data that ship with weft."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from tests.toy import write_toy
from weft.data.molecules import Molecules
from weft.data.splits import Split
from weft.data.synthetic import DEMO
from weft.files import write_json
from weft.jobs.options import FitOptions
from weft.jobs.sources import read_source
from weft.labels import LabelTable
from weft.predictor import build
from weft.tasks import Task, TaskSet
from weft.training.assess import assess
from weft.training.calibrator import calibrate
from weft.training.run import Run, silent

MANY = 617


def molecules(folder: Path) -> Path:
    """Three binary tasks and a number on 150 molecules; takes new tasks."""
    text = gzip.decompress(DEMO.read_bytes()).decode()
    rows = [line.split(",") for line in text.splitlines()[:151]]
    table = folder / "assays.csv"
    table.write_text("\n".join(",".join(row[at] for at in (0, 1, 2, 4, 10)) for row in rows), encoding="utf-8")
    options = FitOptions(encoder="fingerprint", setting="relational_meta", epochs=5, members=2, split="random")
    return _fit(table, folder / "assays", options.filled("metalink", "random"))


def graph(folder: Path) -> tuple[Path, Path]:
    """Tasks of all three kinds on authors and papers; returns the model and its graph."""
    tables = write_toy(folder / "graph")
    return _fit(tables, folder / "papers", FitOptions(epochs=3, members=1).filled("inline", "published")), tables


def _fit(data: Path, out: Path, options: FitOptions) -> Path:
    """Fit without the report, which is not served."""
    source = read_source(data, options, silent)
    split, model = source.split(options), options.build()
    model.fit(source.data, source.labels.on_rows(split.train), split, Run(threads=1))
    model.calibrator = calibrate(model, source.data, source.labels, split.val, 0)
    model.save(out)
    test = assess(model, source.data, source.labels, split.test, "test", (0.5,), 1)
    write_json(out / "metrics.json", {"test": test.to_json()})
    return out


def many_tasks(folder: Path) -> Path:
    """A model with as many tasks as ToxCast, of random labels."""
    rng = np.random.default_rng(0)
    tasks = TaskSet(tuple(Task(f"assay {k:03d}") for k in range(MANY)))
    values = rng.integers(0, 2, (60, MANY)).astype(float)
    values[rng.random(values.shape) < 0.5] = np.nan
    labels = LabelTable.from_dense(tasks, np.nan_to_num(values), ~np.isnan(values))
    data = Molecules.from_smiles(["C" * (k + 1) + "O" for k in range(60)], workers=0)
    parts = np.split(np.arange(60), [40, 50])
    model = build("naive-bayes")
    model.fit(data, labels.on_rows(parts[0]), Split(*parts, method="random"), Run(threads=1))
    model.save(folder / "many")
    return folder / "many"
