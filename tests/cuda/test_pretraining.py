"""GROVER's pretraining on a card."""

import pytest
import torch

from tests.cuda.card import CARD, Broken, breaking, needs_card, relative
from tests.pretrain.small import small_corpus, small_network
from weft.pretrain import loop
from weft.pretrain.held_out import MOST, evaluate
from weft.pretrain.loop import PretrainConfig, train
from weft.training.run import Run

pytestmark = needs_card


def trained(corpus, device=CARD, precision="float32", **run):
    network = small_network(corpus).to(device)
    held = corpus.held_out(MOST)
    config = PretrainConfig(40, batch=16, lr=3e-3, precision=precision)
    return network, train(network, corpus, config, Run(1, device=device, **run), lambda: evaluate(network, held))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns(tmp_path, precision):
    """The held-out loss falls by a third."""
    network, rows = trained(small_corpus(tmp_path), precision=precision)
    assert next(network.parameters()).device.type == "cuda"
    assert rows[-1]["held_out_loss"] < 0.67 * rows[0]["held_out_loss"]


def test_evaluation_agrees_with_the_processor(tmp_path):
    """The same weights on both."""
    corpus = small_corpus(tmp_path)
    held = corpus.held_out(MOST)
    network = small_network(corpus)
    here = evaluate(network, held)
    there = evaluate(network.to(CARD), held)
    assert there == pytest.approx(here, rel=1e-3)


def test_it_goes_on_after_a_break(tmp_path, monkeypatch):
    """In mid-epoch."""
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1.0)
    corpus = small_corpus(tmp_path / "corpus")
    whole, _ = trained(corpus)
    with pytest.raises(Broken):
        trained(corpus, folder=tmp_path, report=breaking(7))
    resumed, _ = trained(corpus, folder=tmp_path)
    flat = [torch.cat([p.detach().flatten() for p in network.parameters()]) for network in (resumed, whole)]
    assert relative(*flat) < 0.02
