"""Whole photos with labelled faces, made of the face packs and of photographs without a face that packages bring.

A pack holds square crops of one face each. They are laid, with soft edges, into larger pictures: alone, in crowds whose
heads hide the lower halves of those behind, with a hand or a cloth over the lower half, turned, tiny.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from faceql.model.crops import CropFrame
from faceql.model.data.packs import AnnotatedFaces

SIZE = (1280, 960)
SHAPE = 68
"""300W's points come first in human68."""
NOSE = slice(27, 36)
Box = tuple[float, float, float, float]

# Of scikit-image, where it is installed: textures, things, a cat's ears, a headlamp. None shows a face.
FACELESS = (
    "chelsea.png", "motorcycle_left.png", "motorcycle_right.png", "coffee.png", "rocket.jpg", "grass.png", "gravel.png",
    "brick.png", "horse.png", "coins.png", "color.png", "page.png", "text.png", "clock_motion.png", "retina.jpg",
    "hubble_deep_field.jpg", "moon.png", "ihc.png", "cell.png",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class TrueFace:
    """A face that was laid into a photo.

    Attributes:
        points: (68, 2) pixels of the photo.
        angle: How far it is turned, degrees clockwise.
        height: Of its upright box, brows to chin, pixels.
        seen: Whether enough of it is seen for a finder to be blamed.
        is_halved: Whether its lower half is hidden.
    """

    points: np.ndarray
    angle: float
    height: float
    seen: bool = True
    is_halved: bool = False


@dataclass(frozen=True, eq=False)
class MadePhoto:
    """A photo, the kind it is of, and its faces; `pixels` is (height, width, 3) uint8 RGB."""

    kind: str
    pixels: np.ndarray
    faces: tuple[TrueFace, ...]


class Maker:
    """Lays faces of a pack into backgrounds.

    Args:
        faces: A pack with 300W's points.
        seed: Of all that is drawn at random.
    """

    def __init__(self, faces: AnnotatedFaces, seed: int = 0) -> None:
        self.faces = faces
        self.random = np.random.default_rng(seed)
        self.backgrounds = [Image.fromarray(pixels) for pixels in read_faceless()]

    def make(self, kind: str, count: int) -> Iterator[MadePhoto]:
        """Yield photos of a kind of `KINDS`."""
        for _ in range(count):
            picture, faces = getattr(self, f"draw_{kind}")()
            yield MadePhoto(kind, np.asarray(picture), tuple(faces))

    def draw_plain(self) -> tuple[Image.Image, list[TrueFace]]:
        """One to five upright faces of 30 to 300 px, apart from each other."""
        picture = self.draw_background()
        count = int(self.random.integers(1, 6))
        step = SIZE[0] / count
        faces = []
        for column in range(count):
            height = float(np.exp(self.random.uniform(math.log(30), math.log(min(300, step / 2.2)))))
            center = ((column + 0.5) * step, self.random.uniform(1.2 * height, SIZE[1] - 1.2 * height))
            faces.append(self.lay(picture, center, height))
        return picture, faces

    def draw_portrait(self) -> tuple[Image.Image, list[TrueFace]]:
        """One face of 80 to 200 px in a photo of 512 x 512."""
        picture = self.draw_background((512, 512))
        height = self.random.uniform(80, 200)
        center = tuple(self.random.uniform(1.1 * height, 512 - 1.1 * height, 2))
        return picture, [self.lay(picture, center, height)]

    def draw_companions(self) -> tuple[Image.Image, list[TrueFace]]:
        """A face of 150 to 250 px, and three of 24 to 40 px round it: those that a coarse look overlooks."""
        picture = self.draw_background()
        faces = [self.lay(picture, (640, 480), self.random.uniform(150, 250))]
        for x, y in ((150, 200), (1100, 250), (1130, 800)):
            faces.append(self.lay(picture, (x, y), self.random.uniform(24, 40)))
        return picture, faces

    def draw_tiny(self) -> tuple[Image.Image, list[TrueFace]]:
        """One face of 24 px."""
        picture = self.draw_background()
        center = (self.random.uniform(60, SIZE[0] - 60), self.random.uniform(60, SIZE[1] - 60))
        return picture, [self.lay(picture, center, 24)]

    def draw_crowd(self) -> tuple[Image.Image, list[TrueFace]]:
        """Rows of heads of 24 to 60 px, each hiding half or more of those behind; the front row is whole."""
        picture = self.draw_background()
        height = self.random.uniform(24, 60)
        step, pitch = 1.5 * height, self.random.uniform(0.7, 0.95) * height
        rows = int((SIZE[1] - 2 * height) / pitch)
        faces = []
        for row in range(rows):
            is_front = row == rows - 1
            for column in range(int(SIZE[0] / step) - 1):
                # Straight behind each other: what is hidden is the mouth, and the nose in part.
                center = ((column + 1) * step + self.random.normal(0, 0.04 * height), 1.2 * height + row * pitch)
                faces.append(self.lay(picture, center, height, is_head=True, seen=is_front, is_halved=not is_front))
        return picture, faces

    def draw_halved(self) -> tuple[Image.Image, list[TrueFace]]:
        """Three faces of 50 to 160 px whose lower half is hidden by cloth, hair, or a piece of the background."""
        picture = self.draw_background()
        faces = []
        for column in range(3):
            height = self.random.uniform(50, 160)
            center = (SIZE[0] * (column + 0.5) / 3, self.random.uniform(1.2 * height, SIZE[1] - 1.2 * height))
            face = self.lay(picture, center, height, seen=False, is_halved=True)
            self.hide_below(picture, face)
            faces.append(face)
        return picture, faces

    def draw_turned(self) -> tuple[Image.Image, list[TrueFace]]:
        """One face of 60 to 250 px, turned by any angle."""
        picture = self.draw_background()
        angle, height = self.random.uniform(-180, 180), self.random.uniform(60, 250)
        center = (self.random.uniform(300, SIZE[0] - 300), self.random.uniform(300, SIZE[1] - 300))
        return picture, [self.lay(picture, center, height, angle)]

    def draw_empty(self) -> tuple[Image.Image, list[TrueFace]]:
        """No face."""
        return self.draw_background(), []

    def draw_background(self, size: tuple[int, int] = SIZE) -> Image.Image:
        """Return part of a photograph without a face, or colours and textures at random."""
        if self.random.random() < 0.6 and self.backgrounds:
            source = self.backgrounds[int(self.random.integers(len(self.backgrounds)))]
            scale = self.random.uniform(1.0, 1.6) * max(size[0] / source.width, size[1] / source.height)
            large = source.resize((math.ceil(source.width * scale), math.ceil(source.height * scale)))
            left = int(self.random.integers(0, large.width - size[0] + 1))
            top = int(self.random.integers(0, large.height - size[1] + 1))
            return large.crop((left, top, left + size[0], top + size[1]))
        pixels = np.zeros((size[1], size[0], 3), np.float32) + self.random.uniform(60, 200, 3)
        for cells in (4, 16, 64):
            rough = self.random.normal(0, 18, (cells, cells, 3)).astype(np.float32)
            for channel in range(3):
                pixels[..., channel] += np.asarray(
                    Image.fromarray(rough[..., channel]).resize(size, Image.Resampling.BICUBIC)
                )
        return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))

    def lay(
        self,
        picture: Image.Image,
        center: tuple[float, float],
        height: float,
        angle: float = 0.0,
        *,
        is_head: bool = False,
        seen: bool = True,
        is_halved: bool = False,
    ) -> TrueFace:
        """Lay a face of a height from brows to chin into a picture; its box's middle comes to lie at `center`."""
        row = int(self.random.integers(len(self.faces)))
        crop = Image.fromarray(self.faces.read_image(row))
        points = self.faces.points[row, :SHAPE]
        low, high = points.min(axis=0), points.max(axis=0)
        middle, scale = (low + high) / 2, height / (high[1] - low[1])
        frame = CropFrame((center[0], center[1]), crop.width * scale, math.radians(angle))
        # The crop's own middle is not the face's.
        offset = (middle + 0.5) / crop.width - 0.5
        shift = frame.axes() @ offset
        frame = CropFrame((center[0] - shift[0], center[1] - shift[1]), frame.side_px, frame.angle)
        self.paste(picture, crop, frame, draw_mask(crop.width, points, is_head))
        laid = frame.to_photo((points + 0.5) / crop.width)
        return TrueFace(laid, angle, height, seen, is_halved)

    def paste(self, picture: Image.Image, crop: Image.Image, frame: CropFrame, mask: Image.Image) -> None:
        """Lay a picture into a square of another."""
        factor = max(1, int(crop.width / frame.side_px))
        crop, mask = crop.reduce(factor), mask.reduce(factor)
        corners = frame.to_photo([(0, 0), (1, 0), (0, 1), (1, 1)])
        left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
        size = tuple((np.ceil(corners.max(axis=0)).astype(int) + 1 - (left, top)).tolist())
        inverse = np.linalg.inv(frame.axes()) * crop.width
        # Pillow calls the outer corner of a picture (0, 0).
        origin = crop.width / 2 + inverse @ (np.array([left, top]) - 0.5 - np.array(frame.center_px))
        matrix = (*inverse[0], origin[0], *inverse[1], origin[1])
        options = {"resample": Image.Resampling.BILINEAR}
        laid = crop.transform(size, Image.Transform.AFFINE, matrix, **options)
        picture.paste(laid, (left, top), mask.transform(size, Image.Transform.AFFINE, matrix, **options))

    def hide_below(self, picture: Image.Image, face: TrueFace) -> None:
        """Hide what lies below the middle of a face's nose."""
        x0, _, x1, y1 = tight_box(face.points)
        top = float(face.points[NOSE, 1].mean())
        margin = 0.25 * face.height
        box = tuple(round(v) for v in (x0 - margin, top, x1 + margin, y1 + 0.3 * face.height))
        size = (box[2] - box[0], box[3] - box[1])
        kind = int(self.random.integers(3))
        if kind == 0:
            # Cloth: folds of one colour.
            rows = 128 + 30 * np.sin(np.arange(size[1])[:, None] / self.random.uniform(2, 9) + np.arange(size[0]) / 15)
            cloth = np.clip(rows[..., None] * self.random.uniform(0.3, 1.5, 3), 0, 255).astype(np.uint8)
            picture.paste(Image.fromarray(cloth), box[:2])
        elif kind == 1:
            # The top of another head.
            crop = Image.fromarray(self.faces.read_image(int(self.random.integers(len(self.faces)))))
            picture.paste(crop.crop((0, 0, crop.width, crop.height // 3)).resize(size), box[:2])
        else:
            picture.paste(self.draw_background().resize(size), box[:2])


def draw_mask(side: int, points: np.ndarray, is_head: bool) -> Image.Image:
    """Return where a crop shows the face and some of what is round it; `is_head` ends below the chin."""
    mask = Image.new("L", (side, side), 0)
    (x0, y0, x1, y1) = tight_box(points)
    width, height = x1 - x0, y1 - y0
    bottom = y1 + (0.05 if is_head else 0.25) * height
    box = (x0 - 0.2 * width, max(0.0, y0 - 0.6 * height), x1 + 0.2 * width, min(bottom, side))
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(side / 60))


def tight_box(points: np.ndarray) -> Box:
    """Return (x0, y0, x1, y1) round points."""
    return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def read_faceless() -> list[np.ndarray]:
    """Return photographs without a face out of the packages that are installed, RGB."""
    found = []
    spec = importlib.util.find_spec("skimage")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "data"
        found += [np.asarray(Image.open(folder / name).convert("RGB")) for name in FACELESS if (folder / name).exists()]
    if importlib.util.find_spec("sklearn") is not None:
        from sklearn.datasets import load_sample_images

        found += list(load_sample_images().images)
    return found


KINDS = ("plain", "portrait", "companions", "tiny", "crowd", "halved", "turned", "empty")
