"""A molecule as a picture in the page."""

from __future__ import annotations

from weft.errors import UserError
from weft.explain.draw import draw_molecule

_SIZE = (260, 190)


def picture_of(smiles: str, alt: str) -> str:
    """Return an inline SVG of a molecule with a text alternative; nothing when it cannot be drawn."""
    try:
        return draw_molecule(smiles, title=alt, width=_SIZE[0], height=_SIZE[1])
    except UserError:
        return ""
