"""`faceql calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .eval_command import load_sources, whole_test
from .model_commands import FOLDER
from .shared_options import WEIGHTS_FILE

if TYPE_CHECKING:
    from ..model.data.packs import AnnotatedFaces
    from ..model.detector import Detector
    from ..model.training.error_factors import SetErrors


@click.command("calibrate")
@click.option("--data", type=FOLDER, required=True, help="Folder of the face packs (human68, human98_dev, merl68).")
@click.option("--weights", type=WEIGHTS_FILE, help='A checkpoint, or "fast"; the default one by default.')
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The checkpoint to write.")
def calibrate_command(data: Path, weights: Path | None, out: Path) -> None:
    """Bring a checkpoint's expected errors to the size that errors have on the packs' faces kept apart.

    The contour, the lips and all other curves get a factor each, in crops as the engine cuts them; each set counts
    alike. Then all are made larger by the few per cent that it takes until at most 0.2% of a set's points are far off
    at a small expected error. No point moves. The table tells each face's errors by factors that four fifths of the
    other faces gave.
    """
    from ..model.checkpoint import load_detector, save_detector
    from ..model.training.error_factors import cross_validate, fit_safe_factors, format_sets

    loaded = load_detector(weights)
    detector = loaded.detector
    detector.error_factors = {}
    tests = [faces for dataset in load_sources(data, None) for faces in whole_test(dataset)]
    measured = [measure_errors(detector, faces) for faces in tests]
    factors = fit_safe_factors(measured, detector.part_names)
    detector.error_factors = {part: factor for part, factor in factors.items() if factor != 1}
    version = loaded.version.partition("+")[0]
    save_detector(out, detector, version, loaded.training, is_half=loaded.is_half)
    click.echo(format_sets(measured, cross_validate(measured, detector.part_names)))
    by_factor: dict[float, list[str]] = {}
    for part, factor in factors.items():
        by_factor.setdefault(factor, []).append(part)
    for factor, parts in by_factor.items():
        click.echo(f"{factor:.3f}: {', '.join(parts)}")
    click.echo(f"wrote {out}")


def measure_errors(detector: Detector, faces: AnnotatedFaces) -> SetErrors:
    """Return a detector's errors on a set, in crops as the engine cuts them."""
    from ..engine.annotated_crops import find_annotated_crops
    from ..engine.finders import default_face_finder
    from ..model.evaluation.metrics import normalized_errors
    from ..model.evaluation.predict import predict_landmarks
    from ..model.evaluation.scores import measure_normalizers, own_normalizer
    from ..model.reader import LandmarkReader
    from ..model.training.error_factors import SetErrors

    normalizer = measure_normalizers(faces)[own_normalizer(faces)]
    frames, _ = find_annotated_crops(faces, detector, default_face_finder())
    predicted, expected = predict_landmarks(LandmarkReader(detector), faces, frames, faces.scheme.landmarks)
    return SetErrors(
        faces.name,
        tuple(landmark.part for landmark in faces.scheme.landmarks),
        expected / normalizer[:, None],
        normalized_errors(predicted, faces.points, normalizer),
    )
