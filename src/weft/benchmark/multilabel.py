"""Multi-label tables: MetaLink given known labels, beside what multi-label learning would do with the same ones.

`default/relational` reads known labels, `default/standard` none. `network/K` is weft's network on the features with K
layers of the knowledge graph, 0 a linear head; all three have the direct label path, `path-off/K` have not.
`chains/...` are ten classifier chains in random orders with the known labels in their places: `lr` moves labels before
a known one by Bayes' rule, too, `lr-plugged` and `rf` only those behind it; `chain/lr` is one chain alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from weft.benchmark.molecule_suite import MoleculeRow, MoleculeSuite
from weft.benchmark.multilabel_data import FILES, load_multilabel

DEPTHS = (0, 1, 2)
_NETWORK = {"encoder": "vectors", "members": 1}
_NOTE = "forests over 374 labels, or over 17,600 captions in ten chains, cost hours and are left out"


@dataclass(frozen=True)
class MultilabelSuite(MoleculeSuite):
    """A suite that is run with five seeds when nobody says."""

    rounds: ClassVar[int] = 5


def _network(group: str, depth: int, **changes: Any) -> MoleculeRow:
    changed = {"changes": changes} if changes else {}
    return MoleculeRow(f"{group}/{depth}", options={**_NETWORK, "kg_layers": depth, **changed})


MULTILABEL = MultilabelSuite(
    "metalink-multilabel",
    "Multi-label tables: known labels as edges, beside classifier chains",
    tuple(FILES),
    (
        MoleculeRow("default/relational"),
        MoleculeRow("default/standard", options={"setting": "standard"}),
        *(_network("network", depth) for depth in DEPTHS),
        *(_network("path-off", depth, **{"graph.label_path": False}) for depth in DEPTHS),
        MoleculeRow("binary-relevance/lr", "binary-relevance", {"base": "lr"}),
        MoleculeRow("binary-relevance/rf", "binary-relevance", {"base": "rf"}, splits={"corel5k": 0}, note=_NOTE),
        MoleculeRow("chain/lr", "classifier-chains", {"chains": 1}),
        MoleculeRow("chains/lr", "classifier-chains"),
        MoleculeRow("chains/lr-plugged", "classifier-chains", {"known": "plugged"}),
        MoleculeRow(
            "chains/rf",
            "classifier-chains",
            {"base": "rf", "known": "plugged"},
            splits={"corel5k": 0, "coco-captions": 0},
            note=_NOTE,
        ),
        MoleculeRow("powerset-knn", "powerset-knn"),
    ),
    against=("default/relational",),
    curve="kg_layers",
    load=load_multilabel,
    metrics=("roc_auc", "pr_auc", "f1"),
    splits="random splits",
)
