"""What `faceql template register` prints: where each landmark went, how surely, and how true that is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...querylang.registry import Layout
from ..data.packs import MESH_SIZE
from .known_vertices import MESH_OFF_PARTS, MESH_PLACES, NEAR, check_rings, miss_of
from .registration import KEPT_SHARE, LARGEST_OFFSET, LARGEST_RATIO, RegisteredLandmark, Registration

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """A registration beside the FPALPs that are known of its layout.

    Attributes:
        right_parts: how many landmarks were registered on their own part.
        misses: (landmark, FPALP less the known one) of those.
        wrong: landmarks on another part, or on none.
    """

    right_parts: int
    misses: tuple[tuple[RegisteredLandmark, float], ...]
    wrong: tuple[RegisteredLandmark, ...]


def compare_with_layout(registration: Registration, layout: Layout) -> Comparison:
    """Compare with a layout of the registry of the same numbering; landmarks that no face has are left out."""
    misses, wrong = [], []
    for landmark, truth in zip(registration.landmarks, layout.landmarks, strict=True):
        if not landmark.part:
            continue
        if landmark.part != truth.part or not landmark.is_on_part:
            wrong.append(landmark)
            continue
        miss = float(landmark.fpalp - truth.fpalp)
        is_closed = registration.registry.parts[truth.part].is_closed
        misses.append((landmark, (miss + 0.5) % 1 - 0.5 if is_closed else miss))
    return Comparison(len(misses), tuple(misses), tuple(wrong))


def to_markdown(registration: Registration, title: str, way: str, truth: Layout | None) -> str:
    """Return the report as Markdown.

    Args:
        registration: what to report.
        title: of the layout.
        way: what the faces' parts were known by.
        truth: the registry's layout of the same numbering, to compare with; None where there is none.
    """
    on_parts = registration.on_parts
    lines = [
        f"## {title}: {len(on_parts)} of {len(registration.landmarks)} landmarks lie on parts",
        "",
        f"{registration.faces} faces; their parts known by {way}. Residual: root mean square distance from the part's "
        f"place, over the closest {100 * KEPT_SHARE:g}% of the faces, % of inter-ocular; known to: how well the part "
        f"itself is known there. A landmark lies on a part if its residual is at most {LARGEST_RATIO:g} times that, "
        f"and its mean offset at most {LARGEST_OFFSET:g} times.",
    ]
    lines += ["", *count_parts(registration)]
    if truth is not None:
        lines += ["", *tell_comparison(compare_with_layout(registration, truth), registration, truth)]
    if len(registration.landmarks) == MESH_SIZE:
        lines += ["", *tell_mesh(registration)]
    lines += ["", "### Landmarks on parts", "", *tell_landmarks(on_parts)]
    return "\n".join(lines)


def count_parts(registration: Registration) -> list[str]:
    """Return lines: how many landmarks lie on each part and how closely, and where those on none are."""
    lines = ["| part | landmarks | residual, median | known to |", "|---|---|---|---|"]
    for part in registration.registry.parts:
        own = [landmark for landmark in registration.on_parts if landmark.part == part]
        if own:
            residual = 100 * float(np.median([landmark.residual for landmark in own]))
            known_to = 100 * float(np.median([landmark.known_to for landmark in own]))
            lines.append(f"| {part} | {len(own)} | {residual:.1f} | {known_to:.1f} |")
    regions = Counter(name_region(registration, landmark) for landmark in off_parts(registration))
    if regions:
        told = ", ".join(f"{region} {count}" for region, count in regions.most_common())
        lines += ["", f"On no part: {sum(regions.values())} ({told})."]
    unknown = [str(landmark.index) for landmark in registration.landmarks if not landmark.part]
    if unknown:
        lines += ["", f"Annotated on too few faces to place: {', '.join(unknown)}."]
    return lines


def off_parts(registration: Registration) -> list[RegisteredLandmark]:
    return [landmark for landmark in registration.landmarks if landmark.part and not landmark.is_on_part]


def name_region(registration: Registration, landmark: RegisteredLandmark) -> str:
    """Return in words where on the face a landmark lies that is on no part."""
    x, y = registration.shape[landmark.index].tolist()
    places, paths = registration.paths

    def box(*parts: str) -> tuple[float, float, float, float]:
        own = paths[[number for number, place in enumerate(places) if place.part in parts]]
        low, high = own.min(axis=0), own.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    needed = {"left eyebrow", "right eyebrow", "left eye", "right eye", "face contour", "nose boundary", "outer lip"}
    if not needed <= {place.part for place in places}:
        return f"near the {landmark.part}"
    brows, eyes = box("left eyebrow", "right eyebrow"), box("left eye", "right eye")
    jaw, wings, lips = box("face contour"), box("nose boundary"), box("outer lip")
    if y < brows[1]:
        return "forehead"
    if y < eyes[1] and abs(x) < wings[2]:
        return "between the eyebrows"
    if not jaw[0] - 0.05 < x < jaw[2] + 0.05:
        return "beyond the contour"
    if y < eyes[3] + 0.12 and abs(x) > wings[2] / 2:
        return "round the eyes"
    if y < wings[3] and abs(x) < 1.1 * wings[2]:
        return "nose"
    if lips[0] < x < lips[2] and y > wings[3]:
        return "round the mouth" if y < lips[3] + 0.05 else "chin"
    return "cheeks"


def tell_comparison(comparison: Comparison, registration: Registration, truth: Layout) -> list[str]:
    """Return lines: the share of right parts, and the FPALPs' errors part by part."""
    total = comparison.right_parts + len(comparison.wrong)
    share = 100 * comparison.right_parts / total
    lines = [
        f"### Against the registry's {truth.title}, which registration was not told",
        "",
        f"Part right: {comparison.right_parts} of {total} ({share:.1f}%).",
        "",
        "| part | landmarks | mean FPALP error | largest | id |",
        "|---|---|---|---|---|",
    ]
    for part in registration.registry.parts:
        own = [(abs(miss), landmark.index + 1) for landmark, miss in comparison.misses if landmark.part == part]
        if own:
            largest, number = max(own)
            mean = float(np.mean([miss for miss, _ in own]))
            lines.append(f"| {part} | {len(own)} | {mean:.4f} | {largest:.4f} | {number} |")
    everything = [abs(miss) for _, miss in comparison.misses]
    if everything:
        lines.append(f"| all | {len(everything)} | {np.mean(everything):.4f} | {max(everything):.4f} | |")
    for landmark in comparison.wrong:
        place = truth.landmarks[landmark.index]
        on = "on" if landmark.is_on_part else "nearest to, but not on,"
        lines += [
            "",
            f"Id {landmark.index + 1} is {place.part} {place.fpalp}, but was found {on} the {landmark.part} at "
            f"{float(landmark.fpalp):.3f}, residual {100 * landmark.residual:.1f}%.",
        ]
    return lines


