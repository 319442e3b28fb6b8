"""Data that were given to the doctor: what `weft validate` finds, in few lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from weft.doctor.finding import Finding, fine, note, wrong
from weft.errors import UserError
from weft.words import many


def data(path: Path) -> Iterator[Finding]:
    """Look at a table, a graph's folder, or images, texts and vectors whose form tells what they are."""
    from weft.data.graph_files import is_graph
    from weft.jobs.subjects import kind_of

    try:
        kind = kind_of(path)
        if path.is_dir() and kind == "graph" and not is_graph(path):
            mend = "Name the folder that 'weft fit --out' wrote, or a folder of data (see weft validate --help)."
            yield wrong(str(path), "this folder holds neither a model nor data that weft reads", mend)
            return
        if kind == "graph":
            yield from _graph(path)
        else:
            yield from _rows(path, kind)
    except UserError as error:
        yield wrong(error.where or str(path), error.what, error.mend or f"Look at it with: weft validate {path}")


def _graph(path: Path) -> Iterator[Finding]:
    from weft.data.graph_validate import validate_graph
    from weft.jobs.checks import graph_refusal

    found = validate_graph(path)
    for problem in found.problems:
        rows = f" (rows {', '.join(map(str, problem.rows))})" if problem.rows else ""
        yield wrong(problem.where, f"{problem.what}{rows}", problem.mend)
    refused = graph_refusal(found)
    if refused and not found.problems:
        yield wrong("fit", refused, f"More is told by: weft validate {path}")
    if not found.problems:
        nodes, edges = sum(t.nodes for t in found.types), sum(r.edges for r in found.relations)
        yield fine("graph", f"{many(nodes, 'node')}, {many(edges, 'edge')}, {many(len(found.tasks), 'task')}")


def _rows(path: Path, kind: str) -> Iterator[Finding]:
    from weft.data.validate import validate
    from weft.jobs.checks import refusal
    from weft.jobs.subject_validate import validate_subject
    from weft.jobs.subjects import Subject

    found = validate(path, None, None, {}, []) if kind == "molecules" else validate_subject(path, Subject(kind))
    more = f"More is told by: weft validate {path}"
    thing = found.thing
    yield fine("table", f"{many(found.rows, 'row')}, {many(found.molecules, f'different {thing}')}")
    if found.bad_rows:
        first = found.bad_rows[0]
        what = f"{many(len(found.bad_rows), 'row')} cannot be used, first row {first.row}: {first.reason}"
        yield note("rows", f"{what}; they keep their place and get blanks", more)
    if found.conflicts:
        what = f"labels of {many(len(found.conflicts), f'{thing}', f'{thing}s')} contradict each other"
        yield note("labels", what, more)
    refused = refusal(found)
    if refused:
        yield wrong("fit", f"weft fit will refuse it: {refused}", more)
