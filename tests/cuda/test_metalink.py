"""MetaLink networks trained on a card: as good, resumable, and loaded on the processor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.cuda.card import CARD, Broken, breaking, needs_card, relative
from tests.metalink.problems import related
from tests.metalink.test_network import SHAPES, SMALL
from weft.labels import Shown
from weft.metalink.model import MetaLinkPredictor
from weft.metalink.network_engine import NetworkEngine
from weft.saved import load
from weft.training.run import Run

pytestmark = needs_card
PROBLEM = related()


def fitted(config, run):
    engine = NetworkEngine(config)
    engine.fit(PROBLEM.data, PROBLEM.labels, PROBLEM.split.train, PROBLEM.split.val, run)
    return engine


def mean(engine):
    rows = PROBLEM.split.test
    return engine.predict(engine.encode(PROBLEM.data.take(rows)), Shown(PROBLEM.labels.take(rows))).mean


@pytest.mark.parametrize("shape", SHAPES)
def test_a_card_trains_as_the_processor_does(shape):
    """No dropout here: the same draws, so the same run but for rounding."""
    config = SHAPES[shape]
    card, processor = (fitted(config, Run(seed=1, device=device)) for device in (CARD, "cpu"))
    assert next(card.nets[0].parameters()).device.type == "cuda"
    tolerance = 0.05 if config.loop.precision == "bfloat16" else 0.02
    assert relative(mean(card), mean(processor)) < tolerance
    losses = [row["loss"] for row in card.history[0]]
    assert losses[-1] < losses[0]


def test_a_model_of_a_card_is_loaded_anywhere(tmp_path):
    """The folder holds plain arrays: the processor answers as the card did, and back."""
    model = MetaLinkPredictor(encoder="vectors", epochs=3)
    model.fit(PROBLEM.data, PROBLEM.labels, PROBLEM.split, Run(device=CARD))
    model.save(tmp_path / "m")
    told = model.predict(PROBLEM.data).mean
    assert relative(load(tmp_path / "m").predict(PROBLEM.data).mean, told) < 1e-5
    assert relative(load(tmp_path / "m", "auto").predict(PROBLEM.data).mean, told) < 1e-6


def test_a_run_broken_on_a_card_goes_on_there(tmp_path):
    """Two members, broken in each: the same weights as unbroken."""
    config = replace(SMALL, loop=replace(SMALL.loop, epochs=4))
    whole = fitted(config, Run(seed=1, device=CARD))
    for at in (2, 4):
        with pytest.raises(Broken):
            fitted(config, Run(seed=1, folder=tmp_path, report=breaking(at), device=CARD))
    resumed = fitted(config, Run(seed=1, folder=tmp_path, device=CARD))
    assert relative(mean(resumed), mean(whole)) < 1e-5


def test_a_new_task_joins_on_a_card():
    """Inductive graphs: the constant task nodes are where the data are."""
    engine = fitted(SHAPES["inductive"], Run(seed=1, device=CARD))
    own = PROBLEM.labels.take_tasks(["a"])
    tasks = type(own.tasks)((replace(own.tasks[0], name="new"),))
    engine.add_task(PROBLEM.data, type(own)(tasks, own.n_rows, own.row, own.col, own.value), Run())
    found = engine.predict(engine.encode(PROBLEM.data), Shown.nothing(engine.layout.tasks, len(PROBLEM.data)))
    assert np.isfinite(found.mean).all()


def test_a_seed_gives_the_same_bits_when_asked():
    """What `--deterministic` does."""
    config = SHAPES["default"]
    torch.use_deterministic_algorithms(True)
    try:
        first, second = (mean(fitted(config, Run(seed=2, device=CARD))) for _ in range(2))
    finally:
        torch.use_deterministic_algorithms(False)
    np.testing.assert_array_equal(first, second)
