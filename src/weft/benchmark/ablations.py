"""What each part is worth: the published network, weft's own, and the default, each without one of its parts.

`default/...` changes one part of the default, `network/...` of weft's network trained end to end, `paper/...` of the
published one. `default/profile-only` shows no label; `default/channel-only` leaves out the second
stages, `default/closed-form` all fitted corrections, too: the exact layer alone.
"""

from __future__ import annotations

from typing import Any

from weft.benchmark.molecule_suite import MoleculeRow, MoleculeSuite
from weft.benchmark.table_one import paper

_NETWORK = {"encoder": "metalink", "members": 1}
#: Fitting with step size 0 leaves the channel at its closed form; any rung then gives the same.
_CLOSED = {"channel.lr": 0.0, "channel.steps": 2, "rung": "strong", "members": 1, "stages": []}
#: Training molecules that are kept as support of the published network.
SUPPORTS = (32, 128, 512)
LEARNERS = (("rf",), ("lightgbm",), ("gp",), ("rf", "gp"), ("rf", "lightgbm"))


def _changed(name: str, options: dict[str, Any], **changes: Any) -> MoleculeRow:
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return MoleculeRow(name, options={**options, "changes": {**options.get("changes", {}), **dotted}})


def _default() -> tuple[MoleculeRow, ...]:
    return (
        MoleculeRow("default/whole"),
        MoleculeRow("default/one-member", options={"members": 1}),
        MoleculeRow("default/profile-only", options={"setting": "standard"}),
        _changed("default/channel-only", {}, stages=[]),
        MoleculeRow("default/closed-form", options={"changes": _CLOSED}),
        MoleculeRow("default/pattern", options={"pattern": True}),
        *(_changed(f"default/rung-{rung}", {}, rung=rung) for rung in ("loose", "weak", "middle", "strong")),
        *(_changed(f"default/learners-{'-'.join(names)}", {}, learners=list(names)) for names in LEARNERS),
    )


def _networks() -> tuple[MoleculeRow, ...]:
    return (
        MoleculeRow("network/whole", options=_NETWORK),
        _changed("network/no-gates", _NETWORK, graph__gates=False),
        _changed("network/no-label-path", _NETWORK, graph__label_path=False),
        MoleculeRow("network/no-layers", options={**_NETWORK, "kg_layers": 0}),
        MoleculeRow("network/fingerprint", options={**_NETWORK, "encoder": "fingerprint"}),
        MoleculeRow("network/fusion", options={**_NETWORK, "encoder": "fusion"}),
        MoleculeRow("network/two-members", options={**_NETWORK, "members": 2}),
    )


def _paper() -> tuple[MoleculeRow, ...]:
    return (
        MoleculeRow("paper/whole", options=paper(0.5)),
        _changed("paper/no-gates", paper(0.5), graph__gates=False),
        _changed("paper/label-path", paper(0.5), graph__label_path=True),
        *(_changed(f"paper/support-{size}", paper(0.5), bank=size) for size in SUPPORTS),
    )


ABLATION = MoleculeSuite(
    "metalink-ablation",
    "What each part of the default, of weft's network and of the published one is worth",
    ("sider", "tox21", "toxcast"),
    (*_default(), *_networks(), *_paper()),
    against=("default/whole",),
)
