"""The space that is searched when nobody gives another: by what a model is made of."""

from __future__ import annotations

from functools import reduce
from typing import Any

from weft.errors import UserError
from weft.predictor import Predictor
from weft.tuning.space import Choice, Space, Span

#: By the class of the model's configuration. A setting that a configuration does not use is left out.
SPACES: dict[str, Space] = {
    # the default of tables: which learners make the profile, and how the label channel is fitted over it
    "ClosedFormConfig": {
        "learners": Choice((None, ["lightgbm", "gp"], ["rf", "gp"], ["et", "lightgbm", "gp"], ["rf", "lightgbm"])),
        "channel.variance": Span(1.0, 9.0, log=True),
        "channel.nugget": Span(0.1, 2.0, log=True),
        "channel.lr": Span(0.005, 0.05, log=True),
        "channel.steps": Choice((150, 250, 400)),
        "channel.nothing": Choice((0.0, 0.1, 0.3)),
    },
    # an encoder trained end to end under the knowledge graph: molecules, images, texts, vectors
    "NetworkConfig": {
        "loop.lr": Span(2e-4, 5e-3, log=True),
        "loop.weight_decay": Span(1e-6, 1e-3, log=True),
        "dim": Choice((64, 128, 256)),
        "batch": Choice((32, 64, 128)),
        "graph.layers": Choice((0, 1, 2, 3)),
        "imbalance": Choice(("none", "balanced")),
    },
    # few-shot classes
    "FewShotConfig": {
        "loop.lr": Span(2e-4, 5e-3, log=True),
        "loop.weight_decay": Choice((0.0, 1e-5, 1e-4, 1e-3)),
        "layers": Choice((0, 1, 2)),
        "ways": Choice((5, 10, 20)),
    },
    # graphs
    "GraphConfig": {
        "train.lr": Span(1e-3, 2e-2, log=True),
        "train.weight_decay": Choice((0.0, 1e-4, 1e-3, 1e-2)),
        "train.ema": Choice((0.0, 0.9, 0.95, 0.99)),
        "net.trunk.layers": Choice((1, 2, 3)),
        "net.trunk.own_share": Choice((0.0, 0.5, 0.75, 0.9)),
        "net.inputs.entry_dropout": Choice((0.0, 0.2, 0.4, 0.6)),
        # of layers, on graphs of dense and of sparse features
        "dropouts": Choice(([0.0, 0.3], [0.2, 0.6], [0.4, 0.5], [0.5, 0.7])),
        "net.trunk.layer.dropout": Choice((0.0, 0.2, 0.5, 0.7)),
    },
}


def space_of(predictor: Predictor, given: Space | None = None) -> dict[str, Choice | Span]:
    """Return what is searched for a model, each setting's own value among its values.

    Args:
        predictor: unfitted, as the preset makes it.
        given: a person's own space; None takes that of the kind of model.

    Raises:
        UserError: for a model whose settings are not searched, or a setting that it does not have.
    """
    config = getattr(predictor, "config", None)
    space = given if given is not None else SPACES.get(type(config).__name__)
    if config is None or space is None:
        mend = "Use --model metalink, inline or few-shot."
        raise UserError(f"the model {predictor.name} has no settings to search", where="--model", mend=mend)
    if given is None:
        space = {name: held for name, held in space.items() if not _unused(config, name)}
    return {name: _with_default(name, held, config) for name, held in space.items()}


def value_of(config: Any, name: str) -> Any:
    """Return the field of a (nested) configuration by its dotted name.

    Raises:
        UserError: when there is none.
    """
    from weft.training.revive import changed

    try:
        return reduce(getattr, name.split("."), config)
    except AttributeError:
        changed(config, {name: None})  # which says what is wrong
        raise


def _with_default(name: str, held: Choice | Span, config: Any) -> Choice | Span:
    value = value_of(config, name)
    try:
        return held.with_default(value)
    except UserError as error:
        raise UserError(error.what, where=name, mend="Give a list of values for it.") from error


def _unused(config: Any, name: str) -> bool:
    """Whether a graph's configuration takes its dropout from the other of two places."""
    pair = getattr(config, "dropouts", None) is not None
    return (name == "dropouts" and not pair) or (name == "net.trunk.layer.dropout" and pair)
