"""Draw the figures of the docs: `python docs/figures/draw.py [NAME ...]` writes `NAME.svg` beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import exchange  # noqa: F401 - registers its drawings
import known_labels  # noqa: F401
import mark  # noqa: F401
import measuring  # noqa: F401
from style import DRAWINGS, write

if __name__ == "__main__":
    for name in sys.argv[1:] or DRAWINGS:
        sys.stdout.write(f"{write(name)}\n")
