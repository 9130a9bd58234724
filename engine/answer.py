"""The answer: landmarks in pixels of the photo, with all that says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import ConfigError, NoSuchPointError
from ..querylang.parse import parse
from ..querylang.query import Query
from . import drawing, formats, regions
from .faces import Face
from .images import Photo
from .part_curve import PartCurve

SCHEMA_VERSION = 2
FRAME = "pixels of the upright photo; (0, 0) is the centre of the top-left pixel"


@dataclass(frozen=True, slots=True)
class Landmark:
    """One landmark of an answer.

    Attributes:
        part: Its face part, in the viewer's terms.
        fpalp: Its place along the part's curve, 0 at the start and 1 at the end.
        name: Its own name where it has one ("left mouth corner"), else its part and place.
        xy: Pixels of the photo.
        expected_error: How far off it is likely to be, in pixels of the photo.
        face: Index into `Answer.faces`.
    """

    part: str
    fpalp: float
    name: str
    xy: tuple[float, float]
    expected_error: float
    face: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """A run of an answer's points on one part of one face: a line or a ring.

    Attributes:
        part: The part.
        face: Index into `Answer.faces`.
        start: First index of the run among the answer's points.
        stop: The index after its last.
    """

    part: str
    face: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Answer:
    """The landmarks of one instruction on one photo; immutable.

    Points come in the order asked, face by face. Coordinates are pixels of the upright photo as (x, y),
    (0, 0) being the centre of the top-left pixel. "left" in names is the left of the picture, whatever the
    perspective of the instruction.

    Attributes:
        query: The query that was answered.
        perspective: Whose left plain "left" meant in the instruction: "viewer" or "subject".
        parts: The part of each of the N points.
        fpalps: (N,) float64, the place of each along its part.
        names: The name of each.
        xy: (N, 2) float32.
        expected_error: (N,) float32, pixels of the photo.
        error_ellipses: (N, 3) float32, the shape of each expected error: longer and shorter semi-axis in pixels of the
            photo, and the longer one's direction in degrees clockwise from the x axis. Each has the area of the
            circle of the expected error.
        face_index: (N,) int64, index into `faces` of each.
        faces: The faces that were answered for.
        image_size: (height, width) of the photo in pixels.
        model_version: Which weights answered.
        notes: What was decided while reading the photo and the instruction.
        photo: The photo, for `draw`; None in an answer that was read from a file.
    """

    query: Query
    perspective: str
    parts: tuple[str, ...]
    fpalps: npt.NDArray[np.float64]
    names: tuple[str, ...]
    xy: npt.NDArray[np.float32]
    expected_error: npt.NDArray[np.float32]
    error_ellipses: npt.NDArray[np.float32]
    face_index: npt.NDArray[np.int64]
    faces: tuple[Face, ...]
    image_size: tuple[int, int]
    model_version: str
    notes: tuple[str, ...] = ()
    photo: Photo | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        count = len(self.parts)
        arrays = (self.fpalps, self.xy, self.expected_error, self.error_ellipses, self.face_index)
        shapes = [array.shape for array in arrays]
        if len(self.names) != count or shapes != [(count,), (count, 2), (count,), (count, 3), (count,)]:
            raise ConfigError(f"an answer of {count} points holds arrays of other lengths: {shapes}")
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[Landmark]:
        return iter(self.points)

    @overload
    def __getitem__(self, key: int) -> Landmark: ...
    @overload
    def __getitem__(self, key: str) -> tuple[Landmark, ...]: ...
    def __getitem__(self, key: int | str) -> Landmark | tuple[Landmark, ...]:
        """Return a point by its index, or the points that lie where words say, as `find` does.

        Raises:
            IndexError: There is no such index.
            NoSuchPointError: No point of the answer lies there.
            QueryError: The words cannot be understood.
        """
        if isinstance(key, str):
            found = tuple(self.points[i] for i in self.find(key).tolist())
            if not found:
                raise NoSuchPointError(f"the answer holds no points on {key!r}: ask for them too")
            return found
        return self.points[key]

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Answer) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Answer.from_dict, (self.to_dict(), self.photo)

    @cached_property
    def points(self) -> tuple[Landmark, ...]:
        """The points one by one, in the order asked, face by face."""
        rows = zip(
            self.parts,
            self.fpalps.tolist(),
            self.names,
            self.xy.tolist(),
            self.expected_error.tolist(),
            self.face_index.tolist(),
            strict=True,
        )
        return tuple(Landmark(part, f, name, (x, y), e, face) for part, f, name, (x, y), e, face in rows)

    @cached_property
    def strokes(self) -> tuple[Stroke, ...]:
        """The runs of points that share a part and a face: one line or ring each, when a shape is asked."""
        strokes: list[Stroke] = []
        start = 0
        for stop in range(1, len(self) + 1):
            is_run_over = stop == len(self) or (
                self.parts[stop] != self.parts[start] or self.face_index[stop] != self.face_index[start]
            )
            if is_run_over:
                strokes.append(Stroke(self.parts[start], int(self.face_index[start]), start, stop))
                start = stop
        return tuple(strokes)

    def find(self, where: str, *, face: int | None = None) -> npt.NDArray[np.int64]:
        """Return the indices (M,) of the points that lie where words say, in the order of the answer; none is no error.

        Args:
            where: A point's own name ("left mouth corner"), a part ("outer lip"), or anything that the language reads
                as parts, stretches or places ("eyes", "upper half of the left eye", "tip of the nose"); "left" is the
                left of the picture.
            face: Only the points of this index into `faces`.

        Raises:
            QueryError: The words cannot be understood.
        """
        return regions.find_points(self, where, face)

    def curve(self, where: str, *, face: int = 0) -> PartCurve:
        """Return a smooth curve through the answer's points on one part of one face, or on a stretch of it.

        Args:
            where: "outer lip", "left eye", "upper half of the left eye", ...
            face: Index into `faces`.

        Raises:
            NoSuchPointError: The answer has fewer than two points there.
            ConfigError: It is more than one part, or one that is a point.
            QueryError: The words cannot be understood.
        """
        return regions.fit_curve(self, where, face)

    def polyline(self, where: str, *, face: int = 0) -> npt.NDArray[np.float64]:
        """Return the answer's points (M, 2) on a part or a stretch, along its curve; a ring ends where it begins.

        Raises:
            NoSuchPointError, ConfigError, QueryError: As for `curve`.
        """
        curve = self.curve(where, face=face)
        return np.concatenate([curve.xy, curve.xy[:1]]) if curve.is_ring else curve.xy

    def polygon(self, where: str, *, face: int = 0) -> npt.NDArray[np.float64]:
        """Return the corners (M, 2) of the polygon that the answer's points on a part or a stretch make, each once.

        The polygon of an open part, or of a stretch, is closed by the chord between its ends.

        Raises:
            NoSuchPointError: The answer has fewer than three points there.
            ConfigError, QueryError: As for `curve`.
        """
        corners = self.curve(where, face=face).xy
        if len(corners) < 3:
            raise NoSuchPointError(f"a polygon needs three points or more: ask for more of {where!r}")
        return corners

    def mask(self, where: str, *, face: int | None = None, feather: float = 0.0) -> npt.NDArray[np.float32]:
        """Return how much of each pixel of the photo a region of the face covers.

        The region is bounded by smooth curves through the answer's points, so ask for enough of them: "60 points on
        the outer lip and 60 on the inner lip". "lips" are without the mouth opening; "outer lip" is with it. An open
        part is closed by the chord between its ends.

        Args:
            where: "lips", "upper lip", "eyes", "eyebrows", "mouth opening", "face contour", ...
            face: Index into `faces`; None for all of them together.
            feather: Standard deviation of a Gaussian that softens the edge, in pixels.

        Returns:
            (height, width) float32, 0 outside to 1 inside, anti-aliased.

        Raises:
            NoSuchPointError: A face has fewer than two points on a part of the region.
            ConfigError: The region is no region, or feather is negative.
            QueryError: The words cannot be understood.
        """
        return regions.paint_mask(self, where, face, feather)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the photo as plain data; `Answer.from_dict` reads it back."""
        return {
            "schema_version": SCHEMA_VERSION,
            "instruction": self.query.text,
            "canonical": self.query.canonical,
            "perspective": self.perspective,
            "shape": self.query.shape,
            "image_size": {"height": self.image_size[0], "width": self.image_size[1]},
            "frame": FRAME,
            "model_version": self.model_version,
            "notes": list(self.notes),
            "faces": [
                {
                    "box": [round(value, 3) for value in face.box],
                    "score": face.score,
                    "number": face.number,
                    "angle": face.angle,
                }
                for face in self.faces
            ],
            "points": [
                {
                    "face": point.face,
                    "part": point.part,
                    "fpalp": point.fpalp,
                    "name": point.name,
                    "x": formats.shorten(self.xy[i, 0]),
                    "y": formats.shorten(self.xy[i, 1]),
                    "expected_error": formats.shorten(self.expected_error[i]),
                    "error_ellipse": [formats.shorten(value) for value in self.error_ellipses[i]],
                }
                for i, point in enumerate(self.points)
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], photo: Photo | None = None) -> Answer:
        """Read back what `to_dict` returned.

        Raises:
            ConfigError: It is of another schema version, or a key is missing or of a wrong kind.
        """
        if data.get("schema_version") != SCHEMA_VERSION:
            raise ConfigError(f"schema_version must be {SCHEMA_VERSION}, not {data.get('schema_version')!r}")
        if data.get("units", "px") != "px":
            raise ConfigError(f"the points are {data['units']!r}: an answer is read from pixels")
        try:
            points = data["points"]
            return cls(
                query=replace(parse(data["canonical"]), text=data["instruction"], perspective=data["perspective"]),
                perspective=data["perspective"],
                parts=tuple(point["part"] for point in points),
                fpalps=np.array([point["fpalp"] for point in points], dtype=np.float64),
                names=tuple(point["name"] for point in points),
                xy=np.array([(point["x"], point["y"]) for point in points], dtype=np.float32).reshape(-1, 2),
                expected_error=np.array([point["expected_error"] for point in points], dtype=np.float32),
                error_ellipses=np.array([point["error_ellipse"] for point in points], dtype=np.float32).reshape(-1, 3),
                face_index=np.array([point["face"] for point in points], dtype=np.int64),
                faces=tuple(_read_face(face) for face in data["faces"]),
                image_size=(data["image_size"]["height"], data["image_size"]["width"]),
                model_version=data["model_version"],
                notes=tuple(data["notes"]),
                photo=photo,
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ConfigError(f"not an answer of schema {SCHEMA_VERSION}: {error!r}") from error

    def to_json(self, *, indent: int | None = None) -> str:
        """Return `to_dict()` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read back what `to_json` returned.

        Raises:
            ConfigError: It is not JSON, or not an answer.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"not JSON: {error}") from error
        if not isinstance(data, dict):
            raise ConfigError("an answer in JSON is an object")
        return cls.from_dict(data)

    def to_csv(self) -> str:
        """Return one row a point, under the heading index,face,part,fpalp,name,x,y,expected_error."""
        return formats.write_csv(self)

    def to_svg(self) -> str:
        """Return an SVG overlay of the photo's size: dots, or the lines or rings that are asked for."""
        return formats.write_svg(self)

    def to_pts(self, face: int = 0) -> str:
        """Return the points of one face as a 300W .pts file, which counts pixels from 1.

        Args:
            face: Index into `faces`.

        Raises:
            NoSuchFaceError: The answer has no such face.
        """
        return formats.write_pts(self, face)

    def to_coco(self, *, image_id: int = 1, file_name: str | None = None) -> dict[str, Any]:
        """Return the answer as a COCO keypoint dataset of one image: one annotation a face.

        Keypoints keep this answer's frame, which is COCO's for them (pixels counted from 0); boxes are moved by half a
        pixel, to the outer corners that COCO counts them from. A point in the photo is visible (2), one outside it
        labelled (1). The category's keypoints are the points' names, its skeleton joins neighbours on a part.

        Args:
            image_id: The image's id.
            file_name: The image's file name.
        """
        return formats.make_coco(self, image_id=image_id, file_name=file_name)

    def to_supervision(self) -> Any:
        """Return the answer as `supervision.KeyPoints` (faces, points, 2), if `supervision` is installed.

        Raises:
            ConfigError: It is not, or the faces have different numbers of points.
        """
        return formats.make_supervision(self)

    def draw(
        self,
        image: Image.Image | None = None,
        *,
        scale: float = 1.0,
        legend: bool = True,
        errors: bool = False,
    ) -> Image.Image:
        """Return the photo with the points on it, and the lines or filled rings that are asked for.

        Args:
            image: Another picture of the photo's size to draw on.
            scale: The result is this many times the photo's size (for small photos).
            legend: Name the parts and their colours in the corner with the fewest points; left out where the
                picture has no room for readable letters.
            errors: Show each point's expected error as its ellipse.

        Raises:
            ImageError: There is no photo to draw on, or `image` is of another size.
        """
        return drawing.draw_answer(self, image, scale=scale, legend=legend, errors=errors)


def _read_face(data: Mapping[str, Any]) -> Face:
    x0, y0, x1, y1 = (float(value) for value in data["box"])
    return Face((x0, y0, x1, y1), data["score"], data["number"], data.get("angle", 0.0))
