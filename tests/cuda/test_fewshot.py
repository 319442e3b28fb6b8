"""Few-shot classes learnt on a card: as good, and the same answers on the processor."""

import numpy as np

from tests.cuda.card import CARD, needs_card, relative
from tests.fewshot.test_network import classes
from weft.data.splits import Split
from weft.fewshot.model import FewShotPredictor
from weft.labels import LabelTable
from weft.saved import load
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

pytestmark = needs_card


def fitted(device):
    data, label, _ = classes()
    tasks = TaskSet((Task("class", Kind.MULTICLASS, tuple(f"c{k}" for k in range(label.max() + 1))),))
    rows = np.arange(len(label))
    model = FewShotPredictor(kg_layers=1, epochs=2)
    labels = LabelTable.from_dense(tasks, label[:, None].astype(float))
    model.fit(data, labels, Split(rows, rows[:0], rows[:0], "all"), Run(device=device))
    return model, data


def test_a_card_learns_classes_as_the_processor_does(tmp_path):
    """The encoder stays on the card, classes come and go there, and the folder loads anywhere."""
    (card, data), (processor, _) = fitted(CARD), fitted("cpu")
    assert next(card.net.encoder.parameters()).device.type == "cuda"
    told = card.predict(data).mean
    assert (told.argmax(1) == processor.predict(data).mean.argmax(1)).mean() > 0.95
    card.save(tmp_path / "m")
    assert relative(load(tmp_path / "m").predict(data).mean, told) < 1e-3
    card.add_classes(data.take(np.arange(3)), ["new"] * 3)
    assert card.predict(data).mean.shape[1] == told.shape[1] + 1
