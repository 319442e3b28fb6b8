"""A model of your own in a table: the same splits, cells and masks for every row, each trained once.

Rows of the suites that ship run by `weft benchmark`; this is a suite on one table, from Python.
"""

from pathlib import Path

import polars as pl

from weft.benchmark.asking import Asking
from weft.benchmark.molecule_data import MoleculeSet
from weft.benchmark.molecule_suite import MoleculeRow, MoleculeSuite
from weft.benchmark.runner import RunOptions, run_suite
from weft.convert import to_data, to_labels
from weft.data.synthetic import DEMO

ASKED = Asking(ratios=(0.0, 0.5))  # with nothing shown, and with half of the known labels


def load(name: str) -> MoleculeSet:
    """Read the only data set of the suite."""
    table = pl.read_csv(DEMO)
    labels = to_labels(table.drop("smiles", "log_clearance"), len(table))
    return MoleculeSet(name, to_data(table["smiles"], workers=1), labels, "demo")


SUITE = MoleculeSuite(
    "demo-suite",
    "Label-only models on the demo table",
    data=("demo",),
    rows=(
        MoleculeRow("naive-bayes", "naive-bayes", asking=ASKED),
        MoleculeRow("label-gaussian", "label-gaussian", asking=ASKED),
        # one line more: a name of weft.predictor.REGISTRY and the options of its constructor
        MoleculeRow("label-knn", "label-knn", asking=ASKED),
    ),
    against=("naive-bayes",),
    load=load,
)

if __name__ == "__main__":
    # A finished training is never repeated: run this twice, and the second time nothing is trained.
    done = run_suite(SUITE, Path("results"), RunOptions(seeds=(0, 1), threads=1))
    print(f"{done.trained} trained, {len(done.results)} in {done.path}")
    for result in sorted(done.results, key=lambda r: (r.row, r.split)):
        scores = {ratio: round(result.mean("roc_auc", ratio), 3) for ratio in result.ratios()}
        print(f"{result.row:15} split {result.split}: {scores}")
