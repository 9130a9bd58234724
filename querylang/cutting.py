"""Portions of what a name means."""

from __future__ import annotations

from .names import Pieces
from .portions import HALF, NoSuchPortionError, Portion, cut_portion
from .registry import Registry
from .targets import MistakeError, Target
from .tokens import Span


def cut_target(target: Target, portion: Portion, span: Span, is_each: bool, registry: Registry) -> Target:
    """Return a portion of every unit of a target; "each side" cuts both.

    Args:
        target: What is cut.
        portion: Which portion.
        span: The words that say so.
        is_each: Whether they say "each" or "both".
        registry: The parts.

    Raises:
        MistakeError: There is no such portion, or no one such.
    """
    if target.is_all_face:
        raise MistakeError(
            "ambiguous", "a portion of the whole face: name a part", span, "'left half of the face contour'"
        )
    try:
        units = cut_units(target, portion, span, is_each, registry)
    except NoSuchPortionError as error:
        raise MistakeError(error.code, error.message, span, error.suggestion) from None
    if all(len(unit) == 1 and len(target.units) > 1 for unit in units) and same_group(target):
        units = [tuple(piece for unit in units for piece in unit)]
    return Target(tuple(units), *span, notes=target.notes)


def cut_units(target: Target, portion: Portion, span: Span, is_each: bool, registry: Registry) -> list[Pieces]:
    is_half = portion.choice == "" and portion.size == HALF
    if is_each and (portion.choice in ("side", "part") or is_half):
        sides = (cut_target(target, Portion(side, HALF), span, is_each, registry) for side in ("left", "right"))
        return [unit for side in sides for unit in side.units]
    if portion.choice in ("side", "part"):
        raise NoSuchPortionError("which side?", "'left half' or 'right half'")
    if portion.choice == "":
        raise NoSuchPortionError("which one of them?", "'first third', 'upper half', 'left half' or the like")
    return [tuple(p for piece in unit for p in cut_portion(piece, portion, registry)) for unit in target.units]


def same_group(target: Target) -> bool:
    """Whether the units are the curves of one sub-part family (both lips), which a portion keeps together."""
    parts = {piece.part for piece in target.pieces}
    return parts == {"outer lip", "inner lip"}
