"""Few-shot classes: MetaLink in the meta setting beside what few-shot learning would do, on classes never seen.

On a data set every row has the same encoder (Conv-4), the same training episodes and the same budget; they differ in
the head alone. `prototype` is the prototypical network. `metalink/K` are class nodes solved exactly over its encoder,
with K layers of the knowledge graph over them that are learnt last; `joint/K` are exact nodes over an encoder that was
trained together with K layers. `(learnt)` is the trained head alone, which of `metalink/0` is the prototypical network,
number for number. `tuned` is a linear head that starts at the prototypes and is tuned on the support, meta-trained
through its steps. `(centroid)` and `(logistic)` are asked on the embeddings of the prototypical network, which are
those of `metalink/0`.
"""

from __future__ import annotations

from typing import Any

from weft.benchmark.fewshot_data import SETS
from weft.benchmark.fewshot_suite import FewShotRow, FewShotSuite

DEPTHS = (1, 2)
#: 1,000 training episodes of 20 classes, with 1 or 5 shots, of a Conv-4 with half of the usual channels.
BUDGET: dict[str, Any] = {
    "encoder_options": {"augmentations": ["affine"], "hidden": 32},
    "epochs": 20,
    "lr": 2e-3,
    "judged": 40,
}

#: Photographs: 10,000 episodes of the papers' Conv-4 with 64 channels, shifted, mirrored and in other colours.
PHOTOGRAPHS: dict[str, Any] = {"encoder_options": {}, "epochs": 100, "steps": 100, "lr": 1e-3}


def _row(name: str, model: str, layers: dict[str, int] | None = None, **more: Any) -> FewShotRow:
    instead = {data: PHOTOGRAPHS for data in SETS if data != "omniglot-small"}
    return FewShotRow(name, model, {**BUDGET, **(layers or {})}, instead=instead, **more)


FEWSHOT = FewShotSuite(
    "metalink-fewshot",
    "Few-shot classes: class nodes from 1 or 5 examples, beside prototypical networks",
    tuple(SETS),
    (
        _row("prototype", "prototype"),
        _row("metalink/0", "graph", {"layers": 0}, exact=True, readings=("centroid", "logistic")),
        *(_row(f"metalink/{k}", "graph", {"layers": 0, "exact_layers": k}, exact=True) for k in DEPTHS),
        *(_row(f"joint/{k}", "graph", {"layers": k}, exact=True) for k in DEPTHS),
        _row("tuned", "tuned"),
    ),
    against=("prototype", "metalink/0 (learnt)"),
)
