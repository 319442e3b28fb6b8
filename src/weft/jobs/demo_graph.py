"""The demo of graphs: make a customer graph, write it as tables, fit one model to its tasks, offline."""

from __future__ import annotations

import shutil
from pathlib import Path

from weft.files import disk_errors
from weft.jobs.fit import Fitted, fit
from weft.jobs.folder import WORK, check_target
from weft.jobs.options import FitOptions
from weft.training.run import Report, silent

GRAPH = "graph"
_CUSTOMERS = 3000
#: A quick fit; the default takes five times as long and is better.
QUICK = FitOptions(epochs=60, members=1)
#: The rarest task needs more customers than a demo has time for.
_TOO_RARE = "contract"


def demo_graph(out: Path, options: FitOptions | None = None, report: Report = silent) -> Fitted:
    """Fit a quick model to a made-up customer graph, written to `out` as tables beside it.

    Args:
        out: a new folder, or the one of an earlier demo, which is then replaced.
        options: what to fit; a quick model by default.
        report: told of progress.
    """
    from weft.data.customers import CustomerConfig, customer_graph
    from weft.data.graph_known import only_tasks
    from weft.data.graph_tables_write import write_graph_tables

    model, tables = out / "model", out / GRAPH
    if not tables.exists():
        check_target(out)
    report("graph", 0, 1, "")
    graph = customer_graph(CustomerConfig(n_customers=_CUSTOMERS))
    graph = only_tasks(graph, [name for name in graph.tasks.names if name != _TOO_RARE])
    write_graph_tables(graph, tables)
    report("graph", 1, 1, f"{len(graph)} nodes, written as tables to {tables}")
    with disk_errors(out):
        shutil.rmtree(model / WORK, ignore_errors=True)  # of a demo that was interrupted
    fitted = fit(tables, model, options or QUICK, report=report)
    with disk_errors(out):
        shutil.copyfile(model / "report.html", out / "report.html")
    return fitted
