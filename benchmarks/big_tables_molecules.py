"""Molecules by enumeration: amides of benzoic and azine acids, all different, written without a chemistry library.

An aromatic ring of six with an amide at its first place, two substituents at two other places that no mirror image
swaps, nitrogen at any of the three places left, and an amine of a chain, its end and what else is on the nitrogen:
32 rings x 24 x 24 substituents x 600 amines. No two choices give the same molecule, since pairs of places are listed
from one side of the ring only and no part can be read as another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import gcd

_PLACES = ((2, 3), (2, 4), (2, 5), (3, 4))
_SUBSTITUENTS = [
    "F",
    "Cl",
    "Br",
    "I",
    "C",
    "CC",
    "C(C)C",
    "O",
    "OC",
    "OCC",
    "N",
    "NC",
    "N(C)C",
    "C#N",
    "C(F)(F)F",
    "OC(F)(F)F",
    "SC",
    "S(C)(=O)=O",
    "C(C)=O",
    "NC(C)=O",
    "[N+](=O)[O-]",
    "C1CC1",
    "CO",
    "CCl",
]
_CHAINS = ["C", "CC", "CCC", "CCCC", "C(C)C", "CC(C)C", "C(CC)C", "CCC(C)C"]
_ENDS = [
    "O",
    "OC",
    "OCC",
    "N(C)C",
    "F",
    "Cl",
    "C#N",
    "C(=O)OC",
    "C(N)=O",
    "SC",
    "S(C)(=O)=O",
    "c1ccccc1",
    "c1ccncc1",
    "c1ccco1",
    "c1cccs1",
    "C1CC1",
    "C1CCC1",
    "C1CCCC1",
    "C1CCOC1",
    "C1CCOCC1",
    "N1CCOCC1",
    "N1CCCC1",
    "OC(C)=O",
    "C(F)(F)F",
    "C=C",
]
_ON_NITROGEN = ("", "(C)", "(CC)")


def _rings() -> list[str]:
    """Return rings with X and Y where the substituents go, after the amide's carbon."""
    found: list[str] = []
    for pair in _PLACES:
        free = [place for place in range(2, 7) if place not in pair]
        for nitrogen in product((False, True), repeat=len(free)):
            atoms = dict(zip(free, ("n" if n else "c" for n in nitrogen), strict=True))
            atoms |= {pair[0]: "c({x})", pair[1]: "c({y})"}
            atoms[6] = {"c": "c1", "n": "n1"}[atoms[6]]
            found.append("c1" + "".join(atoms[place] for place in range(2, 7)))
    return found


RINGS = _rings()
AMINES = [f"N{on}{chain}{end}" for chain in _CHAINS for end in _ENDS for on in _ON_NITROGEN]
TOTAL = len(RINGS) * len(_SUBSTITUENTS) ** 2 * len(AMINES)
#: Steps through all choices so that any first part of them is a mixture; no divisor of it divides their number.
_STRIDE = next(step for step in range(6_180_339, TOTAL) if gcd(step, TOTAL) == 1)


def molecules(n: int) -> Iterator[str]:
    """Give the SMILES of the first `n` molecules, at most `TOTAL`."""
    parts = [ring.format(x=x, y=y) for ring in RINGS for x in _SUBSTITUENTS for y in _SUBSTITUENTS]
    for at in range(n):
        ring, amine = divmod(at * _STRIDE % TOTAL, len(AMINES))
        yield f"O=C({AMINES[amine]}){parts[ring]}"
