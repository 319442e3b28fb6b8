"""Molecules put together by rules: ring systems with two places, and groups that fill them."""

from __future__ import annotations

import numpy as np

#: Ring systems with two places to fill.
CORES = (
    "c1c({a})cccc1{b}",
    "c1cc({a})ncc1{b}",
    "c1nc({a})ncc1{b}",
    "c1cc2cc({a})ccc2cc1{b}",
    "c1cc2nc({a})ccc2cc1{b}",
    "c1cc2[nH]c({a})cc2cc1{b}",
    "c1c({a})scc1{b}",
    "c1oc({a})cc1{b}",
    "c1c({a})[nH]nc1{b}",
    "c1c({a})nc2ccccc2c1{b}",
    "C1CCN({a})CC1{b}",
    "C1CN({a})CCN1{b}",
    "C1CCC({a})CC1{b}",
    "C1COCC({a})N1{b}",
    "c1cc({a})ccc1-c1ccc({b})cc1",
    "c1cc({a})ccc1Oc1cccc({b})c1",
    "c1cc({a})ccc1C(=O)N1CCC({b})CC1",
    "c1cc({a})ccc1-c1nc({b})cs1",
    "c1cc({a})ccc1S(=O)(=O)N1CCN({b})CC1",
    "C1CC2CC({a})CC1N2{b}",
    "O=C1NC({a})CN1{b}",
    "c1cc2OCOc2cc1C({a})N{b}",
    "c1cc({a})ccc1Cc1cnc({b})[nH]1",
    "c1ccc2c(c1)C({a})CCN2{b}",
)

#: What fills a place; ring number 9 is never open in a core.
GROUPS = (
    "C",
    "CC",
    "CCCC",
    "C(C)C",
    "C9CC9",
    "CC(=O)O",
    "CCO",
    "CCN",
    "CCN(C)C",
    "C(F)(F)F",
    "CC#N",
    "C(=O)N",
    "C(=O)OC",
    "C(=O)C=C",
    "CCCl",
    "CCBr",
    "Cc9ccccc9",
    "Cc9ccc(F)cc9",
    "c9ccccc9",
    "c9ccc(Cl)cc9",
    "c9ccc([N+](=O)[O-])cc9",
    "c9ccc(O)cc9",
    "Cc9ccncc9",
    "c9cccs9",
    "CC9CCOC9",
    "CCS(C)(=O)=O",
    "C=O",
    "CCOC",
)


def molecules(n: int, rng: np.random.Generator) -> list[str]:
    """Put together the SMILES of `n` different molecules: a core with two groups.

    There are about 18 000 in all; a symmetric core gives some twice, of which the first is kept.
    """
    from rdkit import Chem

    found: dict[str, str] = {}
    for at in rng.permutation(len(CORES) * len(GROUPS) ** 2):
        core, groups = divmod(int(at), len(GROUPS) ** 2)
        first, second = divmod(groups, len(GROUPS))
        smiles = CORES[core].format(a=GROUPS[first], b=GROUPS[second])
        found.setdefault(Chem.CanonSmiles(smiles), smiles)
        if len(found) == n:
            break
    return list(found.values())
