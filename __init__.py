"""faceql: ask a face for landmarks in plain words."""

__version__ = "0.1.0"
