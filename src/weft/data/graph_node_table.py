"""Nodes from a table: keys, features and parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from weft.data.cells import cell_texts
from weft.data.graph_build import told
from weft.data.graph_problems import Problems
from weft.data.graph_table_files import TableFiles
from weft.data.graph_toml import NodeSpec
from weft.data.hetero import Ints, NodeTable
from weft.data.splits import PARTS
from weft.files import damaged
from weft.labels import Floats

_WORDS = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}


def read_nodes(files: TableFiles, about: NodeSpec, problems: Problems) -> tuple[NodeTable, pl.Series]:
    """Return the nodes of a type, in the order of their table, and their keys as text.

    Keys 0, 1, 2, ... in this order are not kept in the node table: they tell nothing.

    Raises:
        UserError: as `TableFiles.columns`; further problems go to `problems`.
    """
    keys = _keys(files, about, problems)
    n = len(keys)
    dense = None
    if about.features:
        table = files.columns(about.file, about.features)
        places = [files.place(about.file, name) for name in about.features]
        columns = [numbers(table[name], at, problems) for name, at in zip(about.features, places, strict=True)]
        dense = np.stack(columns, 1)
    blocks = [block for name, words in _categorical(about) for block in _one_hot(files, about, name, words, problems)]
    if about.sparse:
        with problems.gather():
            blocks.append(_sparse(files, about.sparse, n))
    sparse = _hstack(blocks) if blocks else None
    plain = keys.equals(pl.Series(np.arange(n)).cast(pl.String), null_equal=False)
    called = () if plain or keys.null_count() or keys.n_unique() < n else tuple(keys.to_list())
    return NodeTable(n, None if dense is None else dense.astype(np.float32), sparse, called), keys


def _keys(files: TableFiles, about: NodeSpec, problems: Problems) -> pl.Series:
    column = files.columns(about.file, [about.key])[about.key]
    keys = column.cast(pl.String)
    where = files.place(about.file, about.key)
    empty = np.flatnonzero(keys.is_null().to_numpy())
    if empty.size:
        problems.tell("a node has no key", where, "Write a key, or leave the row out.", empty)
    again = np.flatnonzero((~keys.is_first_distinct() & keys.is_not_null()).to_numpy())
    if again.size:
        twice = keys[int(again[0])]
        problems.tell(f"the key {twice!r} stands twice", where, "Give every node a key of its own.", again)
    return keys


def numbers(column: pl.Series, where: str, problems: Problems) -> Floats:
    """Return a column as float64, NaN where a cell is empty; `where` names it in messages."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        value, known = column.cast(pl.Float64), column.is_not_null()
    else:
        texts = cell_texts(column)
        value, known = texts.cast(pl.Float64, strict=False), texts.is_not_null()
    wrong = np.flatnonzero((known & value.is_null()).to_numpy())
    if wrong.size:
        got = f"{str(column[int(wrong[0])])!r} is no number"
        problems.tell(got, where, "Write a number or nothing, or list the column under categorical.", wrong)
    found = value.fill_null(np.nan).to_numpy().astype(np.float64)
    large = np.flatnonzero(np.abs(found) > np.finfo(np.float32).max)
    if large.size:
        what = f"{column[int(large[0])]} is infinite or too large"
        problems.tell(what, where, "Write a number, or nothing where it is unknown.", large)
        found[large] = np.nan
    return found


def _categorical(about: NodeSpec) -> list[tuple[str, list[str] | None]]:
    if isinstance(about.categorical, dict):
        return [(str(name), [str(word) for word in words]) for name, words in about.categorical.items()]
    return [(str(name), None) for name in about.categorical]


def _one_hot(files: TableFiles, about: NodeSpec, name: str, words: list[str] | None, problems: Problems) -> list[Any]:
    """Return a sparse 0/1 matrix, a column per word, in a list; none when there are no words."""
    from scipy.sparse import csr_array

    texts = cell_texts(files.columns(about.file, [name])[name])
    words = words if words is not None else sorted(texts.drop_nulls().unique())
    if not words:
        return []
    code = texts.replace_strict({word: at for at, word in enumerate(words)}, default=None, return_dtype=pl.Int64)
    other = np.flatnonzero((texts.is_not_null() & code.is_null()).to_numpy())
    if other.size:
        what = f"{texts[int(other[0])]!r} is none of the words of this column"
        problems.tell(what, files.place(about.file, name), "Add it to the list in graph.toml.", other)
    row = np.flatnonzero(code.is_not_null().to_numpy())
    ones = np.ones(len(row), np.float32)
    return [csr_array((ones, (row, code.drop_nulls().to_numpy())), shape=(len(texts), len(words)))]


def _sparse(files: TableFiles, file: str, n: int) -> Any:
    from scipy.sparse import csr_array, load_npz

    path = files.folder / file
    with damaged(path, "not a sparse matrix", "Write it with scipy.sparse.save_npz."):
        found = csr_array(load_npz(path))
        found.check_format(full_check=True)
        found = found.astype(np.float32)
    with told(str(path)):
        return NodeTable(n, None, found).sparse


def _hstack(blocks: list[Any]) -> Any:
    from scipy.sparse import csr_array, hstack

    found = csr_array(hstack(blocks, format="csr"))
    found.sum_duplicates()
    return found


def read_part(files: TableFiles, about: NodeSpec, problems: Problems) -> tuple[Ints, Ints, Ints]:
    """Return the rows of train, val and test that the split column names; an empty cell is in no part."""
    texts = cell_texts(files.columns(about.file, [about.split])[about.split]).str.to_lowercase()
    words = texts.replace(_WORDS)
    wrong = np.flatnonzero((words.is_not_null() & ~words.is_in(PARTS)).to_numpy())
    if wrong.size:
        what = f"{texts[int(wrong[0])]!r} stands where train, val or test is expected"
        where = files.place(about.file, about.split)
        problems.tell(what, where, "Write one of these words, or nothing.", wrong)
    train, val, test = (np.flatnonzero((words == part).fill_null(value=False).to_numpy()) for part in PARTS)
    return train, val, test
