"""What is to be predicted: `Task` and the ordered `TaskSet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, overload

import numpy as np

from weft.errors import UserError, nearest


class Kind(StrEnum):
    """The kinds of task."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"

    @classmethod
    def _missing_(cls, value: object) -> Kind:
        raise UserError(f"there is no kind of task {str(value)!r}", mend=nearest(str(value), cls))


@dataclass(frozen=True)
class Task:
    """One column to predict.

    Attributes:
        name: unique in its `TaskSet`; the column's name in tables.
        kind: binary, multiclass or regression.
        classes: class names in the order of their label values 0, 1, ...; for a binary task the
            names of 0 and 1; empty for regression.
        node_type: on a heterogeneous graph, the type of node that carries the label.
        group: the multi-label task that this binary task is one label of; None stands alone.
    """

    name: str
    kind: Kind = Kind.BINARY
    classes: tuple[str, ...] = ()
    node_type: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        if self.kind is Kind.BINARY and not self.classes:
            object.__setattr__(self, "classes", ("0", "1"))
        expected = {Kind.BINARY: len(self.classes) == 2, Kind.REGRESSION: not self.classes}
        if not expected.get(self.kind, len(self.classes) >= 2):
            raise UserError(f"a {self.kind} task cannot have {len(self.classes)} classes", where=f"task {self.name}")

    @property
    def family(self) -> str:
        """The multi-label task this is one label of, else its own name: what shares an expert and is told as one."""
        return self.group or self.name

    @property
    def width(self) -> int:
        """Number of output columns: one, or one per class of a multiclass task."""
        return len(self.classes) if self.kind is Kind.MULTICLASS else 1


@dataclass(frozen=True, eq=True)
class TaskSet(Sequence[Task]):
    """An ordered set of tasks with unique names.

    Raises:
        UserError: when two tasks have one name, or an unknown task is asked for.

    Example:
        >>> tasks = TaskSet.binary(["hERG", "Ames"])
        >>> tasks.index("Ames"), len(tasks)
        (1, 2)
    """

    tasks: tuple[Task, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", tuple(self.tasks))
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise UserError(f"two tasks are named {name!r}", mend="Rename one of the columns.")
            seen.add(name)

    @classmethod
    def binary(cls, names: Iterable[str]) -> TaskSet:
        """Make a set of binary tasks."""
        return cls(tuple(Task(name) for name in names))

    @property
    def names(self) -> list[str]:
        """Names, in order."""
        return [task.name for task in self.tasks]

    @cached_property
    def offsets(self) -> np.ndarray:
        """First output column of each task and the total width, int64 `[T + 1]`, read-only."""
        found = np.cumsum([0, *(task.width for task in self.tasks)])
        found.flags.writeable = False
        return found

    @property
    def families(self) -> dict[str, list[int]]:
        """Positions of the tasks of each family, in order of first appearance."""
        found: dict[str, list[int]] = {}
        for at, task in enumerate(self.tasks):
            found.setdefault(task.family, []).append(at)
        return found

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    @overload
    def __getitem__(self, index: int) -> Task: ...
    @overload
    def __getitem__(self, index: slice) -> TaskSet: ...
    def __getitem__(self, index: int | slice) -> Task | TaskSet:
        """Return the task at an integer, or the `TaskSet` of a slice."""
        return TaskSet(self.tasks[index]) if isinstance(index, slice) else self.tasks[index]

    def index(self, value: str | Task, start: int = 0, stop: int | None = None) -> int:
        """Return the position of a task by its name."""
        name = value.name if isinstance(value, Task) else value
        names = self.names
        if name not in names:
            raise UserError(f"there is no task {name!r}", mend=nearest(name, names))
        return names.index(name, start, len(names) if stop is None else stop)

    def select(self, names: Iterable[str]) -> TaskSet:
        """Return the named tasks, in the order given."""
        return TaskSet(tuple(self.tasks[self.index(name)] for name in names))

    def to_json(self) -> list[dict[str, object]]:
        """Return a JSON-ready description."""
        return [
            {
                "name": t.name,
                "kind": str(t.kind),
                "classes": list(t.classes),
                "node_type": t.node_type,
                "group": t.group,
            }
            for t in self.tasks
        ]

    @classmethod
    def from_json(cls, items: Iterable[Mapping[str, Any]]) -> TaskSet:
        """Rebuild a set from `to_json`."""
        return cls(tuple(_task_from_json(item) for item in items))


def _task_from_json(item: Mapping[str, Any]) -> Task:
    classes = tuple(str(name) for name in item.get("classes") or ())
    return Task(str(item["name"]), Kind(str(item["kind"])), classes, item.get("node_type"), item.get("group"))
