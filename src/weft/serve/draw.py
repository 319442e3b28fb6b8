"""Molecules drawn as SVG by RDKit, for light and dark pages, their atoms coloured by what they contribute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import numpy as np

from weft.data.smiles import parse
from weft.errors import UserError

#: Atoms that raise a prediction and those that lower it: told apart by anyone's eyes, and in grey by their depth.
RAISES, LOWERS = (0.90, 0.45, 0.05), (0.20, 0.50, 0.85)
_STYLE = re.compile(r"\sstyle='([^']*)'")


def draw(smiles: str, width: int, height: int, dark: bool = False, values: Sequence[float] | None = None) -> str:
    """Return a molecule as SVG without scripts or style attributes; the background is left out.

    Args:
        smiles: the molecule.
        width: in pixels.
        height: in pixels.
        dark: for a dark page.
        values: one per atom; colours it, the deeper the farther from 0.

    Raises:
        UserError: when it cannot be read.
    """
    from rdkit.Chem.Draw import rdMolDraw2D

    mol, reason = parse(smiles)
    if mol is None:
        raise UserError(reason, where="smiles", mend="Check the SMILES.")
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options = drawer.drawOptions()
    if dark:
        rdMolDraw2D.SetDarkMode(options)
    options.clearBackground = False
    colours = {} if values is None else _colours(np.asarray(values, np.float64), dark)
    try:
        rdMolDraw2D.PrepareAndDrawMolecule(
            drawer, mol, highlightAtoms=list(colours), highlightAtomColors=colours, highlightBonds=[]
        )
    except (ValueError, RuntimeError) as error:
        raise UserError(f"the molecule cannot be drawn ({str(error)[:100]})", where="smiles") from error
    drawer.FinishDrawing()
    return _plain(drawer.GetDrawingText(), f"Structure of {smiles}")


def _colours(values: np.ndarray, dark: bool) -> dict[int, tuple[float, float, float]]:
    """Return a colour for every atom that contributes."""
    most = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(most) or most == 0:
        return {}
    ground = 0.1 if dark else 1.0
    found: dict[int, tuple[float, float, float]] = {}
    for at, value in enumerate(values.tolist()):
        share = abs(value) / most
        if share >= 0.05:
            r, g, b = (ground + (side - ground) * share for side in (RAISES if value > 0 else LOWERS))
            found[at] = (r, g, b)
    return found


def _plain(svg: str, title: str) -> str:
    """Turn style attributes, which a strict page refuses, into plain ones; add a title for those who cannot see."""

    def attributes(found: re.Match[str]) -> str:
        pairs = (part.split(":", 1) for part in found[1].split(";") if ":" in part)
        return "".join(f" {name.strip()}='{value.strip()}'" for name, value in pairs)

    text = _STYLE.sub(attributes, svg).replace("encoding='iso-8859-1'", "encoding='UTF-8'", 1)
    head, _, rest = text.partition(">\n<!-- END OF HEADER -->")
    if not rest:
        return text
    return f"{head} role='img'>\n<title>{escape(title)}</title>{rest}"
