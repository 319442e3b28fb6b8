"""Vectors with what is known of them: from CSV, TSV, Parquet, ARFF, `.npy` and `.npz`."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weft.arrays import read_arrays
from weft.data.arff import read_arff
from weft.data.cells import cell_texts, numbers
from weft.data.guess import guess_task
from weft.data.tables import Table, read_table
from weft.data.vectors import Vectors
from weft.errors import UserError, nearest
from weft.files import damaged
from weft.tasks import Kind

_NUMBERED: Final = re.compile(r"^(.*?)[_\-. ]?\d+$")
#: So many columns with one name and numbers are a vector.
_LEAST: Final = 3
_MEND: Final = "Name the columns of the vectors, --features 'x*', or the tasks, --tasks a,b."


@dataclass(frozen=True)
class VectorTable:
    """Vectors and the rest of their table.

    Attributes:
        table: the rows; of arrays, only what is beside the vectors.
        features: names of the columns `[D]`.
        data: the vectors, known by the hash of their numbers.
        inside: whether the features are columns of the table.
        labels: the columns told to be labels; empty when nothing is told.
    """

    table: Table
    features: tuple[str, ...]
    data: Vectors
    inside: bool
    labels: tuple[str, ...] = ()


def read_vectors(
    path: Path, features: Sequence[str] = (), tasks: Sequence[str] = (), exclude: Collection[str] = ()
) -> VectorTable:
    """Read vectors.

    Args:
        path: a table, or arrays.
        features: columns of the vectors, by name or pattern (`x*`); else they are found.
        tasks: columns that are tasks.
        exclude: columns that are neither.

    Raises:
        UserError: for a file that cannot be read, or when it is not clear which columns are the vectors.
    """
    ending = path.suffix.lower()
    if ending in (".npy", ".npz"):
        return _of_arrays(path, features)
    labels: tuple[str, ...] = ()
    if ending == ".arff":
        frame, labels = read_arff(path)
        table = Table(path, frame)
    elif Path(path.name.lower().removesuffix(".gz")).suffix in (".sdf", ".smi", ".smiles"):
        raise UserError("this file holds molecules", where=str(path), mend="Leave out --kind vectors.")
    else:
        table = read_table(path)
    return of_table(table, features, [*labels, *tasks], exclude, labels)


def of_table(
    table: Table,
    features: Sequence[str] = (),
    tasks: Sequence[str] = (),
    exclude: Collection[str] = (),
    labels: tuple[str, ...] = (),
) -> VectorTable:
    """Return the vectors of a table that was read; see `read_vectors`.

    Args:
        table: the rows.
        features: columns of the vectors, by name or pattern (`x*`); else they are found.
        tasks: columns that are tasks.
        exclude: columns that are neither.
        labels: columns told to be labels.

    Raises:
        UserError: when it is not clear which columns are the vectors.
    """
    names = _features(table, features, tasks, exclude)
    x = np.stack([_numbers(table.frame[name]) for name in names], 1)
    return VectorTable(table, names, vectors(x), True, labels)


def vectors(x: NDArray[Any]) -> Vectors:
    """Return vectors known by the hash of their numbers, so that equal rows are one datum in every table."""
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(x, np.float32)
    return Vectors(rows, [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in rows])


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    """Return a column as numbers; NaN where a cell is none."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64).to_numpy()
    return numbers(cell_texts(column)).to_numpy()


def _features(table: Table, given: Sequence[str], tasks: Collection[str], exclude: Collection[str]) -> tuple[str, ...]:
    columns, where = table.frame.columns, str(table.path)
    if given:
        found = [name for name in columns if any(name == word or fnmatch.fnmatchcase(name, word) for word in given)]
        for word in given:
            if word not in columns and not fnmatch.filter(columns, word):
                raise UserError(f"there is no column {word!r}", where=where, mend=nearest(word, columns))
        return tuple(name for name in found if name not in exclude)
    rest = [name for name in columns if name not in tasks and name not in exclude and _is_number(table.frame[name])]
    found = [name for name in rest if not _is_id(table.frame[name])] if tasks else _numbered(table.frame, rest)
    if not found:
        raise UserError("it is not clear which columns are the vectors", where=where, mend=_MEND)
    return tuple(found)


