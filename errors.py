"""Every error faceql raises on purpose.

FaceQLError
├── QueryError(ValueError)     the instruction: what to change in it, and where
├── ImageError                 the photo cannot be read, or is larger than allowed
│   ├── NoFaceError            no face was found in it
│   └── NoSuchFaceError        it has faces, but not the one asked for
├── CheckpointError            the weights are missing, damaged or of another model
└── ConfigError                a setting, recipe or data file is wrong
"""

from __future__ import annotations


class FaceQLError(Exception):
    """The root: catch it to catch everything faceql raises on purpose."""


class ImageError(FaceQLError):
    """The photo cannot be used; the message says why and what would do."""


class NoFaceError(ImageError):
    """No face was found in the photo."""


class NoSuchFaceError(ImageError):
    """The photo has faces, but not the one the instruction asks for."""


class CheckpointError(FaceQLError):
    """The weights are missing, damaged, or made for another model."""


class ConfigError(FaceQLError):
    """A setting, a recipe or a data file is wrong; the message names the key."""
