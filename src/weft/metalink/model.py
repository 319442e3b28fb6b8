"""MetaLink behind the one interface: which engine serves it is a matter of configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.data.base import Data
from weft.data.splits import Split
from weft.errors import UserError
from weft.labels import LabelTable, Shown
from weft.metalink.closed_form import ClosedFormConfig, ClosedFormEngine
from weft.metalink.network import NetworkConfig
from weft.metalink.network_engine import NetworkEngine
from weft.metalink.presets import configure
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import TaskSet
from weft.training.revive import changed, revive
from weft.training.run import Run


class MetaLinkPredictor(Predictor):
    """Relational multi-task prediction with known labels as edges (arXiv 2303.07666).

    Args:
        preset: `default` or `metalink-paper`.
        encoder: an encoder trained end to end; under `default`, none takes the out-of-fold profile.
        setting: what the model is trained for.
        changes: dotted names of fields of the configuration -> other values, for ablations.
        options: further options of `weft.metalink.presets.configure`.

    Raises:
        UserError: for unknown names and options that do not go together.
    """

    name: ClassVar[str] = "metalink"

    def __init__(
        self,
        preset: str = "default",
        encoder: str | None = None,
        setting: Setting = Setting.RELATIONAL,
        changes: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        setting = Setting(setting)
        self.config = changed(configure(preset, encoder, setting, **options), changes or {})
        self.engine = _engine(self.config)
        self.settings = _serves(self.config, setting)
        self.reads_pattern = _reads_pattern(self.config)

    @property
    def n_parameters(self) -> int:
        """How many numbers gradient descent trains: of the networks, or of the label channels over the profile."""
        parts = self.engine.nets if isinstance(self.engine, NetworkEngine) else self.engine.trained
        return sum(parameter.numel() for part in parts for parameter in part.parameters())

    @property
    def on_device(self) -> bool:
        """Whether it is a network; the closed form is trees and small systems of equations, made on the processor."""
        return isinstance(self.engine, NetworkEngine)

    def to(self, device: str) -> Self:
        """Move the networks to a device."""
        if isinstance(self.engine, NetworkEngine):
            self.engine.to(device)
        return self

    @property
    def history(self) -> list[list[dict[str, float]]]:
        """Loss and validation score of every epoch of each network; empty for the closed form."""
        return self.engine.history if isinstance(self.engine, NetworkEngine) else []

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows choose the epoch of a network."""
        self.tasks = labels.tasks
        rows = split.train[labels.row_counts()[split.train] > 0]
        if len(rows) < 2:
            raise UserError(f"{len(rows)} training rows have a label", mend="Give at least two, better hundreds.")
        self.note_features(data, self.engine.ragged)
        self.engine.fit(data, labels, rows, split.val, run)

    def encode(self, data: Data) -> Any:
        """Return the structure's side of every datum."""
        self.check_features(data)
        return self.engine.encode(data)

    def predict_encoded(self, encoded: Any, known: Shown) -> Predictions:
        """Predict every task, given the labels shown."""
        return self.engine.predict(encoded, known)

    def add_task(self, data: Data, labels: LabelTable, run: Run | None = None) -> None:
        """Add tasks from support data, without retraining."""
        if not any(setting.new_tasks for setting in self.settings):
            mend = "Fit with the default preset and no encoder, or with the setting meta or relational_meta."
            raise UserError("this model was fitted for its own tasks only", mend=mend)
        taken = sorted(set(self.tasks.names) & set(labels.tasks.names))
        if taken:
            mend = "Rename the column, or fit again with more labels."
            raise UserError(f"the model already has the task {taken[0]!r}", mend=mend)
        self.engine.add_task(data, labels, run or Run())
        self.tasks = self.engine.layout.tasks

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return configuration and arrays."""
        engine = "network" if isinstance(self.config, NetworkConfig) else "closed_form"
        note, arrays = self.engine.state()
        return {"engine": engine, "config": asdict(self.config), "state": note}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        kind = {"network": NetworkConfig, "closed_form": ClosedFormConfig}[config["engine"]]
        model = cls.__new__(cls)
        model.config = revive(kind, config["config"])
        model.engine, model.tasks = _engine(model.config), tasks
        model.reads_pattern = _reads_pattern(model.config)
        model.engine.restore(tasks, config["state"], {key: np.asarray(value) for key, value in arrays.items()})
        return model


def _engine(config: ClosedFormConfig | NetworkConfig) -> ClosedFormEngine | NetworkEngine:
    return NetworkEngine(config) if isinstance(config, NetworkConfig) else ClosedFormEngine(config)


def _reads_pattern(config: ClosedFormConfig | NetworkConfig) -> bool:
    """Whether which labels are known is read: a network's means over known labels always do."""
    return config.channel.pattern if isinstance(config, ClosedFormConfig) else config.reveal != 0.0


def _serves(config: ClosedFormConfig | NetworkConfig, setting: Setting) -> frozenset[Setting]:
    """Return the settings that a model can serve: the closed form takes new tasks however it was trained."""
    new = setting.new_tasks or isinstance(config, ClosedFormConfig)
    return frozenset(s for s in Setting if (setting.shows_labels or not s.shows_labels) and (new or not s.new_tasks))