def tell_mesh(registration: Registration) -> list[str]:
    """Return lines: the mesh's published rings and known vertices, and what registration made of them."""
    lines = [
        "### Against what MediaPipe publishes of its mesh, which registration was not told",
        "",
        "| ring | vertices | on that part | largest step back |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {check.part} | {check.size} | {check.on_part} | {check.step_back:.3f} |"
        for check in check_rings(registration)
    ]
    lines += ["", "| vertex | known as | registered | residual % | |", "|---|---|---|---|---|"]
    for vertex, (part, fpalp) in MESH_PLACES.items():
        landmark = registration.landmarks[vertex]
        miss = miss_of(registration, vertex)
        verdict = "other part" if miss is None else "right" if abs(miss) <= NEAR else f"off by {miss:+.3f}"
        if landmark.part == part and not landmark.is_on_part:
            verdict = "right place, too far from it"
        lines.append(
            f"| {vertex} | {part} {fpalp} | {landmark.part} {float(landmark.fpalp):.3f} | "
            f"{100 * landmark.residual:.1f} | {verdict} |"
        )
    for vertex, region in MESH_OFF_PARTS.items():
        landmark = registration.landmarks[vertex]
        told = f"on the {landmark.part}" if landmark.is_on_part else f"no part: {name_region(registration, landmark)}"
        verdict = "wrong" if landmark.is_on_part else "right"
        lines.append(f"| {vertex} | no part: {region} | {told} | {100 * landmark.residual:.1f} | {verdict} |")
    return lines


def tell_landmarks(landmarks: Sequence[RegisteredLandmark]) -> list[str]:
    """Return the table of landmarks."""
    lines = [
        "Columns count from 0; right and down are the mean offset from the place, % of inter-ocular.",
        "",
        "| column | part | FPALP | residual | known to | right | down | mirror | nearly as close |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for landmark in landmarks:
        right, down = landmark.offset
        lines.append(
            f"| {landmark.index} | {landmark.part} | {float(landmark.fpalp):.4f} | {100 * landmark.residual:.1f} | "
            f"{100 * landmark.known_to:.1f} | {100 * right:+.1f} | {100 * down:+.1f} | "
            f"{'-' if landmark.mirror is None else landmark.mirror} | {landmark.rival or '-'} |"
        )
    return lines


def to_json(registration: Registration, title: str, way: str, truth: Layout | None) -> str:
    """Return the registration as JSON; distances are shares of inter-ocular."""
    told: dict[str, object] = {
        "title": title,
        "faces": registration.faces,
        "known_by": way,
        "landmarks": [
            {
                "column": landmark.index,
                "part": landmark.part,
                "fpalp": str(landmark.fpalp),
                "residual": landmark.residual,
                "offset": landmark.offset,
                "known_to": landmark.known_to,
                "is_on_part": landmark.is_on_part,
                "mirror": landmark.mirror,
                "rival": landmark.rival,
                "region": None if landmark.is_on_part else name_region(registration, landmark),
            }
            for landmark in registration.landmarks
            if landmark.part
        ],
        "unplaced": [landmark.index for landmark in registration.landmarks if not landmark.part],
    }
    if truth is not None:
        comparison = compare_with_layout(registration, truth)
        misses = [abs(miss) for _, miss in comparison.misses]
        told["registry"] = {
            "layout": truth.name,
            "right_parts": comparison.right_parts,
            "wrong": [landmark.index for landmark in comparison.wrong],
            "mean_fpalp_error": float(np.mean(misses)) if misses else None,
            "largest_fpalp_error": max(misses) if misses else None,
        }
    if len(registration.landmarks) == MESH_SIZE:
        told["mesh_rings"] = {
            check.part: {"size": check.size, "on_part": check.on_part, "step_back": check.step_back}
            for check in check_rings(registration)
        }
    return json.dumps(told, indent=2)
