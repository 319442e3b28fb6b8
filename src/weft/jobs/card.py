"""The run card: everything needed to know, and to do again, what made a model."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import weft
from weft.devices import told
from weft.jobs.options import FitOptions
from weft.jobs.sources import Source
from weft.predictor import Predictor

if TYPE_CHECKING:
    from weft.data.splits import Split

_PACKAGES = ("torch", "torch-geometric", "rdkit", "numpy", "scipy", "polars", "scikit-learn", "lightgbm")


def identity(source: Source, options: FitOptions) -> dict[str, Any]:
    """Return what decides the result of a fit: options, data and version."""
    return {**options.identity(), "data_sha256": source.sha256(), "weft": weft.__version__}


def run_card(
    source: Source,
    options: FitOptions,
    split: Split,
    predictor: Predictor,
    same: dict[str, Any],
    took: float,
    device: str = "cpu",
) -> dict[str, Any]:
    """Return the run card, JSON-ready.

    Args:
        source: the training data.
        options: as given, filled.
        split: the rows of each part.
        predictor: the fitted model.
        same: what `identity` returned when the fit began.
        took: seconds from start to end.
        device: where the model was trained.
    """
    return {
        "weft": weft.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(took, 1),
        "options": options.account(source.usual, predictor.on_device),
        "configuration": predictor.state()[0],
        "settings": sorted(predictor.settings),
        "reads_pattern": predictor.reads_pattern,
        "calibration": None if predictor.calibrator is None else predictor.calibrator.card(predictor.tasks),
        "parameters": getattr(predictor, "n_parameters", None),
        "data": {**source.card(), "sha256": same["data_sha256"]},
        "split": {
            "method": split.method,
            "seed": split.seed,
            **{part: len(getattr(split, part)) for part in ("train", "val", "test")},
        },
        "seed": options.seed,
        "device": told(device),
        "versions": versions(),
        "identity": same,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, the platform and the packages that decide numbers."""
    found = {"python": sys.version.split()[0], "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
