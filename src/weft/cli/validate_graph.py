"""What `weft validate` shows of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from weft.cli.console import note, say
from weft.cli.tables import show_table
from weft.words import many

if TYPE_CHECKING:
    from weft.data.graph_report import Degrees, GraphReport, GraphTask, TypeReport

#: Characters of the classes of a task; more are counted.
_LONGEST = 48


def show_graph(found: GraphReport, most: int) -> None:
    """Print types, relations and tasks, then what is wrong.

    Args:
        found: the report.
        most: how many rows of one problem to list; a report holds ten.
    """
    edges = sum(relation.edges for relation in found.relations)
    nodes = sum(kind.nodes for kind in found.types)
    say(f"{found.path}: {many(nodes, 'node')}, {many(edges, 'edge')} ({found.layout})")
    if found.types:
        header = ["type", "nodes", "no edge", "dense", "sparse", "unknown", "all zero"]
        show_table("Types of node", header, [_type(kind) for kind in found.types])
    if found.relations:
        header = ["relation", "edges", "twice", "self", "per source", "none", "per target", "none"]
        rows = [
            [
                f"{r.source} {r.name} {r.target}",
                *map(str, (r.edges, r.duplicates, r.self_loops)),
                *_degrees(r.out_degree),
                *_degrees(r.in_degree),
            ]
            for r in found.relations
        ]
        show_table("Relations (mean edges per node, the most; nodes without)", header, rows)
    if found.tasks:
        _show_tasks(found)
    for text in found.notes:
        note(text)
    _show_problems(found, most)


def _type(kind: TypeReport) -> list[str]:
    unknown = "" if kind.unknown is None else f"{kind.unknown:.1%}"
    zero = str(kind.zero_rows) if kind.dense or kind.sparse else ""
    return [
        kind.name,
        str(kind.nodes),
        str(kind.isolated),
        str(kind.dense or ""),
        str(kind.sparse or ""),
        unknown,
        zero,
    ]


def _degrees(found: Degrees) -> tuple[str, str]:
    return f"{found.mean:.1f} (≤ {found.most})", str(found.without)


def _show_tasks(found: GraphReport) -> None:
    parts = list(found.split)
    header = ["task", "on", "kind", "classes, or mean ± sd", "labels", *parts, *(["no part"] if parts else [])]
    rows = [_task(members, parts) for members in _families(found.tasks)]
    show_table("Tasks", header, rows, words=4)
    noted = [f"{task.name}: {', '.join(task.notes)}" for task in found.tasks if task.notes]
    if noted:
        say(f"{len(noted)} tasks to look at:" if len(noted) > 1 else "A task to look at:")
        for line in noted[:20]:
            say(f"  {line}")
        if len(noted) > 20:
            say(f"  ... and {len(noted) - 20} more: --json lists all")


def _families(tasks: Sequence[GraphTask]) -> list[list[GraphTask]]:
    found: dict[tuple[str, str], list[GraphTask]] = {}
    for task in tasks:
        found.setdefault(("group", task.group) if task.group else ("task", task.name), []).append(task)
    return list(found.values())


def _task(members: list[GraphTask], parts: Sequence[str]) -> list[str]:
    task = members[0]
    if task.group is not None:
        positives = [sum(list(member.classes.values())[-1].values()) for member in members]
        kind, told = f"{len(members)} labels", f"{min(positives)} to {max(positives)} positives"
        counts = {part: max(member.parts.get(part, 0) for member in members) for part in (*parts, "none")}
        rows = max(member.labels for member in members)
    else:
        kind, told, counts, rows = task.kind, _classes(task), task.parts, task.labels
    shown = [str(counts.get(part, 0)) for part in (*parts, "none")] if parts else []
    return [task.group or task.name, task.node_type, kind, told, str(rows), *shown]


def _classes(task: GraphTask) -> str:
    if task.mean is not None:
        return f"{task.mean:.4g}" + ("" if task.sd is None else f" ± {task.sd:.4g}")
    counts = Counter({name: sum(count.values()) for name, count in task.classes.items()})
    text = ", ".join(f"{name}: {n}" for name, n in counts.items())
    return (
        text if len(text) <= _LONGEST else f"{len(counts)} classes of {min(counts.values())} to {max(counts.values())}"
    )


def _show_problems(found: GraphReport, most: int) -> None:
    if found.problems:
        say(f"{len(found.problems)} problem{'s' * (len(found.problems) > 1)}:")
    for problem in found.problems:
        say(f"  {problem.where}: {problem.what}. {problem.mend}".rstrip())
        if problem.rows:
            listed = ", ".join(map(str, problem.rows[:most]))
            more = f", ... ({problem.count} in all)" if problem.count > len(problem.rows[:most]) else ""
            say(f"    row{'s' * (problem.count > 1)} {listed}{more}")
