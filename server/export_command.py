"""`faceql export`."""

from __future__ import annotations

from pathlib import Path

import click

from .shared_options import WeightsPath


@click.command("export")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--weights",
    type=WeightsPath(dir_okay=False, path_type=Path),
    help='Another checkpoint than the default one, or "fast".',
)
def export_command(out: Path, weights: Path | None) -> None:
    """Write the detector as ONNX into the folder OUT: encoder.onnx and decoder.onnx, and a copy of the checkpoint.

    `faceql ask … --backend openvino --weights OUT` runs them, or `--backend onnxruntime`, and so does any runtime that
    knows opset 20. Both say in their metadata whose weights they hold, and answers repeat it.
    """
    from ..model.checkpoint import load_detector
    from ..model.onnx_detector import load_onnx_detector, measure_difference
    from ..model.onnx_export import copy_whole, export_graphs, save_graphs

    loaded = load_detector(weights)
    for path in (*save_graphs(out, export_graphs(loaded)), *copy_whole(out, loaded)):
        click.echo(f"wrote {path}, {path.stat().st_size / 1e6:.1f} MB")
    difference = measure_difference(loaded.detector, load_onnx_detector(out))
    click.echo(f"{loaded.version}; on noise it differs from PyTorch by up to {difference:.1e} of a crop's side")
