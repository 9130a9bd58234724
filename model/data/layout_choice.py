"""Which layouts train: a fused mix of labels cut down to single layouts, as the paper's Table 4 compares them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from .curves import make_scheme
from .packs import EXTRA_LANDMARKS, AnnotatedFaces


def keep_layouts(sets: Sequence[AnnotatedFaces], layouts: Sequence[str]) -> tuple[AnnotatedFaces, ...]:
    """Keep the sets that are labelled in one of the layouts, and of each only the columns of that layout.

    The landmarks that other sources add to a layout (`EXTRA_LANDMARKS`: pupils, nostril wings, middles) are dropped
    with the rest, so that training sees nothing that the layout's own files do not hold.

    Args:
        sets: faces in any schemes.
        layouts: names in the registry, such as "300w".

    Raises:
        ConfigError: there is no such layout.
    """
    known = load_registry().layouts
    if unknown := [name for name in layouts if name not in known]:
        raise ConfigError(f"no layout {unknown[0]!r}; there are: {', '.join(known)}")
    kept = []
    for faces in sets:
        own = set(faces.scheme.landmarks) - set(EXTRA_LANDMARKS)
        layout = next((name for name in layouts if own <= set(known[name].landmarks)), None)
        if layout is not None:
            kept.append(keep_columns(faces, known[layout].landmarks))
    return tuple(kept)


def keep_columns(faces: AnnotatedFaces, landmarks: Collection[LandmarkQuery]) -> AnnotatedFaces:
    """Return the faces with the columns of these landmarks alone."""
    columns = [i for i, landmark in enumerate(faces.scheme.landmarks) if landmark in landmarks]
    return replace(
        faces,
        scheme=make_scheme([faces.scheme.landmarks[i] for i in columns], load_registry()),
        points=faces.points[:, columns],
        column_weights=faces.column_weights[columns],
        visibility=None if faces.visibility is None else faces.visibility[:, columns],
    )
