"""What the commands import: read once, before processes are forked."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import lightgbm  # noqa: F401
import matplotlib.figure  # noqa: F401
import polars  # noqa: F401
import pyarrow.parquet  # noqa: F401
import rdkit.Chem.Draw  # noqa: F401
import sklearn.ensemble  # noqa: F401
import torch  # noqa: F401

import weft.cli.main
import weft.jobs.finish
import weft.metalink.model
import weft.report.whole  # noqa: F401
