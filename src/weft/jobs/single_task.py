"""Models of one task each, trained like a fitted one, to tell whether sharing helped."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import weft
from weft.devices import find_device
from weft.errors import UserError
from weft.jobs.options import FitOptions, revived
from weft.predictor import Predictions
from weft.training.run import Report, Run, within

if TYPE_CHECKING:
    from weft.report.facts import Alone, Facts

FOLDER = "single_task"


def single_tasks(folder: Path, facts: Facts, threads: int, train: bool, report: Report) -> Alone | None:
    """Return what models of one task each predict for the scored rows.

    They have the options, features, split and seed of the model; each is trained on the labels of its own task (or
    all labels of a multi-label task) only, so that nothing of another task reaches it. What was trained is kept in
    `single_task/` of the model's folder and read the next time.

    Args:
        folder: of the model.
        facts: the model beside the data of its fit.
        threads: to compute with.
        train: whether to train what is not there; else None unless all is there.
        report: told of progress.
    """
    from weft.report.facts import Alone

    answers, labels = facts.answers, facts.labels
    options = revived(facts.card["options"], threads)
    families = labels.tasks.families
    if answers is None or len(families) < 2:
        return None
    digest = _digest(facts, options)
    files = [folder / FOLDER / f"{digest}-{at}.safetensors" for at in range(len(families))]
    if not train and not all(path.is_file() for path in files):
        return None
    mean = np.full(answers.nothing.mean.shape, np.nan)
    spent = 0.0
    run = Run(options.seed, folder / FOLDER, report, threads)
    for at, (name, members) in enumerate(families.items()):
        inner = within(report, "single tasks", at, len(families), name) if train else report
        found = run.stage(f"{digest}-{at}", lambda members=members, inner=inner: _train(facts, options, members, inner))
        columns = np.concatenate([np.arange(*labels.tasks.offsets[j : j + 2]) for j in members])
        mean[:, columns] = found["mean"]
        spent += float(found["cpu"][0])
    if train:
        report("single tasks", len(families), len(families), f"{spent:.0f} s of CPU")
    words = "models of one task each, trained with the same options, features, split and seed"
    return Alone(Predictions(labels.tasks, mean, np.zeros_like(mean), answers.nothing.ok), words, spent)


def _digest(facts: Facts, options: FitOptions) -> str:
    """Return a name of what decides the result: data, options, version, and the rows scored."""
    card = facts.card
    rows = [] if facts.answers is None else facts.answers.rows.tolist()
    told = {**options.identity(), "data": card["data"]["sha256"], "weft": weft.__version__, "rows": rows}
    told["tasks"] = facts.labels.tasks.names
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8).hexdigest()


def _train(facts: Facts, options: FitOptions, members: list[int], report: Report) -> dict[str, NDArray[Any]]:
    """Train a model on the labels of some tasks alone; NaN when too few of them are known."""
    import torch

    began = time.process_time()
    torch.set_num_threads(options.threads)
    split, tasks = facts.split, facts.labels.tasks
    rows = np.array([], np.int64) if facts.answers is None else facts.answers.rows
    own = facts.labels.take_tasks(tasks[j].name for j in members)
    seen = own.on_rows(np.concatenate([split.train, split.val]))
    try:
        predictor = options.build()
        device = str(find_device(options.device)) if predictor.on_device else "cpu"
        predictor.fit(facts.data, seen, split, Run(options.seed, None, report, options.threads, device=device))
        mean = predictor.predict(facts.data.take(rows)).mean
    except UserError:
        mean = np.full((len(rows), int(own.tasks.offsets[-1])), np.nan)
    return {"mean": mean, "cpu": np.array([time.process_time() - began])}
