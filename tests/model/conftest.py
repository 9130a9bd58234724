"""Small detectors with random weights, and made face packs."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from faceql.model.config import DetectorConfig
from faceql.model.decoder import OFFSET_UNIT
from faceql.model.detector import Detector
from faceql.querylang.registry import load_registry

SMALL = {"dim": 32, "num_heads": 4, "feedforward_dim": 48, "image_size": 64}


def make_detector(**changes: object) -> Detector:
    """Return a small detector whose every weight is random, so that no term of an equation vanishes."""
    torch.manual_seed(15)
    detector = Detector(DetectorConfig(**{**SMALL, **changes}))
    with torch.no_grad():
        for name, parameter in detector.named_parameters():
            if not name.startswith("image_encoder.body") and parameter.dim() > 0:
                # Offsets as large as the crop's features are, so that every refinement counts.
                size = 0.08 / OFFSET_UNIT if ".predict_offset.2." in name else 0.08
                parameter.add_(size * torch.randn_like(parameter))
        if detector.config.part_vectors == "sentence":
            detector.landmark_encoder.part_vectors.copy_(torch.randn(len(detector.part_names), 384) / 20)
    return detector.eval()


@pytest.fixture(scope="session")
def small_detector() -> Detector:
    return make_detector()


@pytest.fixture(scope="session")
def joint_detector() -> Detector:
    return make_detector(attention="joint")


@pytest.fixture(scope="session")
def crops() -> torch.Tensor:
    return torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


@pytest.fixture(scope="session")
def asked() -> tuple[list[str], torch.Tensor]:
    """Part names and FPALPs of a mixed query."""
    landmarks = load_registry().layouts["wflw"].landmarks[::7]
    return [q.part for q in landmarks], torch.tensor([float(q.fpalp) for q in landmarks])


def face_points(layout: str) -> np.ndarray:
    """Return a made face's points (landmarks, 2) in 0..1, mirror-symmetric, each part a smooth curve."""
    centers = {
        "left eyebrow": (0.32, 0.33), "right eyebrow": (0.68, 0.33), "left eye": (0.34, 0.42),
        "right eye": (0.66, 0.42), "outer lip": (0.5, 0.72), "inner lip": (0.5, 0.72),
        "left pupil": (0.34, 0.42), "right pupil": (0.66, 0.42), "middle of left eyebrow": (0.32, 0.33),
        "middle of right eyebrow": (0.68, 0.33), "middle of mouth": (0.5, 0.72),
    }  # fmt: skip
    sizes = {"outer lip": (0.14, 0.06), "inner lip": (0.1, 0.02)}
    points = []
    for query in load_registry().layouts[layout].landmarks:
        f = float(query.fpalp)
        if query.part == "face contour":
            points.append((0.5 - 0.35 * np.cos(np.pi * f), 0.45 + 0.42 * np.sin(np.pi * f)))
        elif query.part == "nose bridge":
            points.append((0.5, 0.4 + 0.18 * f))
        elif query.part == "nose boundary":
            points.append((0.42 + 0.16 * f, 0.6 + 0.02 * np.sin(np.pi * f)))
        else:
            x, y = centers[query.part]
            width, height = sizes.get(query.part, (0.08, 0.03))
            # A closed curve starts at its left end; the brows' mirror puts it elsewhere on the right one.
            turn = 2 * np.pi * (f if query.part != "right eyebrow" else float(Fraction(4, 9) - query.fpalp))
            side = -1 if query.part != "right eyebrow" else 1
            if load_registry().parts[query.part].is_point:
                width = height = 0
            points.append((x + side * width * np.cos(turn), y - height * np.sin(turn)))
    return np.array(points)


@pytest.fixture(scope="session")
def made_packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write small `human68`, `human98_dev` and `auto` packs: dots drawn where the points are."""
    root = tmp_path_factory.mktemp("packs")
    rng = np.random.default_rng(2)
    for folder, side, count in (("human68", 96, 12), ("auto", 80, 8), ("human98_dev", 96, 3)):
        (root / folder / "images").mkdir(parents=True)
        scale = rng.uniform(0.5, 0.7, size=(count, 1, 1)) * side
        shift = rng.uniform(0.15, 0.3, size=(count, 1, 2)) * side
        points68 = face_points("300w")[None] * scale + shift
        points98 = face_points("wflw")[None] * scale + shift
        mesh = np.repeat(points68.mean(axis=1, keepdims=True), 478, axis=1)
        mesh[:, 468], mesh[:, 473] = points98[:, 96], points98[:, 97]
        mesh[:, 129], mesh[:, 358] = (points68[:, 31] + (-3, -2)), (points68[:, 35] + (3, -2))
        names = [f"{'inf' if i == count - 1 else 'made'}/{i}" for i in range(count)]
        labels: dict[str, np.ndarray] = {"names": np.array(names), "mesh478": mesh.astype(np.float16)}
        if folder == "human68":
            labels |= {"points": points68.astype(np.float32), "is_val": np.arange(count) >= count - 4}
        elif folder == "human98_dev":
            conditions = ["wflw/1/blur", "wflw/2/blur+makeup", "wflw/3/largepose"]
            labels = {"names": np.array(conditions), "points": points98.astype(np.float32)}
        else:
            points98[:, 1:33:2] = np.nan
            labels |= {
                "teacher68": points68.astype(np.float16),
                "teacher98": points98.astype(np.float16),
                "disagreement": np.linspace(0.01, 0.2, count).astype(np.float32),
            }
        np.savez(root / folder / "labels.npz", **labels)
        for i in range(count):
            picture = np.full((side, side, 3), 90, dtype=np.uint8)
            for x, y in points68[i]:
                picture[round(y) % side, round(x) % side] = 255
            Image.fromarray(picture).save(root / folder / "images" / f"{i:05d}.jpg", quality=95)
    return root
