"""Writing answers down: CSV, SVG, 300W's .pts, COCO's keypoints, and supervision's type for them."""

from __future__ import annotations

import csv
import importlib
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from ..errors import ConfigError
from ..querylang.registry import load_registry
from .answer_units import find_share
from .arguments import check_choice
from .outlines import Outline
from .palette import part_color
from .surface_regions import pick_face
from .visibility import PointVisibility

if TYPE_CHECKING:
    from .answer import Answer

DATAFRAMES = ("pandas", "polars")
CSV_COLUMNS = ("index", "face", "part", "fpalp", "name", "x", "y", "expected_error", *PointVisibility._fields)


def shorten(value: np.float32) -> float:
    """Return the number of fewest digits that is still the same float32."""
    return float(str(value))


def write_csv(answer: Answer, *, is_normalized: bool = False) -> str:
    """Return one row for each point, under a heading; x and y are pixels, or shares of the photo."""
    height, width = answer.image_size
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    has_surfaces = bool(np.isfinite(answer.vs).any())
    writer.writerow((*CSV_COLUMNS[:4], "v", *CSV_COLUMNS[4:]) if has_surfaces else CSV_COLUMNS)
    for i, point in enumerate(answer.points):
        x, y = map(shorten, answer.xy[i])
        at = find_share(x, y, width=width, height=height) if is_normalized else (x, y)
        unknown = [""] * len(PointVisibility._fields)
        visibility = unknown if answer.visibility is None else map(shorten, answer.visibility[i])
        place = (point.fpalp, "" if point.v is None else point.v) if has_surfaces else (point.fpalp,)
        error = shorten(answer.expected_error[i])
        writer.writerow((i, point.face, point.part, *place, point.name, *at, error, *visibility))
    return text.getvalue()


def make_dataframe(answer: Answer, library: str | None) -> Any:
    """Return one row for each point as a table of pandas or polars; see `Answer.to_dataframe`."""
    if library is not None:
        check_choice("library", library, DATAFRAMES)
    for name in DATAFRAMES if library is None else (library,):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return module.DataFrame(make_columns(answer))
    raise ConfigError(f"{library or 'pandas or polars'} is not installed: pip install {library or 'pandas'}")


def make_columns(answer: Answer) -> dict[str, Any]:
    """Return the columns of the CSV and v, each a list of text or an array (N,)."""
    visibility = answer.visibility
    if visibility is None:
        visibility = np.full((len(answer), len(PointVisibility._fields)), np.nan, dtype=np.float32)
    return {
        "index": np.arange(len(answer)),
        "face": answer.face_index.copy(),
        "part": list(answer.parts),
        "fpalp": answer.fpalps.copy(),
        "v": answer.vs.copy(),
        "name": list(answer.names),
        "x": answer.xy[:, 0].copy(),
        "y": answer.xy[:, 1].copy(),
        "expected_error": answer.expected_error.copy(),
        **{name: visibility[:, i].copy() for i, name in enumerate(PointVisibility._fields)},
    }


def write_pts(answer: Answer, face: int) -> str:
    """Return one face's points as a 300W .pts file: pixels counted from 1.

    Raises:
        NoSuchFaceError: The answer has no such face.
    """
    face = pick_face(answer, face)
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
            is_seen = is_inside if answer.is_seen is None else bool(answer.is_seen[i])
            keypoints += [x, y, 2 if is_seen else 1]
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
                **segment_face(answer, index),
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


