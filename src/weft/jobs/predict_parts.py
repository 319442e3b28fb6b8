"""Predict a table of any size, part by part: memory grows with a part, and a killed run goes on where it was."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import weft
from weft.data.parts import PART_ROWS, InPart, plan_parts, table_files
from weft.errors import UserError
from weft.jobs.folder import MODEL, WEIGHTS, Start, check_target, locked, prepare
from weft.jobs.inputs import usual_smiles
from weft.jobs.part_engine import parts_on
from weft.jobs.part_folder import MANIFEST, PartFolder, hash_of_files, in_order, is_folder
from weft.jobs.part_job import Ask, PartDone, PartJob, answer_table
from weft.jobs.part_workers import Engine
from weft.jobs.predicted import Predicted
from weft.words import many

if TYPE_CHECKING:
    from weft.data.tables import Table
    from weft.jobs.coverage import Covered
    from weft.jobs.predict import PredictOptions
    from weft.predictor import Predictor
    from weft.training.run import Report


def predict_parts(
    predictor: Predictor,
    folder: Path,
    file: Path,
    out: Path,
    options: PredictOptions,
    report: Report,
    *,
    fill: bool = False,
    engine: Engine | None = None,
    rows: int = PART_ROWS,
) -> Predicted:
    """Write the predictions of a table of molecules, a part at a time.

    Args:
        predictor: the model loaded.
        folder: where it is; processes load it from there.
        file: a table, or a folder of Parquet files.
        out: a file, or a folder for one Parquet file per part.
        options: how to predict; `threads` is the number of processes, `resume` goes on with a run that was stopped.
        report: told of progress.
        fill: fill in blanks instead of adding columns.
        engine: what runs the parts; by default what the options name.
        rows: most rows of a part.

    Returns:
        What was written, the same whichever parts were done before.

    Raises:
        UserError: for a table that cannot be used, when unfinished work of another model, input or other options is
            there, or when it is there and `resume` is off.
    """
    engine = engine or parts_on(options.engine, options.jobs, _workers(predictor, options))
    state = PartFolder(out)
    files = table_files(file)
    if is_folder(out):
        check_target(out, MANIFEST)
    report("read", 0, 1, file.name)
    first = next(iter(plan_first(files[0])))
    coverage = None if fill else options.coverage
    ask = Ask(_smiles(first, options, folder), fill, options.ignore_known, options.prefix, coverage)
    covered = _rehearse(predictor, first, ask, state)
    lacking = () if covered is None else tuple(covered.notes(predictor.tasks))
    with _ours(state):
        identity = _identity(folder, file, files, ask, state, rows)
        start = prepare(state.home, identity, options.resume, (MANIFEST, MANIFEST), "prediction")
        if start is Start.FINISHED:
            return _told(out, state.written_before(), [], covered, (*lacking, "it was finished before"))
        with _nothing_half_made(state):
            parts = state.plan() or _plan(predictor, file, state, rows)
            done = state.kept()
            report("read", 1, 1, f"{many(sum(part.rows for part in parts), 'row')} in {many(len(parts), 'part')}")
            before = (f"{len(done)} of {many(len(parts), 'part')} were done before",) if done else ()
            engine(_jobs(folder, parts, done, state, ask, options), _keeper(state, done, parts, report))
        state.finish(list(in_order(done)), parts, identity)
    told = _told(out, list(in_order(done)), parts, covered, (*lacking, *before))
    return told if file.is_dir() else replace(told, first_bad_file=None)


def _jobs(
    folder: Path,
    parts: list[InPart],
    done: dict[int, PartDone],
    state: PartFolder,
    ask: Ask,
    options: PredictOptions,
) -> list[PartJob]:
    """Return what is left to do."""
    left = ((at, part) for at, part in enumerate(parts) if at not in done)
    return [PartJob(at, folder.resolve(), part, state.path(at), ask, options.device) for at, part in left]


@contextmanager
def _ours(state: PartFolder) -> Generator[None]:
    """Hold the folder of the work; it goes when nothing is left in it."""
    try:
        with locked(state.home, "prediction"):
            yield
    finally:
        with contextlib.suppress(OSError):
            state.home.rmdir()


def plan_first(file: Path) -> Generator[Table]:
    """Give the first rows of a file."""
    from weft.data.tables import iter_table

    yield from iter_table(file, 1000)


def _keeper(state: PartFolder, done: dict[int, PartDone], parts: list[InPart], report: Report) -> Any:
    """Return what is told of every part done: it keeps the part and reports rows."""
    total, before = sum(part.rows for part in parts), sum(each.rows for each in done.values())
    count = [before]
    report("predict", before, total, "")

    def keep(found: PartDone) -> None:
        done[found.at] = state.keep(found)
        count[0] += found.rows
        report("predict", count[0], total, "")

    return keep


def _plan(predictor: Predictor, file: Path, state: PartFolder, rows: int) -> list[InPart]:
    from weft.data.reading import read_known

    def check(table: Table) -> None:
        read_known(table, predictor.tasks)

    parts = plan_parts(file, state.work, rows, check)
    state.note_plan(parts)
    return parts


def _smiles(table: Table, options: PredictOptions, folder: Path) -> str:
    from weft.data.columns import plan_columns

    usual = usual_smiles(folder)
    given = usual if options.smiles is None and usual in table.frame.columns else options.smiles
    return plan_columns(table, smiles=given, tasks=[]).smiles


def _rehearse(predictor: Predictor, first: Table, ask: Ask, state: PartFolder) -> Covered | None:
    """Answer about no row, and write it: what is wrong with names, columns and forms is told before any work."""
    from weft.data.tables import encode_table

    none = replace(first, frame=first.frame.head(0), problems={})
    found = answer_table(predictor, none, ask, 0)
    encode_table(found.frame, Path(f"{state.out}{state.extension}"))
    return found.covered


def _identity(folder: Path, file: Path, files: list[Path], ask: Ask, state: PartFolder, rows: int) -> dict[str, Any]:
    """Return what must be the same for finished parts to be of use."""
    from rdkit import rdBase

    return {
        "model": hash_of_files([folder / MODEL, folder / WEIGHTS], folder),
        "input": hash_of_files(files, file),
        "smiles": ask.smiles,
        "fill": ask.fill,
        "ignore_known": ask.ignore_known,
        "prefix": ask.prefix,
        "coverage": ask.coverage,
        "form": state.extension,
        "part_rows": rows,
        "weft": weft.__version__,
        "rdkit": rdBase.rdkitVersion,
    }


def _workers(predictor: Predictor, options: PredictOptions) -> int:
    """Return the number of processes: one where all would share a card."""
    from weft.devices import find_device

    on_card = predictor.on_device and str(find_device(options.device)) != "cpu"
    return 1 if on_card else options.threads


@contextmanager
def _nothing_half_made(state: PartFolder) -> Generator[None]:
    """Leave nothing behind when what is asked cannot be done and no part was kept."""
    try:
        yield
    except UserError:
        if not any(state.work.glob("done-*.json")):
            state.drop()
        raise


def _told(
    out: Path, done: list[PartDone], parts: list[InPart], covered: Covered | None, notes: tuple[str, ...]
) -> Predicted:
    rows, bad, known = (sum(getattr(each, name) for each in done) for name in ("rows", "bad", "known"))
    found = next((each for each in done if each.told), None)
    first = None if found is None else found.told[0]
    source = None if found is None or not parts else parts[found.at].source
    used, sets = any(each.used for each in done), None if covered is None else covered.to_json()
    return Predicted(out, rows, bad, known, used, first, notes, sets, len(done), source)
