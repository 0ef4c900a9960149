"""Distil a large network into a small melanoma classifier, and prove honestly how good it is.

>>> import dermdistill
>>> model = dermdistill.load("model.onnx")                                     # doctest: +SKIP
>>> model.predict(["photo.jpg"])[0].probability                                # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from dermdistill.errors import UserError

if TYPE_CHECKING:
    from dermdistill.inference.model import Model, Prediction, load

    __version__: str

__all__ = ["Model", "Prediction", "UserError", "__version__", "load"]


def __getattr__(name: str) -> object:
    """Import on first use: `dermdistill --help` needs neither NumPy nor ONNX Runtime."""
    if name == "__version__":
        from importlib.metadata import version

        return version("dermdistill")
    if name in __all__:
        from dermdistill.inference import model

        return getattr(model, name)
    raise AttributeError(f"module 'dermdistill' has no attribute {name!r}")
