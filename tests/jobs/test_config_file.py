"""Settings in a file: given back as they were, overruled by the command line, refused by name."""

import json

import pytest

from weft.errors import UserError
from weft.jobs.config_file import with_config, write_config
from weft.jobs.options import FitOptions, options_from


def test_what_was_chosen_comes_back(tmp_path):
    """Protects a tuned model: the same configuration, tuples and all."""
    options = FitOptions(model="metalink", changes={"learners": ("rf", "gp"), "channel.lr": 0.01})
    write_config(tmp_path / "a.json", options)
    found = with_config(FitOptions(seed=3), tmp_path / "a.json")
    assert found.seed == 3
    assert found.build().config == options.build().config
    assert found.build().config.learners == ("rf", "gp")
    assert with_config(options, None) is options


def test_the_command_line_wins(tmp_path):
    """Protects a person who tries one thing beside a file."""
    write_config(tmp_path / "a.json", FitOptions(encoder="dmpnn", epochs=5, changes={"loop.lr": 0.01}))
    found = with_config(FitOptions(epochs=7), tmp_path / "a.json")
    assert (found.encoder, found.epochs, found.changes) == ("dmpnn", 7, {"loop.lr": 0.01})


def test_options_survive_json():
    """Protects trials on other machines: they get the options as they are."""
    options = FitOptions(tasks=("a", "b"), kinds={"a": "binary"}, changes={"loop.lr": 0.1}, features=("x*",))
    assert options_from(json.loads(json.dumps(options.to_json()))) == options


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({"encoder": "dmpnn", "loop.lr": 1}, "there is no option 'loop.lr'"),
        ({"changes": [1]}, "changes are no names with values"),
        ({"epochs": "many"}, "value of another kind"),
        ({"encoder": "dmpnn", "changes": {"loop.rate": 1}}, "unknown setting 'loop.rate'|unknown setting 'rate'"),
        ({"encoder": "dmpnn", "changes": {"loop.lr": "fast"}}, "'fast' does not fit the setting"),
        ({"encoder": "dmpnn", "changes": {"batch": 1.5}}, "1.5 does not fit the setting batch"),
        ({"encoder": "dmpnn", "changes": {"loop": 1}}, "a group of settings"),
    ],
)
def test_refusals(tmp_path, held, told):
    """Protects a person from a traceback."""
    (tmp_path / "a.json").write_text(json.dumps(held))
    with pytest.raises(UserError, match=told):
        with_config(FitOptions(), tmp_path / "a.json").build()
