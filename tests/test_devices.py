"""Words of devices, seeds, and what a machine without a card says."""

import pytest
import torch

from weft.devices import PRECISIONS, autocast, check_device, find_device, number_type, precision_named, seeded, told
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


def test_double_precision_is_of_everything():
    """And products in bfloat16 leave the numbers themselves in float32."""
    found = {word: number_type(word) for word in PRECISIONS}
    assert {word for word, kind in found.items() if kind == torch.float64} == {"64", "float64"}
    assert {found["32"], found["bf16"]} == {torch.float32}
    with pytest.raises(UserError, match=r"'double'\. Use 32, bf16 or 64"):
        precision_named("double")


def test_every_process_needs_a_card(monkeypatch):
    """Else all but the first would fail, and the first wait for them."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert find_device("auto") == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(UserError, match="3 processes need a card each, and torch sees 2"):
        find_device("cuda")
