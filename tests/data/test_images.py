"""Images as `Data`: packed, gathered by index, bad rows in their place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from weft.data.base import Data, Inputs, widths
from weft.data.images import Images
from weft.data.pixels import Pixels
from weft.errors import UserError

X = np.random.default_rng(0).integers(0, 256, (6, 3, 20, 16), dtype=np.uint8)


@pytest.mark.parametrize(("given", "channels"), [(X, 3), (X.transpose(0, 2, 3, 1), 3), (X[:, 0], 1), (X[:, :1], 1)])
def test_every_usual_layout_is_read(given, channels):
    # Protects: [N, C, H, W], [N, H, W, C] and [N, H, W] are the same pixels.
    data: Data = Images.from_arrays(given)
    assert data.images().shape == {"channels": channels, "height": 20, "width": 16}
    assert np.array_equal(data.images().read(slice(0, 6)), X[:, :channels])


def test_a_batch_is_a_gather_of_bytes():
    # Protects: rows in the order asked for, repeats too, uint8 and not copied to floats.
    inputs = Inputs.of(Images.from_arrays(X), ["images"])
    batch = inputs.take(torch.tensor([4, 0, 4]))
    assert batch.images is not None
    assert batch.images.dtype == torch.uint8
    assert np.array_equal(batch.images.numpy(), X[[4, 0, 4]])


def test_take_of_take_keeps_what_belongs_to_a_row():
    # Protects: status, keys and pixels move together; a bad row has no key.
    status = ["ok", "damaged", "ok", "ok", "ok", "ok"]
    part = Images(Pixels.of(X), status, list("abcdef")).take(np.array([5, 1, 0])).take(np.array([1, 0]))
    assert (part.keys, part.status, part.ok.tolist()) == (["", "f"], ["damaged", "ok"], [False, True])
    assert np.array_equal(part.images().read(slice(0, 2)), X[[1, 5]])
    assert not part.dense("thumbnail")[0].any()


def test_equal_pixels_have_one_key_and_group():
    # Protects: a copy of an image is known as the same datum, whatever its row.
    data = Images.from_arrays(X[[0, 1, 0]])
    assert data.keys[0] == data.keys[2] != data.keys[1]
    assert data.groups()[0] == data.groups()[2] != data.groups()[1]


def test_thumbnails_are_means_of_areas():
    # Protects: what baselines read, against a slow mean over 2 x 2 blocks of a 16 x 16 image.
    image = X[:2, :1, :16]
    slow = [
        [image[k, 0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean() / 255 for i in range(8) for j in range(8)]
        for k in (0, 1)
    ]
    assert np.allclose(Images.from_arrays(image).dense("thumbnail"), slow, atol=1e-6)


def test_a_mapped_store_is_read_page_by_page(tmp_path):
    # Protects: a store on disk gives the same batches, and is not read into memory to do so.
    np.save(tmp_path / "x.npy", X)
    store = Pixels.open(tmp_path / "x.npy")
    assert isinstance(store.values.base, np.memmap)
    assert np.array_equal(store.gather(torch.tensor([5, 2])).numpy(), X[[5, 2]])


@pytest.mark.parametrize(
    "call",
    [
        lambda path: Pixels.of(X.astype(np.float32)),
        lambda path: Pixels.of(np.zeros((2, 5, 8, 8), np.uint8)),
        lambda path: Pixels.of(np.zeros((2, 8), np.uint8)),
        lambda path: Pixels.open(path / "none.npy"),
        lambda path: Pixels.open(path / "text.npy"),
        lambda path: Pixels.open(path / "floats.npy"),
        lambda path: Images(Pixels.of(X), keys=["a"]),
        lambda path: Images.from_arrays(X).dense("vectors"),
        lambda path: Images.from_arrays(X).graphs(),
        lambda path: Images.from_arrays(X).feature_hash("graph"),
    ],
)
def test_what_is_no_image_is_told(call, tmp_path):
    # Protects: never a traceback from within NumPy.
    (tmp_path / "text.npy").write_text("no array")
    np.save(tmp_path / "floats.npy", np.zeros((2, 1, 8, 8)))
    with pytest.raises(UserError):
        call(tmp_path)


def test_widths_tell_what_an_encoder_is_built_for():
    # Protects: channels, height and width reach the encoder, columns of other kinds only when it reads them.
    data = Images.from_arrays(X)
    assert widths(data, ("images",)) == {"channels": 3, "height": 20, "width": 16}
    assert widths(data, ("thumbnail", "morgan")) == {"thumbnail": 192}


def test_the_hash_knows_size_and_channels():
    # Protects: a model of 20 x 16 photographs is not used on others.
    assert Images.from_arrays(X).feature_hash("images") != Images.from_arrays(X[:, :1]).feature_hash("images")
