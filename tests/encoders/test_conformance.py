"""Every registered encoder passes the checks that weft ships for anyone's encoder."""

import pytest

from weft.encoders.base import REGISTRY, build_encoder
from weft.testing import check_encoder, toy_inputs

WIDTHS = toy_inputs().widths
#: As published it has 12 million weights, which every check would go through several times.
OPTIONS = {"resnet12": {"channels": (8, 16, 24, 32)}}


@pytest.mark.parametrize("name", REGISTRY)
def test_encoder_conforms(name):
    """Shape, batch and atom invariance, same seed same result, gradients, single atoms and empty graphs."""
    check_encoder(lambda: build_encoder(name, WIDTHS, 16, **OPTIONS.get(name, {})), toy_inputs())
