"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[Path, typer.Argument(metavar="DIR", help="The model folder that 'weft fit' wrote.")]
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="Data like those of the fit: a table (each also .gz), arrays, a folder.")
]
Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A table of molecules (CSV, TSV, Parquet or SDF, each also .gz), or of vectors or texts (with --kind); "
        "arrays (.npz, .npy, .arff); or the folder of images or of a graph.",
    ),
]
OutFile = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The table to write: .csv, .tsv or .parquet, each also .gz; of molecules also a folder of Parquet files.",
    ),
]
Column = Annotated[
    str | None, typer.Option(metavar="COL", help="The column of texts, or of names of image files (default: found).")
]
Features = Annotated[
    list[str] | None,
    typer.Option(metavar="A,B", help="The columns of vectors, by name or pattern such as 'x*' (default: found)."),
]
Size = Annotated[
    int | None, typer.Option(metavar="N", help="Side of images in pixels (default: 84, or their own when smaller).")
]
Smiles = Annotated[str | None, typer.Option(metavar="COL", help="The SMILES column (default: found).")]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="TASK=KIND",
        help="binary, multiclass or regression, where the guess is wrong; or, alone, what the rows are: images, text, "
        "vectors or molecules.",
    ),
]
Exclude = Annotated[
    list[str] | None, typer.Option(metavar="A,B", help="Columns that are no tasks; may be given several times.")
]
Seed = Annotated[int, typer.Option(help="Seeds everything random.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads to compute with (default: the cores at hand, at most 8).")
]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="DEVICE", help="Where networks compute: auto (a CUDA card if there is one), cpu or cuda."
    ),
]
Devices = Annotated[
    int,
    typer.Option(
        "--devices", min=1, help="Processes that share the work, each with a device of its own (see also torchrun)."
    ),
]
Deterministic = Annotated[
    bool, typer.Option("--deterministic", help="The same bits for the same seed on a CUDA card, too, at some cost.")
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Settings of the model, such as the best.json of 'weft tune'; what is given on the command line wins.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="Where work is done in parallel: local (processes of this machine) or ray (a cluster, or this machine).",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Parts at a time, in processes of their own (default: as many as fit)."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, to standard output.")]
Rows = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE", help="A table of molecules, or of nodes of the graph (default for a graph: all nodes)."
    ),
]
Pattern = Annotated[
    bool | None,
    typer.Option(
        "--pattern/--no-pattern", help="Read also which labels are known, not only what they say (default: no)."
    ),
]
_GRAPH = "Options for a graph"
Exchange = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_GRAPH,
        help="How tasks share: inline, single, shared, cross-stitch, mmoe or ple; or another encoder, with tasks that "
        "share it: rgcn, han, hgt or simple-hgn (default: the preset's).",
    ),
]
Balance = Annotated[
    str | None, typer.Option(rich_help_panel=_GRAPH, help="How the tasks' losses are weighed (default: the preset's).")
]
KnownLabels = Annotated[
    bool | None,
    typer.Option(
        "--labels/--no-labels", rich_help_panel=_GRAPH, help="Known labels of other nodes inform a node's prediction."
    ),
]
Gates = Annotated[
    bool | None, typer.Option("--gates/--no-gates", rich_help_panel=_GRAPH, help="InLINE's gates learnt, or even.")
]
BatchSize = Annotated[
    int | None,
    typer.Option(metavar="N", rich_help_panel=_GRAPH, help="Labelled nodes per step (default: the whole graph)."),
]
Fanout = Annotated[
    int | None,
    typer.Option(metavar="N", rich_help_panel=_GRAPH, help="Neighbours drawn per node and relation in a batch."),
]
Graph = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", rich_help_panel=_GRAPH, help="The graph (default: the one the model was fitted to)."
    ),
]
NodeType = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", rich_help_panel=_GRAPH, help="The type of the table's nodes.")
]
IgnoreKnown = Annotated[
    bool, typer.Option("--ignore-known", help="Predict from structure alone, as if no label were known.")
]
Coverage = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Add per task the set of answers (TASK_set), or the interval (TASK_low, TASK_high), that holds the truth "
        "with this probability, such as 0.9.",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a big table where a run that was stopped left it.")]
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