def segment_face(answer: Answer, face: int) -> dict[str, Any]:
    """Return COCO's segmentation and area of the polygons asked for on a face; nothing where none is."""
    polygons = [one for one in answer.outlines if one.shape == "polygon" and one.face == face]
    if not polygons:
        return {}
    is_inside = answer.mask(face=face) >= 0.5
    area = float(is_inside.sum())
    if not any(polygon.holes for polygon in polygons):
        # From the middle of the top-left pixel to its outer corner, as for the box.
        corners = [(answer.xy[list(polygon.points)].astype(np.float64) + 0.5).round(3) for polygon in polygons]
        return {"segmentation": [polygon.ravel().tolist() for polygon in corners], "area": area}
    # Down each column in turn; the first run is outside.
    flat = np.concatenate([[False], is_inside.T.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(changes, prepend=0, append=is_inside.size).tolist()
    return {"segmentation": {"size": list(answer.image_size), "counts": counts}, "area": area}


def join_neighbours(answer: Answer, names: tuple[str, ...]) -> list[list[int]]:
    """Return COCO's skeleton: pairs of neighbours on a part, numbered from 1; rings are closed."""
    if not names:
        return []
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
    """Return an overlay of the photo's size, one group for each part of each face, under the lines and rings.

    SVG calls the photo's outer corner (0, 0), so everything is moved by half a pixel.
    """
    height, width = answer.image_size
    radii = dot_radii(answer)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(answer.query.canonical)}</title>",
        '<g transform="translate(0.5 0.5)" stroke-linejoin="round" stroke-linecap="round">',
    ]
    starts = {stroke.start: radius for stroke, radius in zip(answer.strokes, radii, strict=True)}
    for outline in answer.outlines:
        radius = next(starts[start] for start in sorted(starts, reverse=True) if start <= outline.points[0])
        lines += write_outline(answer, outline, radius)
    joined = {point for outline in answer.outlines for ring in outline.rings for point in ring}
    for stroke, radius in zip(answer.strokes, radii, strict=True):
        dots = [write_dot(answer, i, radius, is_joined=i in joined) for i in range(stroke.start, stroke.stop)]
        color = write_color(stroke.part)
        lines.append(f'<g id="face{stroke.face}-{stroke.start}" fill="{color}" stroke="{color}">')
        lines += [f"<title>{escape(stroke.part)}</title>", *filter(None, dots), "</g>"]
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def write_outline(answer: Answer, outline: Outline, radius: float) -> list[str]:
    """Return an outline as SVG, of a line width that suits dots of a radius."""
    color = write_color(answer.parts[outline.points[0]])
    rings = [" ".join("{:.3f},{:.3f}".format(*answer.xy[i]) for i in ring) for ring in outline.rings]
    if outline.holes:
        path = " ".join(f"M {ring} Z" for ring in rings)
        shape = f'<path d="{path}" fill-rule="evenodd"'
    else:
        shape = f'<{outline.shape} points="{rings[0]}"'
    fill = f'fill="{color}" fill-opacity="0.35"' if outline.shape == "polygon" else 'fill="none"'
    return [f'{shape} {fill} stroke="{color}" stroke-width="{0.8 * radius:.3f}"/>']


def write_dot(answer: Answer, i: int, radius: float, *, is_joined: bool) -> str | None:
    """Return a point as SVG, hollow where it is not seen; None for one that is seen on a line or ring."""
    visibility = answer.points[i].visibility
    is_hollow = visibility is not None and not visibility.is_seen
    if is_joined and not is_hollow:
        return None
    x, y = answer.xy[i]
    title = escape(answer.names[i])
    look = 'stroke="none"'
    if visibility is not None and is_hollow:
        title += f" ({visibility.reason})"
        look = f'class="unseen" fill="none" stroke-width="{0.5 * radius:.3f}"'
    return f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{radius:.3f}" {look}><title>{title}</title></circle>'


def write_color(part: str) -> str:
    """Return a part's colour as SVG writes it."""
    return "#{:02x}{:02x}{:02x}".format(*part_color(part))


def dot_radii(answer: Answer) -> list[float]:
    """Return a dot's radius in each stroke, photo pixels: by the face's size, less where points crowd."""
    radii = []
    for stroke in answer.strokes:
        radius = answer.faces[stroke.face].area ** 0.5 / 70
        steps = np.linalg.norm(np.diff(answer.xy[stroke.start : stroke.stop], axis=0), axis=1)
        spacing = float(np.median(steps)) if len(steps) else np.inf
        radii.append(max(min(radius, 0.42 * spacing), radius / 6))
    return radii
