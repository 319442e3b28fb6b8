"""The molecules that GROVER may be pretrained on before it is judged: some tables without their test parts.

    python benchmarks/pretraining_molecules.py sider tox21 toxcast --splits 0 1 2 --out molecules.smi
    weft pretrain molecules.smi --out pretrained/grover-48m --size grover-48m --steps 1200

A molecule that is in the test part of any of the splits of any of the tables is left out of all, by canonical SMILES.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from weft.benchmark.molecule_data import load_set
from weft.files import atomic


def main() -> None:
    """Write the file and tell how many molecules it has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--splits", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    every: dict[str, None] = {}
    tested: set[str] = set()
    for name in arguments.data:
        held = load_set(name)
        every |= dict.fromkeys(key for key in held.data.keys if key)
        for number in arguments.splits:
            tested |= {held.data.keys[row] for row in held.split(number).test}
    kept = [key for key in every if key not in tested]
    with atomic(arguments.out) as temporary:
        temporary.write_text("\n".join(kept) + "\n")
    print(f"{len(every)} molecules, {len(every) - len(kept)} in a test part, {len(kept)} written")


if __name__ == "__main__":
    main()
