"""Pickled dictionaries of arrays, as few-shot data sets are passed on, read without running what they name.

A pickle is a program that may call anything it can import. Here it can import nothing: the few names that plain values
and arrays need stand for functions of this file, which make arrays from bytes after looking at every number. NumPy's
own constructors are not among them: a damaged file makes them write outside of their memory.
"""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from weft.errors import UserError
from weft.files import disk_errors

#: Kinds of arrays: truth values, numbers, bytes and text.
_KINDS: Final = "biufcSU"


class _Array(np.ndarray[Any, Any]):
    """An array that is filled when the rest of the file is read: only as the state of a plain one."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, raw = state
        sizes, content = tuple(int(n) for n in shape), _content(raw)
        _check(content, _real(dtype), sizes)
        plain: Any = (1, sizes, _real(dtype), bool(fortran), content)
        super().__setstate__(plain)


class _Dtype:
    """The type of an array: a name, and the order of its bytes."""

    __slots__ = ("made",)

    def __init__(self, name: Any, *_: Any) -> None:
        word = name.decode("ascii") if isinstance(name, bytes) else name
        made = np.dtype(word) if isinstance(word, str) else None
        if made is None or made.kind not in _KINDS or made.shape or made.fields:
            raise pickle.UnpicklingError(f"numpy.dtype({name!r})")
        self.made = made

    def __setstate__(self, state: Any) -> None:
        if any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("numpy.dtype of records")
        self.made = self.made.newbyteorder(state[1]) if state[1] in ("<", ">") else self.made


class _Call:
    """A function that a file may name; a file can neither look into it nor change it."""

    __slots__ = ("run",)

    def __init__(self, run: Callable[..., Any]) -> None:
        self.run = run

    def __call__(self, *given: Any) -> Any:
        return self.run(*given)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a changed function")


def _real(dtype: Any) -> np.dtype[Any]:
    if not isinstance(dtype, _Dtype):
        raise pickle.UnpicklingError(f"an array of {type(dtype).__name__}")
    return dtype.made


def _content(raw: Any) -> bytes:
    if isinstance(raw, str):
        return raw.encode("latin1")
    if not isinstance(raw, bytes | bytearray):
        raise pickle.UnpicklingError(f"an array made of {type(raw).__name__}")
    return bytes(raw)


def _check(content: bytes, dtype: np.dtype[Any], sizes: tuple[int, ...]) -> None:
    """Refuse a shape that does not take exactly the bytes there are."""
    if min(sizes, default=0) < 0 or math.prod(sizes) * dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for an array of {dtype} {list(sizes)}")


def _empty(*_: Any) -> _Array:
    return np.zeros(0, np.int8).view(_Array)


def _scalar(dtype: Any, raw: Any) -> Any:
    content = _content(raw)
    _check(content, _real(dtype), ())
    return np.frombuffer(content, _real(dtype))[0]


def _from_buffer(raw: Any, dtype: Any, shape: Any, order: Any) -> NDArray[Any]:
    content, sizes = _content(raw), tuple(int(n) for n in shape)
    _check(content, _real(dtype), sizes)
    if not content:
        return np.zeros(sizes, _real(dtype))
    return np.frombuffer(content, _real(dtype)).reshape(sizes, order="F" if order == "F" else "C")


def _encode(text: Any, *_: Any) -> bytes:
    return str(text).encode("latin1")


#: Module and name that a pickle may ask for -> what it gets.
_ADMITTED: Final[dict[tuple[str, str], object]] = {
    ("numpy", "ndarray"): "the type of arrays",  # an argument of _reconstruct, never called
    ("numpy", "dtype"): _Call(_Dtype),
    ("_codecs", "encode"): _Call(_encode),
    ("collections", "OrderedDict"): _Call(OrderedDict),
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Call(_empty) for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Call(_scalar) for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _Call(_from_buffer) for core in ("core", "_core")},
}


class _Reader(pickle._Unpickler):  # pyright: ignore[reportPrivateUsage,reportUntypedBaseClass,reportAttributeAccessIssue]
    """The reader in Python: the one in C takes gigabytes for a few bytes that name a high place in its memory."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for one of the few names that are admitted."""
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return _ADMITTED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Refuse what is not in the file."""
        raise pickle.UnpicklingError(f"a reference to {pid!r} outside of the file")


def read_pickle(path: Path) -> Any:
    """Return what a pickle of plain values and NumPy arrays holds.

    Raises:
        UserError: naming what it asks for besides, or telling that it is damaged.
    """
    try:
        with disk_errors(path), path.open("rb") as file:
            return _Reader(file, encoding="latin1").load()
    except pickle.UnpicklingError as error:
        what = f"it holds {error}, which weft does not unpickle"
        mend = "Give a file of plain NumPy arrays, lists and dictionaries, or .npz."
        raise UserError(what, where=str(path), mend=mend) from error
    except UserError:
        raise
    except Exception as error:  # a damaged program may fail in any way
        told = " ".join(str(error).split())[:100]
        raise UserError(
            f"this is no pickle, or it is damaged ({told})", where=str(path), mend="Fetch it again."
        ) from error
