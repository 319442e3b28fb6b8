"""The report of a fitted model, made again or on other data: one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft import saved
from weft.errors import UserError
from weft.files import atomic, read_json
from weft.jobs.folder import CARD, METRICS, REPORT
from weft.jobs.graph_model import on_graph
from weft.jobs.options import available_threads, check_seed
from weft.jobs.report_data import Read, read_graph_data, read_table_data
from weft.jobs.single_task import single_tasks
from weft.predictor import Predictor
from weft.training.answers import ask
from weft.training.assess import score_answers
from weft.training.run import Report, silent

if TYPE_CHECKING:
    from weft.report.facts import Alone, Facts

#: Where a comparison of a graph is looked for in the model's folder.
_COMPARED = ("compare.json", "compare/compare.json")


@dataclass(frozen=True)
class ReportOptions:
    """What a report is to hold.

    Attributes:
        compare: train a model for every task alone, and tell whether sharing helped.
        compared: the folder of a `weft compare`.
        seed: of the choices of labels shown and of the resamples; None takes that of the fit.
        smiles: the SMILES column of a table.
        threads: threads to compute with.
    """

    compare: bool = False
    compared: Path | None = None
    seed: int | None = None
    smiles: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Reported:
    """What was written.

    Attributes:
        file: the report.
        part: which rows were scored: `test`, `val`, the name of other data, or '' when there were none.
        rows: how many.
        ours: whether the data are those of the fit.
        notes: what the person should know.
    """

    file: Path
    part: str
    rows: int
    ours: bool
    notes: tuple[str, ...]


def report(
    folder: Path,
    data: Path | None = None,
    out: Path | None = None,
    options: ReportOptions | None = None,
    report: Report = silent,
) -> Reported:
    """Write the report of the model in `folder`.

    Args:
        folder: the model.
        data: its data; by default those of the fit, where they were then. Of other data, what the model has not
            seen is scored.
        out: the file; by default `report.html` in the model's folder.
        options: what to tell.
        report: told of progress.

    Raises:
        UserError: for a folder that is no model, data that cannot be found or used, or an `out` that is a folder.
    """
    from weft.report.whole import report_page

    chosen = options or ReportOptions()
    file = out or folder / REPORT
    if file.is_dir():
        raise UserError("this is a folder", where=str(file), mend="Name a file in it, such as report.html.")
    predictor = saved.load(folder)
    card = _card(folder)
    seed = int(card["seed"]) if chosen.seed is None else chosen.seed
    check_seed(seed)
    found = _facts(folder, data, predictor, card, chosen, seed, report)
    added = read_json(folder / METRICS).get("added") if (folder / METRICS).is_file() else None
    report("report", 0, 1, "")
    text = report_page(found, added if isinstance(added, dict) else None, seed)
    with atomic(file) as temporary:
        temporary.write_text(text, encoding="utf-8")
    report("report", 1, 1, f"{len(text) // 1000} kB")
    rows = 0 if found.answers is None else len(found.answers.rows)
    part = "" if found.answers is None else found.answers.part
    return Reported(file, part, rows, found.ours, tuple(_notes(found, chosen)))


def _card(folder: Path) -> dict[str, Any]:
    if not (folder / CARD).is_file():
        mend = "Fit again with 'weft fit'."
        raise UserError(
            f"the folder has no run card ({CARD}), so its data and split are not known", where=str(folder), mend=mend
        )
    return read_json(folder / CARD)


def _facts(
    folder: Path,
    data: Path | None,
    predictor: Predictor,
    card: dict[str, Any],
    options: ReportOptions,
    seed: int,
    report: Report,
) -> Facts:
    from weft.report.facts import Facts

    threads = options.threads or available_threads()
    if on_graph(predictor):
        if options.smiles is not None:
            raise UserError("this model reads a graph, no molecules", where="--smiles", mend="Leave it out.")
        read = read_graph_data(folder, data, predictor, report)
    else:
        read = read_table_data(folder, data, predictor, card, options.smiles, threads, report)
    rows, part, labels = read.scored()
    report("score", 0, 1, part)
    answers = None
    if len(labels.on_rows(rows)):
        several = (labels.on_rows(rows).row_counts() > 1).any()
        ratios, masks = read.reveals
        answers = ask(predictor, read.data, labels, rows, part, ratios if several else (0.0,), masks, seed)
    assessment = None if answers is None else score_answers(answers, seed)
    report("score", 1, 1, "")
    facts = Facts(
        read.name, card, predictor, read.data, read.labels, read.split, answers, assessment, read.graph,
        read.unusable, ours=read.ours, thing=read.thing, row_names=read.row_names,
    )  # fmt: skip
    alone = _alone(folder, read, facts, options, threads, report)
    return replace(facts, alone=alone, compared=_compared(folder, read, options))


def _alone(
    folder: Path, read: Read, facts: Facts, options: ReportOptions, threads: int, report: Report
) -> Alone | None:
    """Return the single-task models' predictions, trained now when that was asked for."""
    if not read.ours or facts.answers is None:
        if options.compare:
            what = "single-task models can be compared on the data of the fit only, and these are others"
            raise UserError(what, where="--compare", mend="Leave out --compare, or DATA.")
        return None
    return single_tasks(folder, facts, threads, options.compare, report)


def _compared(folder: Path, read: Read, options: ReportOptions) -> Mapping[str, Any] | None:
    """Return what `weft compare` found on these data; None without it.

    Raises:
        UserError: when a folder was named that holds no comparison of these data.
    """
    paths = [folder / name for name in _COMPARED]
    if options.compared is not None:
        paths = [options.compared / "compare.json"]
        if not paths[0].is_file():
            raise UserError(
                "there is no compare.json", where=str(options.compared), mend="Give what 'weft compare' wrote."
            )
    for path in paths:
        if path.is_file():
            found = read_json(path)
            data = found.get("data")
            if isinstance(data, dict) and data.get("sha256") == read.sha256:
                return found
            if options.compared is not None:
                what = "this comparison is of other data than the model's"
                raise UserError(what, where=str(path), mend="Compare on the graph of the model.")
    return None


def _notes(facts: Facts, options: ReportOptions) -> list[str]:
    notes: list[str] = []
    if facts.answers is None:
        notes.append(f"no {facts.thing} with a label is left to score: the report tells of data and model only")
    if not facts.ours:
        notes.append("these are not the data of the fit (by their hash): what the model had seen is left out")
    if options.compare and len(facts.labels.tasks.families) < 2:
        notes.append("--compare has no effect on a model of one task")
    if facts.alone is not None and not np.isfinite(facts.alone.predictions.mean).all():
        notes.append("some tasks have no single-task model to compare with")
    return notes
