"""The two presets, and how a few options change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from weft.devices import precision_named
from weft.errors import UserError, nearest
from weft.metalink.channel import ChannelConfig
from weft.metalink.closed_form import ClosedFormConfig
from weft.metalink.graph import GraphConfig
from weft.metalink.head import DECODERS
from weft.metalink.network import NetworkConfig
from weft.metalink.starting import with_encoder
from weft.settings import Setting
from weft.training.loop import LoopConfig
from weft.training.losses import IMBALANCE

PRESETS = ("default", "metalink-paper")

#: MetaLink as released: backbone of 2 layers, 1 KG layer, pairs of 128, Adam 1e-3 with L2 5e-4, cosine over 30 epochs.
PAPER = NetworkConfig(
    encoder="metalink",
    encoder_options={"layers": 2},
    dim=256,
    graph=GraphConfig(layers=1),
    loop=LoopConfig(epochs=30, lr=1e-3, weight_decay=5e-4, schedule="cosine", select="best"),
    batch=128,
    reveal=0.5,
)

#: weft's own network for an encoder trained end to end: two KG layers, a direct label path, every reveal ratio.
NETWORK = NetworkConfig(
    dim=128,
    graph=GraphConfig(layers=2, label_path=True),
    loop=LoopConfig(epochs=30, lr=1e-3, weight_decay=1e-4, clip=1.0, schedule="onecycle", patience=10),
    batch=64,
    symmetric=True,
    members=2,
)


def configure(
    preset: str = "default",
    encoder: str | None = None,
    setting: Setting = Setting.RELATIONAL,
    encoder_weights: str | None = None,
    epochs: int | None = None,
    members: int | None = None,
    reveal: float | None = None,
    imbalance: str | None = None,
    precision: str | None = None,
    kg_layers: int | None = None,
    decoder: str | None = None,
    data_neighbours: int | None = None,
    task_neighbours: int | None = None,
    pattern: bool | None = None,
) -> ClosedFormConfig | NetworkConfig:
    """Resolve a preset and its options to a configuration.

    Args:
        preset: `default` or `metalink-paper`.
        encoder: name of an encoder trained end to end. Under `default`, leaving it out takes the out-of-fold
            profile, which is trained by itself and needs no epochs.
        setting: which labels are shown, and whether new tasks must be servable.
        encoder_weights: file or folder of weights that the encoder starts from.
        epochs: passes over the training data of a network.
        members: size of the ensemble.
        reveal: share of labels shown in training; by default 0.5 in the paper's preset, every share in ours.
        imbalance: `none`, `balanced` or `focal`, of a network's loss.
        precision: `32`, `bf16` or `64` (or `float32`, `bfloat16`, `float64`), of a network's training.
        kg_layers: layers of a network's knowledge graph.
        decoder: its edge predictor, `dot` or `mlp`.
        data_neighbours: edges from each datum to so many nearest support data; 0 makes none.
        task_neighbours: edges from each task to so many most similar ones; 0 makes none.
        pattern: whether the closed form reads *which* labels are known, besides their values; off by default.

    Raises:
        UserError: for an unknown name, or an option that the chosen engine does not have.
    """
    shape = {
        "layers": kg_layers,
        "decoder": decoder,
        "data_neighbours": data_neighbours,
        "task_neighbours": task_neighbours,
    }
    if preset not in PRESETS:
        raise UserError(f"there is no preset {preset!r}", mend=nearest(preset, PRESETS))
    if preset == "default" and encoder in (None, "profile"):
        trained = {"epochs": epochs, "encoder_weights": encoder_weights, "precision": precision}
        _refuse(reveal=reveal, imbalance=imbalance, **trained, **shape)
        if pattern and not setting.shows_labels:
            raise UserError("no labels are read", where="--pattern", mend="Choose '--setting relational'.")
        config = ClosedFormConfig(channel=ChannelConfig(pattern=bool(pattern)), shows=setting.shows_labels)
        return config if members is None else replace(config, members=members)
    if pattern is not None:
        what = "a network always reads which labels are known: there is no choice"
        raise UserError(what, where="--pattern", mend="Leave it out, or take the default preset without --encoder.")
    config = PAPER if preset == "metalink-paper" else NETWORK
    if encoder is not None or encoder_weights is not None:
        config = with_encoder(config, encoder or config.encoder, encoder_weights)
    for value, known in ((imbalance, IMBALANCE), (decoder, DECODERS)):
        if value is not None and value not in known:
            raise UserError(f"there is no option {value!r}", mend=nearest(value, known))
    loop = replace(config.loop, precision=precision_named(precision or "32"), epochs=epochs or config.loop.epochs)
    given: dict[str, Any] = {name: value for name, value in shape.items() if value is not None}
    graph = replace(config.graph, inductive=setting.new_tasks, **given)
    shown = {"reveal": reveal if reveal is not None else config.reveal, "validation_reveal": 0.5}
    if not setting.shows_labels:
        shown = {"reveal": 0.0, "validation_reveal": 0.0}
    config = replace(config, loop=loop, graph=graph, imbalance=imbalance or "none", **shown)
    return config if members is None else replace(config, members=members)


def _refuse(**options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise UserError(
                f"option {name} is for a network trained by epochs",
                mend="Add --encoder NAME, or take --preset metalink-paper.",
            )
