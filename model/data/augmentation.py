"""What faces in the wild do to a crop: light, blur, noise, compression, things in front of it."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from pydantic import BaseModel, ConfigDict

from ..crops import OUTSIDE_COLOR, CropFrame

ByteArray = npt.NDArray[np.uint8]

OCCLUDER, LARGE_OCCLUDER = (0.12, 0.42), (0.35, 0.75)
"""Least and largest side of what is put in front of a face, in crop sides."""


class AugmentationConfig(BaseModel):
    """How strongly a face is changed; shares are probabilities, spreads standard deviations.

    Attributes:
        scale_spread: of the logarithm of the crop's side (the finder's own: 0.05).
        shift_spread: of the crop's centre, in sides (the finder's own: 0.035).
        rotation_deg: ordinary rotation is uniform within this.
        wide_rotation_share: share of faces turned further, uniformly within `wide_rotation_deg`.
        color_share, blur_share, low_resolution_share, jpeg_share, noise_share, grey_share, occlusion_share: shares.
        large_occlusion_share: of shapes up to three quarters of the crop's side in front of the face.
        motion_blur_share: of pictures blurred along a line of 3 to 9% of the crop's side.
        low_light_share: of pictures at a tenth to two fifths of the light, with the noise that it brings.
        truncation_share: of crops of which an edge of the photo cuts off 5 to 35%; the points there stay labelled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale_spread: float = 0.08
    shift_spread: float = 0.045
    rotation_deg: float = 25.0
    wide_rotation_share: float = 0.1
    wide_rotation_deg: float = 60.0
    flip_share: float = 0.5
    color_share: float = 0.7
    grey_share: float = 0.1
    blur_share: float = 0.12
    low_resolution_share: float = 0.12
    jpeg_share: float = 0.15
    noise_share: float = 0.12
    occlusion_share: float = 0.3
    large_occlusion_share: float = 0.0
    motion_blur_share: float = 0.0
    low_light_share: float = 0.0
    truncation_share: float = 0.0


def jitter_frame(frame: CropFrame, config: AugmentationConfig, rng: np.random.Generator) -> CropFrame:
    """Move, scale and turn a crop frame at random."""
    side = frame.side_px * float(np.exp(rng.normal(0, config.scale_spread)))
    shift = rng.normal(0, config.shift_spread * frame.side_px, size=2)
    limit = config.wide_rotation_deg if rng.random() < config.wide_rotation_share else config.rotation_deg
    angle = frame.angle + np.deg2rad(rng.uniform(-limit, limit))
    return CropFrame((frame.center_px[0] + shift[0], frame.center_px[1] + shift[1]), side, float(angle))


@dataclass(frozen=True)
class ChangedCrop:
    """A crop whose pixels were changed.

    Attributes:
        pixels: (size, size, 3) uint8.
        is_covered: (size, size) where something was put in front.
        is_cut: (size, size) where an edge of the photo cut it off.
    """

    pixels: ByteArray
    is_covered: npt.NDArray[np.bool_]
    is_cut: npt.NDArray[np.bool_]


def augment_pixels(crop: ByteArray, config: AugmentationConfig, rng: np.random.Generator) -> ByteArray:
    """Change a crop's pixels, not its geometry: (size, size, 3) uint8 in and out."""
    return change_crop(crop, config, rng).pixels


def change_crop(crop: ByteArray, config: AugmentationConfig, rng: np.random.Generator) -> ChangedCrop:
    """Change a crop's pixels (size, size, 3), not its geometry, and tell what was hidden."""
    image = Image.fromarray(crop)
    if rng.random() < config.occlusion_share:
        image = occlude(image, rng)
    if happens(config.large_occlusion_share, rng):
        image = occlude(image, rng, LARGE_OCCLUDER)
    is_covered = differs(np.asarray(image), crop)
    if rng.random() < config.low_resolution_share:
        small = max(16, int(image.width * rng.uniform(0.2, 0.6)))
        image = image.resize((small, small), Image.Resampling.BOX).resize(crop.shape[:2], Image.Resampling.BILINEAR)
    if rng.random() < config.blur_share:
        image = image.filter(ImageFilter.GaussianBlur(image.width * rng.uniform(0.003, 0.015)))
    pixels = np.asarray(image, dtype=np.float32)
    if happens(config.motion_blur_share, rng):
        pixels = blur_along(pixels, rng.uniform(0.03, 0.09) * image.width, rng.uniform(0, np.pi))
    if happens(config.low_light_share, rng):
        pixels = pixels * rng.uniform(0.1, 0.4) + rng.normal(0, rng.uniform(1, 6), pixels.shape).astype(np.float32)
    if rng.random() < config.color_share:
        pixels = change_light(pixels, rng)
    if rng.random() < config.grey_share:
        pixels = np.repeat(pixels @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32), 3, axis=2)
    if rng.random() < config.noise_share:
        pixels = pixels + rng.normal(0, rng.uniform(2, 14), size=pixels.shape).astype(np.float32)
    result = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    if rng.random() < config.jpeg_share:
        buffer = io.BytesIO()
        Image.fromarray(result).save(buffer, "JPEG", quality=int(rng.integers(15, 70)))
        result = np.asarray(Image.open(buffer).convert("RGB"))
    whole = result
    if happens(config.truncation_share, rng):
        result = truncate(result, rng)
    return ChangedCrop(result, is_covered, differs(result, whole))


