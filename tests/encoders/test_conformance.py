"""Every registered encoder passes the checks that weft ships for anyone's encoder."""

import pytest

from weft.encoders.base import REGISTRY, build_encoder
from weft.testing import check_encoder, toy_inputs

WIDTHS = {kind: x.shape[1] for kind, x in toy_inputs().dense.items()}


@pytest.mark.parametrize("name", REGISTRY)
def test_encoder_conforms(name):
    """Shape, batch and atom invariance, same seed same result, gradients, single atoms and empty graphs."""
    check_encoder(lambda: build_encoder(name, WIDTHS, 16), toy_inputs())
