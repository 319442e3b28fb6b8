import pytest

from weft.data.validate import validate
from weft.errors import UserError
from weft.jobs.checks import check_output, refusal


def test_outputs_are_refused_before_any_work(tmp_path):
    """Protects from an hour of work that cannot be written at its end."""
    source = tmp_path / "in.csv"
    source.write_text("smiles\nC\n")
    for name, message in (("out.xlsx", "cannot write"), ("in.csv", "replace the input"), ("", "folder|cannot write")):
        with pytest.raises(UserError, match=message):
            check_output(tmp_path / name, source)
    check_output(tmp_path / "out.csv.gz", source)


def test_validation_tells_what_fit_would_refuse(tmp_path):
    """Protects the agreement of validate and fit on tasks that cannot be learnt."""
    path = tmp_path / "in.csv"
    path.write_text("smiles,good,empty,single one\nCO,1,,1\nCCO,0,,1\nCCCO,1,,\n")
    assert refusal(validate(path)) == (
        "tasks without labels or with one class only; leave them out: --exclude empty --exclude 'single one'"
    )
