"""`--device` on the command line of a machine without a card."""

import json
import os
from pathlib import Path

import polars as pl
import pytest
import torch

from weft.data.synthetic import DEMO
from weft.data.tables import read_table
from weft.devices import told

DATA = Path(os.environ.get("WEFT_DATA", Path(__file__).parents[3] / "shared" / "data"))
#: SIDER, where it is at hand, else the table that weft ships.
SIDER = DATA / "molecules" / "sider.csv.gz"
TABLE = SIDER if SIDER.exists() else DEMO
DBLP = DATA / "hetero" / "dblp"
#: Nothing is drawn in training but batches and neighbours, which all processes draw alike.
STILL = {
    "dropouts": [0.0, 0.0],
    "net.inputs.entry_dropout": 0.0,
    **{f"net.head.{name}": 0.0 for name in ("dropout", "wide_dropout", "label_dropout", "reveal")},
}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_the_command_says_that_there_is_no_card(weft, table, tmp_path):
    """Exit 2, a message, no folder."""
    done = weft("fit", table, "--out", tmp_path / "m", "--encoder", "fingerprint", "--device", "cuda")
    assert done.code == 2
    assert "CUDA" in done.err
    assert not (tmp_path / "m").exists()


def test_the_card_of_a_fit_tells_the_device(weft, table, tmp_path):
    """A model without networks does not use it."""
    assert weft("fit", table, "--out", tmp_path / "m", "--model", "tiny", "--split", "random").code == 0
    card = json.loads((tmp_path / "m" / "run.json").read_text())
    assert card["device"] == told("cpu")
    assert card["options"]["--device"] == {"value": "auto", "default": True, "used": False}


def test_two_processes_fit_and_predict_as_one(weft, tmp_path):
    """The whole way of a person with two devices, in double precision: the same metrics, every row once in its place.

    At every ratio and of every task, also in numbers of labels.
    """
    network = ("--preset", "metalink-paper", "--epochs", "2", "--precision", "64")
    told, frame = made_twice(weft, tmp_path, TABLE, TABLE, network)
    assert set(told) == {"0", "0.2", "0.5", "0.8"}
    assert len(frame) == len(read_table(TABLE).frame)
    card = json.loads((tmp_path / "m2" / "run.json").read_text())
    assert card["options"]["--precision"] == {"value": "64", "default": False, "used": True}


@pytest.mark.skipif(not DBLP.is_dir(), reason="DBLP is not at hand")
def test_two_processes_fit_a_graph_by_parts_as_one(weft, tmp_path):
    """The same way on a real graph whose steps are shared out; float32 holds over so few of them."""
    (tmp_path / "still.json").write_text(json.dumps({"changes": STILL}))
    parts = ("--members", "1", "--epochs", "1", "--batch-size", "1024", "--fanout", "4")
    nodes = tmp_path / "nodes.csv"
    pl.DataFrame({"type": ["paper"] * 30 + ["author"] * 31, "node": [*range(30), *range(9, 40)]}).write_csv(nodes)
    told, frame = made_twice(weft, tmp_path, DBLP, nodes, (*parts, "--config", tmp_path / "still.json"))
    assert set(told["0"]["tasks"]) == {"area", "venue"}
    assert len(frame) == 61


def made_twice(weft, folder, data, asked, options):
    """Fit and predict with one process and with two, demand the same, and return it: metrics of the test part, rows."""
    found, frames = {}, {}
    for count in (1, 2):
        model, predicted = folder / f"m{count}", folder / f"p{count}.csv"
        here = ("--threads", "1", "--device", "cpu", "--devices", count)
        done = weft("fit", data, "--out", model, *options, *here, "--json")
        assert done.code == 0, done.err
        found[count] = json.loads(done.out)["metrics"]["test"]
        assert weft("predict", model, asked, "--out", predicted, *here, "--quiet").code == 0
        frames[count] = pl.read_csv(predicted, infer_schema_length=None)
    assert numbers(found[2]) == pytest.approx(numbers(found[1]), abs=1e-3)
    assert frames[2].columns == frames[1].columns
    for name, column in zip(frames[1].columns, frames[1], strict=True):
        other = frames[2][name]
        assert other.is_null().to_list() == column.is_null().to_list(), name
        if column.dtype.is_float():
            assert (other - column).abs().max() < 1e-3, name
        else:
            assert other.to_list() == column.to_list(), name
    return found[1], frames[1]


def numbers(told, place=""):
    """Every number in nested dictionaries, by its path."""
    if not isinstance(told, dict):
        return {place: told} if isinstance(told, int | float) else {}
    return {key: value for name, part in told.items() for key, value in numbers(part, f"{place}/{name}").items()}


def test_another_precision_is_refused_with_those_there_are(weft, table, tmp_path):
    """Before anything is read, whatever the model; pretraining says that it has no double precision."""
    done = weft("fit", table, "--out", tmp_path / "m", "--precision", "16")
    assert done.code == 2
    assert "--precision: there is no precision '16'. Use 32, bf16 or 64." in " ".join(done.err.split())
    done = weft("pretrain", table, "--out", tmp_path / "w", "--precision", "64")
    assert done.code == 2
    assert "pretraining has no double precision. Use 32 or bf16" in " ".join(done.err.split())
    assert not (tmp_path / "m").exists()
    done = weft("fit", table, "--out", tmp_path / "m", "--precision", "64")  # no network: the profile
    assert done.code == 2
    assert "Add --encoder NAME" in " ".join(done.err.split())
