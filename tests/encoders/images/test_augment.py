"""Augmentation: every image by its own draw, pixels from itself only, nothing outside of training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from weft.data.base import Batch
from weft.encoders.base import build_encoder
from weft.encoders.images.augment import AUGMENTATIONS, augment, chosen, crop, flip
from weft.errors import UserError

X = torch.rand(40, 3, 24, 16, generator=torch.Generator().manual_seed(0))
WIDTHS = {"channels": 3, "height": 24, "width": 16}


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_keeps_shape_and_range_and_differs_by_image(name):
    # Protects: float images between 0 and 1 in and out; copies of one image are not all changed alike.
    same = X[:1].expand(40, -1, -1, -1)
    out = augment(same, [name])
    assert out.shape == same.shape
    assert float(out.min()) >= 0
    assert float(out.max()) <= 1
    assert len({image.numpy().tobytes() for image in out}) > 1


def test_crops_are_windows_of_the_mirrored_image():
    # Protects: the gather, against NumPy's padding and every window.
    out = crop(X[:4])
    for image, got in zip(X[:4].numpy(), out.numpy(), strict=True):
        padded = np.pad(image, ((0, 0), (3, 3), (2, 2)), mode="reflect")
        windows = [padded[:, top : top + 24, left : left + 16] for top in range(7) for left in range(5)]
        assert any(np.array_equal(window, got) for window in windows)


def test_flips_are_the_image_or_its_mirror():
    # Protects: half of them, whole images.
    out = flip(X)
    mirrored = [bool(torch.equal(a.flip(2), b)) for a, b in zip(X, out, strict=True)]
    kept = [bool(torch.equal(a, b)) for a, b in zip(X, out, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 8 < sum(mirrored) < 32


def test_nothing_is_augmented_outside_of_training():
    # Protects: a prediction is the same twice, and in training it is not.
    encoder = build_encoder("conv4", WIDTHS, 8)
    batch = Batch(images=(X * 255).to(torch.uint8))
    encoder.eval()
    assert torch.equal(encoder(batch), encoder(batch))
    encoder.train()
    assert not torch.allclose(encoder(batch), encoder(batch))


def test_photographs_are_flipped_and_letters_are_not():
    # Protects: a mirrored letter is another letter; what is asked for is taken.
    assert chosen(None, 3) == ("crop", "flip", "colour")
    assert chosen(None, 1) == ("crop",)
    assert chosen(["affine"], 1) == ("affine",)
    with pytest.raises(UserError, match="Did you mean crop"):
        chosen(["crops"], 3)
