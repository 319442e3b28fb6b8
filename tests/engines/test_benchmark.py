"""`weft benchmark` on every engine: complete, and the same figures when a worker is killed in mid-run."""

from dataclasses import asdict

import pytest

from tests.benchmark.mols import PLAIN
from weft.benchmark.runner import RunOptions, run_suite
from weft.benchmark.suite import REGISTRY

#: What a run of the same training may differ in.
COSTS = ("cpu_s", "wall_s", "predict_s", "peak_mb", "made", "suite")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTRY, "plain", "tests.benchmark.mols:PLAIN")
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("WEFT_FRAIL", str(tmp_path / "marks"))
    return tmp_path


def test_rows_are_those_of_one_process(name, here):
    """Protects a table made on a cluster: a killed worker costs time, no row, and changes no figure."""
    options = RunOptions((0,), data=("frail",), jobs=2, engine=name)
    found = run_suite(PLAIN, here / "parallel", options)
    assert (here / "marks" / "killed").exists()
    assert not found.failed
    assert found.trained == len(found.results)
    alone = run_suite(PLAIN, here / "alone", RunOptions((0,), data=("frail",)))
    assert _told(found) == _told(alone)
    assert run_suite(PLAIN, here / "parallel", options).trained == 0


def _told(finished):
    rows = [{k: v for k, v in asdict(result).items() if k not in COSTS} for result in finished.results]
    return sorted(rows, key=lambda row: (row["row"], row["data"], row["split"]))
