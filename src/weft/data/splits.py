"""Which data are for training, validation and test; every split can be saved and used again."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from weft.data.scaffolds import scaffold_groups
from weft.errors import UserError, nearest
from weft.files import atomic, damaged

if TYPE_CHECKING:
    import polars as pl

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PARTS: Final = ("train", "val", "test")
_WORDS: Final = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}
_SHARES: Final = (0.8, 0.1, 0.1)


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of each part; rows that cannot be used are in none.

    Attributes:
        train: int64, sorted.
        val: int64, sorted; model selection only.
        test: int64, sorted; reporting only.
        method: how it was made.
        seed: of the draw, when there was one.

    Raises:
        UserError: when a row is in two parts, negative or there twice.
    """

    train: Ints
    val: Ints
    test: Ints
    method: str
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in PARTS:
            object.__setattr__(self, name, np.sort(np.asarray(getattr(self, name), np.int64)))
        rows = np.sort(np.concatenate([self.train, self.val, self.test]))
        if rows.size and rows[0] < 0:
            raise UserError(f"the {self.method} split has a row {rows[0]}")
        repeated = rows[1:][rows[1:] == rows[:-1]]
        if repeated.size:
            raise UserError(f"the {self.method} split has row {repeated[0] + 1} twice")

    def parts(self) -> dict[str, Ints]:
        """Return the rows by the name of the part."""
        return {name: getattr(self, name) for name in PARTS}

    def save(self, path: Path | str) -> None:
        """Write the split as Parquet: columns `row` (from 0) and `part`, method and seed as metadata."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = np.concatenate(list(self.parts().values()))
        part = [name for name, members in self.parts().items() for _ in members]
        meta = {"weft.method": self.method, "weft.seed": "" if self.seed is None else str(self.seed)}
        with atomic(path) as temporary:
            pq.write_table(pa.table({"row": rows, "part": part}).replace_schema_metadata(meta), temporary)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a saved split.

        Raises:
            UserError: when the file is missing, damaged or no split.
        """
        import pyarrow.parquet as pq

        with damaged(path, "not a saved split", "Give a split.parquet that weft wrote."):
            with pq.ParquetFile(path) as file:
                table = file.read()
            rows, part = table["row"].to_numpy(), np.array(table["part"].to_pylist(), object)
            if rows.dtype.kind not in "iu":
                raise ValueError(f"rows are {rows.dtype}")
            meta = table.schema.metadata or {}
            seed = meta.get(b"weft.seed", b"").decode()
            method = meta.get(b"weft.method", b"file").decode()
            return cls(*_three(rows[part == name] for name in PARTS), method, int(seed) if seed else None)


def _three(parts: Iterable[Ints]) -> tuple[Ints, Ints, Ints]:
    train, val, test = parts
    return train, val, test


def random_split(ok: Bools, seed: int) -> Split:
    """Draw 80/10/10 of the usable rows.

    Raises:
        UserError: when fewer than 3 rows can be used.
    """
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(ok))
    held = [max(1, round(share * len(rows))) for share in _SHARES[1:]]
    cut = len(rows) - sum(held)
    return _filled(Split(rows[:cut], rows[cut : cut + held[0]], rows[cut + held[0] :], "random", seed))