def differs(one: ByteArray, other: ByteArray) -> npt.NDArray[np.bool_]:
    """Return (size, size): where two crops (size, size, 3) are not alike."""
    found: npt.NDArray[np.bool_] = (one != other).any(axis=-1)
    return found


def happens(share: float, rng: np.random.Generator) -> bool:
    """Return whether a change with this share is made; without a share nothing is drawn, so older recipes go on."""
    return share > 0 and rng.random() < share


def blur_along(pixels: npt.NDArray[np.float32], length_px: float, angle: float) -> npt.NDArray[np.float32]:
    """Blur (size, size, 3) along a line of this length and angle (radians), as a moving camera does."""
    reach = math.ceil(length_px / 2)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(pixels)
    steps = np.linspace(-length_px / 2, length_px / 2, 2 * reach + 1)
    for step in steps:
        x, y = reach + round(step * math.cos(angle)), reach + round(step * math.sin(angle))
        total += padded[y : y + pixels.shape[0], x : x + pixels.shape[1]]
    return total / np.float32(len(steps))


def truncate(crop: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Let an edge of the photo, tilted a little, cut off a part of a crop, which is OUTSIDE_COLOR then."""
    ramp = np.linspace(-1, 1, crop.shape[0])
    angle = np.pi / 2 * rng.integers(4) + rng.normal(0, np.deg2rad(8))
    across = np.cos(angle) * ramp[None, :] + np.sin(angle) * ramp[:, None]
    cut = crop.copy()
    cut[across > 1 - 2 * rng.uniform(0.05, 0.35)] = OUTSIDE_COLOR
    return cut


def change_light(pixels: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Change brightness, contrast, gamma, saturation and colour balance, and now and then light from one side."""
    grey = pixels.mean(axis=2, keepdims=True)
    lit = grey + (pixels - grey) * rng.uniform(0.5, 1.4)
    lit = (lit - 127) * rng.uniform(0.6, 1.4) + 127 + rng.uniform(-35, 35)
    lit = lit * rng.uniform(0.88, 1.12, size=3)
    lit = 255 * (np.clip(lit, 0, 255) / 255) ** np.exp(rng.normal(0, 0.25))
    if rng.random() < 0.25:
        ramp = np.linspace(-1, 1, pixels.shape[0])
        angle = rng.uniform(0, 2 * np.pi)
        slope = np.cos(angle) * ramp[None, :] + np.sin(angle) * ramp[:, None]
        lit = lit * (1 + rng.uniform(0.2, 0.6) * slope[:, :, None])
    return np.asarray(lit, dtype=np.float32)


def occlude(image: Image.Image, rng: np.random.Generator, sides: tuple[float, float] = OCCLUDER) -> Image.Image:
    """Put a plain or a textured shape in front of the face, with sides between these shares of the crop's side."""
    size = image.width
    width, height = (int(size * rng.uniform(*sides)) for _ in range(2))
    x, y = int(rng.uniform(0, size - width)), int(rng.uniform(0, size - height))
    if rng.random() < 0.5:
        # Texture from elsewhere in the same crop, mirrored: skin and hair, as hands and strands have them.
        from_x, from_y = int(rng.uniform(0, size - width)), int(rng.uniform(0, size - height))
        patch = image.crop((from_x, from_y, from_x + width, from_y + height))
        patch = patch.transpose(Image.Transpose.ROTATE_180)
    else:
        patch = Image.new("RGB", (width, height), tuple(int(c) for c in rng.integers(0, 256, size=3)))
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    if rng.random() < 0.5:
        draw.ellipse((0, 0, width - 1, height - 1), fill=255)
    else:
        draw.rectangle((0, 0, width - 1, height - 1), fill=255)
    result = image.copy()
    result.paste(patch, (x, y), mask)
    return result
