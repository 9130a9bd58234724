"""Clips with known motion, made of pictures of faces: they shift, turn, zoom, look aside, blink, and are hidden.

A face is first bent in its own picture (the head turned aside, the lids shut), then laid, with soft edges, into a
larger one. Where each of its points goes is known to a hundredth of a pixel, to compare what a tracker says with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from torch.nn import functional

SIZE = (640, 480)
FPS = 30.0
NOISE = 4.0


@dataclass(frozen=True)
class Pose:
    """How a face stands in a frame.

    Attributes:
        center: Where the middle of its eyes is, (x, y) pixels.
        eyes: The distance between its eyes' centres, pixels.
        angle: How far it is turned, degrees clockwise.
        turn: How far the nose moves aside, as a share of the distance of the eyes.
        blink: 0 as in its picture to 1, shut.
    """

    center: tuple[float, float]
    eyes: float = 60.0
    angle: float = 0.0
    turn: float = 0.0
    blink: float = 0.0


@dataclass(frozen=True, eq=False)
class Portrait:
    """A picture of one face.

    Attributes:
        pixels: (height, width, 3) uint8 RGB.
        left, right: Its eyes' centres, (x, y) pixels, the left one in the picture first.
    """

    pixels: np.ndarray
    left: tuple[float, float]
    right: tuple[float, float]
    mask: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        height, width = self.pixels.shape[:2]
        middle, unit = self.middle, self.unit
        mask = Image.new("L", (width, height), 0)
        reach = (middle[0] - 1.35 * unit, middle[1] - 1.35 * unit, middle[0] + 1.35 * unit, middle[1] + 2.2 * unit)
        ImageDraw.Draw(mask).ellipse(reach, fill=255)
        object.__setattr__(self, "mask", mask.filter(ImageFilter.GaussianBlur(unit / 12)))

    @property
    def middle(self) -> np.ndarray:
        return (np.array(self.left) + np.array(self.right)) / 2

    @property
    def unit(self) -> float:
        return math.dist(self.left, self.right)

    def bend(self, points: np.ndarray, pose: Pose) -> np.ndarray:
        """Return how far the points (..., 2) of the bent picture come from: where each was is `points` less this."""
        unit, moved = self.unit, np.zeros_like(points)
        nose = self.middle + np.array([0, 0.6 * unit])
        away = (points - nose) / unit
        moved[..., 0] += pose.turn * unit * np.exp(-(away**2).sum(-1) / (2 * 0.7**2))
        for eye in (self.left, self.right):
            away = (points - eye) / unit
            near = np.exp(-((away[..., 0] / 0.28) ** 4) - (away[..., 1] / 0.16) ** 2)
            moved[..., 1] -= 0.85 * pose.blink * near * away[..., 1] * unit
        return moved

    def place(self, points: np.ndarray, pose: Pose) -> np.ndarray:
        """Return where points (N, 2) of the picture lie in a frame, pixels."""
        bent = points.astype(float)
        for _ in range(30):
            bent = points + self.bend(bent, pose)
        return (bent - self.middle) @ self.axes(pose).T + np.array(pose.center)

    def axes(self, pose: Pose) -> np.ndarray:
        """Return (2, 2): pixels of the frame that a pixel of the picture along x, then along y, amounts to, columns."""
        across = np.array(self.right) - np.array(self.left)
        angle = math.radians(pose.angle) - math.atan2(across[1], across[0])
        scale = pose.eyes / self.unit
        return scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    def lay(self, picture: Image.Image, pose: Pose) -> None:
        """Lay the face into a picture."""
        pixels = self.pixels
        if pose.turn or pose.blink:
            height, width = pixels.shape[:2]
            grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)
            source = grid - self.bend(grid, pose)
            norm = torch.from_numpy((source + 0.5) / (width, height) * 2 - 1).float()[None]
            image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float()
            bent = functional.grid_sample(image, norm, mode="bicubic", padding_mode="border", align_corners=False)
            pixels = bent[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()
        inverse = np.linalg.inv(self.axes(pose))
        x0, y0, x1, y1 = self.find_box(pose, picture.size)
        if x0 >= x1 or y0 >= y1:
            return
        # Pillow calls the outer corner of a picture (0, 0).
        origin = self.middle + 0.5 + inverse @ (np.array([x0, y0]) - 0.5 - np.array(pose.center))
        matrix = (*inverse[0], origin[0], *inverse[1], origin[1])
        size, options = (x1 - x0, y1 - y0), {"resample": Image.Resampling.BICUBIC}
        laid = Image.fromarray(pixels).transform(size, Image.Transform.AFFINE, matrix, **options)
        picture.paste(laid, (x0, y0), mask=self.mask.transform(size, Image.Transform.AFFINE, matrix, **options))

    def find_box(self, pose: Pose, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return where a frame shows the face, (x0, y0, x1, y1) whole pixels; x0 >= x1 or y0 >= y1 where nowhere."""
        left, top, right, bottom = self.mask.getbbox()
        corners = np.array([(x, y) for x in (left - 2, right + 2) for y in (top - 2, bottom + 2)])
        laid = (corners - self.middle) @ self.axes(pose).T + np.array(pose.center)
        x0, y0 = np.floor(laid.min(axis=0)).clip(0).astype(int).tolist()
        x1, y1 = np.ceil(laid.max(axis=0) + 1).clip(max=size).astype(int).tolist()
        return x0, y0, x1, y1


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip: its frames are made when they are asked for, and each time the same.

    Attributes:
        poses: For each frame the faces in it, those behind first, each a portrait's number and its pose.
        portraits: The faces.
        size: (width, height) of a frame.
        noise: Standard deviation of each frame's own noise, grey levels.
        cover: For each frame what is hidden by a board, (x0, y0, x1, y1), or None.
        scenes: For each frame the number of its background.
    """

    poses: Sequence[Sequence[tuple[int, Pose]]]
    portraits: Sequence[Portrait]
    size: tuple[int, int] = SIZE
    noise: float = NOISE
    cover: Sequence[tuple[float, float, float, float] | None] = ()
    scenes: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.poses)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        """Return a frame, (height, width, 3) uint8 RGB."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        picture = make_background(self.size, self.scenes[index] if self.scenes else 0).copy()
        for number, pose in self.poses[index]:
            self.portraits[number].lay(picture, pose)
        if self.cover and self.cover[index] is not None:
            ImageDraw.Draw(picture).rectangle(self.cover[index], fill=(150, 120, 90))
        random = np.random.default_rng((7, index))
        pixels = random.standard_normal((self.size[1], self.size[0], 3), np.float32)
        pixels *= self.noise
        pixels += np.asarray(picture)
        return np.clip(np.rint(pixels, out=pixels), 0, 255, out=pixels).astype(np.uint8)


