"""Models of graphs on a card: every exchange and balancing, whole and by parts."""

import pytest
import torch

from tests.cuda.card import CARD, Broken, breaking, needs_card, relative
from tests.hetero.small import fitted, once_fitted, small_graph
from weft.data.nodes import Nodes
from weft.hetero.balance.base import REGISTRY as BALANCINGS
from weft.hetero.trunks.base import REGISTRY as TRUNKS
from weft.saved import load
from weft.training.run import Run

pytestmark = needs_card
NODES = Nodes.of(small_graph())
PARTS = {"batch_size": 25, "fanout": 2}


@pytest.mark.parametrize("parts", [{}, PARTS], ids=["whole", "parts"])
@pytest.mark.parametrize("exchange", TRUNKS)
def test_a_card_answers_as_the_processor(exchange, parts):
    """The same weights: fitted on the processor, asked on the card."""
    made = once_fitted(exchange=exchange, **parts)
    here = made.predict(NODES).mean
    try:
        assert relative(made.to(CARD).predict(NODES).mean, here) < 1e-4
    finally:
        made.to("cpu")


@pytest.mark.parametrize("parts", [{}, PARTS], ids=["whole", "parts"])
@pytest.mark.parametrize("exchange", TRUNKS)
def test_a_card_trains(exchange, parts, tmp_path):
    """Losses fall, and the processor answers as the card did from the saved folder."""
    made = fitted(small_graph(), Run(seed=1, device=CARD), exchange=exchange, epochs=8, **parts)
    rows = made.history[0]
    assert sum(v for k, v in rows[-1].items() if k.startswith("loss")) < sum(
        v for k, v in rows[0].items() if k.startswith("loss")
    )
    made.save(tmp_path)
    assert relative(load(tmp_path).predict(NODES).mean, made.predict(NODES).mean) < 1e-4


@pytest.mark.parametrize("options", [{"preset": "inline-paper"}, {"gates": False}, {"known_labels": False}])
def test_other_presets_train(options):
    """The published output layer and loss; without gates; without labels as structure."""
    made = fitted(small_graph(), Run(seed=1, device=CARD), **options)
    assert made.gate_table(small_graph()) is not None


@pytest.mark.parametrize("balance", BALANCINGS)
def test_every_balancing_trains(balance):
    """Their own parameters and small problems stay on the processor."""
    if balance in ("pcgrad", "mgda", "imtl-g", "upgrad"):
        pytest.importorskip("torchjd")
    made = fitted(small_graph(), Run(seed=1, device=CARD), balance=balance)
    assert torch.isfinite(torch.from_numpy(made.predict(NODES).mean[:30, :3])).all()


@pytest.mark.parametrize("options", [{"balance": "gradnorm"}, PARTS], ids=["whole", "parts"])
def test_a_run_broken_on_a_card_goes_on_there(tmp_path, options):
    """Averaged weights come back to the card from the checkpoint."""
    whole = fitted(small_graph(), Run(seed=3, device=CARD), **options)
    with pytest.raises(Broken):
        fitted(small_graph(), Run(seed=3, folder=tmp_path, report=breaking(2), device=CARD), **options)
    resumed = fitted(small_graph(), Run(seed=3, folder=tmp_path, device=CARD), **options)
    assert relative(resumed.predict(NODES).mean, whole.predict(NODES).mean) < 1e-3
