"""Portions of a curve: halves, thirds, sides; and where on the picture a place lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from .pieces import Patch, Piece, Pieces, Place, Stretch, face_side
from .registry import Part, Registry
from .surface_runs import cut_box

HALF = Fraction(1, 2)


class NoSuchPortionError(Exception):
    """The portion does not exist on that part; the message says what could be asked instead."""

    def __init__(self, message: str, suggestion: str | None = None, code: str = "ambiguous") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion
        self.code = code


@dataclass(frozen=True, slots=True)
class Portion:
    """Which portion of a curve: chosen by side, level, depth or order, and how large.

    Attributes:
        choice: "left", "right", "upper", "lower", "inner", "outer", "first", "last", "middle", or the number
            of an equal part ("2" of the second third).
        size: Its share of the whole.
    """

    choice: str
    size: Fraction


def find_x(place: Place, registry: Registry) -> Fraction:
    """Return how far right on its part a place lies, 0 at the left end and 1 at the right end."""
    part = registry.parts[place.part]
    if not part.ends:
        return HALF
    left, right = part.ends["left"], part.ends["right"]
    if not part.is_closed:
        return place.fpalp
    from_left = min((place.fpalp - left) % 1, (left - place.fpalp) % 1)
    from_right = min((place.fpalp - right) % 1, (right - place.fpalp) % 1)
    return from_left / (from_left + from_right)


def cut_portion(piece: Piece, portion: Portion, registry: Registry) -> Pieces:
    """Return the portion of a piece, as one or two stretches.

    Raises:
        NoSuchPortionError: The piece has no such portion.
    """
    if not 0 < portion.size <= 1:
        raise NoSuchPortionError("a portion lies between 0% and 100%", None, "fpalp_range")
    if isinstance(piece, Place):
        raise refuse_portion(piece.part)
    return (cut_patch(piece, portion),) if isinstance(piece, Patch) else cut_stretch(piece, portion, registry)


def cut_stretch(piece: Stretch, portion: Portion, registry: Registry) -> Pieces:
    """Return the portion of a stretch, as one or two stretches."""
    part = registry.parts[piece.part]
    if portion.choice in ("left", "right", "upper", "lower", "inner", "outer"):
        whole = cut_whole(part, portion)
        return (whole,) if piece.is_whole else overlap(piece, whole, part)
    if piece.is_whole and part.is_closed:
        if portion.choice == "middle" and part.middle and portion.size == Fraction(1, 3):
            return tuple(Stretch(part.name, low, high) for low, high in part.middle)
        if portion.choice == "middle":
            return tuple(cut_range(Stretch(part.name, *part.edges[edge]), portion) for edge in ("upper", "lower"))
        raise NoSuchPortionError(
            f"the {part.name} is a closed curve: which {name_size(portion.size)} is first or last?",
            offer_halves(part),
        )
    if portion == Portion("middle", Fraction(1, 3)) and (piece.start, piece.stop) in part.edges.values():
        for low, high in part.middle:
            if piece.start <= low and high <= piece.stop:
                return (Stretch(part.name, low, high),)
    return (cut_range(piece, portion),)


def cut_patch(patch: Patch, portion: Portion) -> Patch:
    """Return the left, right, upper, lower, inner, outer or middle portion of a surface."""
    if patch.spot is not None:
        raise refuse_portion(patch.part)
    name, choice, size = patch.part, portion.choice, name_size(portion.size)
    if patch.edge or choice not in ("left", "right", "upper", "lower", "inner", "outer", "middle"):
        offers = " or ".join(f"'{which} {size} of the {name}'" for which in ("left", "upper"))
        raise NoSuchPortionError(f"the {name} is a surface: which {size} of it?", offers)
    side = face_side(patch, choice)
    if not side:
        raise NoSuchPortionError(f"the {name} has no {choice} {size}", None, "unknown_part")
    return replace(patch, box=cut_box(patch.box, side, portion.size))


def refuse_portion(part: str) -> NoSuchPortionError:
    """Return why one point has no portions."""
    return NoSuchPortionError(f"the {part} there is one point and has no halves or sides", None, "unknown_part")


def offer_halves(part: Part) -> str:
    """Return the halves that a closed part has, as things to say instead."""
    which = ["upper", "lower", *(["inner", "outer"] if "inner" in part.edges else [])]
    return " or ".join(f"'{half} half of the {part.name}'" for half in which)


def cut_whole(part: Part, portion: Portion) -> Stretch:
    """Return the left, right, upper, lower, inner or outer portion of a whole part."""
    choice, size = portion.choice, portion.size
    is_level = choice in ("upper", "lower")
    if not part.is_closed and (choice in part.ends or (is_level and not part.ends)):
        # A part that runs down, as the bridge does, starts at its top.
        order = "first" if choice in ("left", "upper") else "last"
        return cut_range(Stretch(part.name, Fraction(0), Fraction(1)), Portion(order, size))
    if choice in ("left", "right") and "inner" in part.ends:
        choice = "inner" if part.ends["inner"] == part.ends[choice] else "outer"
    if size == HALF and choice in part.edges:
        return Stretch(part.name, *part.edges[choice])
    if is_level or not part.is_closed or choice not in part.ends:
        code = "ambiguous" if is_level else "unknown_part"
        raise NoSuchPortionError(f"the {part.name} has no {choice} {name_size(size)}", None, code)
    start = (part.ends[choice] - size / 2) % 1
    return Stretch(part.name, start, start + size)


def cut_range(piece: Stretch, portion: Portion) -> Stretch:
    """Return the first, last, middle or n-th portion of a stretch, in its own direction."""
    size, named = portion.size, {"first": Fraction(0), "last": 1 - portion.size, "middle": (1 - portion.size) / 2}
    low = named[portion.choice] if portion.choice in named else (int(portion.choice) - 1) * size
    if low + size > 1:
        raise NoSuchPortionError(f"there are only {1 / size} {name_size(size)}s", None, "fpalp_range")
    length = piece.stop - piece.start
    return Stretch(piece.part, piece.start + low * length, piece.start + (low + size) * length)


def overlap(piece: Stretch, other: Stretch, part: Part) -> Pieces:
    """Return what two stretches of one part share, in the direction of the first."""
    low, high = min(piece.start, piece.stop), max(piece.start, piece.stop)
    found: list[Stretch] = []
    for shift in (-1, 0, 1) if part.is_closed else (0,):
        start, stop = max(low, other.start + shift), min(high, other.stop + shift)
        if start < stop:
            found.append(Stretch(part.name, start, stop))
    if not found:
        raise NoSuchPortionError(f"those two portions of the {part.name} have nothing in common", None, "nothing_left")
    if piece.start > piece.stop:
        found = [Stretch(s.part, s.stop, s.start) for s in reversed(found)]
    return tuple(found)


def name_size(size: Fraction) -> str:
    return {HALF: "half", Fraction(1, 3): "third", Fraction(1, 4): "quarter"}.get(size, "portion")
