"""`weft validate`: what is in a table and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weft.cli.arguments import Column, Data, Exclude, Features, Json, Kinds, Size, Smiles, Threads, names
from weft.cli.console import note, say, say_json
from weft.words import many

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.data.graph_report import GraphReport
    from weft.data.validate import TaskSummary, Validation

_FEW = 20


def command(
    data: Data,
    smiles: Smiles = None,
    column: Column = None,
    features: Features = None,
    size: Size = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="The task columns; may be given several times (default: found)."),
    ] = None,
    exclude: Exclude = None,
    kind: Kinds = None,
    rows: Annotated[int, typer.Option(min=0, help="How many bad rows, duplicates and conflicts to list.")] = _FEW,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Tell per task: labels, density, balance, conflicts; and every row that cannot be used.

    Of a graph: types, relations, features, degrees, tasks per part, problems.

    Nothing is changed or dropped. The exit code is 0 where weft fit would take the data as they stand, else 2.
    """
    from weft.jobs.checks import check_there, refusal
    from weft.jobs.inputs import check_kinds
    from weft.jobs.options import available_threads
    from weft.jobs.subjects import Subject, kind_of, told_kinds

    check_there(data)
    told, of_tasks = told_kinds(kind or [])
    what = kind_of(data, told)
    if what == "graph":
        _graph(data, rows, json)
        return
    workers, kinds = threads or available_threads(), check_kinds(of_tasks)
    if what == "molecules":
        from weft.data.validate import validate

        found = validate(data, smiles, names(tasks) or None, kinds, names(exclude), workers)
    else:
        from weft.jobs.subject_validate import validate_subject

        subject = Subject(what, column, names(features), size)
        found = validate_subject(data, subject, names(tasks), kinds, names(exclude), workers)
    _tell(found, lambda: _show(found, rows), refusal(found), json)


def _tell(found: Validation | GraphReport, show: Callable[[], None], reason: str | None, json: bool) -> None:
    """Print what was found, and end with 2 where a fit would refuse it."""
    if json:
        say_json(found.to_json())
    else:
        show()
    if reason:
        if not json:
            note(f"weft fit will refuse this as it stands: {reason}")
        raise typer.Exit(2)


def _graph(folder: Path, rows: int, json: bool) -> None:
    from weft.cli.validate_graph import show_graph
    from weft.data.graph_validate import validate_graph
    from weft.jobs.checks import graph_refusal

    found = validate_graph(folder)
    _tell(found, lambda: show_graph(found, rows), graph_refusal(found), json)


def _show(found: Validation, most: int) -> None:
    from weft.cli.tables import show_table

    molecules = many(found.molecules, f"different {found.thing}")
    where = f"SMILES in column {found.smiles!r}" if found.thing == "molecule" else found.layout or found.smiles
    say(f"{found.path}: {many(found.rows, 'row')}, {molecules}, {where}")
    for line in found.notes:
        say(f"{line[0].upper()}{line[1:]}")
    if found.converted:
        say(f"Converted: {', '.join(f'{n} {word}' for word, n in found.converted.items())}")
    if found.other:
        say(f"Left alone: {', '.join(found.other)}")
    header = ["task", "kind", "classes, or mean ± sd", "labels", "of rows", "conflicts"]
    show_table("Tasks", header, [_row(task) for task in found.tasks], words=3)
    noted = [f"{task.name}: {', '.join(task.notes)}" for task in found.tasks if task.notes]
    bad = [f"row {b.row}: {b.reason} ({b.smiles})" for b in found.bad_rows]
    cells = [f"row {c.row}, column {c.column}: {c.reason}" for c in found.bad_cells]
    twice = [f"rows {_numbers(group)}" for group in found.duplicates]
    clashes = [f"{task}: rows {_numbers(group)}" for task, group in found.conflicts]
    thing = found.thing
    _list("task to look at", "tasks to look at", noted, most)
    _list("row that cannot be used", "rows that cannot be used", bad, most)
    _list("cell that is no label", "cells that are no labels", cells, most)
    _list(f"{thing} that stands more than once", f"{thing}s that stand more than once", twice, most)
    whose = "whose labels contradict each other"
    _list(f"{thing} {whose}", f"{thing}s {whose}", clashes, most)


def _row(task: TaskSummary) -> list[str]:
    told = ", ".join(f"{name}: {n}" for name, n in task.classes.items())
    if task.mean is not None:
        told = f"{task.mean:.4g}" + ("" if task.sd is None else f" ± {task.sd:.4g}")
    return [task.name, task.kind, told, str(task.labels), f"{task.density:.0%}", str(task.conflicts)]


def _list(one: str, several: str, lines: list[str], most: int) -> None:
    if lines:
        say(f"{many(len(lines), one, several)}:")
        for line in lines[:most]:
            say(f"  {line}")
        if len(lines) > most:
            say(f"  ... and {len(lines) - most} more: --rows {len(lines)} lists all")


def _numbers(group: tuple[int, ...]) -> str:
    return ", ".join(map(str, group))
