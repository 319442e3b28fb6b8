"""Augmentation of a batch of images in plain tensor code: each image has draws of its own, from torch's generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from weft.errors import UserError, nearest


def crop(x: Tensor) -> Tensor:
    """Shift every image by up to an eighth of its sides, what comes in being mirrored.

    Args:
        x: float `[B, C, H, W]`, as of every augmentation here.
    """
    n, _, h, w = x.shape
    tall, wide = h // 8, w // 8
    padded = F.pad(x, (wide, wide, tall, tall), mode="reflect")
    top = torch.randint(0, 2 * tall + 1, (n, 1, 1), device="cpu")
    left = torch.randint(0, 2 * wide + 1, (n, 1, 1), device="cpu")
    rows = top.to(x.device) + torch.arange(h, device=x.device)[None, :, None]
    columns = left.to(x.device) + torch.arange(w, device=x.device)[None, None, :]
    at = torch.arange(n, device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[at, rows, columns].permute(0, 3, 1, 2)


def flip(x: Tensor) -> Tensor:
    """Mirror every other image, on average, left to right."""
    mirrored = (torch.rand(len(x), 1, 1, 1, device="cpu") < 0.5).to(x.device)
    return torch.where(mirrored, x.flip(3), x)


def colour(x: Tensor) -> Tensor:
    """Change brightness, contrast and saturation, each by a factor between 0.6 and 1.4."""
    bright, contrast, strong = (torch.empty(len(x), 1, 1, 1, device=x.device).uniform_(0.6, 1.4) for _ in range(3))
    x = x * bright
    x = _around(x, x.mean((1, 2, 3), keepdim=True), contrast)
    return _around(x, x.mean(1, keepdim=True), strong).clamp(0, 1)


def _around(x: Tensor, middle: Tensor, factor: Tensor) -> Tensor:
    return middle + (x - middle) * factor


def affine(x: Tensor) -> Tensor:
    """Turn every image by up to 15 degrees, scale it by 0.85 to 1.15 and shear it by up to 0.2: for drawings."""
    n = len(x)
    angle = torch.empty(n, device="cpu").uniform_(-0.26, 0.26)
    scale = torch.empty(n, device="cpu").uniform_(0.85, 1.15)
    shear = torch.empty(n, device="cpu").uniform_(-0.2, 0.2)
    cos, sin, none = angle.cos() * scale, angle.sin() * scale, torch.zeros_like(angle)
    theta = torch.stack([torch.stack([cos, shear - sin, none], 1), torch.stack([sin, cos, none], 1)], 1).to(x)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


#: Name -> augmentation.
AUGMENTATIONS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "crop": crop,
    "flip": flip,
    "colour": colour,
    "affine": affine,
}


def chosen(names: Sequence[str] | None, channels: int) -> tuple[str, ...]:
    """Return the augmentations to apply, in order.

    Args:
        names: as given; None takes `crop`, `flip` and `colour` for photographs (3 channels) and `crop` for grey
            images, which may be characters: a mirrored letter is another letter.
        channels: of the images.

    Raises:
        UserError: for an unknown name.
    """
    if names is None:
        return ("crop", "flip", "colour") if channels == 3 else ("crop",)
    for name in names:
        if name not in AUGMENTATIONS:
            raise UserError(f"there is no augmentation {name!r}", mend=nearest(name, AUGMENTATIONS))
    return tuple(names)


def augment(x: Tensor, names: Sequence[str]) -> Tensor:
    """Apply augmentations to float `[B, C, H, W]` between 0 and 1."""
    for name in names:
        x = AUGMENTATIONS[name](x)
    return x
