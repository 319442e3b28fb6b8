"""Fill the blanks of a table of molecules, and see what known labels are worth.

Reads the table that ships with weft; takes about fifteen seconds of one core.
"""

import polars as pl

import weft
from weft.data.synthetic import DEMO
from weft.labels import Asked
from weft.training.metrics import score_tasks

table = pl.read_csv(DEMO)
tasks = ["receptor_binding", "receptor_agonist", "oxidative_stress"]
train, new = table.head(300), table.tail(200)

# A column per task, null where nothing was measured: a blank is unknown, never a zero.
model = weft.MetaLink(seed=0, threads=1).fit(train["smiles"], train.select(tasks))

# The same molecules twice: from their structure alone, and with one result known of each.
known = new.select("receptor_binding")
alone = model.predict_full(new["smiles"])
helped = model.predict_full(new["smiles"], known=known)

truth = Asked(weft.LabelTable.from_wide(model.tasks_, new.select(tasks)))
print("ROC-AUC            structure   and receptor_binding known")
for before, after in zip(score_tasks(alone, truth).tasks[1:], score_tasks(helped, truth).tasks[1:], strict=True):
    print(f"{before.task:17}      {before.values['roc_auc']:.3f}   {after.values['roc_auc']:.3f}")

model.save("model")  # safetensors and JSON: loading runs no code
again = weft.load("model").predict_proba(new["smiles"], known=known)
print("the same after loading:", bool((again == model.predict_proba(new["smiles"], known=known)).all()))
