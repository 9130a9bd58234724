"""The layers of make-up: what each paints on a face, and how its settings are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from makeup_face import MadeFace
from makeup_light import (
    DARKEST,
    FloatArray,
    blur,
    blur_within,
    lay_film,
    lay_glow,
    lay_pigment,
    luma,
    read_color,
    smooth_edges_kept,
    step,
)

SIDES = ("left", "right")


@dataclass(frozen=True)
class Foundation:
    """Evens the skin out: small and faint differences go, pores and edges stay."""

    strength: float = 0.6
    evenness: float = 0.5

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        cover = (face.skin * face.seen)[..., None]
        smooth = np.stack([smooth_edges_kept(light[..., i], 0.018 * face.size, 0.1) for i in range(3)], axis=-1)
        # Redness and shadows under the eyes go towards the tone about them, brightness stays.
        tone = light / np.maximum(luma(light)[..., None], 1e-3)
        wide = np.stack([blur_within(tone[..., i], face.skin, 0.07 * face.size) for i in range(3)], axis=-1)
        even = luma(smooth)[..., None] * (tone + self.evenness * (wide - tone))
        return light + self.strength * cover * (even - light)


@dataclass(frozen=True)
class Patch:
    """A soft patch of one colour on the skin."""

    color: str
    strength: float = 0.3
    where: str = ""
    feather: float = 0.03

    def cover(self, face: MadeFace) -> FloatArray:
        return self.strength * face.mask(self.where, self.feather) * face.fade(self.feather) * face.skin * face.seen


@dataclass(frozen=True)
class Blush(Patch):
    """Colour on the apples of the cheeks, drawn out towards the ears."""

    color: str = "#d0505a"
    where: str = "left_cheek[0.3 .. 0.95, 0.03 .. 0.3]; right_cheek[0.05 .. 0.7, 0.03 .. 0.3]"
    feather: float = 0.055

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        cover, paint = self.cover(face), face.paint(self.color)
        return lay_pigment(lay_film(light, 0.5 * cover, paint), 0.5 * cover, paint, face.usual_skin)


@dataclass(frozen=True)
class Contour(Patch):
    """Shadow in the hollows of the cheeks, at the temples and beside the ridge of the nose."""

    color: str = "#9a6a52"
    where: str = "hollows of the cheeks; outer half of the temples"
    feather: float = 0.035

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        return lay_film(light, self.cover(face), read_color(self.color))


@dataclass(frozen=True)
class Highlight(Patch):
    """Light on the cheekbones, the ridge of the nose and above the cupid's bow."""

    color: str = "#fff0dd"
    where: str = (
        "left_cheek[0.15 .. 0.6, 0.06 .. 0.16]; right_cheek[0.4 .. 0.85, 0.06 .. 0.16]; "
        "nose_back[0.35 .. 0.65, 0.15 .. 0.9]; upper_lip_skin[0.44 .. 0.56, 0.55 .. 0.95]"
    )
    feather: float = 0.022

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        return lay_glow(light, self.cover(face), face.paint(self.color))


@dataclass(frozen=True)
class Brows:
    """A tint of the brows' hairs: what is darker than the skin about it takes more."""

    color: str = "#4a3022"
    strength: float = 0.5

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        mask = face.mask("eyebrows", 0.012)
        bright = luma(face.light)
        around = np.maximum(blur_within(bright, face.skin, 0.05 * face.size), DARKEST)
        hair = 0.15 + 0.85 * step(0.0, 0.6, 1 - blur(bright, 0.004 * face.size) / around)
        return lay_film(light, self.strength * mask * hair * face.seen, read_color(self.color))


@dataclass(frozen=True)
class Shadow:
    """Eye shadow: strongest along the lashes, gone below the brow, deeper towards the outer corner."""

    color: str = "#8a5a48"
    deep: str = "#4a2a26"
    strength: float = 0.55
    height: float = 0.62

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        balls = blur(face.mask("eyes"), 0.002 * face.size)
        clear = (1 - np.clip(balls, 0, 1)) * (1 - face.mask("eyebrows", 0.006)) * face.seen
        for side in SIDES:
            uv = face.uv_map(f"{side}_upper_eyelid_surface")
            u, v = np.nan_to_num(uv[..., 0]), np.where(np.isnan(uv[..., 1]), 0, uv[..., 1])
            outer = 1 - u if side == "left" else u
            rise = step(1 - self.height, 1.0, v) * step(0.0, 0.3, outer)
            # A little past the edge of the mesh, so that no rim of bare skin stays along the lashes.
            cover = blur(rise, 0.008 * face.size)
            light = lay_film(light, self.strength * cover * clear, read_color(self.color))
            corner = blur(rise * step(0.55, 1.0, outer), 0.01 * face.size)
            light = lay_film(light, self.strength * corner * clear, read_color(self.deep))
        return light


