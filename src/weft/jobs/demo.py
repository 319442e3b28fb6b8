"""The demo: fit the shipped table, offline, and show what known labels are worth."""

from __future__ import annotations

import shutil
from pathlib import Path

from weft.files import disk_errors
from weft.jobs.fit import Fitted, fit
from weft.jobs.folder import check_target
from weft.jobs.options import FitOptions
from weft.training.run import Report, silent

TABLE = "demo.csv.gz"


def demo(out: Path, options: FitOptions | None = None, report: Report = silent) -> Fitted:
    """Fit the default model to the demo data, written to `out` with the data beside it.

    Args:
        out: a new folder, or the one of an earlier demo, which is then replaced.
        options: what to fit; the default model by default.
        report: told of progress.
    """
    from weft.data.synthetic import DEMO

    model, table = out / "model", out / TABLE
    if not table.exists():
        check_target(out)
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(model / ".work", ignore_errors=True)  # of a demo that was interrupted
        shutil.copyfile(DEMO, table)
    fitted = fit(table, model, options, report=report)
    with disk_errors(out):
        shutil.copyfile(model / "report.html", out / "report.html")
    return fitted
