"""Models of every released version are read by this one, and answer as they did."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import weft
from tests.models.kinds import ASKED, HERE, KINDS, answers
from weft.errors import UserError
from weft.predictor import REGISTRY
from weft.saved import load

KEPT = sorted(path.parent for path in HERE.glob(f"*/*/{ASKED}"))


@pytest.mark.parametrize("folder", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_model_of_a_released_version_answers_the_same(folder: Path) -> None:
    """Protects a person's models from an upgrade. Seen to catch: a default of a configuration that changed."""
    asked = json.loads((folder / ASKED).read_text())
    _, data, labels, _ = KINDS[folder.name]()
    found = answers(load(folder), data, labels, np.array(asked["rows"]))
    assert found["ok"] == asked["ok"]
    for name in ("mean", "std"):
        np.testing.assert_allclose(_numbers(found[name]), _numbers(asked[name]), rtol=1e-4, atol=1e-5)


def _numbers(rows: list[list[float | None]]) -> np.ndarray:
    return np.array([[math.nan if value is None else value for value in row] for row in rows])


def test_every_kind_of_this_version_is_kept() -> None:
    """Protects the test from new predictors that nobody keeps a model of; and the clone from growing."""
    kept = {path.name for path in KEPT if path.parent.name == weft.__version__}
    predictors = {json.loads((folder / "model.json").read_text())["predictor"] for folder in KEPT}
    assert kept == set(KINDS)
    assert predictors == set(REGISTRY) - {"tiny"}
    assert sum(path.stat().st_size for path in (HERE / weft.__version__).rglob("*")) < 2**21


@pytest.mark.parametrize("folder", KEPT[:1], ids=lambda path: path.name)
def test_a_newer_format_is_refused_clearly(folder: Path, tmp_path: Path) -> None:
    """Protects from a traceback, or from numbers that mean something else: the versions and the mend are told."""
    shutil.copytree(folder, tmp_path / "m")
    card = json.loads((folder / "model.json").read_text())
    newer = {**card, "schema": card["schema"] + 1, "weft": "9.9.0", "predictor": "not-yet-invented", "more": {"x": 1}}
    (tmp_path / "m" / "model.json").write_text(json.dumps(newer))
    with pytest.raises(UserError, match=r"format 2 and was written by weft 9\.9\.0, this weft.*pip install --upgrade"):
        load(tmp_path / "m")
