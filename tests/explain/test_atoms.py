"""Contributions of atoms, and their drawings."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from tests.explain.conftest import SMALL
from weft.data.molecules import Molecules
from weft.data.vectors import Vectors
from weft.errors import UserError
from weft.explain.atoms import atom_contributions
from weft.explain.draw import draw_molecule
from weft.explain.occlusion import Occluded, environments
from weft.labels import Shown
from weft.metalink.model import MetaLinkPredictor
from weft.predictor import build
from weft.training.run import Run

PHENOL = "Oc1ccccc1CC"


@pytest.fixture(scope="module")
def profile(chemistry):
    model = MetaLinkPredictor(changes=SMALL)
    model.fit(chemistry.data, chemistry.labels, chemistry.split, Run(threads=1))
    return model


@pytest.fixture(scope="module")
def graphs(chemistry):
    model = build("metalink", encoder="gine", epochs=1, members=1, changes={"dim": 32})
    model.fit(chemistry.data, chemistry.labels, chemistry.split, Run(threads=1))
    return model


def test_the_oxygen_makes_an_oxygen(profile):
    """Protects from values on the wrong atoms: a model of "has an oxygen" rests on the oxygen."""
    found = atom_contributions(profile, Molecules.from_smiles(["bad", PHENOL], workers=0), 1, ["oxygen"])
    assert found.values.shape == (9, 1)
    assert int(found.of("oxygen").argmax()) == 0
    assert found.of("oxygen")[0] > 0


@pytest.mark.parametrize("name", ["profile", "graphs"])
@pytest.mark.parametrize("smiles", ["Cc1ccc(C)cc1", "OCC(CO)(CO)CO"])
def test_atoms_that_are_alike_contribute_alike(name, smiles, request):
    """Protects the numbering of atoms: symmetry of the molecule is symmetry of the contributions."""
    from rdkit import Chem

    data = Molecules.from_smiles([smiles], workers=0)
    found = atom_contributions(request.getfixturevalue(name), data, 0).values[:, 0]
    kinds = np.array(Chem.CanonicalRankAtoms(Chem.MolFromSmiles(smiles), breakTies=False))
    means = {kind: found[kinds == kind].mean() for kind in np.unique(kinds)}
    np.testing.assert_allclose(found, [means[kind] for kind in kinds], atol=1e-6)
    assert np.ptp(list(means.values())) > 1e-6


@pytest.mark.parametrize("name", ["profile", "graphs"])
def test_the_whole_molecule_is_answered_as_it_is(name, chemistry, request):
    """Protects the base of every difference: nothing hidden is what predict says, known labels included."""
    model, data = request.getfixturevalue(name), Molecules.from_smiles([PHENOL], workers=0)
    known = Shown(chemistry.labels.take([0]).where(np.array([True, False])))
    found = atom_contributions(model, data, 0, known=known)
    np.testing.assert_allclose(found.full, model.predict(data, known).mean[0], atol=1e-6)


@pytest.mark.parametrize("smiles", [PHENOL, "C", "CC(C)(C)c1ccc2[nH]ccc2c1", "[Na+].[Cl-]", "C" * 40])
def test_hiding_an_atom_takes_its_environments_and_bonds(smiles):
    """Protects what is hidden: counts without every environment of the atom, a graph without it and its bonds."""
    from rdkit import Chem

    molecule = Molecules.from_smiles([smiles], workers=0)
    occluded = Occluded.of(molecule)
    counts = molecule.dense("morgan")[0]
    again = np.zeros_like(counts)
    for bit, _ in environments(smiles):
        again[bit] += 1
    np.testing.assert_array_equal(again, counts)
    mol, x, graphs = Chem.MolFromSmiles(smiles), occluded.dense("morgan"), occluded.graphs()
    np.testing.assert_array_equal(x[0], counts)
    assert (x >= 0).all()
    assert len(graphs) == mol.GetNumAtoms() + 1
    for atom in range(mol.GetNumAtoms()):
        held = sum(atom in atoms for _, atoms in environments(smiles))
        assert counts.sum() - x[atom + 1].sum() == held
        part = graphs.take(torch.tensor([atom + 1]))
        assert len(part.atom) == mol.GetNumAtoms() - 1
        assert len(part.src) == 2 * (mol.GetNumBonds() - mol.GetAtomWithIdx(atom).GetDegree())
        assert not len(part.src) or int(part.src.max()) < len(part.atom)


def test_what_has_no_atoms_is_refused(profile, label_only, problem):
    """Protects from contributions of nothing."""
    data = Molecules.from_smiles(["bad", "CCO"], workers=0)
    with pytest.raises(UserError, match="row 0: the row cannot be used"):
        atom_contributions(profile, data, 0)
    with pytest.raises(UserError, match="there is no row 2"):
        atom_contributions(profile, data, 2)
    with pytest.raises(UserError, match="reads no atoms"):
        atom_contributions(label_only, data, 1)
    with pytest.raises(UserError, match="molecules only"):
        atom_contributions(profile, Vectors(np.zeros((1, 2))), 0)
    with pytest.raises(UserError, match="encoder that reads distances"):
        Occluded.of(data.take(np.array([1]))).ragged("distances")


def test_a_drawing_is_safe_and_told_in_words():
    """Protects the page: well-formed SVG, names escaped, no background, signs for those who see no colour."""
    values = np.array([0.3, -0.3, 0.0])
    text = draw_molecule("CCO", values, 'a <b> & "c"')
    root = ElementTree.fromstring(text)
    assert root.attrib["aria-label"] == 'a <b> & "c"'
    assert root[0].text == 'a <b> & "c"'
    assert draw_molecule("CCO", values) != draw_molecule("CCO", -values)
    for dark in (False, True):  # a raising atom is blue, a lowering one orange, as captions say
        for sign, bluer in ((1, True), (-1, False)):
            tint = re.search(
                r"<ellipse[^>]*fill:#(\w{2})\w{2}(\w{2})", draw_molecule("CCO", sign * np.array([1.0, 0, 0]), dark=dark)
            )
            assert tint
            assert (int(tint[2], 16) > int(tint[1], 16)) is bluer
            signed = draw_molecule("CCO", sign * np.array([1.0, 0, 0]), dark=dark)
            assert re.search(r"class='note' d='M", signed), "the sign is drawn"
    assert draw_molecule("CCO", values) == draw_molecule("CCO", values)
    ElementTree.fromstring(draw_molecule("CCO", np.zeros(3), dark=True))
    with pytest.raises(UserError, match="cannot be drawn"):
        draw_molecule("C1CC")
    with pytest.raises(UserError, match="2 values, but the molecule has 3 atoms"):
        draw_molecule("CCO", values[:2])
