"""Explain a model's answers about the rows of a table: a folder with JSON, a page and drawings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft import saved
from weft.errors import UserError
from weft.explain import Inquiry, task_map
from weft.explain.asker import reads_labels
from weft.files import atomic, write_json
from weft.jobs.explain_atoms import atoms_of
from weft.jobs.explain_rows import choose_rows
from weft.jobs.explain_support import support_of
from weft.jobs.folder import check_target
from weft.jobs.graph_model import graph_for, on_graph
from weft.jobs.known_rows import read_rows, things_of
from weft.jobs.node_input import NodeInput, read_nodes
from weft.jobs.options import available_threads
from weft.labels import Shown
from weft.predictor import Predictor
from weft.training.run import Report, silent

if TYPE_CHECKING:
    from weft.jobs.known_rows import Rows

RESULT, PAGE = "explain.json", "explain.html"


@dataclass(frozen=True)
class ExplainOptions:
    """What to ask.

    Attributes:
        rows: numbers of the rows; none and no `ids` takes all of a small table.
        ids: cells that name rows.
        tasks: tell of these tasks only; () tells of all.
        method: of the attributions.
        what_if: task -> label as a person says it; an empty one forgets the label.
        measure_next: rank what to measure.
        targets: the tasks one wants to know; () takes all.
        budget: plan so many measurements over all chosen rows; None plans none.
        task_map: how tasks move each other.
        atoms: contributions of atoms.
        support: leave out each support label of `tasks`.
        support_file: the table these labels came from; None takes the one of the run card.
        gates: of a model of a graph.
        smiles: the SMILES column.
        graph: the graph, for a model of one.
        node_type: of the nodes in the table.
        seed: of what is sampled.
        threads: threads to compute with.
    """

    rows: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    method: str = "auto"
    what_if: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    measure_next: bool = False
    targets: tuple[str, ...] = ()
    budget: int | None = None
    task_map: bool = False
    atoms: bool = False
    support: bool = False
    support_file: Path | None = None
    gates: bool = False
    smiles: str | None = None
    graph: Path | None = None
    node_type: str | None = None
    seed: int = 0
    threads: int = dataclasses.field(default_factory=available_threads)


@dataclass(frozen=True)
class Explained:
    """What was found and written.

    Attributes:
        folder: where.
        found: what is in `explain.json`.
        files: names of all files.
        notes: what the person should know.
    """

    folder: Path
    found: dict[str, Any]
    files: tuple[str, ...]
    notes: tuple[str, ...]


def explain(
    folder: Path, file: Path | None, out: Path, options: ExplainOptions | None = None, report: Report = silent
) -> Explained:
    """Answer the questions of `options` about a table and write them into `out`.

    Raises:
        UserError: for a model, table, row, task, label or folder that cannot be used.
    """
    from weft.jobs.explain_page import explain_page

    options = options or ExplainOptions()
    check_target(out, RESULT)
    model = saved.load(folder)
    model.tasks.select((*options.tasks, *options.targets, *options.what_if))
    read = _read(model, folder, file, options, report)
    chosen = choose_rows(read, options.rows, options.ids)
    notes, drawings = _notes(model, read, chosen), dict[str, str]()
    found = _asked(model, folder, read, chosen, options, drawings, report)
    files = {**drawings, PAGE: explain_page(str(folder), found, drawings)}
    for name, text in files.items():
        with atomic(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    write_json(out / RESULT, found)
    return Explained(out, found, (RESULT, *files), notes)


def _read(model: Predictor, folder: Path, file: Path | None, options: ExplainOptions, report: Report) -> Rows:
    if on_graph(model):
        graph, _ = graph_for(folder, options.graph)
        nodes = read_nodes(file, graph, model.tasks, options.node_type)
        model.check_features(nodes.data)
        return nodes
    if options.graph is not None or options.node_type is not None or options.gates:
        what = f"this model reads {things_of(folder)}, no graph"
        raise UserError(what, where=str(folder), mend="Leave out --graph, --type and --gates.")
    if file is None:
        raise UserError("there is no table to explain", where=str(folder), mend="Name a file after the model.")
    return read_rows(folder, file, model, report, options.smiles, options.threads)


def _notes(model: Predictor, read: Rows, chosen: Sequence[int]) -> tuple[str, ...]:
    if not reads_labels(model):
        return ("this model does not use known labels: it has no attributions",)
    counts = read.labels.row_counts()
    blank = [at for at in chosen if not counts[at]]
    return (f"{len(blank)} of {len(chosen)} rows have no known label to attribute to",) if blank else ()


def _asked(
    model: Predictor,
    folder: Path,
    read: Rows,
    chosen: Sequence[int],
    options: ExplainOptions,
    drawings: dict[str, str],
    report: Report,
) -> dict[str, Any]:
    """Answer all questions; drawings are added to `drawings` by file name."""
    inquiry = Inquiry(model, read.data, Shown(read.labels))
    numbers = [read.table.number(at) for at in range(len(read.table))]
    rows: list[dict[str, Any]] = []
    for done, at in enumerate(chosen):
        report("explain", done, len(chosen), f"row {numbers[at]}")
        told: dict[str, Any] = {"row": numbers[at], "key": read.data.keys[at]}
        told |= {name: _placed(part, numbers) for name, part in _row(inquiry, at, options).items()}
        if options.atoms:
            told["atoms"] = _placed(atoms_of(model, read, at, options.tasks, numbers[at], drawings), numbers)
        if options.support:
            told["support"] = support_of(model, folder, read, at, options.tasks, options.support_file, report)
        rows.append(told)
    report("explain", len(chosen), len(chosen), "")
    found: dict[str, Any] = {"model": str(folder), "tasks": model.tasks.names, "rows": rows}
    if options.budget is not None:
        among = Inquiry(model, read.data, Shown(read.labels), chosen)
        steps = among.plan(options.budget, options.targets or None)
        found["plan"] = [{**step.to_json(), "row": numbers[step.row]} for step in steps]
    if options.task_map:
        found["task_map"] = task_map(model, read.data, seed=options.seed).to_json()
    if options.gates and isinstance(read, NodeInput):
        from weft.explain.gates import gates

        found["gates"] = gates(model, read.data.graph).to_json()
    return found


def _row(inquiry: Inquiry, at: int, options: ExplainOptions) -> dict[str, Any]:
    """Answer the questions about one row."""
    found: dict[str, Any] = {}
    if reads_labels(inquiry.model):
        told = inquiry.attributions(at, options.method, seed=options.seed).to_json()
        found["attributions"] = _only(told, options.tasks)
    if options.what_if:
        changes = {task: label if label != "" else None for task, label in options.what_if.items()}
        found["what_if"] = _only(inquiry.what_if(at, changes).to_json(), options.tasks)
    if options.measure_next:
        known = set(inquiry.known.table.take([at]).col.tolist())
        settled = known.issuperset(
            inquiry.model.tasks.index(name) for name in options.targets or inquiry.model.tasks.names
        )
        ranked = [] if settled else inquiry.measure_next(at, options.targets or None)
        found["measure_next"] = [candidate.to_json() for candidate in ranked]
    return found


def _only(told: dict[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """Keep the columns of the tasks asked about."""
    columns: list[dict[str, Any]] = told["columns"]
    return {**told, "columns": [column for column in columns if not tasks or column["task"] in tasks]}


def _placed(told: Any, numbers: Sequence[int]) -> Any:
    """Say rows as the table's messages number them."""
    return {**told, "row": numbers[int(told["row"])]} if isinstance(told, dict) and "row" in told else told
