"""Ask a model: which label moved this answer, what if it had been the other, what should be measured next?"""

import polars as pl

import weft
from weft.convert import to_data, to_known
from weft.data.synthetic import DEMO
from weft.explain import Inquiry

table = pl.read_csv(DEMO)
tasks = ["receptor_binding", "receptor_agonist", "oxidative_stress"]
train, new = table.head(300), table.tail(5)
model = weft.MetaLink(seed=0, threads=1).fit(train["smiles"], train.select(tasks))

# One result is known of each of five molecules. They are encoded once and asked many times.
known = to_known(new.select("receptor_binding"), model.tasks_, len(new))
inquiry = Inquiry(model.predictor_, to_data(new["smiles"], workers=1), weft.Shown(known))
row = 0

told = inquiry.attributions(row)
for j, name in enumerate(tasks):
    moved = ", ".join(f"{k}: {told.effects[at, j]:+.3f}" for at, k in enumerate(told.known) if k != name)
    print(
        f"{name}: {told.base[j]:.3f} with nothing known, {told.full[j]:.3f} as things are ({moved or 'its own label'})"
    )

for value in (1, 0):
    found = inquiry.what_if(row, {"receptor_binding": value})
    print(f"if receptor_binding were {value}: receptor_agonist {found.after[1]:.3f}")

for candidate in inquiry.measure_next(row):
    print(f"measure {candidate.task}: {candidate.gain:.3f} nats less unknown")

for step in inquiry.plan(budget=3):
    print("of all five molecules, measure next:", step)
