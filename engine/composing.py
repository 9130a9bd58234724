"""Composing an answer: what was located on each face, put together, with what is worth saying about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..querylang.query import Query
from .answer import Answer
from .curves import Place
from .encoded_image import EncodedImage
from .encoding import Located
from .faces import Face
from .names import name_places
from .outlines import join_outlines, keep_points
from .visibility import count_unseen, settle_outside

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LocatedFace:
    """One face of an answer.

    Attributes:
        face: The face, as it was seen.
        doubt: How far off its first look is expected to be, as a share of its longer side.
        each: The places of each of the query's runs.
        located: Where all of them lie.
        vertices: (VERTICES, 2) float32, where the mesh's vertices lie, pixels of the photo, if a place on a surface was
            asked.
    """

    face: Face
    doubt: float
    each: Sequence[Sequence[Place]]
    located: Located
    vertices: FloatArray | None


def compose_answer(image: EncodedImage, query: Query, faces: Sequence[LocatedFace], *, is_default: bool) -> Answer:
    """Return the answer of a query.

    Args:
        image: The photo.
        query: What was asked.
        faces: What was located on each of them.
        is_default: Whether nothing but the query chose them.

    Raises:
        ConfigError: Only points that are seen are wanted, and the weights do not tell.
    """
    places = [place for face in faces for places in face.each for place in places]
    runs = [run for face in faces for run, places in enumerate(face.each) for _ in places]
    face_index = np.repeat(np.arange(len(faces)), [sum(map(len, face.each)) for face in faces])
    parts = tuple(place.part for place in places)
    xy = np.concatenate([face.located.xy for face in faces])
    expected_error = np.concatenate([face.located.expected_error for face in faces])
    judged = [face.located.visibility for face in faces if face.located.visibility is not None]
    meshes = [face.vertices for face in faces if face.vertices is not None]
    answer = Answer(
        query=query,
        perspective=query.perspective,
        parts=parts,
        fpalps=np.array([place.fpalp for place in places], dtype=np.float64),
        names=name_places(places),
        xy=xy.astype(np.float32),
        expected_error=expected_error.astype(np.float32),
        error_ellipses=np.concatenate([face.located.error_ellipses for face in faces]).astype(np.float32),
        face_index=face_index,
        faces=tuple(face.face for face in faces),
        image_size=image.image_size,
        model_version=image.model_version,
        notes=(
            *image.photo.notes,
            *query.notes,
            *note_other_faces(image, query, len(faces), is_default),
            *note_doubtful(faces),
        ),
        photo=image.photo,
        visibility=settle_outside(np.concatenate(judged), xy, expected_error, image.image_size) if judged else None,
        outlines=join_outlines(query, parts, runs, face_index.tolist()),
        vs=np.array([np.nan if place.v is None else place.v for place in places], dtype=np.float64),
        vertices=np.stack(meshes) if meshes else None,
        faces_found=len(image.faces),
    )
    return leave_out_unseen(answer) if query.visible_only else note_unseen(answer)


def note_other_faces(image: EncodedImage, query: Query, asked: int, is_default: bool) -> tuple[str, ...]:
    """Return what to say where one face of several is answered for because it is the largest."""
    found = len(image.faces)
    if not is_default or query.faces != "largest" or asked == found:
        return ()
    return (f"{found} faces were found, and this is the largest: ask for 'every face' or 'face 2' for others",)


def note_doubtful(faces: Sequence[LocatedFace]) -> list[str]:
    """Return a note on the faces that may be none, if there are any; the worst of them is described."""
    doubtful = [one for one in faces if one.face.doubtful]
    if not doubtful:
        return []
    worst = max(doubtful, key=lambda one: one.doubt)
    numbers = ", ".join(str(one.face.number) for one in doubtful)
    x0, y0, x1, y1 = worst.face.box
    who = f"face {numbers} is" if len(doubtful) == 1 else f"faces {numbers} are"
    where = "it" if len(doubtful) == 1 else f"face {worst.face.number}"
    return [
        f"{who} doubtful and may be none: on {where}, whose box is {x1 - x0:.4g} x {y1 - y0:.4g} px, the first look "
        f"expects to be off by {100 * worst.doubt:.0f}% of the face's size"
    ]


def note_unseen(answer: Answer) -> Answer:
    """Return an answer that says how many of its points are not seen."""
    if answer.visibility is None or answer.is_seen is None or answer.is_seen.all():
        return answer
    unseen = len(answer) - int(answer.is_seen.sum())
    note = f"{unseen} of {len(answer)} points are probably not seen: {count_unseen(answer.visibility)}"
    return replace(answer, notes=(*answer.notes, note))


def leave_out_unseen(answer: Answer) -> Answer:
    """Return an answer with only those points that are seen, which says how many were left out.

    Raises:
        ConfigError: The weights do not tell.
    """
    if answer.visibility is None or answer.is_seen is None:
        raise ConfigError(
            "these weights do not tell which points are seen, so none can be left out for that: ask for all points, "
            "or use weights taught by train-visibility"
        )
    kept = answer.is_seen
    total = len(answer)
    if kept.all():
        return replace(answer, notes=(*answer.notes, f"all {total} points are seen: none is left out"))
    left = "no point is left" if not kept.any() else f"{total - int(kept.sum())} of {total} points are left out"
    rows = np.flatnonzero(kept).tolist()
    return replace(
        answer,
        parts=tuple(answer.parts[row] for row in rows),
        fpalps=answer.fpalps[kept],
        vs=answer.vs[kept],
        names=tuple(answer.names[row] for row in rows),
        xy=answer.xy[kept],
        expected_error=answer.expected_error[kept],
        error_ellipses=answer.error_ellipses[kept],
        face_index=answer.face_index[kept],
        visibility=answer.visibility[kept],
        outlines=keep_points(answer.outlines, kept),
        notes=(*answer.notes, f"{left}, as probably not seen: {count_unseen(answer.visibility)}"),
    )
