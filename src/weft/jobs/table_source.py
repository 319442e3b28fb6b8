"""A table of molecules as the data of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from weft.jobs.checks import check_tasks
from weft.jobs.inputs import Input, read_for_fit, sha256
from weft.jobs.options import FitOptions
from weft.jobs.row_source import RowSource, bad_rows, check_reads_rows

if TYPE_CHECKING:
    from weft.data.splits import Split
    from weft.training.run import Report

USUAL = FitOptions().filled("metalink", "scaffold")


@dataclass(frozen=True)
class TableSource(RowSource[Input]):
    """A table read for a fit (implements `Source`)."""

    @classmethod
    def read(cls, file: Path, options: FitOptions, report: Report) -> Self:
        """Read the table, its task columns and its molecules.

        Raises:
            UserError: for anything in it that cannot be used, or a model that reads graphs.
        """
        exclude = check_reads_rows(file, options, "a table")
        read = read_for_fit(file, report, options.smiles, options.tasks, options.kinds, exclude, options.threads)
        check_tasks(read.labels.on_rows(np.flatnonzero(read.data.ok)), file)
        return cls(file, read, USUAL)

    def sha256(self) -> str:
        """Return the hash of the file's bytes."""
        return sha256(self.file)

    def split(self, options: FitOptions) -> Split:
        """Make the split that was asked for."""
        from weft.data.splits import make_split

        spec = options.split or self.usual.split or "random"
        return make_split(spec, self.data.ok, self.data.keys, options.seed, self.read_.table.frame)

    def notes(self) -> list[str]:
        """Tell the rows that cannot be used, and the molecules whose distances are not those of a conformer."""
        notes = bad_rows(self.read_.table, self.read_.status)
        placed = self.read_.data.facts().get("distances")
        if placed and placed["without_conformer"]:
            share = f"{placed['without_conformer']:.0f} of {placed['molecules']:.0f} molecules ({placed['share']:.1%})"
            notes.append(f"{share} have no conformer: their distances are estimated from paths of bonds")
        return notes

    def card(self) -> dict[str, Any]:
        """Return file, rows and columns, and facts of the molecules."""
        return {**super().card(), "smiles": self.read_.smiles, "features": self.read_.data.facts()}
