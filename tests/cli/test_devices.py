"""`--device` on the command line of a machine without a card."""

import json
import os
from pathlib import Path

import pytest
import torch

from weft.data.synthetic import DEMO
from weft.data.tables import read_table
from weft.devices import told

#: SIDER, where it is at hand, else the table that weft ships.
SIDER = Path(os.environ.get("WEFT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "molecules" / "sider.csv.gz"
TABLE = SIDER if SIDER.exists() else DEMO


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
    found = {}
    for count in (1, 2):
        folder, here = tmp_path / f"m{count}", ("--threads", "1", "--device", "cpu", "--devices", count)
        done = weft("fit", TABLE, "--out", folder, *network, *here, "--json")
        assert done.code == 0, done.err
        found[count] = json.loads(done.out)["metrics"]["test"]
        predict = ("--out", tmp_path / f"p{count}.csv", *here, "--quiet")
        assert weft("predict", folder, TABLE, *predict).code == 0
    assert set(found[1]) == {"0", "0.2", "0.5", "0.8"}
    one, two = (numbers(found[count]) for count in (1, 2))
    assert two == pytest.approx(one, abs=1e-3)
    one, two = (read_table(tmp_path / f"p{count}.csv").frame for count in (1, 2))
    assert two.columns == one.columns
    assert len(one) == len(read_table(TABLE).frame)
    for name in one.columns:
        if name.endswith("_pred"):
            assert (two[name].cast(float) - one[name].cast(float)).abs().max() < 1e-5
        else:
            assert two[name].to_list() == one[name].to_list()
    card = json.loads((tmp_path / "m2" / "run.json").read_text())
    assert card["options"]["--precision"] == {"value": "64", "default": False, "used": True}


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
