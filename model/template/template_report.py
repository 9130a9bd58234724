"""What `faceql template build` prints: T_U's layouts, Table 7, and Eq. 8's FPALPs beside the registry's."""

from __future__ import annotations

import json

from .mean_shapes import TEMPLATE_PX
from .unified import PAPER_DISTANCES, PlacedLandmark, UnifiedTemplate

MOST_SHOWN = 10
SAME = 1e-6


def to_markdown(template: UnifiedTemplate) -> str:
    """Return the report as Markdown."""
    count = len(template.clusters)
    shared = sum(len(cluster.members) > 1 for cluster in template.clusters)
    lines = ["## The unified template", "", "| layout | faces | landmarks |", "|---|---|---|"]
    lines += [f"| {shape.title} | {shape.faces} | {len(shape.landmarks)} |" for shape in template.shapes]
    lines += [
        "",
        f"T_U has {count} clusters, {shared} of them of two layouts or more. Inter-ocular distance "
        f"{template.inter_ocular_px:.1f} px in a template of {TEMPLATE_PX} px.",
        "",
        "### Mean intra-cluster distance (Table 7)",
        "",
        "The paper's are of AFLW19, 300W and WFLW, in pixels of a template whose size it does not say.",
        "",
        "| part | clusters | px | % of inter-ocular | paper, px |",
        "|---|---|---|---|---|",
    ]
    distances = template.intra_cluster_distances()
    for part, (distance, clusters) in distances.items():
        paper = f"{PAPER_DISTANCES[part]:.2f}" if part in PAPER_DISTANCES else "-"
        relative = 100 * distance / template.inter_ocular_px
        lines.append(f"| {part} | {clusters} | {distance:.2f} | {relative:.2f} | {paper} |")
    if distances:
        values = [distance for distance, _ in distances.values()]
        mean = sum(values) / len(values)
        paper_mean = sum(PAPER_DISTANCES.values()) / len(PAPER_DISTANCES)
        relative = 100 * mean / template.inter_ocular_px
        lines.append(f"| mean of the parts | {shared} | {mean:.2f} | {relative:.2f} | {paper_mean:.2f} |")
    lines += ["", "### FPALPs by Eq. 8 beside the registry's", "", *compare_with_registry(template)]
    lines += ["", "### Where the mean shapes have the landmarks", "", *compare_with_shapes(template)]
    return "\n".join(lines)


def compare_with_registry(template: UnifiedTemplate) -> list[str]:
    """Return lines: how many FPALPs agree, and a table of those that differ most."""

    def miss(landmark: PlacedLandmark) -> float:
        return template.difference(landmark, landmark.registry_fpalp)

    ranked = sorted(template.placed, key=lambda landmark: -abs(miss(landmark)))
    same = sum(abs(miss(landmark)) < SAME for landmark in ranked)
    lines = [f"{same} of {len(ranked)} are the registry's exactly."]
    if same < len(ranked):
        lines += ["", "| layout | id | part | Eq. 8 | registry | difference |", "|---|---|---|---|---|---|"]
    for landmark in ranked[:MOST_SHOWN]:
        if abs(miss(landmark)) >= SAME:
            lines.append(
                f"| {template.shapes[landmark.layout].title} | {landmark.column + 1} | {landmark.part} | "
                f"{landmark.fpalp:.4f} | {landmark.registry_fpalp:.4f} | {miss(landmark):+.4f} |"
            )
    return lines


def compare_with_shapes(template: UnifiedTemplate) -> list[str]:
    """Return lines: how far even spacing by index is from where the mean shapes have the landmarks, by part."""
    lines = [
        "Each landmark's place on the curve of the layout with the most landmarks on its part, against Eq. 8's.",
        "",
        "| part | mean difference | largest | of |",
        "|---|---|---|---|",
    ]
    for part in template.registry.parts:
        misses = [
            (abs(template.difference(landmark, landmark.seen_fpalp)), landmark)
            for landmark in template.placed
            if landmark.part == part
        ]
        if not misses or template.registry.parts[part].is_point:
            continue
        largest, landmark = max(misses, key=lambda pair: pair[0])
        mean = sum(miss for miss, _ in misses) / len(misses)
        name = f"{template.shapes[landmark.layout].title} {landmark.column + 1}" if largest > SAME else "-"
        lines.append(f"| {part} | {mean:.4f} | {largest:.4f} | {name} |")
    return lines


def to_json(template: UnifiedTemplate) -> str:
    """Return the template and its tables as JSON; points in pixels of the template."""
    distances = template.intra_cluster_distances()
    return json.dumps(
        {
            "template_px": TEMPLATE_PX,
            "inter_ocular_px": template.inter_ocular_px,
            "layouts": [
                {"title": shape.title, "faces": shape.faces, "landmarks": len(shape.landmarks)}
                for shape in template.shapes
            ],
            "landmarks": [
                {
                    "layout": template.shapes[landmark.layout].title,
                    "id": landmark.column + 1,
                    "part": landmark.part,
                    "fpalp": landmark.fpalp,
                    "registry_fpalp": landmark.registry_fpalp,
                    "seen_fpalp": landmark.seen_fpalp,
                    "xy": template.shapes[landmark.layout].points[landmark.column].tolist(),
                }
                for landmark in template.placed
            ],
            "clusters": [
                {
                    "part": cluster.part,
                    "members": [[template.shapes[layout].title, column + 1] for layout, column in cluster.members],
                    "distance_px": cluster.distance,
                }
                for cluster in template.clusters
            ],
            "intra_cluster_distance_px": {part: distance for part, (distance, _) in distances.items()},
            "paper_intra_cluster_distance_px": PAPER_DISTANCES,
        },
        indent=2,
    )
