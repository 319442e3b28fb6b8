"""Cells of a column as labels: which are missing, which are values, and which are neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from weft.labels import Bools, Floats, Ints
from weft.tasks import Kind, Task

#: What stands for an unknown value, compared without regard to case and outer blanks.
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")

#: Pairs of words that say no and yes.
YES_NO = (
    ("0", "1"),
    ("false", "true"),
    ("no", "yes"),
    ("inactive", "active"),
    ("negative", "positive"),
    ("neg", "pos"),
    ("nontoxic", "toxic"),
    ("non-toxic", "toxic"),
)

_WHOLE = re.compile(r"([+-]?)([0-9]+)(?:\.0*)?")


@dataclass(frozen=True)
class Cells:
    """One column read for one task.

    Attributes:
        value: float64 `[N]`, 0 where not observed.
        observed: bool `[N]`.
        bad: indices of cells that are neither missing nor a value of the task, int64.
    """

    value: Floats
    observed: Bools
    bad: Ints


def cell_texts(column: pl.Series) -> pl.Series:
    """Return the cells as text without outer blanks; null where missing. Nested types are all null."""
    if column.dtype.is_nested() or column.dtype.base_type() in (pl.Binary, pl.Object, pl.Null):
        return pl.Series(column.name, [None] * len(column), pl.String)
    text = column.cast(pl.String).str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(MISSING), None)


def numbers(texts: pl.Series) -> pl.Series:
    """Return the finite numbers among cell texts as float64; null for anything else."""
    value = texts.cast(pl.Float64, strict=False)
    return value.set(~value.is_finite(), None)


def normal(text: str) -> str:
    """Return one spelling of a class: lower case, and whole numbers without a fraction.

    Example:
        >>> normal("1.0"), normal("Active ")
        ('1', 'active')
    """
    text = text.strip().lower()
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return text
    digits = whole.group(2).lstrip("0") or "0"
    return digits if digits == "0" or whole.group(1) != "-" else f"-{digits}"


def read_cells(column: pl.Series, task: Task) -> Cells:
    """Read a column as labels of `task`.

    A class is matched by its name, without regard to case; where the names say no and yes, any of the
    pairs of `YES_NO` will do.
    """
    texts = cell_texts(column)
    if task.kind is Kind.REGRESSION:
        value = numbers(texts)
    else:
        codes = class_codes(task)
        distinct = texts.drop_nulls().unique()
        found = {text: codes.get(normal(text)) for text in distinct}
        value = texts.replace_strict(found, default=None, return_dtype=pl.Float64)
    observed = value.is_not_null().to_numpy()
    bad = np.flatnonzero((texts.is_not_null() & value.is_null()).to_numpy())
    return Cells(value.fill_null(0.0).to_numpy().astype(np.float64), observed, bad.astype(np.int64))


def class_codes(task: Task) -> Mapping[str, float]:
    """Return the label value of every spelling (see `normal`) of the task's classes."""
    codes = {normal(name): float(code) for code, name in enumerate(task.classes)}
    if task.kind is Kind.BINARY and tuple(codes) in YES_NO:
        codes |= {word: float(code) for pair in YES_NO for code, word in enumerate(pair)}
    return codes
