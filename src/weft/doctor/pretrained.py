"""The folder that `weft pretrain` wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from weft.doctor.finding import Finding, fine, wrong
from weft.errors import UserError
from weft.jobs.folder import MODEL
from weft.jobs.pretrain import RESULT


def is_pretrained(folder: Path) -> bool:
    """Whether a folder holds weights of a pretraining, and no model."""
    return (folder / RESULT).exists() and not (folder / MODEL).exists()


def pretrained(folder: Path) -> Iterator[Finding]:
    """Read the weights, as a fit would."""
    from weft.encoders.grover.weights import read_weights

    try:
        weights = read_weights(folder)
    except UserError as error:
        yield wrong(error.where or str(folder), error.what, error.mend or "Restore the folder from a copy.")
    else:
        n = sum(value.numel() for value in weights.tensors.values())
        yield fine("weights", f"{n:,} numbers of GROVER, as they were written")
