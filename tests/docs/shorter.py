"""Training for a moment: pages are about what is typed, written and said; how good models are is tested elsewhere."""

from dataclasses import replace

import pytest

from weft.hetero import model as graphs
from weft.hetero.presets import configure as configure_graph
from weft.metalink import model as molecules
from weft.metalink.closed_form import ClosedFormConfig
from weft.metalink.presets import configure


def _molecules(*given, **named):
    config = configure(*given, **named)
    if not isinstance(config, ClosedFormConfig):
        return config
    return replace(config, learners=("rf", "gp"), channel=replace(config.channel, steps=40), stages=("lr",), members=2)


def _graph(*given, **named):
    config = configure_graph(*given, **named)
    return replace(config, train=replace(config.train, epochs=min(config.train.epochs, 8)))


def train_shortly(patch: pytest.MonkeyPatch) -> None:
    """Let the defaults train less, whoever makes them."""
    patch.setattr(molecules, "configure", _molecules)
    patch.setattr(graphs, "configure", _graph)
