"""The mark of the pages: threads that cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from style import DARK, MIDDLE, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@drawing("mark")
def mark() -> Figure:
    """Three threads over three."""
    figure = plt.figure(figsize=(0.9, 0.9), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 4), ylim=(0, 4))
    ax.axis("off")
    for at in (1, 2, 3):
        ax.plot([at, at], [0.3, 3.7], color=DARK, lw=7, zorder=2)
    for at in (1, 2, 3):
        for k, x in enumerate((1, 2, 3)):
            over = 3 if (at + k) % 2 else 1
            ax.plot([x - 0.5, x + 0.5], [at, at], color=MIDDLE, lw=7, zorder=over, solid_capstyle="butt")
    return figure
