"""Made faces of which every place of every part is known, and points that lie on none."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from faceql.querylang.landmarks import LandmarkQuery

FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK = "forehead", "left cheek", "right cheek"
Place = LandmarkQuery | str


class MadeFace:
    """A face about (0, 0) with its outer eye corners near 1 apart; every number differs from face to face."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.eye = np.array([0.34, 0.0]) + rng.normal(0, 0.01, 2)
        self.eye_size = np.array([0.15, 0.06]) * rng.uniform(0.8, 1.2, 2)
        self.brow_gap = rng.uniform(0.16, 0.26)
        self.jaw = np.array([0.75, 1.1]) * rng.uniform(0.9, 1.1, 2)
        self.mouth = rng.uniform(0.66, 0.8)
        self.mouth_size = np.array([0.26, 0.1]) * rng.uniform(0.85, 1.2, 2)
        self.gape = rng.uniform(0.01, 0.06)
        self.nose = rng.uniform(0.36, 0.46)
        self.yaw = rng.uniform(-0.12, 0.12)
        self.gaze = rng.uniform(-0.04, 0.04)
        self.cheek = rng.normal(0, 0.03, 2)

    def place(self, place: Place) -> np.ndarray:
        if place == FOREHEAD:
            return np.array([0.0, -0.75])
        if place in (LEFT_CHEEK, RIGHT_CHEEK):
            return np.array([-0.36, 0.42]) * (1 if place == LEFT_CHEEK else (-1, 1)) + self.cheek
        f = float(place.fpalp)
        part = place.part
        around = np.array([-np.cos(2 * np.pi * f), -np.sin(2 * np.pi * f)])
        if part.startswith("right ") and part != "right pupil":
            sum_ = Fraction(4, 9) if "brow" in part else Fraction(1, 2)
            return self.place(LandmarkQuery(part.replace("right", "left"), sum_ - place.fpalp)) * (-1, 1)
        if part == "face contour":
            return self.jaw * (-np.cos(np.pi * f), np.sin(np.pi * f))
        if part == "left eyebrow":
            return self.eye * (-1, 1) - (0, self.brow_gap) + around * (0.19, 0.035)
        if part == "left eye":
            return self.eye * (-1, 1) + around * self.eye_size
        if part in ("left pupil", "right pupil"):
            return self.eye * (-1 if part == "left pupil" else 1, 1) + (self.gaze, 0)
        if part == "middle of left eyebrow":
            return self.eye * (-1, 1) - (0, self.brow_gap)
        if part == "middle of right eyebrow":
            return self.eye - (0, self.brow_gap)
        if part == "nose bridge":
            return np.array([self.yaw * f, f * self.nose])
        if part == "nose boundary":
            angle = np.pi * (1.3 * f - 0.15)
            return np.array([0.5 * self.yaw - 0.16 * np.cos(angle), self.nose + 0.12 * np.sin(angle)])
        if part == "middle of mouth":
            return np.array([0.0, self.mouth])
        assert part in ("outer lip", "inner lip"), part
        size = self.mouth_size if part == "outer lip" else np.array([self.mouth_size[0] - 0.04, self.gape])
        return np.array([0.0, self.mouth]) + around * size


def make_faces(places: Sequence[Place], count: int, *, seed: int = 0, noise: float = 0.004) -> np.ndarray:
    """Return (count, places, 2): the places on faces of all sizes, turned up to 20 degrees; one seed, one set of faces.

    Args:
        places: on parts, or one of FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK.
        count: faces.
        seed: of the faces; the noise's differs with the number of places.
        noise: spread of each coordinate, in units of roughly the inter-ocular distance.
    """
    faces = []
    jitter = np.random.default_rng([seed, len(places)])
    for row in range(count):
        rng = np.random.default_rng([seed, row])
        face = MadeFace(rng)
        angle, size, shift = rng.uniform(-0.35, 0.35), rng.uniform(50, 120), rng.uniform(80, 120, 2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = np.array([face.place(place) for place in places]) + jitter.normal(0, noise, (len(places), 2))
        faces.append(points @ turn.T * size + shift)
    return np.stack(faces)
