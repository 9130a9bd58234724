"""What each refinement of a detector is worth: python benchmarks/refinement_steps.py --data PACKS [--weights FILE].

On human68's validation adults, crops by annotation: the mean inter-ocular error of C_0 .. C_n (paper, Eq. 2 and 7), the
detector's own answers rather than the splines', and how far each refinement moves the points.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from faceql.model.checkpoint import load_detector
from faceql.model.crops import cut_crop
from faceql.model.data.packs import load_human68
from faceql.model.evaluation.metrics import inter_ocular, normalized_errors
from faceql.model.evaluation.predict import landmark_frames
from faceql.querylang.registry import load_registry


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the face packs")
    parser.add_argument("--weights", type=Path, help="a checkpoint; the shipped one by default")
    options = parser.parse_args()
    loaded = load_detector(options.weights)
    detector = loaded.detector
    _, faces = load_human68(options.data / "human68")
    faces = faces.subset(np.array([not name.startswith("inf/") for name in faces.names]), "adults")
    landmarks = load_registry().layouts["300w"].landmarks
    ids = detector.part_ids([landmark.part for landmark in landmarks])
    fpalps = torch.tensor([float(landmark.fpalp) for landmark in landmarks])
    steps = []
    for row, frame in enumerate(landmark_frames(faces)):
        crop = torch.from_numpy(cut_crop(faces.read_image(row), frame, detector.config.image_size).copy())
        layers = detector.decode_layers(detector.encode(crop.permute(2, 0, 1)[None]), ids, fpalps)
        steps.append(frame.to_photo(layers.coordinates[:, 0].double().numpy()))
    answers = np.stack(steps, axis=1)  # (layers + 1, faces, landmarks, 2)
    eyes = inter_ocular(faces.frame_points, "300w")
    print(f"{loaded.version}, {len(faces)} faces")
    for number, points in enumerate(answers):
        error = 100 * normalized_errors(points, faces.frame_points, eyes).mean()
        moved = 100 * normalized_errors(points, answers[number - 1], eyes).mean() if number else 0.0
        print(f"C_{number}: {error:.3f}% of inter-ocular, moved by {moved:.3f}%")


if __name__ == "__main__":
    main()
