"""Make the tables of docs/inline.md from the raw rows in docs/results.

weft benchmark inline-dblp --seeds 5 --out docs/results
python benchmarks/inline_tables.py
"""

from __future__ import annotations

from pathlib import Path

from weft.benchmark.tables import fill_tables

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    page = DOCS / "inline.md"
    page.write_text(fill_tables(page.read_text(encoding="utf-8"), DOCS / "results"), encoding="utf-8")


if __name__ == "__main__":
    main()
