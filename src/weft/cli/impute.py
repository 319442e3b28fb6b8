"""`weft impute`: a table with its blanks filled in."""

from __future__ import annotations

from weft.cli.arguments import (
    Device,
    Devices,
    Engine,
    Graph,
    IgnoreKnown,
    Jobs,
    Json,
    Model,
    NodeType,
    OutFile,
    Prefix,
    Quiet,
    Resume,
    Rows,
    Smiles,
    Threads,
)
from weft.cli.predicting import run_and_tell


def command(
    model: Model,
    out: OutFile,
    file: Rows = None,
    smiles: Smiles = None,
    ignore_known: IgnoreKnown = False,
    prefix: Prefix = "",
    graph: Graph = None,
    node_type: NodeType = None,
    device: Device = "auto",
    devices: Devices = 1,
    engine: Engine = "local",
    jobs: Jobs = None,
    threads: Threads = None,
    resume: Resume = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fill in the blanks of the task columns of a table.

    Known cells stay as they are. A blank becomes the probability of class 1,
    the likeliest class or the value.

    TASK_known tells which is which, status why a row was not filled in.
    """
    from weft.jobs.predict import impute

    run_and_tell(
        impute, model, file, out, smiles, ignore_known, prefix, threads, graph, node_type, quiet, json,
        device=device, devices=devices, resume=resume, engine=engine, jobs=jobs,
    )  # fmt: skip
