"""Sets and intervals of a stated coverage, and how often they hold the truth.

A calibrator is made of validation rows that the model did not learn from. `weft fit` does this by itself.
"""

import numpy as np
import polars as pl

from weft.convert import to_data, to_labels
from weft.data.splits import make_split
from weft.data.synthetic import DEMO
from weft.labels import Shown
from weft.predictor import build
from weft.training.calibrator import calibrate
from weft.training.run import Run

table = pl.read_csv(DEMO)
tasks = ["receptor_binding", "enzyme_inhibition", "log_clearance"]
data, labels = to_data(table["smiles"], workers=1), to_labels(table.select(tasks), len(table))
split = make_split("random", data.ok, data.keys, seed=0)

model = build("rf-gaussian")
model.fit(data, labels.on_rows(np.concatenate([split.train, split.val])), split, Run(threads=1))
model.calibrator = calibrate(model, data, labels, split.val)

# Test rows: from structure alone. `shown` tells for which cells some other label was known.
rows = data.take(split.test)
found = model.predict(rows, Shown.nothing(labels.tasks, len(rows)))
nothing = np.zeros((len(rows), len(tasks)), bool)
truth, known = labels.take(split.test).to_dense()

for coverage in (0.8, 0.9):
    for j, region in enumerate(model.calibrator.regions(found, coverage, nothing)):
        y, at = truth[known[:, j], j], known[:, j]
        if region.holds is not None:  # classes: the set of those that cannot be ruled out
            held = region.holds[at, y.astype(int)]
            size = f"both classes in {np.mean(region.holds[at].all(1)):.0%} of the sets"
        else:
            held = (region.low[at] <= y) & (y <= region.high[at])
            size = f"mean width {np.mean(region.high[at] - region.low[at]):.2f}"
        print(f"stated {coverage:.0%}, {tasks[j]:17} held {np.mean(held):.0%} of {len(y)} labels; {size}")
