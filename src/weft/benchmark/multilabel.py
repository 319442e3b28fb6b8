"""Multi-label tables: MetaLink given known labels, beside what multi-label learning would do with the same ones.

`default/relational` reads known labels, `default/standard` none. `network/K` is weft's network on the data with K
layers of the knowledge graph, 0 a linear head; all three have the direct label path, `path-off/K` have not.
`chains/...` are ten classifier chains in random orders with the known labels in their places: `lr` moves labels before
a known one by Bayes' rule, too, `lr-plugged` and `rf` only those behind it; `chain/lr` is one chain alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from weft.benchmark.molecule_suite import MoleculeRow, MoleculeSuite
from weft.benchmark.multilabel_data import FOLDERS, SETS, find_multilabel, load_multilabel
from weft.benchmark.set_suite import Find

DEPTHS = (0, 1, 2)
#: Kind of data of COCO's folder -> what reads it.
_ENCODERS = {"images": "resnet-small", "text": "words"}
_NETWORK = {"encoder": "vectors", "members": 1}
_NOTE = "forests over 374 labels, or over 17,600 captions in ten chains, cost hours and are left out"
_NONE = {"corel5k": 0, "coco": 0, "coco-text": 0}


@dataclass(frozen=True)
class MultilabelSuite(MoleculeSuite):
    """A suite that is run with five seeds when nobody says; what is not on the machine is left out."""

    find: Find | None = find_multilabel
    rounds: ClassVar[int] = 5

    @property
    def finder(self) -> Find | None:
        """What looks for a data set before anything is trained."""
        return self.find


def _default(name: str, **options: Any) -> MoleculeRow:
    """Return what `weft fit` does: images have an encoder, texts and vectors an out-of-fold profile."""
    return MoleculeRow(name, options=options, instead={"coco": {"encoder": _ENCODERS["images"]}})


def _network(group: str, depth: int, **changes: Any) -> MoleculeRow:
    changed = {"changes": changes} if changes else {}
    instead = {name: {"encoder": _ENCODERS[kind]} for name, kind in FOLDERS.items()}
    return MoleculeRow(f"{group}/{depth}", options={**_NETWORK, "kg_layers": depth, **changed}, instead=instead)


MULTILABEL = MultilabelSuite(
    "metalink-multilabel",
    "Multi-label tables: known labels as edges, beside classifier chains",
    tuple(SETS),
    (
        _default("default/relational"),
        _default("default/standard", setting="standard"),
        *(_network("network", depth) for depth in DEPTHS),
        *(_network("path-off", depth, **{"graph.label_path": False}) for depth in DEPTHS),
        MoleculeRow("binary-relevance/lr", "binary-relevance", {"base": "lr"}),
        MoleculeRow("binary-relevance/rf", "binary-relevance", {"base": "rf"}, splits=_NONE, note=_NOTE),
        MoleculeRow("chain/lr", "classifier-chains", {"chains": 1}),
        MoleculeRow("chains/lr", "classifier-chains"),
        MoleculeRow("chains/lr-plugged", "classifier-chains", {"known": "plugged"}),
        MoleculeRow(
            "chains/rf",
            "classifier-chains",
            {"base": "rf", "known": "plugged"},
            splits={**_NONE, "coco-captions": 0},
            note=_NOTE,
        ),
        MoleculeRow("powerset-knn", "powerset-knn"),
    ),
    against=("default/relational",),
    curve="kg_layers",
    load=load_multilabel,
    metrics=("roc_auc", "pr_auc", "f1"),
    splits="splits",
)
