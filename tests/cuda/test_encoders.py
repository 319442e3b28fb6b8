"""Every encoder gives on a card what it gives on the processor, forward and backward; nearly so in half precision."""

import pytest
import torch
from torch import nn

from tests.cuda.card import CARD, needs_card, relative
from weft.devices import autocast
from weft.encoders.base import REGISTRY, build_encoder, encoder_class
from weft.encoders.images.base import ImageEncoder
from weft.testing import toy_inputs

pytestmark = needs_card
INPUTS = toy_inputs(48)
WIDTHS = INPUTS.widths
#: As published it has 12 million weights.
OPTIONS = {"resnet12": {"channels": (8, 16, 24, 32)}}
ROWS = torch.arange(48).flip(0)


def built(name):
    torch.manual_seed(0)
    encoder = build_encoder(name, WIDTHS, 32, **OPTIONS.get(name, {}))
    encoder.fit_scalers(INPUTS, ROWS)
    if isinstance(encoder, ImageEncoder):
        encoder.augmentations = ()  # colours are drawn on the card
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # a card draws other masks
    return encoder


def tolerance(name):
    """torch makes convolutions with eleven bits of mantissa on a card (TF32) unless told otherwise."""
    return 2e-3 if issubclass(encoder_class(name), ImageEncoder) else 1e-4


def ran(name, device, precision="float32"):
    """Embeddings and the gradient of every parameter, of one seed's weights."""
    encoder, inputs = built(name).to(device).train(), INPUTS.to(device)
    if name == "grover":  # the number of hops is drawn in training
        encoder.eval()
    with autocast(device, precision):
        h = encoder(inputs.take(ROWS))
    weight = torch.randn(h.shape, generator=torch.Generator().manual_seed(1)).to(device)
    (h.float() * weight).sum().backward()
    return h, {key: p.grad for key, p in encoder.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", REGISTRY)
def test_a_card_and_the_processor_agree(name):
    """Training mode, so that batch statistics are compared, too."""
    h, grads = ran(name, "cpu")
    h_card, grads_card = ran(name, CARD)
    assert h_card.device.type == "cuda"
    deep = 10 if name == "resnet12" else 1  # twelve convolutions, each normalised by its batch
    assert relative(h_card, h) < deep * tolerance(name)
    assert grads.keys() == grads_card.keys()
    whole = [torch.cat([g.flatten().cpu() for g in found.values()]) for found in (grads_card, grads)]
    assert relative(*whole) < deep * 20 * tolerance(name)


@pytest.mark.parametrize("name", REGISTRY)
def test_evaluation_agrees(name):
    """Running statistics instead of the batch's."""
    with torch.no_grad():
        h_card, h = (built(name).to(device).eval()(INPUTS.to(device).take(ROWS)) for device in (CARD, "cpu"))
    assert relative(h_card, h) < tolerance(name)


@pytest.mark.parametrize("name", REGISTRY)
def test_half_precision_runs_and_is_near(name):
    """Products in bfloat16: eight bits of mantissa, so embeddings within some per cent, gradients finite."""
    h, grads = ran(name, CARD, "bfloat16")
    assert relative(h, ran(name, CARD)[0]) < 0.1
    assert all(bool(g.isfinite().all()) for g in grads.values())
