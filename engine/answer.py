"""The answer: landmarks in pixels of the photo, with all that says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import ConfigError, NoSuchPointError
from ..model.surface_mesh import VERTICES
from ..querylang.query import Query
from . import drawing, formats, notebook, plain_data, regions, surface_regions
from .answer_units import Units, is_normalized, normalize_answer
from .arguments import read_whole, show
from .faces import Face
from .images import Photo
from .landmark import Landmark, Stroke
from .outlines import Outline
from .part_curve import PartCurve
from .surface_regions import SurfacePatch
from .visibility import SEEN_FROM, PointVisibility

FloatMask = npt.NDArray[np.float32]


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
        vs: (N,) float64, of points on surfaces the place from top to bottom, beside the one from left to right in
            `fpalps`; NaN on curves.
        vertices: (faces, 468, 2) float32, MediaPipe's mesh on each face, pixels of the photo, for masks and patches of
            surfaces; None where no surface was asked, or the answer was read from a file.
        visibility: (N, 4) float32, how likely each point is seen, hidden by something, turned away from the camera, or
            outside the photo; None where the weights do not tell.
        outlines: The rings and lines that the instruction asks for ("as a polygon").
        faces_found: How many faces the photo has, those that were not asked about too; as many as `faces` at least.

    Examples:
        >>> answer = engine.ask("examples/astronaut.jpg", "left pupil and right pupil")
        >>> len(answer), answer.names, answer.xy.round().astype(int).tolist()
        (2, ('left pupil', 'right pupil'), [[203, 101], [246, 103]])
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
    visibility: npt.NDArray[np.float32] | None = None
    outlines: tuple[Outline, ...] = ()
    faces_found: int = 0
    vs: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    vertices: npt.NDArray[np.float32] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        count = len(self.parts)
        if not len(self.vs) and count:
            object.__setattr__(self, "vs", np.full(count, np.nan))
        arrays: list[npt.NDArray[Any]] = [
            self.fpalps,
            self.xy,
            self.expected_error,
            self.error_ellipses,
            self.face_index,
            self.vs,
        ]
        want = [(count,), (count, 2), (count,), (count, 3), (count,), (count,)]
        if self.visibility is not None:
            arrays.append(self.visibility)
            want.append((count, len(PointVisibility._fields)))
        shapes = [array.shape for array in arrays]
        if len(self.names) != count or shapes != want:
            raise ConfigError(f"an answer of {count} points holds arrays of other lengths: {shapes}")
        if any(not 0 <= point < count for outline in self.outlines for ring in outline.rings for point in ring):
            raise ConfigError(f"an answer of {count} points has outlines through others")
        if self.photo is not None and not (isinstance(self.photo, Photo) and self.photo.size == self.image_size):
            raise ConfigError(f"an answer on a photo of {self.image_size} is not about {show(self.photo)}")
        shape = (len(self.faces), VERTICES, 2)
        if self.vertices is not None and not (isinstance(self.vertices, np.ndarray) and self.vertices.shape == shape):
            raise ConfigError(f"vertices are an array of shape {shape}, not {show(self.vertices)}")
        for array in arrays if self.vertices is None else [*arrays, self.vertices]:
            array.flags.writeable = False
        object.__setattr__(self, "faces_found", max(self.faces_found, len(self.faces)))

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

        Examples:
            >>> answer[0].name, len(answer["left eye"])
            ('left mouth corner', 24)
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
        return Answer.from_dict, (self.to_dict(), self.photo, self.vertices)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return `xy` (N, 2), so that `np.asarray(answer)` are its points; read-only unless copied."""
        return np.array(self.xy, dtype=dtype, copy=copy)

    def _repr_html_(self) -> str:
        """Show the answer in Jupyter: the drawing, the points as a table, what was understood."""
        return notebook.show_answer(self)

    def _repr_png_(self) -> bytes | None:
        """Show the drawing where HTML is not shown; nothing for an answer without a photo."""
        return notebook.picture_answer(self)

    @cached_property
    def points(self) -> tuple[Landmark, ...]:
        """The points one by one, in the order asked, face by face.

        Examples:
            >>> point = answer.points[0]
            >>> point.part, point.fpalp, point.name
            ('outer lip', 0.0, 'left mouth corner')
        """
        rows = zip(
            self.parts,
            self.fpalps.tolist(),
            self.names,
            self.xy.tolist(),
            self.expected_error.tolist(),
            self.face_index.tolist(),
            [None] * len(self) if self.visibility is None else map(PointVisibility._make, self.visibility.tolist()),
            self.vs.tolist(),
            strict=True,
        )
        return tuple(
            Landmark(part, f, name, (x, y), e, face, seen, v if v == v else None)
            for part, f, name, (x, y), e, face, seen, v in rows
        )

    @cached_property
    def is_seen(self) -> npt.NDArray[np.bool_] | None:
        """Whether each point (N,) is seen more likely than not; None where the weights do not tell.

        Examples:
            >>> answer.is_seen.shape, bool(answer.is_seen.all())
            ((168,), True)
        """
        return None if self.visibility is None else self.visibility[:, 0] >= SEEN_FROM

    @cached_property
    def strokes(self) -> tuple[Stroke, ...]:
        """The runs of points that share a part and a face.

        Examples:
            >>> [(stroke.part, stroke.stop - stroke.start) for stroke in answer.strokes]
            [('outer lip', 60), ('inner lip', 60), ('left eye', 24), ('right eye', 24)]
        """
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
            NoSuchFaceError: The answer has no such face.
            ConfigError: It is no text, or no index.

        Examples:
            >>> len(answer.find("eyes")), len(answer.find("left eyebrow"))
            (48, 0)
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

        Examples:
            >>> lip = answer.curve("outer lip")
            >>> lip.at([0.0, 0.5]).shape, round(lip.length_px / 10)
            ((2, 2), 10)
        """
        return regions.fit_curve(self, where, face)

    def polyline(self, where: str, *, face: int = 0) -> npt.NDArray[np.float64]:
        """Return the answer's points (M, 2) on a part or a stretch, along its curve; a ring ends where it begins.

        Raises:
            NoSuchPointError, ConfigError, QueryError: As for `curve`.

        Examples:
            >>> answer.polyline("outer lip").shape, answer.polyline("upper half of the left eye").shape
            ((61, 2), (13, 2))
        """
        curve = self.curve(where, face=face)
        return np.concatenate([curve.xy, curve.xy[:1]]) if curve.is_ring else curve.xy

    def polygon(self, where: str, *, face: int = 0) -> npt.NDArray[np.float64]:
        """Return the corners (M, 2) of the polygon that the answer's points on a part or a stretch make, each once.

        The polygon of an open part, or of a stretch, is closed by the chord between its ends.

        Raises:
            NoSuchPointError: The answer has fewer than three points there.
            ConfigError, QueryError: As for `curve`.

        Examples:
            >>> answer.polygon("left eye").shape
            (24, 2)
        """
        corners = self.curve(where, face=face).xy
        if len(corners) < 3:
            raise NoSuchPointError(f"a polygon needs three points or more: ask for more of {where!r}")
        return corners

    def mask(self, where: str | None = None, *, face: int | None = None, feather: float = 0.0) -> FloatMask:
        """Return how much of each pixel of the photo a region of the face covers.

        The region is bounded by smooth curves through the answer's points, so ask for enough of them: "60 points on
        the outer lip and 60 on the inner lip". "lips" are without the mouth opening; "outer lip" is with it. An open
        part is closed by the chord between its ends.

        Args:
            where: "lips", "upper lip", "eyes", "eyebrows", "face contour without the lips", ..., or surfaces: "left
                cheek", "skin" (the face without eyes, brows and lips). Those need no points of their own, only that
                some place on a surface was asked. None for the polygons that the instruction asked for, straight from
                point to point.
            face: Index into `faces`; None for all of them together.
            feather: Standard deviation of a Gaussian that softens the edge, in pixels.

        Returns:
            (height, width) float32, 0 outside to 1 inside, anti-aliased.

        Raises:
            NoSuchPointError: A face has fewer than two points on a part of the region.
            ConfigError: The region is no region, no polygon was asked for, or feather is negative.
            QueryError: The words cannot be understood.

        Examples:
            >>> mask = answer.mask("lips", feather=1.5)
            >>> mask.shape, mask.dtype, bool(mask.max() <= 1)
            ((512, 512), dtype('float32'), True)
        """
        return regions.paint_mask(self, where, face, feather)

    def mesh(self, where: str, *, face: int = 0) -> SurfacePatch:
        """Return a surface of one face as triangles, to lay a texture on.

        Args:
            where: The surface ("left cheek", "left_cheek").
            face: Index into `faces`.

        Raises:
            NoSuchFaceError: The answer has no such face.
            NoSuchPointError: No surface was asked, so that the answer holds none.
            ConfigError: It is not one surface.
            QueryError: The words cannot be understood.

        Examples:
            >>> cheek = engine.ask(photo, "left cheek * 9").mesh("left cheek")
            >>> cheek.points.shape[1], cheek.triangles.shape[1], cheek.uv.shape == cheek.points.shape
            (2, 3, True)
        """
        return surface_regions.make_patch(self, where, face)

    def grid(self, where: str, *, face: int = 0) -> npt.NDArray[np.float32]:
        """Return the points (rows, columns, 2) of the grid that was asked on a surface ("forehead grid 4 5").

        Raises:
            NoSuchPointError: No grid was asked there.
            NoSuchFaceError: The answer has no such face.
            QueryError: The words cannot be understood.

        Examples:
            >>> engine.ask(photo, "a grid of 4 by 5 on the forehead").grid("forehead").shape
            (4, 5, 2)
        """
        return surface_regions.read_grid(self, where, face)

    def to_dict(self, *, units: Units = "px") -> dict[str, Any]:
        """Return everything but the photo as plain data; `Answer.from_dict` reads it back.

        Args:
            units: Of points and boxes: pixels, or "normalized" for shares of the photo's width and height, (0, 0) its
                top-left corner and (1, 1) its bottom-right. Errors stay pixels.

        Raises:
            ConfigError: There are no such units.

        Examples:
            >>> data = answer.to_dict()
            >>> data["image_size"], data["points"][0]["part"]
            ({'height': 512, 'width': 512}, 'outer lip')
            >>> answer.to_dict(units="normalized")["points"][0]["x"] < 1
            True
        """
        data = plain_data.write_answer(self)
        return normalize_answer(data) if is_normalized(units) else data

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        photo: Photo | None = None,
        vertices: npt.NDArray[np.float32] | None = None,
    ) -> Answer:
        """Read back what `to_dict` returned in pixels, without photo and vertices; of schema 2 too, which tells of no
        visibility.

        Raises:
            ConfigError: It is of another schema version, a key is missing or of a wrong kind, or photo or vertices are
                of another size.

        Examples:
            >>> faceql.Answer.from_dict(answer.to_dict()) == answer
            True
        """
        return cls(**plain_data.read_answer(data), photo=photo, vertices=vertices)

    def to_json(self, *, indent: int | None = None, units: Units = "px") -> str:
        """Return `to_dict(units=units)` as JSON text.

        Raises:
            ConfigError: There are no such units, or no such indent.

        Examples:
            >>> answer.to_json()[:21]
            '{"schema_version": 3,'
        """
        indent = None if indent is None else read_whole("indent", indent, 0)
        return json.dumps(self.to_dict(units=units), ensure_ascii=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read back what `to_json` returned.

        Raises:
            ConfigError: It is not JSON, or not an answer.

        Examples:
            >>> faceql.Answer.from_json(answer.to_json()) == answer
            True
        """
        try:
            data = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise ConfigError(f"not JSON: {error}") from error
        if not isinstance(data, dict):
            raise ConfigError("an answer in JSON is an object")
        return cls.from_dict(data)

    def to_csv(self, *, units: Units = "px") -> str:
        """Return one row a point, under the heading of `formats.CSV_COLUMNS`; what is not known is left empty.

        An answer with points on surfaces has a column v after fpalp, empty on curves.

        Args:
            units: Of x and y, as for `to_dict`.

        Raises:
            ConfigError: There are no such units.

        Examples:
            >>> answer.to_csv().splitlines()[0]
            'index,face,part,fpalp,name,x,y,expected_error,seen,hidden,turned_away,outside'
        """
        return formats.write_csv(self, is_normalized=is_normalized(units))

    def to_dataframe(self, library: Literal["pandas", "polars"] | None = None) -> Any:
        """Return the answer as a pandas or polars DataFrame, one row a point.

        Columns are those of `to_csv`, always with v; a number that is not known is NaN.

        Args:
            library: Which of the two; None for pandas where it is installed, else polars.

        Raises:
            ConfigError: It is neither, or not installed.

        Examples:
            >>> answer.to_dataframe().shape
            (168, 13)
        """
        return formats.make_dataframe(self, library)

    def to_svg(self) -> str:
        """Return an SVG overlay of the photo's size: dots, or the lines or rings that are asked for.

        Dots of points that are not seen are hollow, also on lines and rings.

        Examples:
            >>> answer.to_svg().count("<circle")
            168
        """
        return formats.write_svg(self)

    def to_pts(self, face: int = 0) -> str:
        """Return the points of one face as a 300W .pts file, which counts pixels from 1.

        Args:
            face: Index into `faces`.

        Raises:
            NoSuchFaceError: The answer has no such face.

        Examples:
            >>> engine.ask(photo, "the 300W layout").to_pts().splitlines()[:2]
            ['version: 1', 'n_points: 68']
        """
        return formats.write_pts(self, face)

    def to_coco(self, *, image_id: int = 1, file_name: str | None = None) -> dict[str, Any]:
        """Return the answer as a COCO keypoint dataset of one image: one annotation a face.

        Keypoints keep this answer's frame, which is COCO's for them (pixels counted from 0); boxes are moved by half a
        pixel, to the outer corners that COCO counts them from. A point that is seen is visible (2), every other one
        labelled (1); where the weights do not tell, all in the photo are visible. The category's keypoints are the
        points' names, its skeleton joins neighbours on a part. Polygons that were asked for are the segmentation, as
        lists of corners, or run lengths where something is cut out.

        Args:
            image_id: The image's id, 0 or more.
            file_name: The image's file name.

        Raises:
            ConfigError: One of the two is of a wrong kind.

        Examples:
            >>> coco = answer.to_coco(file_name="astronaut.jpg")
            >>> coco["annotations"][0]["num_keypoints"]
            168
        """
        if file_name is not None and not isinstance(file_name, str):
            raise ConfigError(f"file_name is text, not {show(file_name)}")
        return formats.make_coco(self, image_id=read_whole("image_id", image_id, 0), file_name=file_name)

    def to_supervision(self) -> Any:
        """Return the answer as `supervision.KeyPoints` (faces, points, 2), if `supervision` is installed.

        Raises:
            ConfigError: It is not, or the faces have different numbers of points.

        Examples:
            >>> answer.to_supervision().xy.shape
            (1, 168, 2)
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

        Dots of points that are not seen are hollow.

        Args:
            image: Another picture of the photo's size to draw on.
            scale: The result is this many times the photo's size (for small photos).
            legend: Name the parts and their colours in the corner with the fewest points; left out where the
                picture has no room for readable letters.
            errors: Show each point's expected error as its ellipse.

        Raises:
            ImageError: There is no photo to draw on, or `image` is of another size.

        Examples:
            >>> answer.draw(scale=2, errors=True).size
            (1024, 1024)
        """
        return drawing.draw_answer(self, image, scale=scale, legend=legend, errors=errors)
