"""What a search varies: read from a file, or by the kind of model; the preset's own settings are always in it."""

import json

import pytest

from weft.errors import UserError
from weft.predictor import build
from weft.training.revive import changed
from weft.tuning.space import Choice, Span, read_space, told_space
from weft.tuning.spaces import space_of, value_of

MODELS = {
    "default": ("metalink", {}),
    "network": ("metalink", {"encoder": "fingerprint"}),
    "paper": ("metalink", {"preset": "metalink-paper"}),
    "graph": ("inline", {}),
    "graph paper": ("inline", {"preset": "inline-paper"}),
    "few-shot": ("few-shot", {}),
}


@pytest.mark.parametrize("case", MODELS)
def test_every_setting_is_one_of_the_model_and_takes_every_value(case):
    """Protects a long search from settings that do not exist, or that cannot be built."""
    model, options = MODELS[case]
    predictor = build(model, **options)
    space = space_of(predictor)
    assert len(space) >= 4
    for name, held in space.items():
        own = value_of(predictor.config, name)
        values = held.values if isinstance(held, Choice) else (held.low, held.high, (held.low + held.high) / 2)
        for value in values:
            build(model, **options, changes={name: value})
            assert changed(predictor.config, {name: value}) is not None
        inside = held.low <= own <= held.high if isinstance(held, Span) else any(_same(own, v) for v in values)
        assert inside, name


def _same(a, b):
    return json.dumps(a) == json.dumps(b)


def test_dropout_of_graphs_is_searched_where_it_is():
    """Protects from a setting that is varied and never read."""
    assert "dropouts" in space_of(build("inline"))
    assert "net.trunk.layer.dropout" not in space_of(build("inline"))
    assert "net.trunk.layer.dropout" in space_of(build("inline", preset="inline-paper"))


def test_a_file_is_read_back_as_it_was(tmp_path):
    """Protects a person's own space."""
    space = {"loop.lr": Span(1e-4, 1e-2, True), "dim": Choice((32, 64)), "learners": Choice((None, ["rf"]))}
    path = tmp_path / "space.json"
    path.write_text(json.dumps(told_space(space)))
    assert read_space(path) == space


def test_a_space_of_ones_own_takes_in_the_preset():
    """Protects the comparison with the preset: its own value is among the proposals."""
    model = build("metalink", encoder="fingerprint")
    space = space_of(model, {"dim": Choice((32, 64)), "loop.lr": Span(1e-2, 1e-1, True)})
    assert space == {"dim": Choice((128, 32, 64)), "loop.lr": Span(1e-3, 1e-1, True)}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (3, "no list of values and no span"),
        ([], "no list of values"),
        ({"low": 2, "high": 1}, "to a greater one"),
        ({"low": 0, "high": 1, "log": True}, "begins above 0"),
        ({"low": 0, "top": 1}, "no span"),
    ],
)
def test_refusals_of_files(tmp_path, value, told):
    """Protects a person from a traceback, and names the setting."""
    (tmp_path / "space.json").write_text(json.dumps({"loop.lr": value}))
    with pytest.raises(UserError, match=told) as error:
        read_space(tmp_path / "space.json")
    assert "loop.lr" in str(error.value)


def test_refusals_of_models():
    """Protects from a search of what cannot be searched."""
    with pytest.raises(UserError, match="no settings to search"):
        space_of(build("prior"))
    network = build("metalink", encoder="fingerprint")
    with pytest.raises(UserError, match="Did you mean loop"):
        space_of(network, {"lop.lr": Choice((1,))})
    with pytest.raises(UserError, match=r"encoder: .*no number of this span"):
        space_of(network, {"encoder": Span(0, 1)})
