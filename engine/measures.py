"""Measures of a face: distances, angles, areas, openness, roll and symmetry, from an answer's points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, ImageError, NoSuchPointError
from ..querylang.landmarks import LandmarkQuery
from ..querylang.parse import parse
from ..querylang.registry import load_registry
from .answer import Answer
from .arguments import check_choice, show
from .region_color import RegionColor, mean_color
from .regions import region_rings
from .surface_regions import pick_face, ring_area
from .upright import RollGauge

FloatArray = npt.NDArray[np.float64]
Unit = Literal["px", "iod"]

MEASURES_INSTRUCTION = (
    "61 points on the face contour; 36 points per eyebrow; nose bridge; nose boundary; 24 points per eye; "
    "48 points on the outer lip; 48 points on the inner lip; pupils"
)
"""An instruction whose answer has all that any measure needs."""

EYES = ("left eye", "right eye")
# Pairs above each other, as in 300W's points: 38-42 and 39-41 on an eye, 62-68, 63-67 and 64-66 on the lips.
EYE_PAIRS = ((1 / 6, 5 / 6), (1 / 3, 2 / 3))
LIP_PAIRS = ((0.125, 0.875), (0.25, 0.75), (0.375, 0.625))


@dataclass(frozen=True, eq=False)
class Measures:
    """Measures of one face of an answer; each is computed when it is asked for, from the points it needs.

    The unit "iod" is the inter-ocular distance, from outer eye corner to outer eye corner; lengths in it do not depend
    on the photo's size. An answer to `MEASURES_INSTRUCTION` has the points of every measure, and `Engine.measure` asks
    it. "left" is the left of the picture.

    Attributes:
        answer: The answer.
        face: Index into its `faces`.

    Examples:
        >>> measures = Measures(engine.ask(photo, "eyes; outer lip; inner lip; nose bridge"))
        >>> 30 < measures.interocular_px < 90
        True
    """

    answer: Answer
    face: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.answer, Answer):
            raise ConfigError(f"measures are taken of an answer, not of {show(self.answer)}")
        object.__setattr__(self, "face", pick_face(self.answer, self.face))

    def point(self, where: str) -> FloatArray:
        """Return the point (2,) of a name or a place in words; where the answer has none just there, of its curve.

        Raises:
            NoSuchPointError: The answer has neither.
            ConfigError: The words name more than one point.
            QueryError: The words cannot be understood.

        Examples:
            >>> measures.point("nose tip").shape
            (2,)
        """
        index = self.answer.find(where, face=self.face)
        if len(index) == 1:
            found: FloatArray = self.answer.xy[index[0]].astype(np.float64)
            return found
        if len(index) > 1:
            raise ConfigError(f"{where!r} is {len(index)} points, and one is wanted")
        landmarks = parse(where).landmarks
        if len(landmarks) != 1:
            raise ConfigError(f"{where!r} is {len(landmarks)} points, and one is wanted")
        (landmark,) = landmarks
        if load_registry().parts[landmark.part].is_point:
            raise NoSuchPointError(f"the answer holds no points on {where!r}: ask for them too")
        return self._at(landmark.part, float(landmark.fpalp))

    def distance(self, a: str, b: str, unit: Unit = "px") -> float:
        """Return how far two places are apart ("left mouth corner", "nose tip").

        Raises:
            NoSuchPointError, ConfigError, QueryError: As for `point`.

        Examples:
            >>> 0.5 < measures.distance("left mouth corner", "right mouth corner", "iod") < 1
            True
        """
        return float(np.hypot(*(self.point(a) - self.point(b)))) / self._unit(unit)

    def angle(self, a: str, vertex: str, b: str) -> float:
        """Return the angle at `vertex` between the lines to two other places, degrees, 0..180.

        Raises:
            NoSuchPointError, ConfigError, QueryError: As for `point`.

        Examples:
            >>> 100 < measures.angle("left mouth corner", "bottom of the lower lip", "right mouth corner") < 160
            True
        """
        middle = self.point(vertex)
        first, second = self.point(a) - middle, self.point(b) - middle
        cross = first[0] * second[1] - first[1] * second[0]
        return math.degrees(math.atan2(abs(cross), float(first @ second)))

    def length(self, where: str, unit: Unit = "px") -> float:
        """Return the length along a part or a stretch of it ("outer lip", "face contour").

        Raises:
            NoSuchPointError, ConfigError, QueryError: As for `Answer.curve`.

        Examples:
            >>> measures.length("outer lip") > 2 * measures.distance("left mouth corner", "right mouth corner")
            True
        """
        return self.answer.curve(where, face=self.face).length_px / self._unit(unit)

    def area(self, where: str, unit: Unit = "px") -> float:
        """Return the area of a region, as `Answer.mask` fills it, in square units ("lips", "left eye").

        Raises:
            NoSuchPointError, ConfigError, QueryError: As for `Answer.mask`.

        Examples:
            >>> measures.area("lips") < measures.area("outer lip")
            True
        """
        regions = region_rings(self.answer, where, self.face)
        whole = sum(ring_area(ring) - sum(map(ring_area, holes)) for ring, holes in regions)
        return whole / self._unit(unit) ** 2

    def color(self, where: str) -> RegionColor:
        """Return the mean colour of a region's pixels ("left cheek", "forehead", "lips", "skin").

        Raises:
            ImageError: The answer holds no photo, or the region lies outside it.
            NoSuchPointError, ConfigError, QueryError: As for `Answer.mask`.

        Examples:
            >>> color = Measures(engine.ask(photo, "left cheek * 9")).color("left cheek")
            >>> color.lab[0] > 50
            True
        """
        if self.answer.photo is None:
            raise ImageError("there is no photo to take colours from: an answer that was read from a file has none")
        mask = self.answer.mask(where, face=self.face)
        return mean_color(self.answer.photo.pixels, mask, where)

    @cached_property
    def interocular_px(self) -> float:
        """The distance of the outer eye corners, pixels.

        Examples:
            >>> round(measures.interocular_px / 10)
            6
        """
        corners = self.point("left eye outer corner") - self.point("right eye outer corner")
        return float(np.hypot(*corners))

    def eye_openness(self, eye: str) -> float:
        """Return the eye aspect ratio of "left eye" or "right eye": mean height over width, some 0.3 when open.

        Heights are those of 300W's two pairs of lid points (Soukupova and Cech, 2016).

        Examples:
            >>> round(measures.eye_openness("left eye"), 1)
            0.3
        """
        if not isinstance(eye, str) or eye not in EYES:
            raise ConfigError(f"an eye is {' or '.join(map(repr, EYES))}, not {show(eye)}")
        return self._openness(eye, EYE_PAIRS)

    @property
    def mouth_openness(self) -> float:
        """The mouth aspect ratio: the inner lip's mean height over its width, 0 when shut.

        Examples:
            >>> measures.mouth_openness > 0.1
            True
        """
        return self._openness("inner lip", LIP_PAIRS)

    @cached_property
    def roll(self) -> float:
        """How far the head leans in the picture: degrees clockwise as seen, -180..180.

        Of all landmarks of the answer that mirror each other, and of eyes and brows against nose and lips.

        Examples:
            >>> abs(measures.roll) < 10
            True
        """
        points, pairs = self._mirror_pairs
        gauge = RollGauge.for_landmarks(list(pairs))
        if not (len(gauge.lefts) and len(gauge.uppers) and len(gauge.lowers)):
            raise NoSuchPointError("the roll needs points on both eyes and on the lips or the nose: ask for them too")
        return math.degrees(gauge.measure(points))

    @property
    def asymmetry(self) -> float:
        """How far the two halves of the face differ in the picture: 0 for none, in inter-ocular units.

        The mean distance of a landmark from where its mirror image lies, once the picture is mirrored about the face's
        own midline. A head that looks aside differs much, whatever the face.

        Examples:
            >>> engine.measure(photo)[0].asymmetry < 0.2
            True
        """
        points, places = self._mirror_pairs
        registry = load_registry()
        index = {place: i for i, place in enumerate(places)}
        pairs = [
            (i, index[(mirror.part, mirror.fpalp)])
            for i, place in enumerate(places)
            if ((mirror := registry.mirror(LandmarkQuery(*place))).part, mirror.fpalp) in index
        ]
        if not pairs:
            raise NoSuchPointError("the symmetry needs landmarks that mirror each other: ask for both sides")
        here, there = (np.array(side) for side in zip(*pairs, strict=True))
        turn = math.radians(self.roll)
        upright = points @ np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        mirrored = upright[here] * (-1, 1)
        moved = upright[there] - mirrored
        # The midline is where the mirror images lie best; heights are compared as they are.
        moved[:, 0] -= moved[:, 0].mean()
        return float(np.linalg.norm(moved, axis=1).mean()) / self.interocular_px

    def to_dict(self, unit: Unit = "iod") -> dict[str, float]:
        """Return the usual measures by name; lengths in a unit, areas in its square, angles in degrees.

        Raises:
            NoSuchPointError: The answer lacks points that one of them needs.

        Examples:
            >>> sorted(engine.measure(photo)[0].to_dict())[:3]
            ['asymmetry', 'face_area', 'interocular_px']
        """
        return {
            "interocular_px": self.interocular_px,
            "roll": self.roll,
            "asymmetry": self.asymmetry,
            "left_eye_openness": self.eye_openness("left eye"),
            "right_eye_openness": self.eye_openness("right eye"),
            "mouth_openness": self.mouth_openness,
            "pupil_distance": self.distance("left pupil", "right pupil", unit),
            "mouth_width": self.distance("left mouth corner", "right mouth corner", unit),
            "nose_width": self.distance("left nostril wing", "right nostril wing", unit),
            "nose_length": self.distance("nose root", "nose tip", unit),
            "jaw_width": self.distance("left jaw end", "right jaw end", unit),
            "jaw_length": self.length("face contour", unit),
            "lips_area": self.area("lips", unit),
            "left_eye_area": self.area("left eye", unit),
            "right_eye_area": self.area("right eye", unit),
            "face_area": self.area("face contour", unit),
        }

    @cached_property
    def _mirror_pairs(self) -> tuple[FloatArray, tuple[tuple[str, Fraction], ...]]:
        """Return this face's points (N, 2), each place once, and their places, exact enough to be mirrored."""
        registry = load_registry()
        index: dict[tuple[str, Fraction], int] = {}
        for i in np.flatnonzero(self.answer.face_index == self.face).tolist():
            if self.answer.parts[i] not in registry.parts:  # a surface
                continue
            exact = Fraction(float(self.answer.fpalps[i])).limit_denominator(5000)
            place = registry.canonical_place(LandmarkQuery(self.answer.parts[i], exact))
            index.setdefault((place.part, place.fpalp), i)
        return self.answer.xy[list(index.values())].astype(np.float64), tuple(index)

    def _at(self, part: str, fpalp: float) -> FloatArray:
        curve = self.answer.curve(part, face=self.face)
        # A curve through part of a part says nothing of the rest.
        if not curve.is_ring and not curve.start - 1e-6 <= fpalp <= curve.stop + 1e-6:
            raise NoSuchPointError(f"the answer's points on the {part} do not reach {fpalp:.4g}: ask for all of it")
        point: FloatArray = curve.at([fpalp])[0]
        return point

    def _openness(self, part: str, pairs: tuple[tuple[float, float], ...]) -> float:
        heights = [np.hypot(*(self._at(part, above) - self._at(part, below))) for above, below in pairs]
        width = np.hypot(*(self._at(part, 0.0) - self._at(part, 0.5)))
        return float(np.mean(heights) / width)

    def _unit(self, unit: Unit) -> float:
        check_choice("unit", unit, ("px", "iod"))
        return self.interocular_px if unit == "iod" else 1.0
