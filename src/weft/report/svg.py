"""Matplotlib figures as inline SVG with a text alternative, the same bytes for the same data."""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Dark and light enough apart to be told from each other without colour; marks differ in shape as well.
DARK, LIGHT, EDGE = "#1b4965", "#bcd4e6", "#33475b"
#: Soft lines, and text on a light ground that stays light in the dark.
SOFT, BLACK = "#8795a1", "#101820"
#: The page itself: around a line, so that it is seen on dark and light ground.
PAPER = "#fefefe"
#: Colours that change when the page is dark: the page's style says to what.
_THEMED = {
    DARK: "--fig-dark",
    LIGHT: "--fig-light",
    EDGE: "--fig-edge",
    PAPER: "--paper",
    "#22303c": "--ink",
    "#000000": "--ink",
}

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "weft",
    "text.parse_math": False,  # a task may be named $x
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.facecolor": "none",
    "axes.labelcolor": "#22303c",
    "text.color": "#22303c",
    "xtick.color": "#22303c",
    "ytick.color": "#22303c",
    "axes.titlesize": 10.5,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "hatch.linewidth": 0.7,
}


@contextmanager
def drawing() -> Generator[None]:
    """Draw in the report's style; characters that the font lacks are the browser's matter, not a warning."""
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def figure_html(figure: Figure, name: str, alt: str, caption: str, small: bool = False, tight: bool = False) -> str:
    """Return `<figure>` with the drawing inline.

    Args:
        figure: drawn within `drawing()`.
        name: unique on the page; keeps the identifiers of several drawings apart.
        alt: what the picture says, for those who do not see it.
        caption: shown below.
        small: whether it fits a telephone without scrolling.
        tight: cut empty margins off.
    """
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight" if tight else None
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'xlink:href="#', f'xlink:href="#{name}-', text)
    for colour, name_ in _THEMED.items():
        text = text.replace(colour, f"var({name_})")
    text = text.replace("<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1)
    kind = "picture small" if small else "picture"
    return (
        f'<figure id="{name}"><div class="{kind}" tabindex="0">{text}</div>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
