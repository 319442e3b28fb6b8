"""What measuring next pays, from the results that are kept beside the docs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt
from style import DARK, HERE, MIDDLE, QUIET, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Policy -> words, line and mark, colour.
_LOOKS = {
    "measure_next": ("what weft says", "-o", DARK),
    "uncertain": ("the most uncertain", "--s", MIDDLE),
    "random": ("any, at random", ":^", QUIET),
}
_NAMES = {"tox21": "Tox21", "sider": "SIDER"}
_ASKED = {"remaining": "tasks not measured yet", "targets": "target tasks"}


@drawing("measure-next")
def measure_next() -> Figure:
    """Log-loss after each measured label, for three ways to choose it."""
    found = json.loads((HERE.parent / "results" / "measure_next.json").read_text())
    figure, axes = plt.subplots(2, 2, figsize=(6.4, 5.2), sharex=True)
    for row, data in zip(axes, dict.fromkeys(each["data"] for each in found), strict=True):
        for ax, replay in zip(row, _ASKED, strict=True):
            told = next(each for each in found if (each["data"], each["replay"]) == (data, replay))
            _curves(ax, told)
            ax.set_title(f"{_NAMES[data]}, {_ASKED[replay]}", fontsize=10)
    for ax in axes[1]:
        ax.set_xlabel("labels measured")
    for ax in axes[:, 0]:
        ax.set_ylabel("log-loss")
    handles, words = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, words, ncols=3, loc="outside upper center", frameon=False, fontsize=9)
    return figure


def _curves(ax: Axes, told: dict) -> None:
    for policy, (words, line, colour) in _LOOKS.items():
        curve = told["log_loss"][policy]
        ax.plot(range(len(curve)), curve, line, color=colour, label=words, lw=1.5, ms=4.5)
