"""Molecules as pictures."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from weft.errors import UserError
from weft.explain.draw import draw_molecule
from weft.report.depict import picture_of


def test_contributions_are_told_by_signs_too():
    plain, told = draw_molecule("CCO"), draw_molecule("CCO", np.array([0.0, 1.0, -1.0]), title="ethanol")
    assert 'aria-label="ethanol"' in told
    assert told.count("<path") > plain.count("<path")  # the signs are drawn


def test_values_for_other_atoms_are_refused():
    with pytest.raises(UserError, match="2 values, but the molecule has 3 atoms"):
        draw_molecule("CCO", np.zeros(2))


def test_a_server_without_libraries_of_a_screen(monkeypatch):
    """The drawing is refused with the mend; a report leaves it out."""
    monkeypatch.setitem(sys.modules, "rdkit.Chem.Draw", None)
    with pytest.raises(UserError, match="apt-get install"):
        draw_molecule("CCO")
    assert picture_of("CCO", "ethanol") == ""
