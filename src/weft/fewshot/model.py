"""Few-shot classes behind the one interface: classes as task nodes, which come from one example on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weft.arrays import tensors
from weft.baselines.answers import as_predictions
from weft.data.base import Inputs
from weft.encoders.base import encoder_class
from weft.errors import UserError
from weft.fewshot.bank import ClassBank
from weft.fewshot.episodes import Ints, Shape, members
from weft.fewshot.exact import ClassGaussian, ExactHead, Weights, solved
from weft.fewshot.layered import NodeLayers, with_layers
from weft.fewshot.network import CELLS, FewShotConfig, FewShotNet, allows, learn
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import Kind, Task, TaskSet
from weft.training.revive import changed, revive

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.labels import LabelTable, Shown
    from weft.training.run import Run

#: Feature kind -> the encoder that reads it when none is named, and the width of its embeddings.
_ENCODERS = {"images": ("conv4", 0), "vectors": ("vectors", 64), "morgan": ("fingerprint", 64)}
#: Support and query data of a class in training episodes: the first pair that enough classes have rows for.
_SIZES = ((5, 5), (3, 3), (2, 2), (1, 1))
_HELD, _LEAST = 0.2, 5
_JUDGED = 40


class FewShotPredictor(Predictor):
    """One multiclass task whose classes are task nodes made of their examples (MetaLink's meta setting).

    A fifth of the classes (where that is five or more) is held out of the training episodes: it chooses the epoch and
    the weights of the exact part. All classes then get their nodes, and `add_classes` gives new ones theirs.

    Args:
        encoder: name of an encoder; None takes `conv4` of images, `vectors` of vectors, `fingerprint` of molecules.
        kg_layers: layers of the knowledge graph over the classes, learnt after the encoder.
        epochs: passes of 50 training episodes.
        changes: dotted names of fields of `FewShotConfig` -> other values.
    """

    name: ClassVar[str] = "few-shot"
    takes_classes: ClassVar[bool] = True

    def __init__(
        self,
        encoder: str | None = None,
        kg_layers: int = 0,
        epochs: int | None = None,
        changes: dict[str, Any] | None = None,
    ) -> None:
        self.encoder = encoder
        config = changed(FewShotConfig(layers=0, exact_layers=kg_layers, judged=_JUDGED), changes or {})
        self.config = config if epochs is None else replace(config, loop=replace(config.loop, epochs=epochs))
        self.settings = frozenset({Setting.STANDARD, Setting.META})

    @property
    def n_parameters(self) -> int:
        """Trained numbers."""
        layers = [] if self.head.layers is None else self.head.layers.parameters()
        return sum(parameter.numel() for parameter in [*self.net.parameters(), *layers])

    @property
    def on_device(self) -> bool:
        """Its encoder trains and embeds there; class nodes are few numbers, made on the processor."""
        return True

    def to(self, device: str) -> Self:
        """Move the encoder to a device."""
        self.net.encoder.to(device)
        return self

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows are not read."""
        self.tasks = _one_task(labels.tasks)
        self.config = self._with_encoder(data)
        self.ragged = tuple(k for k in encoder_class(self.config.encoder).needs if k not in data.kinds)
        self.note_features(data, self.ragged)
        label = np.full(labels.n_rows, -1)
        label[labels.row] = labels.value.astype(np.int64)
        rows = split.train[data.ok[split.train] & (label[split.train] >= 0)]
        inputs = Inputs.of(data, encoder_class(self.config.encoder).needs)
        self.widths = inputs.widths
        parts = _held_out(label, rows, run.seed)
        self.config = _sized(self.config, members(label, parts[0]))
        self.net, _ = learn(self.config, inputs, self.widths, label, parts, run)
        h = self.net.embed(inputs, torch.from_numpy(rows))
        at = [np.searchsorted(rows, part) for part in parts]
        held = (h, members(label[rows], at[1]))
        shapes = [s for n, k in CELLS if allows(held[1], s := Shape(n, k, self.config.queries))]
        among = members(label[rows], at[0])
        head = solved(self.net.head, h, among, held, shapes, self.config.judged)
        if self.config.exact_layers:
            head = with_layers(head, self.config, h, among, held, shapes, run)
        self._take(head, ClassBank.of(self.tasks[0].classes, h, label[rows]))

    def _with_encoder(self, data: Data) -> FewShotConfig:
        kind = next((kind for kind in _ENCODERS if kind in data.kinds), "")
        usual, dim = _ENCODERS.get(kind, ("", 64))
        name = self.encoder or usual
        if not name:
            raise UserError("no encoder reads these data", mend="Give images, vectors or molecules, or --encoder.")
        return replace(self.config, encoder=name, dim=dim if name == usual else 0 if kind == "images" else 64)

    def _take(self, head: ExactHead, bank: ClassBank) -> None:
        self.head, self.bank = head.eval(), bank
        with torch.no_grad():
            self.nodes = self.head.nodes(bank.h, bank.known)

    def encode(self, data: Data) -> tuple[Tensor, NDArray[np.bool_]]:
        """Embed the data."""
        self.check_features(data)
        inputs = Inputs.of(data, self.net.encoder.needs)
        return self.net.embed(inputs, torch.arange(len(data))), data.ok

    def predict_encoded(self, encoded: tuple[Tensor, NDArray[np.bool_]], known: Shown) -> Predictions:  # noqa: ARG002 - a datum has one label
        """Return the probability of every class."""
        h, ok = encoded
        with torch.no_grad():
            mean = torch.softmax(self.head.scores(h, self.nodes).double(), 1).numpy()
        return as_predictions(self.tasks, mean, np.zeros(mean.shape), ok)

    def add_classes(self, data: Data, names: Sequence[str]) -> None:
        """Give classes a node from their examples, or those that are known more examples, without retraining.

        Args:
            data: examples, `n` of them; those that cannot be used are left out.
            names: of their classes `[n]`.

        Raises:
            UserError: when none can be used.
        """
        if len(names) != len(data):
            raise UserError(f"{len(names)} names of classes for {len(data)} examples")
        h, ok = self.encode(data)
        rows = np.flatnonzero(ok)
        if not len(rows):
            raise UserError("no example can be used", mend="Give one or more of each class.")
        self._renew(self.bank.added(h[torch.from_numpy(rows)], [names[int(k)] for k in rows]))

    def drop_classes(self, names: Collection[str]) -> None:
        """Forget classes.

        Raises:
            UserError: when fewer than two are left.
        """
        bank = self.bank.without(names)
        if len(bank.names) < 2:
            raise UserError(f"{len(bank.names)} classes are left", mend="Keep two at least.")
        self._renew(bank)

    def _renew(self, bank: ClassBank) -> None:
        self.tasks = TaskSet((replace(self.tasks[0], classes=bank.names),))
        self.calibrator = None  # it knew the classes before
        self._take(self.head, bank)

    def add_task(self, data: Data, labels: LabelTable, run: Run | None = None) -> None:  # noqa: ARG002 - nothing is random
        """Add the classes of a table of the model's own task.

        Raises:
            UserError: for another task.
        """
        own = self.tasks[0].name
        if labels.tasks.names != [own]:
            what = f"a few-shot model has one task, {own}, and takes new classes of it"
            raise UserError(what, where=f"task {labels.tasks.names[0]}", mend=f"Name the column {own}.")
        classes = labels.tasks[0].classes
        self.add_classes(data.take(labels.row), [classes[int(value)] for value in labels.value])

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return configuration and arrays: weights, spreads of classes and the bank."""
        gaussian = self.head.gaussian
        arrays = {f"net.{key}": value.detach().cpu().numpy() for key, value in self.net.state_dict().items()}
        arrays |= {name: getattr(gaussian, name).numpy() for name in ("center", "transform", "between")}
        if self.head.layers is not None:
            arrays |= {f"layers.{key}": value.detach().numpy() for key, value in self.head.layers.state_dict().items()}
        note: dict[str, object] = {"config": asdict(self.config), "widths": self.widths}
        return {**note, "weights": asdict(self.head.weights)}, {**arrays, **self.bank.state()}

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls()
        model.tasks, model.config, model.widths = tasks, revive(FewShotConfig, config["config"]), config["widths"]
        held = {key: np.asarray(value) for key, value in arrays.items()}
        model.net = FewShotNet(model.config, model.widths)
        model.net.load_state_dict(tensors("net.", held))
        model.net.eval()
        parts = (torch.from_numpy(held[name]) for name in ("center", "transform", "between"))
        gaussian = ClassGaussian(*parts)
        layers = NodeLayers(gaussian, model.config.exact_layers).eval() if model.config.exact_layers else None
        if layers is not None:
            layers.load_state_dict(tensors("layers.", held))
        head = ExactHead(model.net.head, gaussian, Weights(**config["weights"]), layers)
        model._take(head, ClassBank.restore(tasks[0].classes, held))
        return model


def _one_task(tasks: TaskSet) -> TaskSet:
    """Return the tasks, which must be one of several classes.

    Raises:
        UserError: for others.
    """
    found: list[Task] = [task for task in tasks if task.kind is Kind.MULTICLASS]
    if len(tasks) != 1 or not found:
        what = f"a few-shot model has one multiclass task, these are {', '.join(tasks.names[:3])}"
        raise UserError(what, mend="Name its column with --tasks, or choose '--model metalink'.")
    return tasks


def _held_out(label: Ints, rows: Ints, seed: int) -> tuple[Ints, Ints]:
    """Return rows of training and of held-out classes; none of the latter where there are few classes."""
    classes = np.unique(label[rows])
    count = int(_HELD * len(classes))
    if count < _LEAST:
        return rows, rows[:0]
    held = np.random.default_rng([seed, 8]).permutation(classes)[:count]
    inside = np.isin(label[rows], held)
    return rows[~inside], rows[inside]


def _sized(config: FewShotConfig, among: Sequence[Ints]) -> FewShotConfig:
    """Return the configuration with episodes that the classes have rows for.

    Raises:
        UserError: with fewer than two classes of two rows.
    """
    for shots, queries in _SIZES:
        enough = sum(len(rows) >= shots + queries for rows in among)
        if enough >= max(2, len(among) // 2) or (shots == 1 and enough >= 2):
            ways = min(config.ways, enough)
            return replace(config, ways=ways, shots=tuple(sorted({1, shots})), queries=queries)
    raise UserError("fewer than two classes have two training rows", mend="Give more examples of each class.")
