"""Words of devices, seeds, and what a machine without a card says."""

import json

import pytest
import torch

from tests.cli.conftest import model, table, weft  # noqa: F401 - fixtures
from weft.devices import autocast, check_device, find_device, seeded, told
from weft.errors import UserError

NO_CARD = not torch.cuda.is_available()


def test_the_processor_is_always_there():
    assert find_device("cpu") == torch.device("cpu")
    if NO_CARD:
        assert find_device("auto") == torch.device("cpu")
    assert told("cpu")["device"] == "cpu"
    assert told("cpu")["name"]


@pytest.mark.parametrize("word", ["gpu", "cuda:", "cuda:x", "cpu:0", ""])
def test_other_words_are_refused(word):
    """Before anything is read, and with the words there are."""
    with pytest.raises(UserError, match="auto, cpu, cuda"):
        check_device(word)


def test_a_card_that_is_not_there_is_told():
    """Not a traceback of torch's in the middle of a fit."""
    with pytest.raises(UserError, match="no device 'cuda:99'") as caught:
        find_device("cuda:99")
    assert "--device cpu" in str(caught.value)


def test_seeded_draws_depend_on_the_seed_alone():
    """And leave the generator as it was."""
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with seeded(3):
        first = torch.rand(4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    with seeded(3):
        assert torch.equal(torch.rand(4), first)


def test_half_precision_is_of_products():
    """bfloat16 where asked, else nothing changes."""
    a = torch.rand(4, 4)
    with autocast("cpu", "bfloat16"):
        assert (a @ a).dtype == torch.bfloat16
    with autocast("cpu", "float32"):
        assert (a @ a).dtype == torch.float32


@pytest.mark.skipif(not NO_CARD, reason="there is a card")
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
