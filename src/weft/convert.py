"""What people hold (lists, NumPy, pandas, polars, PyG) to what weft reads: data, label tables, graphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.errors import UserError
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.hetero import HeteroGraph

#: Distinct whole numbers from 0 that still make a column multiclass rather than regression.
_MOST_CLASSES = 20


def to_data(X: Any, workers: int = 2) -> Data:
    """Return molecules for SMILES, vectors for a matrix of numbers, images for arrays of bytes; `Data` as it is.

    Args:
        X: SMILES (a list, array or Series of text), numbers `[N, D]` (array or data frame), or images, uint8
            `[N, H, W]` or `[N, H, W, C]`.
        workers: processes that featurise molecules.

    Raises:
        UserError: when `X` is none of them.
    """
    from weft.data.molecules import Molecules
    from weft.data.vectors import Vectors

    if hasattr(X, "feature_hash"):
        return X
    array = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X)
    if array.dtype.kind in "OUS" and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1 and array.dtype.kind in "OUS":
        return Molecules.from_smiles([None if value is None else value for value in array.tolist()], workers)
    if array.ndim == 2 and array.dtype.kind in "fiub":
        return Vectors(array)
    if array.ndim in (3, 4) and array.dtype == np.uint8:
        from weft.data.images import Images

        return Images.from_arrays(array)
    raise UserError(
        f"X is {type(X).__name__} of {array.dtype} with shape {array.shape}",
        mend="Give SMILES (one per row), numbers (rows, columns) or images (bytes: rows, height, width).",
    )


def to_labels(y: Any, n_rows: int, kinds: Mapping[str, str] | None = None, first: int = 0) -> LabelTable:
    """Return the label table of a partial matrix.

    Args:
        y: a `LabelTable`; a data frame with a column per task; or numbers `[N, T]` or `[N]`. NaN and null are unknown.
        n_rows: `N`, rows of the data.
        kinds: task -> kind, where the guess is wrong. Guessed: 0/1 is binary, whole numbers 0..k from 3 to 20 of
            them are classes, other numbers regression.
        first: columns without a name are called `task{first}` and so on; a Series may have a name.

    Raises:
        UserError: for another number of rows, a name that is no task, or values that are no numbers.
    """
    if isinstance(y, LabelTable):
        table = y
    else:
        names, values = _columns(y, first)
        given = dict(kinds or {})
        for name in given:
            TaskSet.binary(names).index(name)
        tasks = TaskSet(tuple(_task(name, values[:, j], given.get(name)) for j, name in enumerate(names)))
        table = LabelTable.from_dense(tasks, values)
    if table.n_rows != n_rows:
        raise UserError(f"{n_rows} rows of data and {table.n_rows} rows of labels")
    return table


def to_known(known: Any, tasks: TaskSet, n_rows: int) -> LabelTable:
    """Return known labels over a model's `tasks`; columns that are not there are unknown.

    Args:
        known: as `y` of `to_labels`; a matrix must have a column per task, a frame may have fewer.
        tasks: the model's tasks.
        n_rows: rows of the data.
    """
    if known is None:
        return LabelTable.empty(tasks, n_rows)
    if isinstance(known, LabelTable):
        found, values = known.tasks.names, np.where(known.to_dense()[1], known.to_dense()[0], np.nan)
    elif hasattr(known, "columns"):
        found, values = _columns(known)
    else:
        found, (_, values) = tasks.names, _columns(known)
    if len(values) != n_rows or values.shape[1] != len(found):
        raise UserError(f"known labels have shape {values.shape}, expected ({n_rows}, {len(found)})")
    dense = np.full((n_rows, len(tasks)), np.nan)
    for j, name in enumerate(found):
        dense[:, tasks.index(name)] = values[:, j]
    return LabelTable.from_dense(tasks, dense)


def _columns(y: Any, first: int = 0) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Return names (from `task{first}` on where there are none) and float64 values `[N, T]`, NaN where unknown."""
    named = hasattr(y, "columns")
    try:
        if named:
            parts = [np.asarray(y[name].to_numpy(), np.float64) for name in y.columns]
            values = np.stack(parts, 1) if parts else np.zeros((len(y), 0))
        else:
            values = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y, np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"labels are not numbers ({error})", mend="Use numbers, NaN where unknown.") from error
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise UserError(f"labels have shape {values.shape}", mend="Use (rows, tasks).")
    if named:
        return [str(name) for name in y.columns], values
    name = getattr(y, "name", None)  # of a Series
    if isinstance(name, str) and name:
        return [name], values
    return [f"task{first + j}" for j in range(values.shape[1])], values


def _task(name: str, values: np.ndarray[Any, Any], kind: str | None) -> Task:
    seen = np.unique(values[~np.isnan(values)])
    whole = len(seen) > 0 and bool((seen == np.floor(seen)).all()) and seen[0] >= 0
    guess = Kind.REGRESSION
    if set(seen) <= {0.0, 1.0}:
        guess = Kind.BINARY
    elif whole and seen[-1] < _MOST_CLASSES and len(seen) == seen[-1] + 1:
        guess = Kind.MULTICLASS
    chosen = Kind(kind) if kind else guess
    classes = tuple(str(c) for c in range(int(seen[-1]) + 1)) if chosen is Kind.MULTICLASS else ()
    return Task(name, chosen, classes)


def to_graph(graph: Any, tasks: Mapping[str, Mapping[str, str]] | None = None) -> HeteroGraph:
    """Return the graph that somebody holds.

    Args:
        graph: a `HeteroGraph`, a folder or a `HeteroData`.
        tasks: of a `HeteroData`.

    Raises:
        UserError: for what is no graph.
    """
    from weft.data.hetero import HeteroGraph

    if isinstance(graph, HeteroGraph):
        return graph
    if isinstance(graph, str | Path):
        from weft.data.graph_files import read_graph

        return read_graph(graph)
    if hasattr(graph, "edge_types") and hasattr(graph, "node_types"):
        from weft.data.graph_pyg import from_hetero_data

        return from_hetero_data(graph, tasks)
    mend = "Give a HeteroGraph, the folder of a graph or a PyG HeteroData."
    raise UserError(f"{type(graph).__name__} is no graph", mend=mend)