def scaffold_split(keys: Sequence[str], ok: Bools, seed: int, workers: int = 2) -> Split:
    """Split 80/10/10 by Bemis-Murcko scaffold, no scaffold in two parts, the sizes balanced.

    Scaffolds with more molecules than half of the validation or test part are big. Big ones come first, then the
    others, each in a random order; a scaffold goes to training if it still fits there, else to validation if it
    fits, else to test. This is the rule of chemprop 1 (`scaffold_balanced`), which MetaLink uses (arXiv 2303.07666,
    section 4), with the same draws for the same seed.

    Args:
        keys: SMILES `[N]`.
        ok: bool `[N]`, the rows to use.
        seed: orders the scaffolds.
        workers: number of processes that find the scaffolds.

    Raises:
        UserError: when a part would be empty.
    """
    groups = scaffold_groups(keys, workers)
    members: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(ok):
        members[int(groups[row])].append(int(row))
    limits = [share * int(np.sum(ok)) for share in _SHARES]
    big = [rows for rows in members.values() if len(rows) > min(limits[1:]) / 2]
    small = [rows for rows in members.values() if len(rows) <= min(limits[1:]) / 2]
    draw = random.Random(seed)
    draw.shuffle(big)
    draw.shuffle(small)
    parts: list[list[int]] = [[], [], []]
    for rows in big + small:
        fits = [at for at in (0, 1) if len(parts[at]) + len(rows) <= limits[at]]
        parts[fits[0] if fits else 2] += rows
    return _filled(Split(*_three(np.array(part, np.int64) for part in parts), "scaffold", seed))


def _filled(split: Split, needed: Sequence[str] = PARTS) -> Split:
    for name in needed:
        if not len(split.parts()[name]):
            raise UserError(
                f"the {split.method} split leaves no rows for {name}",
                mend="Use more data, --split random, or a column of your own: --split column:NAME.",
            )
    return split


def column_split(values: Sequence[object], ok: Bools, name: str = "split") -> Split:
    """Take the parts from a column that says train, val or test.

    Args:
        values: the words `[N]`; capitals and spaces around do not matter.
        ok: bool `[N]`; what stands in other rows does not matter.
        name: of the column, for messages.

    Raises:
        UserError: naming the first row with another word, or the part without rows; test may be empty.
    """
    words = ["" if value is None else str(value).strip().lower() for value in values]
    part = np.array([_WORDS.get(word, word) for word in words], object)
    wrong = np.flatnonzero(np.asarray(ok) & ~np.isin(part, PARTS))
    if wrong.size:
        at = int(wrong[0])
        got = f"{values[at]!r} stands" if words[at] else "nothing stands"
        where = f"row {at + 1}, column {name}"
        raise UserError(f"{got} where train, val or test is expected", where=where, mend="Write one of these words.")
    rows = (np.flatnonzero(np.asarray(ok) & (part == word)) for word in PARTS)
    return _filled(Split(*_three(rows), f"column:{name}"), ("train", "val"))


def make_split(spec: str, ok: Bools, keys: Sequence[str], seed: int, table: pl.DataFrame | None = None) -> Split:
    """Make the split that a person asked for.

    Args:
        spec: `random`, `scaffold`, `column:NAME` or `file:PATH`.
        ok: bool `[N]`, the rows to use; other rows of a saved split are left out.
        keys: SMILES `[N]`, for the scaffolds.
        seed: of the random and the scaffold split.
        table: the input table, for a column.

    Raises:
        UserError: for another word, a missing column or file, or a split of another table.
    """
    kind, _, name = spec.partition(":")
    if spec == "random":
        return random_split(ok, seed)
    if spec == "scaffold":
        return scaffold_split(keys, ok, seed)
    if kind == "file":
        return _from_file(name, np.asarray(ok))
    if kind != "column":
        mend = "Use random, scaffold, column:NAME or file:PATH."
        raise UserError(f"there is no split {spec!r}", where="--split", mend=mend)
    if table is None:
        raise UserError("there is no table to find a column in", where=f"split {spec}", mend="Use random or scaffold.")
    if name not in table.columns:
        mend = nearest(name, table.columns)
        raise UserError(f"there is no column {name!r}", where=f"--split {spec}", mend=mend)
    return column_split(table[name].to_list(), ok, name)


def _from_file(path: str, ok: Bools) -> Split:
    split = Split.load(path)
    rows = np.concatenate(list(split.parts().values()))
    if rows.size and rows.max() >= len(ok):
        mend = "Use it with the table it was made for."
        raise UserError(f"the split has row {rows.max() + 1}, the table {len(ok)} rows", where=path, mend=mend)
    kept = (members[ok[members]] for members in split.parts().values())
    return _filled(Split(*_three(kept), f"file:{path}", split.seed), ("train", "val"))