@dataclass(frozen=True)
class Liner:
    """A line on the upper lashes, thicker outwards, that ends in a wing along the lower lashes' direction."""

    color: str = "#181214"
    strength: float = 0.85
    width: float = 0.06
    wing: float = 0.3

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        shapes = [self.draw_eye(face, side) for side in SIDES]
        cover = self.strength * face.draw(shapes, 0.0025) * face.seen
        return lay_pigment(light, cover, face.paint(self.color), max(face.usual_skin, 0.2))

    def draw_eye(self, face: MadeFace, side: str) -> np.ndarray:
        """Return the line above one eye as a polygon (points, 2)."""
        curve = face.answer.curve(f"{side} eye", face=face.face)
        outer, inner = (0.0, 0.5) if side == "left" else (0.5, 0.0)
        lid = inner + (outer - inner) * np.linspace(0.04, 1, 60)
        low, inward = curve.at(lid), curve.normals(lid)
        across = float(np.hypot(*(curve.at([outer])[0] - curve.at([inner])[0])))
        widths = self.width * across * np.linspace(0.12, 1, len(lid)) ** 1.3
        high, tip = low - inward * widths[:, None], self.find_tip(face, side, across)
        # The wing's lower edge goes straight to the corner, its upper edge touches the line where it stands highest.
        away = high - tip
        heights = np.abs(np.arctan2(*cross_and_dot(away, low[-1] - tip)))
        late = int(0.76 * len(lid))
        touch = late + int(heights[late:].argmax())
        return np.concatenate([low, [tip], high[: touch + 1][::-1]])

    def find_tip(self, face: MadeFace, side: str, across: float) -> np.ndarray:
        """Return where the wing ends: on from the lower lashes, and no lower than towards the brow's tail."""
        curve = face.answer.curve(f"{side} eye", face=face.face)
        outer = 0.0 if side == "left" else 0.5
        near, further = (0.98, 0.86) if side == "left" else (0.52, 0.64)
        corner = curve.at([outer])[0]
        along = unit(curve.at([near])[0] - curve.at([further])[0])
        brow = face.answer.curve(f"{side} eyebrow", face=face.face).at([0.0 if side == "left" else 4 / 9])[0]
        return corner + (0.03 + self.wing) * across * unit(along + 0.8 * unit(brow - corner))


@dataclass(frozen=True)
class Lipstick:
    """Lips without teeth and mouth opening, with a liner along their edge and gloss on what shines."""

    color: str = "#a51c36"
    strength: float = 0.65
    liner: str = ""
    gloss: float = 0.0

    def apply(self, light: FloatArray, face: MadeFace) -> FloatArray:
        lips = self.find_lips(face)
        inside = lips > 0.5
        usual = float(luma(face.light)[inside].mean()) if inside.any() else face.usual_skin
        painted = lay_pigment(light, self.strength * lips * face.seen, face.paint(self.color), usual)
        if self.liner:
            edge = np.clip(lips - face.mask("outer lip", 0.012) ** 3, 0, 1)
            painted = lay_film(painted, 0.7 * self.strength * edge * face.seen, read_color(self.liner))
        if self.gloss:
            # What shines on the bare lips shines more, and so does the middle of the lower one.
            bright = blur_within(luma(face.light), lips, 0.006 * face.size)
            shine = step(0.0, 1.0, bright / np.maximum(blur_within(bright, lips, 0.05 * face.size), DARKEST) - 1)
            middle = face.mask("lower_lip_surface[0.3 .. 0.7, 0.25 .. 0.6]", 0.012)
            within = blur(lips, 0.01 * face.size) ** 2
            cover = self.gloss * lips * within * face.seen * np.clip(0.8 * shine + 0.2 * middle, 0, 1)
            painted = painted + cover[..., None] * 0.5 * face.lamp * np.clip(1 - painted, 0, 1) * usual**0.5
        return painted

    def find_lips(self, face: MadeFace) -> FloatArray:
        """Return the cover of the lips: nothing of the opening, and no teeth that the inner lip's curve let through."""
        opening = face.mask("mouth opening")
        lips = face.mask("lips", 0.004) * (1 - opening) * blur(face.mask("outer lip"), 0.002 * face.size)
        bright, plain = luma(face.light), face.light.min(axis=-1) / np.maximum(face.light.max(axis=-1), 1e-3)
        sure = lips > 0.9
        if not sure.any():
            return lips
        # Teeth: brighter than the lips and much less coloured, beside the opening.
        paler = step(0.35, 0.7, (plain - np.median(plain[sure])) / max(1 - float(np.median(plain[sure])), 0.05))
        beside = step(0.0, 0.15, blur(opening, 0.02 * face.size))
        teeth = paler * step(1.2, 1.8, bright / max(float(np.median(bright[sure])), 1e-3)) * beside
        return lips * (1 - blur(teeth, 0.002 * face.size))


Layer = Foundation | Blush | Contour | Highlight | Brows | Shadow | Liner | Lipstick
KINDS: dict[str, type[Layer]] = {
    kind.__name__.lower(): kind for kind in (Foundation, Blush, Contour, Highlight, Brows, Shadow, Liner, Lipstick)
}


def read_layer(table: dict[str, Any]) -> Layer:
    """Return a layer of a look's `[[layer]]` table.

    Raises:
        ValueError: Its kind or a setting is not known, or of a wrong kind.
    """
    kind = table.get("kind")
    if kind not in KINDS:
        raise ValueError(f"a layer's kind is {', '.join(KINDS)}, not {kind!r}")
    settings = {name: value for name, value in table.items() if name != "kind"}
    known = {field.name: field.default for field in fields(KINDS[kind])}
    for name, value in settings.items():
        if name not in known:
            raise ValueError(f"{kind} has {', '.join(known)}, not {name!r}")
        if isinstance(known[name], str) != isinstance(value, str) or isinstance(value, bool):
            raise ValueError(
                f"{name} of {kind} is {'text' if isinstance(known[name], str) else 'a number'}, not {value!r}"
            )
        if isinstance(value, str) and name not in ("where",) and value:
            read_color(value)
        if not isinstance(value, str) and not 0 <= value <= 1:
            raise ValueError(f"{name} of {kind} lies between 0 and 1, not at {value}")
    return KINDS[kind](**settings)


def cross_and_dot(vectors: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cross and dot products of vectors (N, 2) with another (2,)."""
    return vectors[:, 0] * other[1] - vectors[:, 1] * other[0], vectors @ other


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector (2,) of length 1."""
    return vector / max(float(np.hypot(*vector)), 1e-9)
