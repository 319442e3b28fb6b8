"""`weft predict`: a table with predictions added."""

from __future__ import annotations

from weft.cli.arguments import File, IgnoreKnown, Json, Model, OutFile, Prefix, Quiet, Smiles, Threads
from weft.cli.predicting import run_and_tell


def command(
    model: Model,
    file: File,
    out: OutFile,
    smiles: Smiles = None,
    ignore_known: IgnoreKnown = False,
    prefix: Prefix = "",
    threads: Threads = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict every task for the molecules of a table.

    Columns, rows and order of the table stay as they are.

    Added are TASK_pred, TASK_std and TASK_known per task, and a status per row.

    Labels that the table has are used to predict the others. The prediction
    beside a known label is made without that label.
    """
    from weft.jobs.predict import predict

    run_and_tell(predict, model, file, out, smiles, ignore_known, prefix, threads, quiet, json)
