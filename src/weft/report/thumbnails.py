"""Images inside a page: small PNG files as data addresses."""

from __future__ import annotations

import base64
import html
import io

import numpy as np

from weft.data.image_decode import pillow
from weft.data.images import Images

#: Sides on a page: small images are drawn larger, each pixel as a square.
_SIDE = 128


def png(data: Images, row: int) -> bytes:
    """Return the image at `row` as it is in the packed store, as the bytes of a PNG file."""
    pixels = data.pixels.read(np.array([row]))[0]
    image = pillow().fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def picture(data: Images, row: int, alt: str) -> str:
    """Return the image at `row` as an HTML element that needs no other file."""
    text = base64.b64encode(png(data, row)).decode()
    style = "image-rendering:pixelated" if max(data.pixels.values.shape[2:]) < _SIDE else ""
    return (
        f'<img src="data:image/png;base64,{text}" alt="{html.escape(alt)}" width="{_SIDE}" height="{_SIDE}" '
        f'style="{style};object-fit:contain">'
    )
