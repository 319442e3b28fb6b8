"""A new assay from a few dozen results, without training again (MetaLink's meta setting)."""

import polars as pl

import weft
from weft.data.synthetic import DEMO
from weft.labels import Asked
from weft.training.metrics import score_tasks

table = pl.read_csv(DEMO)
tasks = ["receptor_binding", "receptor_agonist", "oxidative_stress"]
train, new = table.head(300), table.tail(200)
model = weft.MetaLink(seed=0, threads=1).fit(train["smiles"], train.select(tasks))

# A hundred of the molecules were put through a new assay.
support = train.head(100)
model.add_task(support["smiles"], support.select("receptor_antagonist"))
print("tasks:", ", ".join(model.tasks_.names))

# Ask for it on 200 molecules that the model has never seen.
truth = Asked(weft.LabelTable.from_wide(model.tasks_, new.select(*tasks, "receptor_antagonist")))
for words, known in (("from structure", None), ("with the other three known", new.select(tasks))):
    found = model.predict_full(new["smiles"], known=known)
    score = score_tasks(found, truth).tasks[-1]
    print(f"{score.task}, {words}: ROC-AUC {score.values['roc_auc']:.3f} of {score.n} labels")
