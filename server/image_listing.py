"""Which images and videos lie below the folders that may be read, and which a mistyped name may have meant."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".avif", ".heic", ".heif")
VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv")
MAX_SCANNED = 20_000
MAX_DEPTH = 12
NEAR_SCORE = 60


def find_images(roots: Sequence[Path]) -> tuple[list[tuple[Path, str]], bool]:
    """Return the image and video files below folders, each with its name below its root, and whether those are all.

    Names are sorted, folder by folder; hidden ones and links are left out.
    """
    found: list[tuple[Path, str]] = []
    scanned = 0
    for root in roots:
        for folder, names in walk_folders(root):
            for name in names:
                scanned += 1
                if scanned > MAX_SCANNED:
                    return found, False
                path = Path(folder, name)
                if name.lower().endswith(IMAGE_ENDINGS + VIDEO_ENDINGS) and not path.is_symlink():
                    found.append((path, path.relative_to(root).as_posix()))
    return found, True


def is_video(name: str) -> bool:
    """Return whether a file is a video, by its name."""
    return name.lower().endswith(VIDEO_ENDINGS)


def walk_folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder with its files' names, in the order of their names."""
    for folder, inner, names in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        inner[:] = sorted(name for name in inner if not name.startswith(".")) if depth < MAX_DEPTH else []
        yield folder, sorted(name for name in names if not name.startswith("."))


def suggest_names(roots: Sequence[Path], wanted: str) -> list[str]:
    """Return up to three names of image and video files that are like a name, the likest first."""
    # Without endings: all that end in .jpg would be alike.
    stems = {name: Path(name).stem.lower() for _, name in find_images(roots)[0]}
    scored = process.extract(Path(wanted).stem.lower(), stems, scorer=fuzz.WRatio, score_cutoff=NEAR_SCORE, limit=3)
    return [name for _, _, name in scored]
