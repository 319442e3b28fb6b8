"""How our figures look: small, readable in grey, the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

mpl.use("svg")

HERE = Path(__file__).parent
#: Differ in lightness, not only in hue: 25, 55 and 80 percent.
DARK, MIDDLE, LIGHT = "#0b3c49", "#3f88a5", "#bcd8e0"
WARM = "#c8553d"
INK, QUIET = "#222222", "#777777"

#: Name of a figure -> what draws it.
DRAWINGS: dict[str, Callable[[], Figure]] = {}

mpl.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text: small, and found by search
        "svg.hashsalt": "weft",
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": QUIET,
        "figure.constrained_layout.use": True,
    }
)


def drawing(name: str) -> Callable[[Callable[[], Figure]], Callable[[], Figure]]:
    """Register what draws a figure."""

    def keep(draw: Callable[[], Figure]) -> Callable[[], Figure]:
        DRAWINGS[name] = draw
        return draw

    return keep


def write(name: str, folder: Path = HERE) -> Path:
    """Draw one figure into `folder`."""
    from matplotlib import pyplot as plt

    figure = DRAWINGS[name]()
    path = folder / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path


def bare(ax: Axes, width: float, height: float) -> Axes:
    """Return axes without frame, from 0 to `width` and `height`, one unit as long both ways."""
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, style: str = "-") -> None:
    """Draw an arrow."""
    how = {"arrowstyle": "-|>", "color": colour, "linestyle": style, "linewidth": 1.4, "shrinkA": 2, "shrinkB": 2}
    ax.annotate("", end, start, arrowprops=how)


def box(ax: Axes, at: tuple[float, float], size: tuple[float, float], text: str, fill: str = LIGHT) -> None:
    """Draw a box with words in it; `at` is its middle."""
    from matplotlib.patches import FancyBboxPatch

    corner = (at[0] - size[0] / 2, at[1] - size[1] / 2)
    ax.add_patch(
        FancyBboxPatch(corner, *size, boxstyle="round,pad=0.02,rounding_size=0.12", fc=fill, ec=INK, lw=1, zorder=3)
    )
    ink = "white" if fill in (DARK, MIDDLE) else INK
    ax.text(*at, text, ha="center", va="center", color=ink, fontsize=9, zorder=4)
