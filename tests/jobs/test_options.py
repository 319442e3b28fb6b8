import pytest

from weft.errors import UserError
from weft.jobs.inputs import check_kinds
from weft.jobs.options import FitOptions


def test_unknown_words_are_refused_with_the_known_ones():
    """Protects from a misspelt option that is found out after an hour, or never."""
    with pytest.raises(UserError, match="relational_meta"):
        FitOptions(setting="relationel")
    with pytest.raises(UserError, match="metalink"):
        FitOptions(model="metalnk").build()
    with pytest.raises(UserError, match="--epochs"):
        FitOptions(epochs=0)


def test_a_fit_may_continue_with_other_threads():
    """Protects --resume on a machine with another number of cores."""
    assert FitOptions(threads=1).identity() == FitOptions(threads=2).identity()
    assert FitOptions(seed=1).identity() != FitOptions().identity()


def test_kinds_are_read_and_checked():
    """Protects task names with '=' in them, and names the option on error."""
    assert check_kinds(["a=b=binary"]) == {"a=b": "binary"}
    for words in (["binary"], ["a=number"]):
        with pytest.raises(UserError, match="--kind"):
            check_kinds(words)
