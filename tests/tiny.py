"""A predictor small enough to know by heart, for tests of what stands around one.

A cell's prediction is the training mean of its task, moved by what is shown of the datum: shown labels of
binary tasks count half of their difference from their own mean. So a leaked label shows at once.
"""

import os
import time

import numpy as np

from weft.errors import UserError
from weft.labels import LabelTable
from weft.predictor import REGISTRY, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import Kind, TaskSet

NAME = "tiny"


def register(monkeypatch):
    monkeypatch.setitem(REGISTRY, NAME, "tests.tiny:Tiny")


class Tiny(Predictor):
    name = NAME

    def __init__(self, setting: str = "relational", fail: bool = False):
        self.settings = frozenset({Setting.STANDARD, Setting(setting)})

    def fit(self, data, labels, split, run):
        self.tasks = labels.tasks
        if os.environ.get("TINY_FAILS"):
            raise UserError("the fit failed", mend="Mend it.")
        run.report("train", 0, 2, "")
        self.means = run.stage("means", lambda: {"mean": self._means(labels.on_rows(split.train))})["mean"]
        if os.environ.get("TINY_SLEEPS"):
            run.report("train", 1, 2, "asleep")
            time.sleep(float(os.environ["TINY_SLEEPS"]))
        run.report("train", 2, 2, "")

    @staticmethod
    def _means(labels: LabelTable):
        values = np.zeros(labels.tasks.offsets[-1])
        for j, task in enumerate(labels.tasks):
            known = labels.value[labels.col == j]
            start = labels.tasks.offsets[j]
            if task.kind is Kind.MULTICLASS:
                values[start : start + task.width] = labels.class_counts(task.name) / max(len(known), 1)
            else:
                values[start] = known.mean() if len(known) else 0.5
        return values

    def encode(self, data):
        return data.ok

    def predict_encoded(self, encoded, known):
        y, mask = known.table.to_dense()
        binary = np.array([task.kind is Kind.BINARY for task in self.tasks])
        centre = self.means[self.tasks.offsets[:-1]]
        shift = (np.where(mask, y - centre, 0) * binary).sum(1, keepdims=True) / 2
        mean = np.repeat(self.means[None], len(encoded), 0)
        moved = np.repeat(binary, np.diff(self.tasks.offsets))
        return Predictions(self.tasks, mean + shift * moved, np.full(mean.shape, 0.1), encoded)

    def add_task(self, data, labels, run=None):
        self.means = np.concatenate([self.means, self._means(labels)])
        self.tasks = TaskSet((*self.tasks, *labels.tasks))

    def state(self):
        return {"kind": "tiny"}, {"means": self.means}

    @classmethod
    def restore(cls, tasks, config, arrays):
        model = cls()
        model.tasks, model.means = tasks, arrays["means"]
        return model
