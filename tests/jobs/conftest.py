"""A small table, and a folder with a tiny fitted model."""

import shutil
from pathlib import Path

import pytest

from tests import tiny
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions

PARTS = ["train"] * 6 + ["val"] * 2 + ["test"] * 4


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch):
    tiny.register(monkeypatch)


@pytest.fixture
def table(tmp_path) -> Path:
    return write_table(tmp_path / "assays.csv")


def write_table(path: Path) -> Path:
    """Twelve molecules: two binary tasks and a regression, a multiclass task, an id and the part."""
    lines = ["id,smiles,a,b,size,colour,part"]
    for k, part in enumerate(PARTS):
        smiles = "C" * (k + 1) + "O"
        cells = [f"{k:03d}", smiles, k % 2, "" if k % 3 == 0 else k // 2 % 2, f"{k}.50", "red" if k % 4 else "blue"]
        lines.append(",".join(map(str, [*cells, part])))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def options() -> FitOptions:
    return OPTIONS


OPTIONS = FitOptions(
    model="tiny", split="column:part", tasks=("a", "b", "size", "colour"), kinds={"colour": "multiclass"}, threads=1
)


@pytest.fixture(scope="session")
def fitted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fitted")
    with pytest.MonkeyPatch.context() as patch:
        tiny.register(patch)
        return fit(write_table(folder / "assays.csv"), folder / "model", OPTIONS).folder


@pytest.fixture
def model(fitted, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(fitted, tmp_path / "model"))
