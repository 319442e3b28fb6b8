"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[Path, typer.Argument(metavar="DIR", help="The model folder that 'weft fit' wrote.")]
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A table of molecules: CSV, TSV, Parquet or SDF, each also .gz.")
]
OutFile = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The table to write: .csv, .tsv or .parquet, each also .gz.")
]
Smiles = Annotated[str | None, typer.Option(metavar="COL", help="The SMILES column (default: found).")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="TASK=KIND", help="binary, multiclass or regression, where the guess is wrong."),
]
Exclude = Annotated[
    list[str] | None, typer.Option(metavar="A,B", help="Columns that are no tasks; may be given several times.")
]
Seed = Annotated[int, typer.Option(help="Seeds everything random.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads to compute with (default: the cores at hand, at most 8).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, to standard output.")]
IgnoreKnown = Annotated[
    bool, typer.Option("--ignore-known", help="Predict from structure alone, as if no label were known.")
]
Prefix = Annotated[str, typer.Option(metavar="TEXT", help="Put this before the name of every added column.")]


def names(given: Sequence[str] | None) -> tuple[str, ...]:
    """Read column names given several times, or several at once with commas between.

    A name that holds a comma is quoted as in CSV: --tasks '"a, b",c'.

    Example:
        >>> names(["a,b", '"x, y"'])
        ('a', 'b', 'x, y')
    """
    import csv

    return tuple(name for row in csv.reader(given or (), skipinitialspace=True) for name in row if name)
