"""What is slow to import and most work needs: the server of processes imports it once, before the processes part."""

from __future__ import annotations

import lightgbm  # noqa: F401  # pyright: ignore[reportUnusedImport]
import sklearn.ensemble  # noqa: F401  # pyright: ignore[reportUnusedImport]
import torch  # noqa: F401  # pyright: ignore[reportUnusedImport]

import weft.benchmark.child  # pyright: ignore[reportUnusedImport]
import weft.jobs.predict  # noqa: F401  # pyright: ignore[reportUnusedImport]
