"""Tracking: a clip and an instruction in, an answer for each frame out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model.crops import CropFrame
from ..querylang.query import Query
from .answer import Answer
from .answer_units import Units
from .choosing import number_faces
from .composing import LocatedFace, compose_answer
from .encoded_image import EncodedImage
from .encoding import FaceCrop, FaceEncoder, View, judge_face
from .faces import Face
from .following import Follower, How, Selection, Track
from .images import Photo
from .smoothing import Motion, PointSmoother

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]

SEARCH_EVERY = 6


@dataclass(frozen=True, eq=False)
class FrameAnswer:
    """What one frame of a clip answers; immutable.

    Attributes:
        frame: The frame's place in the clip, from 0.
        time: Seconds from the beginning.
        answer: The points of the faces that are followed and seen in this frame, in pixels of the frame; it may hold
            no face and no point.
        identities: Of each of `answer.faces` its number, from 1: the same face has the same one in every frame until it
            was hidden for more than two seconds, or the scene was cut.
        how: Of each of them "tracked", where it was expected from the frame before, or "found", by a search.
        is_cut: Whether another scene begins.

    Examples:
        >>> (frame,) = engine.track([photo.photo], "pupils")
        >>> frame.frame, frame.time, frame.identities, frame.how, len(frame.answer)
        (0, 0.0, (1,), ('found',), 2)
    """

    frame: int
    time: float
    answer: Answer
    identities: tuple[int, ...]
    how: tuple[How, ...]
    is_cut: bool = False

    def to_dict(self, *, units: Units = "px") -> dict[str, Any]:
        """Return it as plain data, the answer as `Answer.to_dict` has it.

        Raises:
            ConfigError: There are no such units.

        Examples:
            >>> (frame,) = engine.track([photo.photo], "pupils")
            >>> list(frame.to_dict())
            ['frame', 'time', 'identities', 'how', 'is_cut', 'answer']
        """
        return {
            "frame": self.frame,
            "time": round(self.time, 6),
            "identities": list(self.identities),
            "how": list(self.how),
            "is_cut": self.is_cut,
            "answer": self.answer.to_dict(units=units),
        }


@dataclass(frozen=True)
class Tracker:
    """What of an engine tracking needs.

    Attributes:
        encoder: Looks at faces.
        find: Returns the faces of a frame, numbered.
        locate: Returns where the query's points lie on a face.
        doubtful_above: As `Engine` has it.
        model_version: Which weights answer.
    """

    encoder: FaceEncoder
    find: Callable[[ByteArray], Sequence[Face]]
    locate: Callable[[Face, FaceCrop, Query], LocatedFace]
    doubtful_above: float
    model_version: str

    def track(
        self,
        frames: Iterable[tuple[float, Photo]],
        query: Query,
        selection: Selection,
        *,
        smooth: bool,
        search_every: int,
        keep_photos: bool,
    ) -> Iterator[FrameAnswer]:
        """Yield the answer of each frame; see `Engine.track`."""
        looks = _LooksForQuery(self.encoder, list_parts(query))
        follower = Follower(looks, self.find, self._is_doubtful, selection, search_every)
        smoothers: dict[int, _FaceSmoother] = {}
        for index, (time, photo) in enumerate(frames):
            is_cut = follower.step(photo.pixels, time)
            # Whoever is gone needs no memory.
            smoothers = {track.identity: smoothers.get(track.identity) or _FaceSmoother() for track in follower.tracks}
            seen = sorted(follower.seen, key=lambda track: track.identity)
            located = self._locate_each(seen, query)
            if smooth:
                located = [
                    smoothers[track.identity].smooth(one, track.view, time)
                    for track, one in zip(seen, located, strict=True)
                ]
            answer = self._compose(photo, query, located, selection.problem)
            yield FrameAnswer(
                index,
                time,
                answer if keep_photos else replace(answer, photo=None),
                tuple(track.identity for track in seen),
                tuple(track.how for track in seen),
                is_cut,
            )

    def _is_doubtful(self, face: Face, view: View) -> bool:
        return judge_face(face, view.crop, self.doubtful_above).doubtful

    def _locate_each(self, seen: Sequence[Track], query: Query) -> list[LocatedFace]:
        faces = number_faces([track.face for track in seen])
        judged = [
            judge_face(face, track.view.crop, self.doubtful_above) for face, track in zip(faces, seen, strict=True)
        ]
        return [self.locate(face, track.view.crop, query) for face, track in zip(judged, seen, strict=True)]

    def _compose(self, photo: Photo, query: Query, located: Sequence[LocatedFace], problem: str | None) -> Answer:
        image = EncodedImage(photo, tuple(one.face for one in located), False, self.model_version)
        answer = compose_answer(image, query, located, is_default=False) if located else answer_nobody(image, query)
        return replace(answer, notes=(*answer.notes, problem)) if problem else answer


@dataclass(frozen=True)
class _LooksForQuery:
    """Looks at faces which one query will be asked of."""

    encoder: FaceEncoder
    parts: tuple[str, ...] | None

    def view(self, wanted: Sequence[tuple[ByteArray, Face]]) -> list[View]:
        return self.encoder.view(wanted)

    def follow(self, photo: ByteArray, frames: Sequence[CropFrame]) -> list[View]:
        return self.encoder.follow(photo, frames, self.parts)


def list_parts(query: Query) -> tuple[str, ...] | None:
    """Return the parts on whose curves a query's points lie; None where surfaces, which hang on all, are among them."""
    if any(landmark.v is not None for landmark in query.landmarks):
        return None
    return tuple(dict.fromkeys(landmark.part for landmark in query.landmarks))


class _FaceSmoother:
    """Smooths all that is located on one face."""

    def __init__(self) -> None:
        self._points, self._vertices = PointSmoother(), PointSmoother()
        self._context: FloatArray | None = None

    def smooth(self, one: LocatedFace, view: View, time: float) -> LocatedFace:
        """Return what is located in a frame, smoothed, after a look at the face."""
        frame, located = view.crop.frame, one.located
        context = frame.to_photo(view.context)
        motion = None if self._context is None else Motion.between(self._context, context)
        self._context = context
        xy = self._points.smooth(located.xy, located.expected_error, motion, frame.side_px, time)
        vertices = one.vertices
        if vertices is not None:
            usual = np.full(len(vertices), float(np.median(located.expected_error)))
            smooth = self._vertices.smooth(vertices.astype(np.float64), usual, motion, frame.side_px, time)
            vertices = smooth.astype(np.float32)
        return replace(one, located=replace(located, xy=xy), vertices=vertices)


def answer_nobody(image: EncodedImage, query: Query) -> Answer:
    """Return the answer of a photo in which nobody is seen."""
    return Answer(
        query=query,
        perspective=query.perspective,
        parts=(),
        fpalps=np.zeros(0),
        names=(),
        xy=np.zeros((0, 2), np.float32),
        expected_error=np.zeros(0, np.float32),
        error_ellipses=np.zeros((0, 3), np.float32),
        face_index=np.zeros(0, np.int64),
        faces=(),
        image_size=image.image_size,
        model_version=image.model_version,
        notes=(*image.photo.notes, *query.notes),
        photo=image.photo,
    )
