"""Encoders of dense features: what they read, and what they say when it is not there."""

import pytest
import torch

from weft.data.base import Batch, Inputs
from weft.encoders.fingerprint import FingerprintEncoder
from weft.encoders.fusion import FusionEncoder
from weft.encoders.vectors import VectorEncoder
from weft.errors import UserError
from weft.testing import check_encoder, toy_inputs

WIDTHS = {"morgan": 32, "descriptors": 10, "vectors": 6}


def test_identity_passes_vectors_on():
    """layers=0 gives the vectors themselves, only scaled when asked for."""
    x = torch.randn(5, 6)
    assert torch.equal(VectorEncoder(WIDTHS, 6, layers=0, standardise=False)(Batch(dense={"vectors": x})), x)
    encoder = VectorEncoder(WIDTHS, 6, layers=0)
    encoder.fit_scalers(Inputs(None, {"vectors": x * 1000}), torch.arange(5))
    assert float(encoder(Batch(dense={"vectors": x * 1000})).abs().max()) < 5


@pytest.mark.parametrize("kind", ["morgan", "descriptors"])
def test_one_kind_is_enough(kind):
    """Data without descriptors (or without fingerprints) still has an encoder."""
    inputs = toy_inputs()
    only = Inputs(None, {kind: inputs.dense[kind]})
    check_encoder(lambda: FingerprintEncoder({kind: WIDTHS[kind]}, 8, hidden=16), only)


def test_both_kinds_matter():
    """Neither half of the fingerprint encoder is ignored."""
    inputs = toy_inputs()
    torch.manual_seed(0)
    encoder = FingerprintEncoder(WIDTHS, 8).eval()
    encoder.fit_scalers(inputs, torch.arange(24))
    batch = inputs.take(torch.arange(4))
    for kind in encoder.kinds:
        other = Batch(None, {**batch.dense, kind: torch.zeros_like(batch.dense[kind])})
        assert not torch.allclose(encoder(other), encoder(batch), atol=1e-3)


@pytest.mark.parametrize("graph", ["dmpnn", "metalink"])
def test_fusion_takes_any_graph_encoder(graph):
    """The graph half is chosen by name, with its own options."""
    options = {"depth": 2} if graph == "dmpnn" else {"layers": 1}
    check_encoder(lambda: FusionEncoder(WIDTHS, 8, graph=graph, graph_options=options, hidden=16), toy_inputs())


def test_missing_features_are_said():
    """Without the features it needs an encoder says which, before any training."""
    with pytest.raises(UserError, match="neither Morgan"):
        FingerprintEncoder({"vectors": 3}, 8)
    with pytest.raises(UserError, match="no vectors"):
        VectorEncoder({}, 8)
    with pytest.raises(UserError, match="dim=6"):
        VectorEncoder(WIDTHS, 8, layers=0)
    with pytest.raises(UserError, match="graphs only"):
        FusionEncoder(WIDTHS, 8, graph="fingerprint")
    with pytest.raises(UserError, match="at least 1"):
        FingerprintEncoder(WIDTHS, 8, layers=0)


def test_scalers_are_saved_with_the_weights():
    """A restored encoder gives the same embeddings, bit for bit."""
    inputs = toy_inputs()
    encoder = FusionEncoder(WIDTHS, 8).eval()
    encoder.fit_scalers(inputs, torch.arange(12))
    other = FusionEncoder(WIDTHS, 8).eval()
    other.load_state_dict(encoder.state_dict())
    batch = inputs.take(torch.arange(24))
    assert torch.equal(other(batch), encoder(batch))
