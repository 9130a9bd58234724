"""A second teacher for the automatic labels: a detector that human labels have led.

Its errors are its own, those of the mesh's regression others; a mean of the two is nearer to human labels than either,
which `compare_teachers` measures on faces that neither has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConfigError
from ...querylang.registry import load_registry
from ..data.curves import FloatArray
from ..data.packs import MESH_IRISES, AnnotatedFaces, join_teachers, load_auto, load_human68, read_labels
from ..detector import Detector
from ..evaluation.metrics import inter_ocular, normalized_errors
from ..evaluation.predict import landmark_frames, predict_landmarks
from ..reader import LandmarkReader

LAYOUTS = {"points68": "300w", "points98": "wflw"}
RIDGE = 10.0
LARGEST_RESIDUAL = 0.06
"""Faces that the mesh misses by more, of inter-ocular, do not teach its regression."""


@dataclass(frozen=True)
class TeacherErrors:
    """Mean inter-ocular NME in % on adults of human68's validation faces.

    Attributes:
        mesh: a ridge regression from the mesh to the human points, fitted on the training faces.
        detector: the detector, plain and mirrored averaged.
        mean: the mean of the two that training takes (`join_teachers`).
    """

    mesh: float
    detector: float
    mean: float


def predict_averaged(detector: Detector, faces: AnnotatedFaces, layouts: Sequence[str]) -> list[FloatArray]:
    """Return each layout's points (faces, landmarks, 2): the mean of the plain and the mirrored answer."""
    asked = [load_registry().layouts[layout].landmarks for layout in layouts]
    landmarks = [landmark for layout in asked for landmark in layout]
    mean, _ = predict_landmarks(LandmarkReader(detector, flip_test=True), faces, landmark_frames(faces), landmarks)
    return np.split(mean, np.cumsum([len(layout) for layout in asked])[:-1], axis=1)


def relabel_auto(detector: Detector, data: Path, out: Path, version: str) -> int:
    """Write the detector's points for every face of `auto`; return how many faces.

    The file holds `points68` (faces, 68, 2) and `points98` (faces, 98, 2) in pixels of the crops, NaN for faces that
    were removed from the pack, and `version`.
    """
    known = np.isfinite(read_labels(data / "auto")["teacher68"]).all(axis=(1, 2))
    faces, _ = load_auto(data / "auto", np.inf)
    labels = {}
    for name, points in zip(LAYOUTS, predict_averaged(detector, faces, tuple(LAYOUTS.values())), strict=True):
        labels[name] = np.full((len(known), *points.shape[1:]), np.nan, dtype=np.float32)
        labels[name][known] = points
    np.savez_compressed(out, version=np.array(version), **labels)  # type: ignore[arg-type]
    return len(faces)


def compare_teachers(detector: Detector, data: Path) -> TeacherErrors:
    """Measure the mesh's regression, a detector and their mean on validation faces."""
    labels = read_labels(data / "human68")
    is_adult = np.array([not str(name).startswith("inf/") for name in labels["names"]])
    is_val = labels["is_val"].astype(bool)
    mesh, points = labels["mesh478"].astype(np.float64), labels["points"].astype(np.float64)
    from_mesh = regress_from_mesh(mesh, points, is_adult & ~is_val)[is_val & is_adult]
    _, validation = load_human68(data / "human68")
    validation = validation.subset(is_adult[is_val], validation.name)
    (from_detector,) = predict_averaged(detector, validation, ("300w",))
    normalizer = inter_ocular(validation.frame_points, "300w")

    def nme(predicted: FloatArray) -> float:
        return 100 * float(normalized_errors(predicted, validation.frame_points, normalizer).mean())

    return TeacherErrors(nme(from_mesh), nme(from_detector), nme(join_teachers(from_mesh, from_detector)))


def regress_from_mesh(
    mesh: FloatArray, points: FloatArray, is_training: np.typing.NDArray[np.bool_], rounds: int = 3
) -> FloatArray:
    """Fit a ridge regression from a mesh (faces, 478, 2) to points (faces, landmarks, 2) and apply it to all faces.

    Both are put upright and to one size by the mesh itself; faces where the mesh went astray leave the fit after the
    first round.
    """
    center = mesh.mean(axis=1, keepdims=True)
    size = np.sqrt(((mesh - center) ** 2).mean(axis=(1, 2), keepdims=True))
    eyes = mesh[:, MESH_IRISES[1]] - mesh[:, MESH_IRISES[0]]
    along = eyes / np.linalg.norm(eyes, axis=-1, keepdims=True)
    axes = np.stack([along, np.stack([-along[:, 1], along[:, 0]], axis=-1)], axis=1)  # (faces, 2, 2), rows
    inputs = np.einsum("fij,fkj->fki", axes, (mesh - center) / size).reshape(len(mesh), -1)
    targets = np.einsum("fij,fkj->fki", axes, (points - center) / size).reshape(len(mesh), -1)
    used = is_training
    for _ in range(rounds):
        mean_in, mean_out = inputs[used].mean(axis=0), targets[used].mean(axis=0)
        x = inputs[used] - mean_in
        weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (targets[used] - mean_out))
        fitted = ((inputs - mean_in) @ weights + mean_out).reshape(points.shape)
        back: FloatArray = np.einsum("fji,fkj->fki", axes, fitted) * size + center
        residual = normalized_errors(back, points, inter_ocular(points, "300w")).mean(axis=1)
        used = is_training & (residual < LARGEST_RESIDUAL)
    return back


def read_relabelled(path: Path) -> dict[str, FloatArray]:
    """Return `points68` and `points98` of a file that `relabel_auto` wrote.

    Raises:
        ConfigError: the file is none.
    """
    try:
        with np.load(path) as file:
            return {name: file[name].astype(np.float64) for name in LAYOUTS}
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(f"{path} holds no labels of `faceql relabel`: {error}") from error
