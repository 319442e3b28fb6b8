"""`weft predict`: a table with predictions added."""

from __future__ import annotations

from weft.cli.arguments import (
    Coverage,
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
    coverage: Coverage = None,
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
    """Predict every task for the molecules, or the nodes of a graph, of a table.

    Columns, rows and order of the table stay as they are.

    Added are TASK_pred, TASK_std and TASK_known per task, and a status per row;
    with --coverage also TASK_set, or TASK_low and TASK_high.

    Labels that the table has are used to predict the others. The prediction
    beside a known label is made without that label.

    A table of nodes has a column node, and type where tasks are on several
    types. Without a table, every node that has a task is predicted.
    """
    from weft.jobs.predict import predict

    run_and_tell(
        predict, model, file, out, smiles, ignore_known, prefix, threads, graph, node_type, quiet, json, coverage,
        device=device, devices=devices, resume=resume, engine=engine, jobs=jobs,
    )  # fmt: skip
