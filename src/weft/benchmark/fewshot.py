"""Few-shot classes: MetaLink in the meta setting beside what few-shot learning would do, on classes never seen.

On a data set every row has the same encoder (Conv-4), the same training episodes and the same budget; they differ in
the head alone. `prototype` is the prototypical network. `metalink/K` are class nodes with K layers of the knowledge
graph, solved exactly over the trained encoder; `(learnt)` is the trained head alone, which with 0 layers is the
prototypical network, number for number. `tuned` is a linear head that starts at the prototypes and is tuned on the
support, meta-trained through its steps. `(centroid)` and `(logistic)` are asked on the embeddings of the prototypical
network, which are those of `metalink/0`.
"""

from __future__ import annotations

from typing import Any

from weft.benchmark.fewshot_data import SETS
from weft.benchmark.fewshot_suite import FewShotRow, FewShotSuite

DEPTHS = (0, 1, 2)
#: What else is asked on the embeddings of a depth: with no layers they are those of the prototypical network.
_FROZEN = (("centroid", "logistic"), (), ())
#: 1,000 training episodes of 20 classes, with 1 or 5 shots, of a Conv-4 with half of the usual channels.
BUDGET: dict[str, Any] = {
    "encoder_options": {"augmentations": ["affine"], "hidden": 32},
    "epochs": 20,
    "lr": 2e-3,
    "judged": 40,
}

#: Photographs: 10,000 episodes of the papers' Conv-4 with 64 channels, shifted, mirrored and in other colours.
PHOTOGRAPHS: dict[str, Any] = {"encoder_options": {}, "epochs": 100, "steps": 100, "lr": 1e-3}


def _row(name: str, model: str, **more: Any) -> FewShotRow:
    layers = {} if (depth := more.pop("layers", None)) is None else {"layers": depth}
    instead = {data: PHOTOGRAPHS for data in SETS if data != "omniglot-small"}
    return FewShotRow(name, model, {**BUDGET, **layers}, instead=instead, **more)


FEWSHOT = FewShotSuite(
    "metalink-fewshot",
    "Few-shot classes: class nodes from 1 or 5 examples, beside prototypical networks",
    tuple(SETS),
    (
        _row("prototype", "prototype"),
        *(_row(f"metalink/{k}", "graph", layers=k, readings=_FROZEN[k], exact=True) for k in DEPTHS),
        _row("tuned", "tuned"),
    ),
    against=("prototype", "metalink/0 (learnt)"),
)
