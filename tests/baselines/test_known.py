import numpy as np

from weft.baselines.known import Known, Units
from weft.baselines.learners import column_targets
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

TASKS = TaskSet((Task("a"), Task("c", Kind.MULTICLASS, ("x", "y", "z")), Task("d", Kind.REGRESSION)))
TABLE = LabelTable.from_dense(TASKS, [[1, 2, 4.0], [0, np.nan, 8.0], [np.nan, 0, np.nan]])
UNITS = Units.fit(column_targets(TABLE))


def test_units_of_the_training_labels():
    """0/1 columns are drawn to one half, values have their own mean and spread."""
    assert UNITS.mean.tolist() == [0.5, 0.5, 0.25, 0.5, 6]
    assert UNITS.spread[4] == 2


def test_own_labels_are_removed():
    """A task's own label reaches neither its column, nor mean and count: seen to fail when mean or count kept it."""
    known = Known.of(TABLE, UNITS)
    other = Known.of(LabelTable.from_dense(TASKS, [[1, 2, 999.0], [0, np.nan, -999.0], [np.nan, 0, np.nan]]), UNITS)
    own = slice(4, 5)
    assert np.array_equal(known.without(own, 0.0), other.without(own, 0.0))
    assert known.without(own, 0.0)[:, -1].tolist() == [4, 1, 3]
    assert known.without(slice(1, 4), 0.0)[:, -1].tolist() == [2, 2, 0]


def test_hidden_labels_are_marked():
    """A hidden label is NaN for learners that know it, 0 for others; mean and count are numbers in both."""
    known = Known.of(TABLE, UNITS)
    holes = known.without(slice(0, 1), float("nan"))
    assert np.isnan(holes[2]).tolist() == [True, False, False, False, True, False, False]
    assert np.array_equal(np.nan_to_num(holes), known.without(slice(0, 1), 0.0))
