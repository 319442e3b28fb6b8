"""The image networks: their published sizes, slow references of their parts, and training end to end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from weft.data.base import Batch, Inputs
from weft.data.images import Images
from weft.data.splits import Split
from weft.encoders.base import build_encoder
from weft.encoders.images.resnet12 import DropBlock
from weft.errors import UserError
from weft.labels import LabelTable
from weft.metalink.model import MetaLinkPredictor
from weft.tasks import TaskSet
from weft.training.metrics import roc_auc
from weft.training.run import Run


def _widths(channels: int, height: int, width: int) -> dict[str, int]:
    return {"channels": channels, "height": height, "width": width}


@pytest.mark.parametrize(
    ("name", "side", "features", "weights"),
    [("conv4", 28, 64, 112_832), ("conv4", 84, 1600, 112_832), ("resnet12", 84, 640, 12_424_320)],
)
def test_published_sizes(name, side, features, weights):
    # Protects: Conv-4 has 64 features of Omniglot and 1600 of mini-ImageNet; ResNet-12 640 and 12.4 million weights.
    with torch.device("meta"):
        net = build_encoder(name, _widths(3, side, side), 0)
    assert net.dim == features
    assert sum(p.numel() for p in net.parameters()) == weights


def test_conv4_is_four_plain_blocks():
    # Protects: the order convolution, normalisation, ReLU, pooling, against the operators by hand in eval mode.
    net = build_encoder("conv4", _widths(1, 28, 28), 0).eval()
    x = torch.randint(256, (3, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    state, h = net.state_dict(), x / 255
    for k in range(4):
        h = F.conv2d(h, state[f"net.{k}.0.weight"], padding=1) / np.sqrt(1 + 1e-5)
        h = F.max_pool2d(F.relu(h), 2)
    assert torch.allclose(net(Batch(images=x)), h.flatten(1), atol=1e-5)


def test_pixels_are_standardised_over_the_training_rows():
    # Protects: mean 0 and spread 1 per channel of the training rows, whatever others hold; a flat channel is finite.
    x = np.random.default_rng(0).integers(0, 200, (30, 3, 16, 16), dtype=np.uint8)
    x[20:] = 255
    x[:, 2] = 7
    net = build_encoder("resnet-small", _widths(3, 16, 16), 8)
    net.fit_scalers(Inputs.of(Images.from_arrays(x), ["images"]), torch.arange(20))
    seen = (torch.from_numpy(x[:20]).double() / 255 - net.mean) * net.scale
    assert torch.allclose(seen.mean((0, 2, 3)), torch.zeros(3, dtype=torch.float64), atol=1e-5)
    assert torch.allclose(seen[:, :2].std((0, 2, 3)), torch.ones(2, dtype=torch.float64), atol=1e-3)
    assert float(net.scale[0, 2, 0, 0]) == 1.0


def test_dropped_squares_have_the_share_and_keep_the_mean():
    # Protects: about the share asked for is zero, in whole squares, only in training.
    torch.manual_seed(0)
    drop, x = DropBlock(0.1, 3), torch.ones(200, 4, 10, 10)
    out = drop.train()(x)
    assert 0.07 < float((out == 0).float().mean()) < 0.12
    assert torch.allclose(out.mean((1, 2, 3)), torch.ones(200), atol=1e-5)
    zero = (out == 0).float()
    covered = F.max_pool2d(F.pad(1 - F.max_pool2d(1 - zero, 3, 1), (2, 2, 2, 2)), 3, 1)
    assert torch.equal(covered, zero)  # every dropped cell is in a dropped square of 3
    assert drop.eval()(x) is x


def test_too_small_images_and_other_data_are_told():
    # Protects: a user error before any training.
    for name, widths, options in (
        ("conv4", _widths(3, 12, 40), {}),
        ("conv4", {"vectors": 3}, {}),
        ("resnet12", _widths(3, 32, 32), {"channels": (4, 4)}),
        ("resnet-small", _widths(3, 32, 32), {"channels": ()}),
        ("words", {"vectors": 3}, {}),
    ):
        with pytest.raises(UserError):
            build_encoder(name, widths, 8, **options)


@pytest.mark.parametrize("name", ["conv4", "resnet-small"])
def test_the_network_engine_learns_what_images_show(name):
    # Protects: the way from pixels to predictions: stripes across or not, a dark image or not, images not seen before.
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (160, 2))
    stripes = np.where(np.arange(16) % 4 < 2, 80, 0)
    x = rng.integers(0, 40, (160, 1, 16, 16)) + np.where(truth[:, :1, None, None], stripes[:, None], stripes)
    x = (x + 120 * truth[:, 1, None, None, None]).astype(np.uint8)
    labels = LabelTable.from_dense(TaskSet.binary(["across", "light"]), truth.astype(float))
    rows = np.arange(160)
    model = MetaLinkPredictor(encoder=name, epochs=8, members=1, changes={"batch": 8, "loop.lr": 3e-3, "dim": 32})
    data, split = Images.from_arrays(x), Split(rows[:100], rows[100:120], rows[120:], "test")
    model.fit(data, labels.on_rows(rows[:120]), split, Run(seed=0))
    found = model.predict(data.take(rows[120:]))
    assert min(roc_auc(truth[120:, j], found.mean[:, j]) or 0.0 for j in range(2)) > 0.95
