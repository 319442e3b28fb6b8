"""`--device` on the command line of a machine without a card."""

import json

import pytest
import torch

from weft.data.synthetic import DEMO
from weft.data.tables import read_table, write_table
from weft.devices import told


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
    """The whole way of a person with two devices: the same scores but for rounding, every row once and in its place."""
    table = tmp_path / "t.csv"
    write_table(read_table(DEMO).frame.head(61), table)
    network = ("--preset", "metalink-paper", "--epochs", "2", "--split", "random")
    fit = (*network, "--threads", "1", "--device", "cpu", "--json")
    told = {}
    for count in (1, 2):
        done = weft("fit", table, "--out", tmp_path / f"m{count}", *fit, "--devices", count)
        assert done.code == 0, done.err
        told[count] = json.loads(done.out)["metrics"]["test"]["0"]["means"]
        predict = ("--out", tmp_path / f"p{count}.csv", "--devices", count, "--device", "cpu", "--quiet")
        assert weft("predict", tmp_path / "m1", table, *predict).code == 0
    for metric, mean in told[1].items():
        assert told[2][metric]["value"] == pytest.approx(mean["value"], abs=1e-3)
    both, one = (read_table(tmp_path / f"p{count}.csv").frame for count in (2, 1))
    assert both.columns == one.columns
    assert both["smiles"].to_list() == one["smiles"].to_list()
    for name in one.columns:
        if name.endswith("_pred"):
            assert (both[name].cast(float) - one[name].cast(float)).abs().max() < 1e-6
