"""Search a model's settings by validation, and fit it with the best ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.engines.base import Engine, engine
from weft.errors import UserError
from weft.files import atomic, read_json, write_json
from weft.jobs.card import identity
from weft.jobs.checks import check_there
from weft.jobs.config_file import write_config
from weft.jobs.fit import Fitted, fit
from weft.jobs.folder import WORK, Start, check_target, clear, locked, prepare
from weft.jobs.options import FitOptions
from weft.jobs.sources import read_source, usual
from weft.training.run import Report, silent
from weft.tuning.search import DEFAULT, Search, best_of
from weft.tuning.space import Space, told_space
from weft.tuning.spaces import space_of, value_of
from weft.tuning.study import Study, check_installed
from weft.tuning.trial import Trial

if TYPE_CHECKING:
    from weft.predictor import Predictor

RESULT, CONFIG, TABLE, MODEL_FOLDER = "tune.json", "best.json", "trials.csv", "model"
#: Share of a network's epochs before its trial may be given up.
_WARM = 0.25


@dataclass(frozen=True)
class TuneOptions:
    """How to search.

    Attributes:
        trials: how many, that of the preset's own settings among them.
        members: networks of each trial; the last fit has as many as its options or its preset say. None has those, too.
        space: what to search; None takes that of the kind of model.
        engine: where trials are: a name of `weft.engines.base.REGISTRY`.
        jobs: trials at a time; 0 for as many as there is room for. More than one see less of each other.
        fit: whether to fit a model with the best settings at the end.
    """

    trials: int = 20
    members: int | None = 1
    space: Space | None = None
    engine: str = "local"
    jobs: int = 1
    fit: bool = True

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise UserError(f"{self.trials} trials", where="--trials", mend="Use 1 or more.")


@dataclass(frozen=True)
class Tuned:
    """What a search made.

    Attributes:
        folder: where it is.
        content: of `tune.json`.
        fitted: the last fit; None without one.
        again: true when it was finished before.
    """

    folder: Path
    content: Mapping[str, Any]
    fitted: Fitted | None = None
    again: bool = False


def tune(
    file: Path,
    out: Path,
    options: FitOptions | None = None,
    search: TuneOptions | None = None,
    resume: bool = False,
    report: Report = silent,
) -> Tuned:
    """Try settings of a model on the validation rows of `file` and write what was found to `out`.

    `out` holds `trials.csv` and `tune.json` (every trial), `best.json` (for `weft fit --config`) and `model/`. Test
    labels are read by the last fit alone, for its scores.

    Args:
        file: as of `weft.jobs.fit.fit`.
        out: a new or empty folder, or that of an earlier search.
        options: of every fit.
        search: how to search.
        resume: continue an unfinished search; a finished one of the same options is left as it is.
        report: told of progress.

    Raises:
        UserError: for data, options or a space that cannot be used, or when the preset's own settings fail.
        MissingExtraError: when Optuna, or the engine's library, is not installed.
    """
    check_there(file)
    plan = _plan(file, out, options or FitOptions(), search or TuneOptions())
    check_target(out, RESULT)
    same = plan.identity(report)
    with locked(out):
        if prepare(out, same, resume, (RESULT, RESULT)) is Start.FINISHED:
            return Tuned(out, read_json(out / RESULT), again=True)
        return _search(plan, same, report)


@dataclass(frozen=True)
class _Plan:
    """A search before anything is tried."""

    file: Path
    out: Path
    options: FitOptions
    search: TuneOptions
    predictor: Predictor
    space: Space
    place: Engine

    @property
    def default(self) -> dict[str, Any]:
        """The preset's own settings."""
        return {name: value_of(self.predictor.config, name) for name in self.space}  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

    def identity(self, report: Report) -> dict[str, Any]:
        """Return what must be the same for a search to continue.

        Raises:
            UserError: for data that cannot be used, or without a label on validation rows.
        """
        source = read_source(self.file, self.options, report)
        split = source.split(self.options)
        if not len(source.labels.on_rows(split.val)):
            mend = "Choose a split with a validation part."
            raise UserError("no label in the validation part of the split", where=str(self.file), mend=mend)
        told = {"trials": self.search.trials, "trial_members": self.search.members, "space": told_space(self.space)}
        return {**identity(source, self.options), **told, "fit": self.search.fit}

    def pattern(self) -> Trial:
        """Return the trial that others are made of."""
        options = self.options
        if self.search.members is not None and options.members is None and hasattr(self.config, "members"):
            options = replace(options, members=self.search.members)
        epochs = getattr(getattr(self.config, "loop", None) or getattr(self.config, "train", None), "epochs", 0)
        work = (self.out / WORK).absolute()
        return Trial(self.file.absolute(), work, 0, options.to_json(), {}, int(_WARM * epochs))

    @property
    def config(self) -> object:
        """The model's configuration as the preset has it."""
        return getattr(self.predictor, "config", None)


def _plan(file: Path, out: Path, options: FitOptions, search: TuneOptions) -> _Plan:
    check_installed()
    found = usual(file, options.data)
    options = options.filled(found.model or "", found.split or "", found.encoder)
    predictor = options.build()
    place = engine(search.engine, search.jobs, options.threads)
    return _Plan(file, out, options, search, predictor, space_of(predictor, search.space), place)


def _search(plan: _Plan, same: Mapping[str, Any], report: Report) -> Tuned:
    out, study = plan.out, Study(plan.out / WORK, plan.space, plan.default, plan.options.seed)
    rows = Search(study, plan.pattern(), plan.search.trials).run(plan.place, report)
    best, default = best_of(rows), rows[DEFAULT]
    changes = {**(plan.options.changes or {}), **_differing(best["settings"], default["settings"])}
    options = replace(plan.options, changes=changes or None)
    write_config(out / CONFIG, options)
    _write_table(out / TABLE, rows)
    fitted = fit(plan.file, out / MODEL_FOLDER, options, True, report) if plan.search.fit else None
    content = {
        "model": plan.options.model,
        "score": "mean over tasks of ROC-AUC, macro-F1 or R2 on validation rows",
        "default": default["score"],
        "best": {"number": best["number"], "score": best["score"], "changes": changes},
        "trials": rows,
        "test": None if fitted is None else fitted.metrics.get("test"),
        "identity": same,
    }
    write_json(out / RESULT, content)  # last: without it there is no search
    clear(out)
    return Tuned(out, content, fitted)


def _differing(settings: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are not the preset's own."""
    return {name: value for name, value in settings.items() if value != default[name]}


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a row per trial with its settings as columns."""
    import polars as pl

    flat = [
        {key: row[key] for key in ("number", "state", "score", "cpu_s", "fault")}
        | {name: _cell(value) for name, value in row["settings"].items()}
        for row in rows
    ]
    with atomic(path) as temporary:
        pl.DataFrame(flat, infer_schema_length=None, strict=False).write_csv(temporary)


def _cell(value: Any) -> int | float | str:
    return value if isinstance(value, int | float | str) else json.dumps(value)
