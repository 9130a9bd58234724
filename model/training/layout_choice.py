"""Which layouts train: a fused mix of labels cut down to single layouts, as the paper's Table 4 compares them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from ..data.curves import make_scheme
from ..data.packs import EXTRA_LANDMARKS, AnnotatedFaces
from .sets import TrainingFaces, TrainingSet


def keep_layouts(faces: TrainingFaces, layouts: Sequence[str]) -> TrainingFaces:
    """Keep the sets that are labelled in one of the layouts, and of each only the columns of that layout.

    The landmarks that other sources add to a layout (`EXTRA_LANDMARKS`: pupils, nostril wings, middles) are dropped
    with the rest, so that training sees nothing that the layout's own files do not hold. The sets' names tell it.

    Args:
        faces: what would train.
        layouts: names in the registry, such as "300w".

    Raises:
        ConfigError: there is no such layout, or no set is left of a kind, human, automatic or turned, that there was.
    """
    known = load_registry().layouts
    if unknown := [name for name in layouts if name not in known]:
        raise ConfigError(f"no layout {unknown[0]!r}; there are: {', '.join(known)}")

    def keep(sets: Sequence[TrainingSet], kind: str) -> tuple[TrainingSet, ...]:
        kept = []
        for one in sets:
            own = set(one.faces.scheme.landmarks) - set(EXTRA_LANDMARKS)
            layout = next((name for name in layouts if own <= set(known[name].landmarks)), None)
            if layout is not None:
                kept.append(replace(one, faces=keep_columns(one.faces, known[layout].landmarks, f"only {layout}")))
        if sets and not kept:
            raise ConfigError(f"no {kind} labels of {', '.join(layouts)} to train on, only others")
        return tuple(kept)

    turned = None if faces.turned is None else keep([faces.turned], "turned")[0]
    return replace(faces, human=keep(faces.human, "human"), auto=keep(faces.auto, "automatic"), turned=turned)


def keep_columns(faces: AnnotatedFaces, landmarks: Collection[LandmarkQuery], note: str) -> AnnotatedFaces:
    """Return the faces with the columns of these landmarks alone, the note in their name."""
    columns = [i for i, landmark in enumerate(faces.scheme.landmarks) if landmark in landmarks]
    return replace(
        faces,
        name=f"{faces.name} ({note})",
        scheme=make_scheme([faces.scheme.landmarks[i] for i in columns], load_registry()),
        points=faces.points[:, columns],
        column_weights=faces.column_weights[columns],
        visibility=None if faces.visibility is None else faces.visibility[:, columns],
    )
