"""Writing answers down: CSV, SVG, 300W's .pts, COCO's keypoints, and supervision's type for them."""

from __future__ import annotations

import csv
import importlib
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from ..errors import ConfigError, NoSuchFaceError
from ..querylang.registry import load_registry
from .palette import part_color

if TYPE_CHECKING:
    from .answer import Answer

CSV_COLUMNS = ("index", "face", "part", "fpalp", "name", "x", "y", "expected_error")


def shorten(value: np.float32) -> float:
    """Return the number of fewest digits that is still the same float32."""
    return float(str(value))


def write_csv(answer: Answer) -> str:
    """Return one row for each point, under a heading."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    has_surfaces = bool(np.isfinite(answer.vs).any())
    writer.writerow((*CSV_COLUMNS[:4], "v", *CSV_COLUMNS[4:]) if has_surfaces else CSV_COLUMNS)
    for i, point in enumerate(answer.points):
        x, y, error = map(shorten, (answer.xy[i, 0], answer.xy[i, 1], answer.expected_error[i]))
        place = (point.fpalp, "" if point.v is None else point.v) if has_surfaces else (point.fpalp,)
        writer.writerow((i, point.face, point.part, *place, point.name, x, y, error))
    return text.getvalue()


def write_pts(answer: Answer, face: int) -> str:
    """Return one face's points as a 300W .pts file: pixels counted from 1.

    Raises:
        NoSuchFaceError: The answer has no such face.
    """
    if not 0 <= face < len(answer.faces):
        raise NoSuchFaceError(f"the answer has {len(answer.faces)} face(s): there is no index {face}")
    points = answer.xy[answer.face_index == face].astype(np.float64) + 1
    rows = "".join(f"{x:.4f} {y:.4f}\n" for x, y in points.tolist())
    return f"version: 1\nn_points: {len(points)}\n{{\n{rows}}}\n"


def make_coco(answer: Answer, *, image_id: int, file_name: str | None) -> dict[str, Any]:
    """Return the answer as a COCO keypoint dataset of one image; see `Answer.to_coco`."""
    height, width = answer.image_size
    categories: dict[tuple[str, ...], int] = {}
    annotations = []
    for index, face in enumerate(answer.faces):
        rows = np.flatnonzero(answer.face_index == index)
        names = tuple(answer.names[i] for i in rows)
        x0, y0, x1, y1 = face.box
        keypoints: list[float] = []
        for i in rows:
            x, y = shorten(answer.xy[i, 0]), shorten(answer.xy[i, 1])
            is_inside = -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5
            keypoints += [x, y, 2 if is_inside else 1]
        annotations.append(
            {
                "id": index + 1,
                "image_id": image_id,
                "category_id": categories.setdefault(names, len(categories) + 1),
                "keypoints": keypoints,
                "num_keypoints": len(rows),
                "bbox": [x0 + 0.5, y0 + 0.5, x1 - x0, y1 - y0],
                "area": (x1 - x0) * (y1 - y0),
                "iscrowd": 0,
                **({} if face.score is None else {"score": face.score}),
            }
        )
    return {
        "info": {"description": answer.query.canonical, "version": answer.model_version},
        "images": [{"id": image_id, "width": width, "height": height, "file_name": file_name or ""}],
        "annotations": annotations,
        "categories": [
            {
                "id": number,
                "name": "face",
                "supercategory": "person",
                "keypoints": list(names),
                "skeleton": join_neighbours(answer, names),
            }
            for names, number in categories.items()
        ],
    }


def join_neighbours(answer: Answer, names: tuple[str, ...]) -> list[list[int]]:
    """Return COCO's skeleton: pairs of neighbours on a part, numbered from 1; rings are closed."""
    (start, *_) = (s.start for s in answer.strokes if answer.names[s.start : s.start + 1] == names[:1])
    registry = load_registry()
    parts = answer.parts[start : start + len(names)]
    fpalps = answer.fpalps[start : start + len(names)]
    pairs = []
    for part in dict.fromkeys(parts):
        if part not in registry.parts:
            continue  # on a surface points have no one order
        own = sorted((i for i, other in enumerate(parts) if other == part), key=lambda i: fpalps[i])
        pairs += [[a + 1, b + 1] for a, b in pairwise(own)]
        is_ring = len(own) > 2 and registry.parts[part].is_closed and 1 - fpalps[own[-1]] + fpalps[own[0]] < 0.3
        pairs += [[own[-1] + 1, own[0] + 1]] if is_ring else []
    return pairs


def make_supervision(answer: Answer) -> Any:
    """Return the answer as `supervision.KeyPoints`; see `Answer.to_supervision`."""
    counts = np.bincount(answer.face_index, minlength=len(answer.faces))
    if len(set(counts.tolist())) > 1:
        raise ConfigError(f"supervision wants as many points of every face, and here they are {counts.tolist()}")
    try:
        supervision = importlib.import_module("supervision")
    except ImportError as error:
        raise ConfigError("supervision is not installed: pip install supervision") from error
    faces = len(answer.faces)
    return supervision.KeyPoints(
        xy=answer.xy.reshape(faces, -1, 2).copy(),
        class_id=np.zeros(faces, dtype=int),
        data={"class_name": np.array(["face"] * faces)},
    )


def write_svg(answer: Answer) -> str:
    """Return an overlay of the photo's size, one group for each part of each face.

    SVG calls the photo's outer corner (0, 0), so everything is moved by half a pixel.
    """
    height, width = answer.image_size
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(answer.query.canonical)}</title>",
        '<g transform="translate(0.5 0.5)" stroke-linejoin="round" stroke-linecap="round">',
    ]
    for stroke, radius in zip(answer.strokes, dot_radii(answer), strict=True):
        color = "#{:02x}{:02x}{:02x}".format(*part_color(stroke.part))
        points = answer.xy[stroke.start : stroke.stop].tolist()
        lines.append(f'<g id="face{stroke.face}-{stroke.start}" fill="{color}" stroke="{color}">')
        lines.append(f"<title>{escape(stroke.part)}</title>")
        if answer.query.shape in ("polygon", "polyline"):
            path = " ".join(f"{x:.3f},{y:.3f}" for x, y in points)
            fill = 'fill-opacity="0.35"' if answer.query.shape == "polygon" else 'fill="none"'
            lines.append(f'<{answer.query.shape} points="{path}" {fill} stroke-width="{0.8 * radius:.3f}"/>')
        else:
            for name, (x, y) in zip(answer.names[stroke.start : stroke.stop], points, strict=True):
                lines.append(
                    f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{radius:.3f}" stroke="none">'
                    f"<title>{escape(name)}</title></circle>"
                )
        lines.append("</g>")
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def dot_radii(answer: Answer) -> list[float]:
    """Return a dot's radius in each stroke, photo pixels: by the face's size, less where points crowd."""
    radii = []
    for stroke in answer.strokes:
        radius = answer.faces[stroke.face].area ** 0.5 / 70
        steps = np.linalg.norm(np.diff(answer.xy[stroke.start : stroke.stop], axis=0), axis=1)
        spacing = float(np.median(steps)) if len(steps) else np.inf
        radii.append(max(min(radius, 0.42 * spacing), radius / 6))
    return radii
