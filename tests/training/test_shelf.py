"""The shelf: equal inputs are learnt from once, others are not mixed up, and time found there is told."""

import time

import numpy as np
import pytest

from weft.baselines.learners import Targets
from weft.baselines.profile import Profile
from weft.baselines.tabular import Features
from weft.training.run import Run
from weft.training.shelf import Shelf, digest


def arrays(value):
    return lambda: {"a": np.full(3, value)}


def test_equal_inputs_are_computed_once(tmp_path):
    """Protects the point of it: the second asker, in another process as well, gets the first one's arrays."""
    inputs = (np.arange(4), {"steps": 3}, ["x", None, True])
    assert Shelf(tmp_path).get("stage", inputs, arrays(1.0))["a"][0] == 1.0
    assert Shelf(tmp_path).get("stage", inputs, arrays(2.0))["a"][0] == 1.0


@pytest.mark.parametrize(
    "other",
    [
        (np.arange(4) + 1, "x"),
        (np.arange(4).astype(np.int32), "x"),
        (np.arange(4).reshape(2, 2), "x"),
        (np.arange(4), "y"),
        (np.arange(4), ["x"]),
        (np.arange(4), "x", None),
    ],
)
def test_any_other_input_is_another_stage(other):
    """Protects figures: values, type, shape and nesting all count."""
    assert digest(other) != digest((np.arange(4), "x"))


def test_names_are_other_stages_and_unknown_things_are_refused(tmp_path):
    """Protects figures: a stage is found under its name only, and nothing is hashed by its address."""
    shelf = Shelf(tmp_path)
    shelf.get("one", (), arrays(1.0))
    assert shelf.get("two", (), arrays(2.0))["a"][0] == 2.0
    with pytest.raises(TypeError, match="no hash of a object"):
        shelf.get("one", object(), arrays(3.0))


def test_time_found_is_told(tmp_path):
    """Protects costs: what another fit spent on a stage is added up, stages within stages included once."""
    first = Shelf(tmp_path)

    def outer():
        first.get("inner", (), slow)
        return {"b": np.zeros(1)}

    def slow():
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        return {"a": np.zeros(1)}

    first.get("inner", (), slow)
    first.get("outer", (), outer)
    spent = first.cpu_s
    assert spent >= 0.05  # the outer stage found the inner one
    second = Shelf(tmp_path)
    second.get("outer", (), outer)
    assert second.cpu_s == pytest.approx(spent, abs=0.04)


def test_a_failure_leaves_nothing(tmp_path):
    """Protects later fits: what failed is tried again."""
    shelf = Shelf(tmp_path)
    with pytest.raises(ZeroDivisionError):
        shelf.get("stage", (), lambda: {"a": np.array(1 // 0)})
    assert shelf.get("stage", (), arrays(1.0))["a"][0] == 1.0


def test_a_profile_with_a_shelf_is_the_profile_without(tmp_path):
    """Protects figures: found learners answer as those that were fitted, and another seed or label finds none."""
    rng = np.random.default_rng(0)
    x = Features(rng.normal(size=(60, 5)).astype(np.float32))
    y = (x.x[:, :2] + rng.normal(size=(60, 2)) > 0).astype(float)
    targets = Targets(y, np.ones(y.shape, bool), np.zeros(2, bool))
    plain = Profile(("gp",)).fit(x, targets, Run(1))
    shelf = Shelf(tmp_path)
    for _ in range(2):
        profile = Profile(("gp",))
        assert np.array_equal(profile.fit(x, targets, Run(1, shelf=shelf)), plain)
    assert len(list(tmp_path.glob("gp-*.safetensors"))) == 1
    Profile(("gp",)).fit(x, targets, Run(2, shelf=shelf))
    Profile(("gp",)).fit(x, Targets(1 - y, targets.observed, targets.continuous), Run(1, shelf=shelf))
    assert len(list(tmp_path.glob("gp-*.safetensors"))) == 3
