"""Contributions of atoms of a row, and drawings of the tasks that they move most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.errors import UserError
from weft.explain.atoms import atom_contributions
from weft.explain.draw import draw_molecule
from weft.jobs.inputs import Input
from weft.labels import Shown
from weft.predictor import Predictor

if TYPE_CHECKING:
    from weft.jobs.known_rows import Rows

#: Tasks drawn when none is named: those that some atom moves most.
_DRAWN = 4


def atoms_of(
    model: Predictor,
    read: Rows,
    at: int,
    tasks: Sequence[str],
    number: int,
    drawings: dict[str, str],
) -> dict[str, Any]:
    """Return a row's contributions JSON-ready, and add their drawings, by file name, to `drawings`.

    Raises:
        UserError: for a model or data without atoms.
    """
    if not isinstance(read, Input):
        raise UserError("only molecules have atoms", where="--atoms", mend="Leave out --atoms.")
    found = atom_contributions(model, read.data, at, tasks or None, Shown(read.labels))
    most = {task.name: float(np.abs(found.of(task.name)).max(initial=0.0)) for task in found.tasks}
    chosen = list(most) if tasks else sorted(most, key=lambda name: -most[name])[:_DRAWN]
    names: dict[str, str] = {}
    for place, task in enumerate(chosen):
        values = found.of(task)
        title = f"Row {number}, {task}: blue atoms marked + raise the answer by up to {values.max(initial=0):.3f}, "
        title += f"orange atoms marked − lower it by up to {-values.min(initial=0):.3f}"
        names[task] = f"atoms-{number}-{place + 1}-{''.join(c if c.isalnum() else '-' for c in task)[:40]}.svg"
        drawings[names[task]] = draw_molecule(found.smiles, values, title)
    return {**found.to_json(), "drawings": names}
