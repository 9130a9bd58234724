"""An answer as plain data, for JSON, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from ..querylang.parse import parse
from .faces import Face
from .formats import shorten
from .outlines import Outline, count_runs, join_outlines
from .visibility import PointVisibility

if TYPE_CHECKING:
    from .answer import Answer
    from .landmark import Landmark

SCHEMA_VERSION = 3
OLDER_VERSIONS = (2,)
"""Without visibility, outlines and how many faces were found."""
FRAME = "pixels of the upright photo; (0, 0) is the centre of the top-left pixel"


def write_answer(answer: Answer) -> dict[str, Any]:
    """Return everything of an answer but its photo as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "instruction": answer.query.text,
        "canonical": answer.query.canonical,
        "perspective": answer.perspective,
        "shape": answer.query.shape,
        "image_size": {"height": answer.image_size[0], "width": answer.image_size[1]},
        "frame": FRAME,
        "model_version": answer.model_version,
        "notes": list(answer.notes),
        "faces_found": answer.faces_found,
        "faces": [
            {
                "box": [round(value, 3) for value in face.box],
                "score": face.score,
                "number": face.number,
                "angle": face.angle,
                "doubtful": face.doubtful,
            }
            for face in answer.faces
        ],
        "outlines": [
            {
                "face": outline.face,
                "shape": outline.shape,
                "points": list(outline.points),
                "holes": [list(hole) for hole in outline.holes],
            }
            for outline in answer.outlines
        ],
        "points": [write_point(answer, i, point) for i, point in enumerate(answer.points)],
    }


def write_point(answer: Answer, i: int, point: Landmark) -> dict[str, Any]:
    """Return one point as plain data."""
    visibility = None
    if answer.visibility is not None:
        values = map(shorten, answer.visibility[i])
        visibility = dict(zip(PointVisibility._fields, values, strict=True))
    return {
        "face": point.face,
        "part": point.part,
        "fpalp": point.fpalp,
        **({} if point.v is None else {"v": point.v}),
        "name": point.name,
        "x": shorten(answer.xy[i, 0]),
        "y": shorten(answer.xy[i, 1]),
        "expected_error": shorten(answer.expected_error[i]),
        "error_ellipse": [shorten(value) for value in answer.error_ellipses[i]],
        "visibility": visibility,
    }


def read_answer(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the answer that `write_answer` wrote.

    Raises:
        ConfigError: It is of another schema version, its points are not pixels, or a key is missing or of a wrong kind.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"an answer is read from a dict, not from {type(data).__name__}")
    version = data.get("schema_version")
    if version != SCHEMA_VERSION and version not in OLDER_VERSIONS:
        raise ConfigError(f"schema_version must be {SCHEMA_VERSION}, not {version!r}")
    if data.get("units", "px") != "px":
        raise ConfigError(f"the points are {data['units']!r}: an answer is read from pixels")
    try:
        points = data["points"]
        query = replace(parse(data["canonical"]), text=data["instruction"], perspective=data["perspective"])
        parts = tuple(point["part"] for point in points)
        face_index = np.array([point["face"] for point in points], dtype=np.int64)
        faces = tuple(read_face(face) for face in data["faces"])
        if version == SCHEMA_VERSION:
            outlines = tuple(read_outline(outline) for outline in data["outlines"])
        else:
            runs = count_runs(query, len(points), len(faces))
            outlines = join_outlines(query, parts, runs.tolist(), face_index.tolist())
        return {
            "query": query,
            "perspective": data["perspective"],
            "parts": parts,
            "fpalps": np.array([point["fpalp"] for point in points], dtype=np.float64),
            "names": tuple(point["name"] for point in points),
            "xy": np.array([(point["x"], point["y"]) for point in points], dtype=np.float32).reshape(-1, 2),
            "expected_error": np.array([point["expected_error"] for point in points], dtype=np.float32),
            "error_ellipses": np.array([point["error_ellipse"] for point in points], dtype=np.float32).reshape(-1, 3),
            "face_index": face_index,
            "faces": faces,
            "image_size": (data["image_size"]["height"], data["image_size"]["width"]),
            "model_version": data["model_version"],
            "notes": tuple(data["notes"]),
            "visibility": read_visibility([point.get("visibility") for point in points]),
            "outlines": outlines,
            "vs": np.array([point.get("v", np.nan) for point in points], dtype=np.float64),
            "faces_found": int(data.get("faces_found", len(faces))),
        }
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ConfigError(f"not an answer of schema {version}: {error!r}") from error


def read_face(data: Mapping[str, Any]) -> Face:
    """Return a face of plain data."""
    x0, y0, x1, y1 = (float(value) for value in data["box"])
    return Face((x0, y0, x1, y1), data["score"], data["number"], data.get("angle", 0.0), data.get("doubtful", False))


def read_outline(data: Mapping[str, Any]) -> Outline:
    """Return an outline of plain data."""
    shape = data["shape"]
    if shape not in ("polygon", "polyline"):
        raise ValueError(f"no shape is {shape!r}")
    holes = tuple(tuple(int(point) for point in hole) for hole in data["holes"])
    return Outline(int(data["face"]), shape, tuple(int(point) for point in data["points"]), holes)


def read_visibility(points: list[Mapping[str, float] | None]) -> Any:
    """Return (N, 4) float32, None where the points do not tell."""
    if not points or points[0] is None:
        return None
    rows = [[point[name] for name in PointVisibility._fields] for point in points if point is not None]
    return np.array(rows, dtype=np.float32).reshape(len(points), -1)
