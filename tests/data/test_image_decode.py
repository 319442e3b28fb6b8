"""One image decoded: odd ones are converted and told, broken ones are a reason, nothing is raised."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import encoded, picture
from weft.data.image_decode import Form, decode, look

FORM = Form(16, 16, 3)


def _bytes(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_an_image_of_the_right_form_is_its_pixels():
    # Protects: channels first, nothing scaled or moved.
    pixels, status, converted = decode(encoded(1, 0, 16), FORM)
    assert (status, converted) == ("ok", "")
    assert np.array_equal(pixels, picture(1, 0, 16).transpose(2, 0, 1))


def test_a_wide_image_is_cut_in_its_middle():
    # Protects: no stretching: a white middle stays, black borders go.
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, 16:32] = 255
    pixels, *_ = decode(_bytes(Image.fromarray(wide)), FORM)
    assert (pixels == 255).all()


@pytest.mark.parametrize(
    ("image", "form", "converted"),
    [
        (Image.fromarray(picture(0, 0)).convert("P"), "PNG", "palette"),
        (Image.fromarray(picture(0, 0)).convert("CMYK"), "JPEG", "CMYK"),
        (Image.fromarray(picture(0, 0)).convert("RGBA"), "PNG", "transparency"),
        (Image.fromarray(picture(0, 0)).convert("LA"), "PNG", "transparency"),
        (Image.fromarray(picture(0, 0)[..., 0].astype(np.uint16) * 257), "PNG", "16 bit"),
        (Image.fromarray(picture(0, 0)[..., 0].astype(np.float32)), "TIFF", "floating point"),
        (Image.fromarray(picture(0, 0)[..., 0]), "PNG", ""),
        (Image.fromarray(picture(0, 0)[..., 0] > 60), "PNG", ""),
    ],
)
def test_other_modes_are_converted_and_told(image, form, converted):
    # Protects: palette, CMYK, transparent, 16-bit, grey and black-and-white images are used, and what was done told.
    for channels in (1, 3):
        pixels, status, told = decode(_bytes(image, form), Form(32, 32, channels))
        assert status == "ok"
        assert pixels.shape == (channels, 32, 32)
        assert told == converted
        assert int(pixels.max()) > int(pixels.min())


def test_sixteen_bits_keep_their_upper_byte():
    # Protects: 257 k is k, not a white image.
    grey = picture(0, 0)[..., 0]
    pixels, *_ = decode(_bytes(Image.fromarray(grey.astype(np.uint16) * 257)), Form(32, 32, 1))
    assert np.array_equal(pixels[0], grey)


def test_what_is_transparent_is_white():
    # Protects: hidden colour under full transparency does not show.
    clear = np.zeros((16, 16, 4), np.uint8)
    assert (decode(_bytes(Image.fromarray(clear)), FORM)[0] == 255).all()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"no image", "no image that can be read"),
        (encoded(0, 0)[:200], "damaged or cut short"),
        (encoded(0, 0, 64, "JPEG")[:-200], "damaged or cut short"),
        (encoded(0, 0)[:60] + bytes(400) + encoded(0, 0)[460:], "damaged or cut short"),
    ],
)
def test_a_broken_image_is_a_reason(data, reason):
    # Protects: zero bytes, text, cut and overwritten files never raise, and their pixels are zeros.
    pixels, status, _ = decode(data, FORM)
    assert reason in status
    assert not pixels.any()


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    # Protects: a small file that would fill the memory.
    monkeypatch.setattr("weft.data.image_decode.MOST_PIXELS", 100)
    assert decode(encoded(0, 0), FORM)[1] == "32 x 32 pixels are too many"


def test_a_look_tells_the_form_without_decoding():
    # Protects: a cut file still has a size.
    assert look(encoded(0, 0, 48)[:200]) == (48, 48, False)
    assert look(b"text") is None
