"""Pickled dictionaries of arrays, as few-shot data sets are passed on, read without running what they name.

A pickle is a program that may call anything it can import. Here it can import NumPy's constructors of arrays, types and
numbers, and the codec that Python 2's bytes need; a file that names anything else is refused before it is called.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Final

from weft.errors import UserError
from weft.files import disk_errors

#: Module and name that a pickle may ask for -> module where it is now.
_ADMITTED: Final = {
    ("numpy", "ndarray"): "numpy",
    ("numpy", "dtype"): "numpy",
    **{
        (f"numpy.{core}.multiarray", name): "numpy._core.multiarray"
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    },
    **{(f"numpy.{core}.numeric", "_frombuffer"): "numpy._core.numeric" for core in ("core", "_core")},
    ("_codecs", "encode"): "_codecs",
    ("collections", "OrderedDict"): "collections",
}


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return one of the few constructors that are admitted."""
        if (module_name, global_name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"{module_name}.{global_name}")
        return super().find_class(_ADMITTED[module_name, global_name], global_name)

    def persistent_load(self, pid: Any, /) -> Any:
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
