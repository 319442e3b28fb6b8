"""Adding classes from 1 to 16 examples each: accuracy against the number of examples, on alphabets never seen.

    WEFT_DATA=... python benchmarks/class_shots.py --seed 0 --out docs/results/class_shots.jsonl

A few-shot model is fitted to the characters of training and validation alphabets (`weft benchmark metalink-fewshot`
has the split). Then the characters of the test alphabets are added, all at once, from the first K drawings of a random
order, and the last four drawings of each are asked: among the new characters, and among all characters that the model
then knows. Beside it stands the plain prototype head on the same embeddings. One line of JSON per K.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from weft.benchmark.fewshot import BUDGET
from weft.benchmark.fewshot_data import load_classes, with_turns
from weft.data.splits import Split
from weft.fewshot.model import FewShotPredictor
from weft.labels import LabelTable
from weft.saved import load, save
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

SHOTS = (1, 2, 4, 8, 16)
ASKED = 4
DRAWS = 10


def main() -> None:
    """Fit, add classes, ask, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=BUDGET["epochs"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", type=Path, default=None, help="folder that keeps the fitted model")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    held = load_classes("omniglot-small")
    train, val, test = held.split(options.seed)
    base = fitted(options, held, np.sort(np.concatenate([train, val])))
    rng = np.random.default_rng(options.seed)
    rows = {shots: [asked(base, held, test, shots, rng) for _ in range(DRAWS)] for shots in SHOTS}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("a") as file:
        for shots, found in rows.items():
            means = {key: float(np.mean([row[key] for row in found])) for key in found[0]}
            spread = {f"{key}_sd": float(np.std([row[key] for row in found], ddof=1)) for key in found[0]}
            line = {"seed": options.seed, "shots": shots, "new": len(np.unique(held.label[test])), "draws": DRAWS}
            file.write(json.dumps({**line, **means, **spread, "epochs": options.epochs}) + "\n")
            print(json.dumps({**line, **means}))


def fitted(options: argparse.Namespace, held, rows) -> FewShotPredictor:
    """Return the model of the known alphabets; turned characters are classes of their own."""
    if options.model is not None and (options.model / "model.json").is_file():
        found = load(options.model)
        assert isinstance(found, FewShotPredictor)
        return found
    data, label, known = with_turns(held, rows)
    classes = tuple(map(str, np.unique(label[known])))
    table = LabelTable.from_dense(
        TaskSet((Task("class", Kind.MULTICLASS, classes),)),
        np.searchsorted(np.unique(label[known]), label[known]).astype(float)[:, None],
    )
    rows = np.arange(len(known))
    changes = {"encoder_options": BUDGET["encoder_options"], "loop.lr": BUDGET["lr"]}
    model = FewShotPredictor(epochs=options.epochs, changes=changes)
    split = Split(rows, rows[:0], rows[:0], "all", options.seed)
    model.fit(data.take(known), table, split, Run(seed=options.seed, threads=options.threads))
    model.drop_classes([name for name in classes if int(name) > held.label.max()])
    if options.model is not None:
        save(model, options.model)
    return model


def asked(base: FewShotPredictor, held, test, shots: int, rng: np.random.Generator) -> dict[str, float]:
    """Add every test class from `shots` examples and return the shares of right answers."""
    picked = [rng.permutation(test[held.label[test] == c]) for c in np.unique(held.label[test])]
    support = np.concatenate([rows[:shots] for rows in picked])
    query = np.concatenate([rows[-ASKED:] for rows in picked])
    model = copy(base)
    model.add_classes(held.data.take(support), [f"new {held.label[r]}" for r in support])
    answer = [f"new {held.label[r]}" for r in query]
    names = np.array(model.tasks[0].classes)
    mean = model.predict(held.data.take(query)).mean
    new = np.array([n.startswith("new") for n in names])
    h, _ = model.encode(held.data.take(query))
    with torch.no_grad():
        plain = model.head.learnt.scores(h, model.head.learnt.nodes(model.bank.h, model.bank.known)).numpy()
    return {
        "among_new": share(mean, names, new, answer),
        "among_all": share(mean, names, new | ~new, answer),
        "prototype_among_new": share(plain, names, new, answer),
        "prototype_among_all": share(plain, names, new | ~new, answer),
    }


def share(score, names, among, answer) -> float:
    """Return the share of right answers when only some of the classes can be answered."""
    return float(np.mean(names[np.where(among, score, -np.inf).argmax(1)] == answer))


def copy(base: FewShotPredictor) -> FewShotPredictor:
    """Return the model without what is added to it later."""
    config, arrays = base.state()
    return FewShotPredictor.restore(base.tasks, json.loads(json.dumps(config)), arrays)


if __name__ == "__main__":
    main()
