import numpy as np
import pytest

from weft.baselines.tabular import Columns, Features, Scaler, tabular
from weft.data.vectors import Vectors
from weft.errors import UserError


def sample():
    x = np.zeros((100, 7), np.float32)
    x[:50, 0] = 2  # a common bit
    x[:7, 1] = 1  # a bit in 7 data
    x[:, 2] = 1  # a bit that all have
    x[:, 3] = np.arange(100)
    x[0, 3] = np.nan
    x[:, 4] = np.nan
    x[:, 5] = 3.5
    x[:, 6] = np.arange(100) % 3
    x[5, 6] = np.inf
    return Features(x, 3)


def test_columns_that_tell_nothing_are_dropped():
    """Rare and constant bits, constant and undefined descriptors go; the count of bits follows."""
    columns = Columns.fit(sample())
    assert columns.keep.tolist() == [0, 3, 6]
    assert columns.counts == 1


def test_undefined_values_become_the_training_median():
    """A NaN or an infinity in new data reads the training data's median, never its own table's."""
    columns = Columns.fit(sample())
    new = Features(np.full((2, 7), np.nan, np.float32), 3)
    new.x[:, :3] = 0
    new.x[1, 3] = 4
    assert columns.apply(new).x.tolist() == [[0, 50, 1], [0, 4, 1]]


def test_another_width_is_an_error():
    """Data of another featurisation are refused, not read shifted."""
    with pytest.raises(UserError, match="6 features, the model expects 7"):
        Columns.fit(sample()).apply(Features(np.zeros((1, 6), np.float32), 3))


def test_columns_restore():
    """Chosen columns survive being saved."""
    columns = Columns.fit(sample())
    again = Columns.restore(columns.state())
    assert np.array_equal(again.apply(sample()).x, columns.apply(sample()).x)


def test_fingerprints_come_first_and_are_counted():
    """`tabular` puts fingerprint counts before the descriptors, in whatever order the data name them."""

    class Data(Vectors):
        kinds = ("graph", "descriptors", "morgan")

        def dense(self, kind):
            return np.full((len(self), 2), {"morgan": 1, "descriptors": 2}[kind], np.float32)

    got = tabular(Data(np.zeros((3, 1))))
    assert got.counts == 2
    assert got.x[0].tolist() == [1, 1, 2, 2]
    assert tabular(Vectors(np.zeros((3, 4)))).counts == 0


def test_data_without_dense_features_are_refused():
    """Graphs alone cannot go into a tree."""

    class Data(Vectors):
        kinds = ("graph",)

    with pytest.raises(UserError, match="no dense features"):
        tabular(Data(np.zeros((3, 1))))


def test_scaler_withstands_outliers_and_rare_counts():
    """One huge value neither squeezes its column nor escapes the limit; rare counts keep a finite scale."""
    x = np.random.default_rng(0).normal(3, 2, (400, 2)).astype(np.float32)
    x[0, 0] = 1e30
    x[:, 1] = 0
    x[:5, 1] = 1
    got = Scaler.fit(x).apply(x)
    assert got[1:, 0].std() == pytest.approx(1, abs=0.1)
    assert got[0, 0] == 5
    assert np.all(np.isfinite(got))
    assert got[:5, 1].min() > got[5:, 1].max()
