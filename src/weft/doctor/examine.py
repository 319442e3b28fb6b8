"""What the doctor looks at: the installation, and a model folder or data when one is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.doctor.finding import Finding, Level
from weft.jobs.folder import MODEL, WEIGHTS, WORK
from weft.publish import READY


@dataclass(frozen=True)
class Examined:
    """What was found.

    Attributes:
        about: the path that was looked at; None for the installation.
        findings: all of them, in the order of looking.
    """

    about: Path | None
    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.level is not Level.WRONG for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        about = None if self.about is None else str(self.about)
        return {"about": about, "well": self.well, "findings": [finding.to_json() for finding in self.findings]}


def examine(path: Path | None = None) -> Examined:
    """Look at a model folder, at weights of a pretraining, at data; without a path, at the installation.

    Raises:
        UserError: when there is nothing at `path`.
    """
    from weft.jobs.checks import check_there

    if path is None:
        from weft.doctor.installation import installation

        return Examined(None, tuple(installation()))
    check_there(path)
    if path.is_dir() and any((path / name).exists() for name in (MODEL, WEIGHTS, WORK, READY, "run.json")):
        from weft.doctor.model_folder import model_folder
        from weft.doctor.pretrained import is_pretrained, pretrained

        return Examined(path, tuple(pretrained(path) if is_pretrained(path) else model_folder(path)))
    from weft.doctor.data import data

    return Examined(path, tuple(data(path)))
