from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from faceql.errors import ConfigError
from faceql.model.checkpoint import save_detector
from faceql.model.data.packs import DETECTOR_SHARE, load_auto, read_labels
from faceql.model.detector import Detector
from faceql.model.training.recipe import load_recipe
from faceql.model.training.relabel import read_relabelled, regress_from_mesh
from faceql.model.training.sets import load_training_faces
from faceql.server.cli import main

from .conftest import face_points


def test_relabel_writes_every_face_and_training_averages_the_teachers(
    made_packs: Path, small_detector: Detector, tmp_path: Path
) -> None:
    weights, out = tmp_path / "teacher.safetensors", tmp_path / "relabelled.npz"
    save_detector(weights, small_detector, "teacher", {})
    arguments = ["relabel", "--data", str(made_packs), "--weights", str(weights), "--out", str(out)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "mesh regression" in result.output
    assert "8 faces" in result.output
    teacher = read_relabelled(out)
    assert teacher["points68"].shape == (8, 68, 2)
    assert teacher["points98"].shape == (8, 98, 2)

    labels = read_labels(made_packs / "auto")
    # Random weights disagree with the pack about every face, so the bound has to be wide.
    as68, as98 = load_auto(made_packs / "auto", 10.0, teacher)
    assert len(as68) == 8
    want = (1 - DETECTOR_SHARE) * labels["teacher68"].astype(np.float64) + DETECTOR_SHARE * teacher["points68"]
    np.testing.assert_allclose(as68.points[:, :60], want[:, :60], atol=1e-3)
    # What the pack leaves open stays open.
    assert len(as98.scheme.landmarks) == len(load_auto(made_packs / "auto", 10.0)[1].scheme.landmarks)


def test_faces_that_the_teachers_see_differently_are_left_out(made_packs: Path) -> None:
    labels = read_labels(made_packs / "auto")
    points68 = labels["teacher68"].astype(np.float64)
    points68[0] += 100
    points98 = labels["teacher98"].astype(np.float64)
    as68, _ = load_auto(made_packs / "auto", 0.05, {"points68": points68, "points98": points98})
    assert len(as68) == 7
    recipe = load_recipe("default")
    assert len(load_training_faces(made_packs, recipe).auto[0].faces) < 7


def test_a_regression_finds_what_the_mesh_tells_and_passes_over_a_mesh_gone_astray() -> None:
    rng = np.random.default_rng(0)
    traits = rng.normal(size=(300, 4))
    mesh = rng.normal(size=(478, 2)) + np.einsum("ft,tkd->fkd", traits, 0.1 * rng.normal(size=(4, 478, 2)))
    mesh[:, 468], mesh[:, 473] = (-1, 0), (1, 0)
    points = face_points("300w") + np.einsum("ft,tkd->fkd", traits, 0.02 * rng.normal(size=(4, 68, 2)))
    mesh[:20] += 3 * rng.normal(size=(20, 478, 2))
    is_training = np.arange(300) < 250
    fitted = regress_from_mesh(mesh, points, is_training)
    unseen = np.linalg.norm(fitted - points, axis=-1)[~is_training].mean()
    spread = np.linalg.norm(points - points[:250].mean(axis=0), axis=-1)[~is_training].mean()
    assert unseen < 0.25 * spread


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, points=np.zeros(3))
    with pytest.raises(ConfigError, match="no labels"):
        read_relabelled(other)