def _is_number(column: pl.Series) -> bool:
    texts = cell_texts(column).drop_nulls()
    return len(texts) > 0 and 2 * numbers(texts).count() >= len(texts)


def _is_id(column: pl.Series) -> bool:
    """Whether a column of numbers counts the rows or is named as an id; a constant one is a feature like others."""
    value = numbers(cell_texts(column).drop_nulls()).drop_nulls()
    return guess_task(column) is None and value.n_unique() > 1


def _numbered(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the columns x1, x2, ... of the names that hold more than 0 and 1: columns of those may be labels."""
    stems: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if found := _NUMBERED.match(name):
            stems[found[1]].append(name)
    wide = [group for group in stems.values() if len(group) >= _LEAST]
    kept = {name for group in wide if any(_is_measure(frame[name]) for name in group) for name in group}
    return [name for name in names if name in kept]


def _is_measure(column: pl.Series) -> bool:
    task = guess_task(column)
    return task is not None and task.kind is Kind.REGRESSION


def _of_arrays(path: Path, wanted: Sequence[str]) -> VectorTable:
    found = _load(path)
    x, named = _matrix(found, path), found.get("feature_names")
    features = [f"x{j}" for j in range(x.shape[1])] if named is None else [str(name) for name in named]
    if len(features) != x.shape[1]:
        raise UserError(f"{len(features)} names for {x.shape[1]} features", where=str(path))
    if wanted and list(wanted) != features:
        mend = f"The arrays have {len(features)} features: {', '.join(features[:5])}, ..."
        raise UserError("the features are not those asked for", where=str(path), mend=mend)
    columns: dict[str, Any] = {"row": np.arange(len(x))}
    labels: list[str] = []
    if "labels" in found:
        y = np.asarray(found["labels"])
        y = y[:, None] if y.ndim == 1 else y
        told = found.get("label_names")
        labels = [f"label{j}" for j in range(y.shape[1])] if told is None else [str(name) for name in told]
        if y.ndim != 2 or len(y) != len(x) or len(labels) != y.shape[1]:
            raise UserError(f"labels have shape {y.shape}, {len(x)} rows and {len(labels)} names", where=str(path))
        columns |= {name: y[:, j] for j, name in enumerate(labels)}
    if "train" in found:
        columns["split"] = np.where(np.asarray(found["train"], bool), "train", "test")
    return VectorTable(Table(path, pl.DataFrame(columns)), tuple(features), vectors(x), False, tuple(labels))


def _load(path: Path) -> Mapping[str, NDArray[Any]]:
    mend = "Save plain numbers: np.savez(file, features=..., labels=...)."
    with damaged(path, "the arrays cannot be read", mend):
        found = read_arrays(path)
        return {"features": found} if isinstance(found, np.ndarray) else found


def _matrix(found: Mapping[str, NDArray[Any]], path: Path) -> NDArray[Any]:
    """Return the features as one matrix: dense, or made from the arrays of a sparse one."""
    if "features_csr_data" in found:
        from scipy.sparse import csr_matrix

        data, indices, indptr, shape = (
            found[f"features_csr_{name}"] for name in ("data", "indices", "indptr", "shape")
        )
        return np.asarray(csr_matrix((data, indices, indptr), tuple(int(n) for n in shape)).toarray())
    x = found.get("features", found.get("x"))
    if x is None or x.ndim != 2:
        told = ", ".join(f"{name} {array.shape}" for name, array in found.items())
        raise UserError(f"there is no matrix of features, only {told}", where=str(path), mend="Name it 'features'.")
    return x