@lru_cache(4)
def make_background(size: tuple[int, int], scene: int) -> Image.Image:
    """Return colours and soft textures, the same for the same scene."""
    random = np.random.default_rng((3, scene))
    pixels = np.zeros((size[1], size[0], 3), np.float32) + random.uniform(60, 200, 3)
    for cells in (4, 16, 64):
        rough = random.normal(0, 14, (cells, cells, 3)).astype(np.float32)
        for channel in range(3):
            layer = Image.fromarray(rough[..., channel]).resize(size, Image.Resampling.BICUBIC)
            pixels[..., channel] += np.asarray(layer)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def move_alone(portrait: Portrait, frames: int, pose: Callable[[float], Pose], **options: object) -> Clip:
    """Return a clip of one face whose pose is a function of the time in seconds."""
    return Clip([[(0, pose(index / FPS))] for index in range(frames)], [portrait], **options)


def rest(portrait: Portrait, frames: int) -> Clip:
    """Return a face that does not move, in noise."""
    return move_alone(portrait, frames, lambda t: Pose((320, 200)))


def slide(portrait: Portrait, frames: int, speed: float = 0.6) -> Clip:
    """Return a face that moves aside at a speed in distances of its eyes a second."""
    return move_alone(portrait, frames, lambda t: Pose((320 + 60 * speed * (t - frames / FPS / 2), 200)))


def dance(portrait: Portrait, frames: int) -> Clip:
    """Return a face that shifts, turns, nears and looks aside at once."""

    def pose(t: float) -> Pose:
        wave = 2 * math.pi * t
        return Pose(
            (320 + 90 * math.sin(0.45 * wave), 220 + 40 * math.sin(0.7 * wave)),
            60 * 1.25 ** math.sin(0.3 * wave),
            20 * math.sin(0.4 * wave),
            0.25 * math.sin(0.5 * wave),
        )

    return move_alone(portrait, frames, pose)


def blink(portrait: Portrait, frames: int) -> Clip:
    """Return a face that blinks once a second, each time for a fifth of one."""

    def pose(t: float) -> Pose:
        since = (t + 0.5) % 1 - 0.5
        return Pose((320, 200), blink=max(0.0, math.cos(math.pi * since / 0.2)) if abs(since) < 0.1 else 0.0)

    return move_alone(portrait, frames, pose)


def cross(first: Portrait, second: Portrait, frames: int) -> Clip:
    """Return two faces that pass each other, the first behind the second."""

    def where(index: int) -> tuple[float, float]:
        share = index / (frames - 1)
        return 140 + 360 * share, 500 - 360 * share

    poses = [[(0, Pose((where(i)[0], 195))), (1, Pose((where(i)[1], 215)))] for i in range(frames)]
    return Clip(poses, [first, second])


def hide(portrait: Portrait, frames: int) -> Clip:
    """Return a face that moves behind a board and out on the other side."""
    clip = move_alone(portrait, frames, lambda t: Pose((140 + 360 * t * FPS / (frames - 1), 200)))
    return Clip(clip.poses, clip.portraits, cover=[(240, 0, 420, 480)] * frames)


def cut(first: Portrait, second: Portrait, frames: int) -> Clip:
    """Return a clip whose second half is another scene with another face at the same place."""
    half = frames // 2
    poses = [[(int(i >= half), Pose((320, 200)))] for i in range(frames)]
    return Clip(poses, [first, second], scenes=[int(i >= half) for i in range(frames)])


def enter(first: Portrait, second: Portrait, frames: int) -> Clip:
    """Return a face, and from a third of the time on a second one beside it."""
    both = [(0, Pose((180, 200))), (1, Pose((460, 210)))]
    return Clip([both[: 1 + (i >= frames // 3)] for i in range(frames)], [first, second])
