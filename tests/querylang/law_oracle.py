"""What sections 2 to 5 of the language say, reckoned anew from the tables and apart from the parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

F = Fraction
Point = tuple[str, F]
SIZES = {
    "face contour": 33,
    "left eyebrow": 9,
    "right eyebrow": 9,
    "nose bridge": 4,
    "nose boundary": 7,
    "left eye": 8,
    "right eye": 8,
    "outer lip": 12,
    "inner lip": 8,
}
OPEN = {"face contour", "nose bridge", "nose boundary"}
TURN = {"left": "right", "right": "left"}


class Stretch(NamedTuple):
    """A part, or the range of it from `low` to `high`; a closed range may run past 1, a falling one runs backwards."""

    part: str
    low: F = F(0)
    high: F = F(1)
    whole: bool = True

    @property
    def closed(self) -> bool:
        return self.whole and self.part in SIZES and self.part not in OPEN


def cut(part: str, low: F | int, high: F | int) -> Stretch:
    return Stretch(part, F(low), F(high), whole=False)


def steps(part: str) -> int:
    return SIZES[part] - 1 if part in OPEN else SIZES[part]


def normal(part: str, fpalp: F) -> Point:
    """Name one place one way: a closed curve's end is its start."""
    return part, fpalp % 1 if part in SIZES and part not in OPEN else F(fpalp)


def swap_sides(text: str) -> str:
    """Turn the words left and right round; "leftmost" is about faces and stays."""

    def turn(found: re.Match[str]) -> str:
        other = TURN[found[0].lower()]
        return other.capitalize() if found[0].istitle() else other

    return re.sub(r"\b(left|right)\b", turn, text, flags=re.IGNORECASE)


def mirror_fpalp(part: str, fpalp: F) -> F:
    if part in {"face contour", "nose boundary"}:
        return 1 - fpalp
    if part.endswith("eyebrow") and part in SIZES:
        return F(4, 9) - fpalp
    if part.endswith("eye") or part.endswith("lip"):
        return F(1, 2) - fpalp
    return fpalp


def mirror_point(point: Point) -> Point:
    part, fpalp = point
    return normal(swap_sides(part), mirror_fpalp(part, fpalp))


def mirror_stretch(stretch: Stretch) -> Stretch:
    """The same stretch of the other side, running along its own curve."""
    part = swap_sides(stretch.part)
    if stretch.whole:
        return Stretch(part)
    low, high = mirror_fpalp(stretch.part, stretch.high), mirror_fpalp(stretch.part, stretch.low)
    if part in OPEN:
        return cut(part, min(low, high), max(low, high))
    turns = floor(low)
    return cut(part, low - turns, high - turns)


def along(stretch: Stretch, places: Iterable[F]) -> list[Point]:
    return [normal(stretch.part, stretch.low + place * (stretch.high - stretch.low)) for place in places]


def spread(stretch: Stretch, count: int) -> list[Point]:
    if stretch.closed:
        return along(stretch, [F(i, count) for i in range(count)])
    if count == 1:
        return along(stretch, [F(1, 2)])
    return along(stretch, [F(i, count - 1) for i in range(count)])


def strictly_inside(stretch: Stretch, count: int) -> list[Point]:
    return along(stretch, [F(i + 1, count + 1) for i in range(count)])


def unified(stretch: Stretch) -> list[Point]:
    """The unified layout's points in it, ends included, in the order it runs."""
    if stretch.part not in SIZES:
        return [(stretch.part, F(0))]
    step, low, high = steps(stretch.part), min(stretch.low, stretch.high), max(stretch.low, stretch.high)
    places = [F(k, step) for k in range(ceil(low * step), floor(high * step) + 1)]
    if stretch.closed:
        places.pop()
    if stretch.low > stretch.high:
        places.reverse()
    return [normal(stretch.part, place) for place in places]


def half_up(value: F) -> int:
    return floor(value + F(1, 2))


def dense(stretch: Stretch, factor: F) -> list[Point]:
    number = len(unified(stretch))
    wanted = half_up(factor * number) if stretch.closed else half_up(factor * (number - 1)) + 1
    return spread(stretch, max(1, wanted))


def every(stretch: Stretch, step: F) -> list[Point]:
    places = [i * step for i in range(floor(1 / step) + 1)]
    if stretch.closed and places[-1] == 1:
        places.pop()
    return along(stretch, places)


def segments(stretch: Stretch, count: int) -> list[Point]:
    return spread(stretch, count if stretch.closed else count + 1)


def shares(stretches: Sequence[Stretch], count: int) -> list[int]:
    """Largest remainder, by the unified layout's points; the earlier first on a tie."""
    weights = [len(unified(stretch)) for stretch in stretches]
    quotas = [F(count * weight, sum(weights)) for weight in weights]
    given = [floor(quota) for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda i: (given[i] - quotas[i], i))
    for i in order[: count - sum(given)]:
        given[i] += 1
    return given


def share(stretches: Sequence[Stretch], count: int) -> list[Point]:
    return [p for s, n in zip(stretches, shares(stretches, count), strict=True) if n for p in spread(s, n)]


def each(stretches: Iterable[Stretch], count: int) -> list[Point]:
    return [point for stretch in stretches for point in spread(stretch, count)]


def bare(stretches: Iterable[Stretch]) -> list[Point]:
    return [point for stretch in stretches for point in unified(stretch)]


def between(start: Point, end: Point, *, upper: bool | None = None) -> Stretch:
    """From one place to another: the shorter way on a closed curve, the upper one on a tie."""
    part, low = start
    high = end[1]
    if part in OPEN:
        return cut(part, low, high)
    rising, falling = (high - low) % 1, (low - high) % 1
    if upper is None and rising != falling:
        rise = rising < falling
    else:
        middle = (low + rising / 2) % 1
        peak = F(2, 9) if part.endswith("eyebrow") else F(1, 4)
        lies_above = min((middle - peak) % 1, (peak - middle) % 1) <= F(1, 4)
        rise = lies_above is (upper is not False)
    return cut(part, low, low + rising) if rise else cut(part, low, low - falling)


def layout_300w() -> list[Point]:
    brows = [[normal(f"{side} eyebrow", F(i, 9)) for i in range(5)] for side in ("left", "right")]
    eyes = [[(f"{side} eye", F(i, 6)) for i in range(6)] for side in ("left", "right")]
    head = [("face contour", F(i, 16)) for i in range(17)] + brows[0] + brows[1]
    nose = bare([Stretch("nose bridge")]) + [("nose boundary", F(i, 6)) for i in range(1, 6)]
    return head + nose + eyes[0] + eyes[1] + bare([Stretch("outer lip"), Stretch("inner lip")])


def layout_wflw() -> list[Point]:
    first = bare(map(Stretch, ("face contour", "left eyebrow", "right eyebrow", "nose bridge")))
    nose = [("nose boundary", F(i, 6)) for i in range(1, 6)]
    rest = bare(map(Stretch, ("left eye", "right eye", "outer lip", "inner lip", "left pupil", "right pupil")))
    return first + nose + rest


LAYOUTS = {"300W": layout_300w(), "WFLW": layout_wflw()}
