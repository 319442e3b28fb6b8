"""A molecule as a picture in the page."""

from __future__ import annotations

import html
import re

_SIZE = (260, 190)


def picture_of(smiles: str, alt: str) -> str:
    """Return an inline SVG of a molecule with a text alternative; nothing when it cannot be drawn."""
    from rdkit import rdBase

    try:
        from rdkit.Chem.Draw import rdMolDraw2D
    except ImportError:  # it needs libraries of a screen, which a server may lack
        return ""

    from weft.data.smiles import parse

    mol, _ = parse(smiles)
    with rdBase.BlockLogs():
        if mol is None or not mol.GetNumAtoms():
            return ""
        drawer = rdMolDraw2D.MolDraw2DSVG(*_SIZE)
        drawer.drawOptions().clearBackground = False
        try:
            rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
        except (ValueError, RuntimeError):  # such as a molecule that cannot be kekulised
            return ""
    drawer.FinishDrawing()
    text = drawer.GetDrawingText()
    text = re.sub(r"<!--.*?-->", "", text[text.index("<svg") :], flags=re.DOTALL)
    return text.replace("<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1)
