"""Find melanoma in dermoscopic images with small networks that are distilled from large ones.

Research software, not a medical device.

    import dermdistill

    model = dermdistill.load()                    # the packaged model; or load("model.onnx")
    prediction = model.predict("photo.jpg")[0]
    prediction.probability, prediction.decision, prediction.warnings
    prediction.to_dict()                          # for JSON
    dermdistill.explain("photo.jpg", model)       # where did it look?

A photograph that cannot be read is a ``UserError``, whose message says what to do.
"""

import os
from typing import TYPE_CHECKING

from dermdistill.errors import UserError

if TYPE_CHECKING:
    from dermdistill.inference.explain import Explanation, explain
    from dermdistill.inference.model import Model, load
    from dermdistill.inference.prediction import Prediction

    __version__: str

# Without it ONNX Runtime 1.29 and later send names of models and more to Microsoft.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = ["Explanation", "Model", "Prediction", "UserError", "__version__", "explain", "load"]

_MODULES = {
    "Explanation": "explain",
    "Model": "model",
    "Prediction": "prediction",
    "explain": "explain",
    "load": "model",
}
"""Where in ``dermdistill.inference`` a name is."""


def __getattr__(name: str) -> object:
    """Import on first use: `dermdistill --help` needs neither NumPy nor ONNX Runtime."""
    if name == "__version__":
        from importlib.metadata import version

        return version("dermdistill")
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"dermdistill.inference.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'dermdistill' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What `help(dermdistill)` and completion show."""
    return [*__all__, "__doc__", "__file__", "__name__", "__path__"]
