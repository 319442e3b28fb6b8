"""A molecule as SVG, its atoms tinted by what they contribute."""

from __future__ import annotations

import html
import re
from typing import Any, cast

import numpy as np

from weft.errors import UserError
from weft.labels import Floats

#: Blue where an atom raises the answer, orange where it lowers it; told apart by signs as well, for grey prints.
_UP, _DOWN = np.array([0.36, 0.61, 0.84]), np.array([0.95, 0.60, 0.25])
#: The same where lines are light, and the papers that weak tints fade to.
_DARK_UP, _DARK_DOWN = np.array([0.16, 0.40, 0.62]), np.array([0.66, 0.36, 0.10])
_PAPER, _DARK_PAPER = np.ones(3), np.array([0.094, 0.125, 0.153])
#: Atoms with less than this share of the largest contribution are not signed.
_SIGNED = 0.35


def draw_molecule(
    smiles: str, values: Floats | None = None, title: str = "", width: int = 420, height: int = 300, dark: bool = False
) -> str:
    """Return a drawing as SVG text with a text alternative; its background is transparent.

    Args:
        smiles: the molecule.
        values: contributions of its atoms `[A]`; None tints none.
        title: what the picture shows; read to those who do not see it.
        width: in pixels.
        height: in pixels.
        dark: draw for a dark page.

    Raises:
        UserError: for a SMILES that cannot be read or drawn, another number of values than of atoms, or a machine
            without the libraries that drawing needs.
    """
    from rdkit import rdBase

    from weft.data.smiles import parse

    tools = _tools()
    mol, reason = parse(smiles)
    if mol is None:
        raise UserError(f"the molecule cannot be drawn: {reason}", where=smiles[:80])
    if values is not None and len(values) != mol.GetNumAtoms():
        raise UserError(f"{len(values)} values, but the molecule has {mol.GetNumAtoms()} atoms", where=smiles[:80])
    tints = {} if values is None else _tints(values, dark)
    if values is not None:
        for atom, sign in _signs(values).items():
            mol.GetAtomWithIdx(atom).SetProp("atomNote", sign)
    canvas = tools.MolDraw2DSVG(width, height)
    options = canvas.drawOptions()
    if dark:
        tools.SetDarkMode(options)
    options.clearBackground = False
    options.annotationFontScale = 0.9
    lit = {"highlightAtoms": list(tints), "highlightAtomColors": tints, "highlightBonds": []}
    try:
        with rdBase.BlockLogs():
            tools.PrepareAndDrawMolecule(canvas, mol, highlightAtomRadii=dict.fromkeys(tints, 0.42), **lit)
    except (ValueError, RuntimeError) as error:  # such as a molecule that cannot be kekulised
        raise UserError(f"the molecule cannot be drawn: {error}", where=smiles[:80]) from error
    canvas.FinishDrawing()
    return _told(cast("str", canvas.GetDrawingText()), title or f"Molecule {smiles}")


def _tools() -> Any:
    """Return RDKit's drawing module, which needs libraries of a screen that a bare server may lack."""
    try:
        from rdkit.Chem.Draw import rdMolDraw2D
    except ImportError as error:
        mend = "Install them, on Debian: apt-get install libxrender1 libxext6."
        raise UserError(f"libraries for drawing molecules are missing ({error})", mend=mend) from error
    return rdMolDraw2D


def _tints(values: Floats, dark: bool) -> dict[int, tuple[float, float, float]]:
    """Return a colour per atom that contributes, nearer to the paper's the less it does."""
    size = np.abs(values) / max(float(np.abs(values).max(initial=0.0)), 1e-12)
    paper, up, down = (_DARK_PAPER, _DARK_UP, _DARK_DOWN) if dark else (_PAPER, _UP, _DOWN)
    found: dict[int, tuple[float, float, float]] = {}
    for atom in np.flatnonzero(size > 0.05).tolist():
        tint = up if values[atom] > 0 else down
        red, green, blue = (paper + size[atom] * (tint - paper)).tolist()
        found[atom] = (red, green, blue)
    return found


def _signs(values: Floats) -> dict[int, str]:
    large = np.abs(values) >= _SIGNED * max(float(np.abs(values).max(initial=0.0)), 1e-12)
    return {atom: "+" if values[atom] > 0 else "-" for atom in np.flatnonzero(large).tolist()}


def _told(svg: str, title: str) -> str:
    """Strip the XML prologue and give the drawing a text alternative."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    text = html.escape(title)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{text}" ', 1)
    head = svg.index(">") + 1
    return f"{svg[:head]}<title>{text}</title>{svg[head:]}"
