"""The tiny fitted model, and a look at a path."""

from pathlib import Path

import pytest

from tests.jobs.conftest import fitted as fitted
from tests.jobs.conftest import model as model
from tests.jobs.conftest import table as table
from tests.jobs.conftest import tiny_model as tiny_model
from weft.doctor.examine import examine


@pytest.fixture
def look():
    """Return what is wrong and what is noted, topic -> sentence and mend."""

    def looking(path: Path | None) -> tuple[bool, dict[str, str], dict[str, str]]:
        found = examine(path)
        by = {
            level: {f.topic: f"{f.what} {f.mend}" for f in found.findings if f.level == level}
            for level in ("wrong", "note")
        }
        return found.well, by["wrong"], by["note"]

    return looking
