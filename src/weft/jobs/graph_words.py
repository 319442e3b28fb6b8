"""A graph in words: types, relations and tasks, a line each."""

from __future__ import annotations

from weft.data.hetero import HeteroGraph, NodeTable
from weft.tasks import Kind, Task, TaskSet
from weft.words import many


def describe(graph: HeteroGraph) -> list[str]:
    """Tell the types of nodes with their features, the relations with their edges, and the tasks."""
    types = ", ".join(f"{kind} {table.n} ({features(table)})" for kind, table in graph.nodes.items())
    relations = ", ".join(f"{' '.join(relation)} {edge.shape[1]}" for relation, edge in graph.edges.items())
    tasks = ", ".join(task_words(graph.tasks))
    return [
        f"{many(len(graph.nodes), 'type of node', 'types of node')}: {types}",
        f"{many(len(graph.edges), 'relation')}: {relations or 'none'}",
        f"{many(len(graph.tasks.families), 'task')}: {tasks}",
    ]


def features(table: NodeTable) -> str:
    """Say what features a type has."""
    dense = 0 if table.dense is None else int(table.dense.shape[1])
    sparse = 0 if table.sparse is None else int(table.sparse.shape[1])
    told = [f"{dense} numbers" if dense else "", f"{sparse} sparse" if sparse else ""]
    return " + ".join(word for word in told if word) or "no features"


def task_words(tasks: TaskSet) -> list[str]:
    """Say name, type and kind of each task, a multi-label task as one.

    Example:
        >>> task_words(TaskSet((Task("late", node_type="order"), Task("a", group="g"), Task("b", group="g"))))
        ['late (order, binary)', 'g (nodes, 2 labels)']
    """
    return [
        f"{name} ({tasks[at[0]].node_type or 'nodes'}, {kind_words(tasks[at[0]], len(at))})"
        for name, at in tasks.families.items()
    ]


def kind_words(task: Task, labels: int = 1) -> str:
    """Say the kind of a task: classes of a multiclass task, labels of a multi-label one."""
    if task.group is not None:
        return f"{labels} labels"
    return f"{len(task.classes)} classes" if task.kind is Kind.MULTICLASS else str(task.kind)
