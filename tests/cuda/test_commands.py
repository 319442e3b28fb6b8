"""The commands with `--device cuda`, as a person types them."""

import json

import numpy as np
import pytest
import torch

from tests.cuda.card import needs_card
from tests.toy import write_toy
from weft.data.synthetic import DEMO
from weft.data.tables import read_table, write_table

pytestmark = needs_card
FIT = ("--epochs", "3", "--split", "random", "--threads", "2", "--quiet", "--device", "cuda")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.csv"
    write_table(read_table(DEMO).frame.head(200), path)
    return path


def numbers(path):
    frame = read_table(path).frame
    return np.array([frame[name].cast(float).to_numpy() for name in frame.columns if name.endswith("_pred")], float)


@pytest.mark.parametrize("encoder", ["dmpnn", "fusion", "mgcn", "grover"])
def test_molecules(weft, demo, tmp_path, encoder):
    """Fit on the card; the card's name in the run card; predictions of both devices agree."""
    done = weft("fit", demo, "--out", tmp_path / "m", "--encoder", encoder, *FIT, "--precision", "bf16")
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "m" / "run.json").read_text())
    assert card["device"] == {"device": "cuda", "name": torch.cuda.get_device_name()}
    assert card["options"]["--device"] == {"value": "cuda", "default": False, "used": True}
    for device in ("cuda", "cpu"):
        out = tmp_path / f"{device}.csv"
        assert weft("predict", tmp_path / "m", demo, "--out", out, "--device", device).code == 0
    np.testing.assert_allclose(numbers(tmp_path / "cuda.csv"), numbers(tmp_path / "cpu.csv"), atol=1e-4)


def test_a_graph(weft, tmp_path):
    """Fit, evaluate and predict on the card."""
    graph = write_toy(tmp_path / "g")
    done = weft("fit", graph, "--out", tmp_path / "m", "--members", "1", *FIT[:2], *FIT[4:])
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "m" / "run.json").read_text())["device"]["device"] == "cuda"
    assert weft("evaluate", tmp_path / "m", graph, "--device", "cuda").code == 0


def test_trees_stay_on_the_processor(weft, demo, tmp_path):
    """Said, not silent."""
    done = weft("fit", demo, "--out", tmp_path / "m", "--model", "naive-bayes", *FIT[2:])
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "m" / "run.json").read_text())
    assert card["device"]["device"] == "cpu"
    assert not card["options"]["--device"]["used"]
    assert "--device is not used" in done.err


def test_pretraining(weft, demo, tmp_path):
    """Pretrain on the card, fit from the weights."""
    words = ("--size", "grover-tiny", "--epochs", "1", "--quiet", "--device", "cuda")
    done = weft("pretrain", demo, "--out", tmp_path / "w", *words)
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "w" / "run.json").read_text())["device"]["device"] == "cuda"
    weights = ("--encoder", "grover", "--encoder-weights", tmp_path / "w")
    assert weft("fit", demo, "--out", tmp_path / "m", *weights, *FIT).code == 0
