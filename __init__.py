"""faceql: ask a face for landmarks in plain words."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_LAZY_EXPORTS = {"Answer": ".engine", "EncodedImage": ".engine", "Engine": ".engine"}

if TYPE_CHECKING:
    from .engine import Answer as Answer
    from .engine import EncodedImage as EncodedImage
    from .engine import Engine as Engine


def __getattr__(name: str) -> Any:
    """Import the engine, and torch with it, when it is first asked for: parsing needs neither."""
    if name not in _LAZY_EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LAZY_EXPORTS[name], __name__), name)
    globals()[name] = value
    return value
