"""Whether answers are as good for every age and every group of people, where photos tell them: the pack `auto`.

Its labels are automatic and a detector may have been trained on them, so the figures compare groups with one another;
they do not tell how exact the points are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConfigError
from ..crops import CropFrame
from ..data.datasets.layout_faces import make_layout_faces
from ..data.packs import AnnotatedFaces, list_images, read_labels, spread_rows
from ..reader import LandmarkReader
from .metrics import FloatArray, inter_ocular, normalized_errors
from .predict import predict_landmarks, predict_mirrored
from .scores import MeanError, mean_error, nanmean

FACES_A_GROUP = 100
AGES = ((0, 2), (3, 9), (10, 19), (20, 39), (40, 59), (60, 116))
ADULT_AGES = range(20, 60)

# UTKFace's names are age_gender_race_date; All-Age-Faces' end with A and the age.
UTK_NAME = re.compile(r"utk/(?P<age>\d+)_[01]_(?P<people>[0-4])_")
AAF_NAME = re.compile(r"aaf/\d+A(?P<age>\d+)_")
UTK_PEOPLE = ("White", "Black", "Asian", "Indian", "others")
UTK, AAF = "UTKFace", "All-Age-Faces"
GROUPS = (
    *(f"{source}, age {low} to {high}" for source in (AAF, UTK) for low, high in AGES),
    *(f"{UTK}, adults: {people}" for people in sorted(UTK_PEOPLE)),
)

CropFinder = Callable[[AnnotatedFaces], tuple[list[CropFrame], int]]
"""Gives each face's crop, and how many faces it did not find."""


@dataclass(frozen=True)
class GroupSteadiness:
    """How one group of faces fares.

    Attributes:
        name: of the group.
        faces: how many were looked at.
        found: share of them that the face finder finds, %.
        mirror: distance between the answer and the mirrored picture's, mirrored back, % of inter-ocular.
        label_distance: distance from the automatic labels, % of inter-ocular.
    """

    name: str
    faces: int
    found: float
    mirror: MeanError
    label_distance: MeanError


def name_groups(name: str) -> list[str]:
    """Return the groups of a face of `auto`, by its name; none where the name tells nothing."""
    told = UTK_NAME.match(name) or AAF_NAME.match(name)
    if told is None:
        return []
    age, people = int(told["age"]), told.groupdict().get("people")
    groups = [f"{AAF if people is None else UTK}, age {low} to {high}" for low, high in AGES if low <= age <= high]
    if people is not None and age in ADULT_AGES:
        groups.append(f"{UTK}, adults: {UTK_PEOPLE[int(people)]}")
    return groups


def choose_rows(names: Sequence[str]) -> dict[str, list[int]]:
    """Return the rows of each group that has any, in the order of GROUPS: at most FACES_A_GROUP, evenly spread."""
    members: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        for group in name_groups(name):
            members.setdefault(group, []).append(row)
    return {
        group: spread_rows(np.array(members[group]), FACES_A_GROUP).tolist() for group in GROUPS if group in members
    }


def measure_groups(reader: LandmarkReader, folder: Path, find_crops: CropFinder) -> list[GroupSteadiness]:
    """Measure every group of the pack `auto`, 68 points a face.

    Args:
        reader: of a detector in evaluation mode.
        folder: the pack.
        find_crops: cuts the faces as whoever uses the detector does.

    Raises:
        ConfigError: the folder is no pack of automatic labels, or none of its faces' names tells an age.
    """
    labels = read_labels(folder)
    if "teacher68" not in labels:
        raise ConfigError(f"{folder} has no automatic labels")
    names = [str(name) for name in labels["names"]]
    chosen = choose_rows(names)
    if not chosen:
        raise ConfigError(f"no face of {folder} has a name as UTKFace or All-Age-Faces give it")
    points = labels["teacher68"].astype(np.float64)
    paths = list_images(folder, len(names))
    found = []
    for group, rows in chosen.items():
        faces = make_layout_faces(
            group, "300w", tuple(paths[i] for i in rows), points[rows], points[rows], tuple(names[i] for i in rows)
        )
        frames, missed = find_crops(faces)
        plain, _ = predict_landmarks(reader, faces, frames, faces.scheme.landmarks)
        mirrored = predict_mirrored(reader, faces, frames, faces.scheme.landmarks)
        eyes = inter_ocular(points[rows], "300w")

        def mean_distance(given: FloatArray, other: FloatArray, eyes: FloatArray = eyes) -> MeanError:
            return mean_error(nanmean(normalized_errors(given, other, eyes), axis=1))

        found.append(
            GroupSteadiness(
                group,
                len(rows),
                100 * (1 - missed / len(rows)),
                mean_distance(mirrored, plain),
                mean_distance(plain, faces.points),
            )
        )
    return found


def format_groups(groups: Sequence[GroupSteadiness]) -> str:
    """Return the table of the model card."""
    lines = [
        "### By age and group of people",
        "",
        "UTKFace and All-Age-Faces, whose names tell the age; UTKFace's five groups are its own labels. No points by "
        "hand, and photos that training saw: the figures compare groups, and do not tell how exact the points are. "
        f"At most {FACES_A_GROUP} faces each; means in % of the inter-ocular distance with 95% bootstrap intervals.",
        "",
        "| faces | n | found % | moved by mirroring | from the automatic labels |",
        "|---|---|---|---|---|",
    ]
    for group in groups:
        lines.append(f"| {group.name} | {group.faces} | {group.found:.1f} | {group.mirror} | {group.label_distance} |")
    return "\n".join(lines)
