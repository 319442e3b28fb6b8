"""One encoded image (PNG, JPEG, ...) to bytes of the size and channels asked for, or the reason why it cannot be."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from weft.errors import MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

#: Extensions of files that are taken for images.
EXTENSIONS: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
#: Larger images are refused: decoding one would need more than a gigabyte.
MOST_PIXELS: Final = 2**28
_GREY: Final = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L")
_DEEP: Final = ("I", "I;16", "I;16B", "I;16L", "F")


@dataclass(frozen=True)
class Form:
    """What every image is brought to.

    Attributes:
        height: in pixels.
        width: in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
    """

    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width


def pillow() -> Any:
    """Return the package that reads images.

    Raises:
        MissingExtraError: when it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("Pillow", "images") from None
    return Image


def decode(data: bytes, form: Form, most: int | None = None) -> tuple[NDArray[np.uint8], str, str]:
    """Decode an image, scale it until it just covers the form, and cut out its middle.

    Args:
        data: the bytes of a file.
        form: size and channels.
        most: pixels of the largest image that is decoded; by default `MOST_PIXELS`.

    Returns:
        uint8 `[C, H, W]` (zeros when it cannot be decoded), `ok` or the reason, and what had to be converted
        (`palette`, `CMYK`, `16 bit`, ... or '').
    """
    nothing = np.zeros(form.shape, np.uint8)
    if not data:
        return nothing, "the file is empty", ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large images and odd metadata: size is checked here
            with _opened(data) as image:
                if image.width * image.height > (most or MOST_PIXELS):
                    return nothing, f"{image.width} x {image.height} pixels are too many", ""
                image.draft("RGB" if form.channels == 3 else "L", (2 * form.width, 2 * form.height))
                mode = image.mode
                return _fitted(image, form), "ok", _converted(mode, form.channels)
    except Exception as error:  # whatever a decoder raises of a broken file is the reason for this row
        return nothing, _reason(error), ""


def _opened(data: bytes) -> Image:
    from PIL.Image import DecompressionBombError

    try:
        return pillow().open(io.BytesIO(data))
    except DecompressionBombError as error:
        raise ValueError("too many pixels") from error


def _fitted(image: Image, form: Form) -> NDArray[np.uint8]:
    from PIL import Image as pil
    from PIL import ImageOps

    if image.mode in _DEEP:
        image = _eight_bit(image)
    elif image.mode == "P" or "A" in image.mode:
        image = _on_white(image)
    plain = image.convert("RGB" if form.channels == 3 else "L")
    size = (form.width, form.height)
    if plain.size != size:
        plain = ImageOps.fit(plain, size, pil.Resampling.BILINEAR)
    values = np.asarray(plain, np.uint8)
    return values[None] if form.channels == 1 else np.ascontiguousarray(values.transpose(2, 0, 1))


def _eight_bit(image: Image) -> Image:
    """Bring 16-bit and floating point greys to 8 bit: whole numbers by their upper byte, others by their range."""
    from PIL import Image as pil

    values = np.asarray(image, np.float64)
    if image.mode == "F":
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255 / (high - low) if high > low else 0.0)
    elif values.max() > 255:
        values = values / 257
    return pil.fromarray(values.clip(0, 255).round().astype(np.uint8))


def _on_white(image: Image) -> Image:
    """Lay an image that is transparent in places, or has a palette, on white."""
    from PIL import Image as pil

    whole = image.convert("RGBA")
    return pil.alpha_composite(pil.new("RGBA", whole.size, (255, 255, 255, 255)), whole)


def _converted(mode: str, channels: int) -> str:
    if mode in _DEEP:
        return "floating point" if mode == "F" else "16 bit"
    if mode in ("P", "PA"):
        return "palette"
    if "A" in mode or "a" in mode.removeprefix("La"):
        return "transparency" if mode != "LAB" else "LAB"
    if mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        return mode
    return "colour" if channels == 1 and mode == "RGB" else ""


def _reason(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "this is no image that can be read"
    told = " ".join(str(error).split())[:100]
    return f"the image is damaged or cut short ({told or type(error).__name__})"


def look(data: bytes) -> tuple[int, int, bool] | None:
    """Return width, height and whether an image is grey, without decoding it; None for what is no image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(data) as image:
                return image.width, image.height, image.mode in _GREY
    except Exception:  # a damaged image has no form
        return None
