"""`--device` on the command line of a machine without a card."""

import json

import pytest
import torch

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
