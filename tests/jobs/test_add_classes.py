"""New classes of a few-shot model from files: vectors and folders of images."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from weft import saved
from weft.cli.main import app
from weft.errors import UserError
from weft.jobs.add_task import add_task
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions
from weft.jobs.predict import predict

RNG = np.random.default_rng(0)
MIDDLE = 2 * RNG.normal(size=(9, 5))


def write(path, classes, n=12, extra=""):
    lines = ["kind," + ",".join(f"x{k}" for k in range(5))]
    for c in classes:
        x = MIDDLE[c] + 0.4 * RNG.normal(size=(n, 5))
        lines += [f"k{c}," + ",".join(f"{v:.3f}" for v in row) for row in x]
    path.write_text("\n".join([*lines, *([extra] if extra else [])]) + "\n")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    table = write(folder / "table.csv", range(7))
    options = FitOptions(model="few-shot", data="vectors", tasks=("kind",), epochs=1, threads=1, device="cpu")
    fit(table, folder / "model", options)
    return folder / "model"


def test_classes_are_added_from_one_example_and_predicted(model, tmp_path):
    """Protects the way through files: names of new classes, their order, and answers for them at once."""
    file = write(tmp_path / "new.csv", [7, 8], n=1, extra=",1,1,1,1,1")
    added = add_task(model, file, out=tmp_path / "larger")
    assert added.classes
    assert (added.tasks, added.labels) == (("k7", "k8"), (1, 1))
    assert saved.load(tmp_path / "larger").tasks[0].classes == tuple(f"k{c}" for c in range(9))
    assert saved.load(model).tasks[0].classes == tuple(f"k{c}" for c in range(7))
    note = json.loads((tmp_path / "larger" / "run.json").read_text())["added_tasks"][0]
    assert (note["tasks"], note["labels"]) == (["k7", "k8"], [1, 1])
    asked = write(tmp_path / "asked.csv", [7, 2], n=4)
    predict(tmp_path / "larger", asked, tmp_path / "out.csv")
    import polars as pl

    found = pl.read_csv(tmp_path / "out.csv")
    assert found["kind_pred"].to_list() == ["k7"] * 4 + ["k2"] * 4


def test_the_command_tells_what_each_class_got(model, tmp_path):
    file = write(tmp_path / "new.csv", [7], n=3)
    found = CliRunner().invoke(app, ["add-task", str(model), str(file), "--out", str(tmp_path / "larger"), "--quiet"])
    assert found.exit_code == 0
    assert "k7: 3 examples" in found.stdout


def test_what_cannot_be_added_is_told(model, tmp_path):
    file = write(tmp_path / "new.csv", [7], n=2)
    with pytest.raises(UserError, match="no column 'other'"):
        add_task(model, file, tasks=["other"], out=tmp_path / "a")
    empty = tmp_path / "empty.csv"
    empty.write_text("kind,x0,x1,x2,x3,x4\n,1,1,1,1,1\nk9,,1,1,1,1\n")
    with pytest.raises(UserError, match="no example has a class"):
        add_task(model, empty, out=tmp_path / "b")
    assert not (tmp_path / "a" / "model.json").exists()
