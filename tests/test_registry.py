"""Things found by name: every registry leads somewhere, and a misspelt name is told the nearest."""

from __future__ import annotations

import importlib

import pytest

from weft.errors import UserError
from weft.registry import registered

HOMES = [
    "weft.predictor",
    "weft.encoders.base",
    "weft.baselines.learners",
    "weft.hetero.trunks.base",
    "weft.hetero.balance.base",
    "weft.benchmark.suite",
]


@pytest.mark.parametrize("home", HOMES)
def test_every_name_leads_somewhere(home: str):
    """Protects a registry line that was not changed with the file it names."""
    registry = importlib.import_module(home).REGISTRY
    assert registry
    for name in registry:
        assert registered("thing", name, registry) is not None


def test_an_unknown_name_is_told_the_nearest():
    """Protects the message."""
    with pytest.raises(UserError, match=r"there is no fruit 'aple'.*apple"):
        registered("fruit", "aple", {"apple": "weft.errors:UserError", "pear": "weft.errors:UserError"})
