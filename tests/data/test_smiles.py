"""Reading SMILES: any text is read or refused with a reason, and none can hurt the process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.molecules_strategy import BAD
from weft.data import smiles


@given(st.text(alphabet="CNOc1n2()[]=#@+-/\\.%3*H Pt|^:>", max_size=40))
def test_any_text_is_ok_or_has_a_reason(text):
    # Protects: no text raises.
    mol, reason = smiles.parse(text)
    assert (mol is not None) == (reason == "ok")
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "empty SMILES"),
        (" \t", "empty SMILES"),
        ("C" * 100_000, "SMILES longer than 20000 characters"),
        ("C" * 19_000, "more than 1000 heavy atoms"),
        ("[Na+]." * 1001 + "C", "more than 1000 heavy atoms"),
        ("[H]." * 2000 + "C", "more than 1000 atoms"),
        ("C(" * 5000 + "C" + ")" * 5000, "more than 1000 heavy atoms"),
        ("(" * 15_000, "cannot be parsed: not valid SMILES"),
        ("N(C)(C)(C)(C)C", "cannot be parsed: Explicit valence for atom # 0 N, 5, is greater than permitted"),
    ],
)
def test_reasons_are_plain_and_big_nonsense_is_survived(text, reason):
    # Protects: a 100 000-atom SMILES neither hangs nor ends the process (RDKit's canonical form overflows the stack).
    assert smiles.parse(text) == (None, reason)


def test_a_thousand_atoms_are_allowed():
    # Protects: the limit itself is not cut.
    assert smiles.parse("C" * smiles.MAX_HEAVY_ATOMS)[1] == "ok"


def test_reading_is_silent(capfd):
    # Protects: RDKit's log does not reach the terminal.
    for text in BAD:
        smiles.parse(text)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
