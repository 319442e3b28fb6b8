"""Images, texts and vectors that a client sends, as the data that the predictor reads."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.errors import UserError
from weft.jobs.subjects import Subject as Kind
from weft.serve.schema import Subject

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.image_decode import Form

#: Largest image that a server decodes: some hundred megabytes of memory.
MOST_PIXELS = 2**25
#: Kind of data -> what a client sends of it.
FIELD = {"images": "image", "text": "text", "vectors": "vector"}


def content(kind: Kind, subject: Subject, at: int) -> tuple[str, Any]:
    """Return what is asked about and a short name for it, by which its encoding is kept.

    Raises:
        UserError: for a datum of another kind, or one that is not of the model's form.
    """
    field = FIELD[kind.kind]
    value = getattr(subject, field)
    if value is None:
        mend = f'Send {{"{field}": ...}}.'
        raise UserError(f"this model reads {kind.kind}", where=f"item {at + 1}", mend=mend)
    if kind.kind == "images":
        value = _bytes(value, at)
    if kind.kind == "vectors" and len(value) != len(kind.features):
        what = f"{len(value)} numbers, the model has {len(kind.features)} features"
        raise UserError(what, where=f"item {at + 1}", mend=f"Send them in order: {', '.join(kind.features[:5])}, ...")
    raw = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(raw, digest_size=16).hexdigest(), value


def _bytes(text: str, at: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        mend = "Send the bytes of a PNG or JPEG file in base64."
        raise UserError(f"the image is not base64 ({error})", where=f"item {at + 1}", mend=mend) from error


def data_of(kind: Kind, values: Sequence[Any]) -> Data:
    """Return the data of some contents, a row each."""
    if kind.kind == "text":
        from weft.data.texts import Texts

        return Texts(list(values))
    if kind.kind == "vectors":
        from weft.data.vector_table import vectors

        return vectors(np.array(values, np.float64).reshape(len(values), len(kind.features)))
    if kind.form is None:
        raise UserError("the model's run card does not tell the form of its images", mend="Fit again.")
    return _images(kind.form, values)


def _images(form: Form, values: Sequence[bytes]) -> Data:
    from weft.data.image_decode import decode
    from weft.data.image_pack import key_of
    from weft.data.images import Images
    from weft.data.pixels import Pixels

    found = [decode(value, form, MOST_PIXELS) for value in values]
    pixels = Pixels(np.stack([each[0] for each in found]))
    return Images(pixels, [each[1] for each in found], [key_of(value) for value in values])


def example(kind: Kind) -> Subject:
    """Return a datum to warm a server with."""
    if kind.kind == "text":
        return Subject(text="a text")
    if kind.kind == "vectors":
        return Subject(vector=[0.0] * len(kind.features))
    import io

    from weft.data.image_decode import pillow

    file = io.BytesIO()
    pillow().new("L", (16, 16)).save(file, "PNG")
    return Subject(image=base64.b64encode(file.getvalue()).decode())
