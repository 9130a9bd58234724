"""faceql: ask a face for landmarks in plain words."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .loading import pause_gc

if TYPE_CHECKING:
    from .engine.answer import Answer
    from .engine.encoded_image import EncodedImage
    from .engine.engine import Engine
    from .errors import (
        CheckpointError,
        ConfigError,
        FaceQLError,
        ImageError,
        NoFaceError,
        NoSuchFaceError,
        NoSuchPointError,
        QueryError,
        VideoError,
    )
    from .querylang.landmarks import LandmarkQuery
    from .querylang.parse import parse
    from .querylang.query import Query
    from .server.client import Client

__version__ = "0.2.0"

_HOMES = {
    "Answer": "engine.answer",
    "CheckpointError": "errors",
    "Client": "server.client",
    "ConfigError": "errors",
    "EncodedImage": "engine.encoded_image",
    "Engine": "engine.engine",
    "FaceQLError": "errors",
    "ImageError": "errors",
    "LandmarkQuery": "querylang.landmarks",
    "NoFaceError": "errors",
    "NoSuchFaceError": "errors",
    "NoSuchPointError": "errors",
    "Query": "querylang.query",
    "QueryError": "errors",
    "VideoError": "errors",
    "parse": "querylang.parse",
}

__all__ = [
    "Answer",
    "CheckpointError",
    "Client",
    "ConfigError",
    "EncodedImage",
    "Engine",
    "FaceQLError",
    "ImageError",
    "LandmarkQuery",
    "NoFaceError",
    "NoSuchFaceError",
    "NoSuchPointError",
    "Query",
    "QueryError",
    "VideoError",
    "__version__",
    "parse",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that parsing never imports torch."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'faceql' has no attribute {name!r}")
    with pause_gc():
        return getattr(import_module(f".{home}", __name__), name)
