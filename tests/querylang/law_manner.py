"""Cases of the laws about shape, spacing and faces, for one item or for all, wherever they are said."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from law_composition import ARC, commas
from law_lists import stretches_apart
from law_oracle import Stretch, spread
from law_phrases import LawCase, case
from law_words import EYE
from law_writing import name_part, on_side


class Counted(NamedTuple):
    name: str
    curve: Stretch
    count: int

    @property
    def canonical(self) -> str:
        """As section 7 writes it."""
        where = self.curve.part.replace(" ", "_")
        where += "" if self.curve.whole else f"[{self.curve.low} .. {self.curve.high}]"
        return f"{where} * {self.count}"


def some(rng: Random, number: int, *, same: bool = False) -> list[Counted]:
    """Counted stretches of as many parts; `same`: with one count."""
    count = rng.randint(3, 12)
    things = stretches_apart(rng, number)
    return [Counted(t.names[0], t.stretches[0], count if same else rng.randint(3, 12)) for t in things]


def owned(rng: Random) -> Counted:
    """A lid of an eye, whose side may be the person's."""
    side, thing = rng.choice(("left", "right")), rng.choice(EYE.stretches[:2])
    curve = on_side(thing, side).stretches[0]
    return Counted(f"{rng.choice(thing.names)} of {name_part(rng, 'eye', side)}", curve, rng.randint(3, 12))


def manner(kind: str, text: str, canonical: str, items: list[Counted] | None) -> LawCase:
    """The text against canonical text with the same flags; points where the photo does not make them."""
    points = [point for item in items for point in spread(item.curve, item.count)] if items else None
    return case("manner", kind, [canonical, text], points, check="written")


SHAPES = {
    "polygon": ("as a polygon", "as a closed loop", "filled", "as a mask"),
    "polyline": ("as a polyline", "as a line", "as a curve"),
}
FOR_ALL = {
    "polygon": ("as polygons", "all as polygons", "each as a polygon", "all filled", "as masks"),
    "polyline": ("as polylines", "all as polylines", "each as a polyline", "as curves", "all as lines"),
}
ONE_SHAPE = (
    "{n} points on the {x} {w}",
    "{n} points {w} on the {x}",
    "the {x} {w} with {n} points",
    "the {x} {w}, {n} points",
    "the {x} ({n} points, {w})",
    "{w}: {n} points on the {x}",
    "{w}, {n} points on the {x}",
    "the {x}: {n} points, {w}",
)


def say(item: Counted, index: int) -> str:
    return f"{item.count} {'points ' if index == 0 else ''}on the {item.name}"


def one_shape(rng: Random) -> LawCase:
    item = rng.choice((some(rng, 1)[0], owned(rng)))
    shape = rng.choice(list(SHAPES))
    form, way = rng.choice(ONE_SHAPE), rng.choice(SHAPES[shape])
    text = form.format(n=item.count, x=item.name, w=way)
    return manner(f"one shape: {form} ({way})", text, f"{item.canonical} | {shape}", [item])


def own_shapes(rng: Random) -> LawCase:
    """Each item with a shape of its own."""
    items = some(rng, rng.choice((2, 2, 3)))
    shapes = [rng.choice(list(SHAPES)) for _ in items]
    ways = [rng.choice(SHAPES[shape][:3]) for shape in shapes]
    form = rng.choice(("{a} {w}", "{x} {w}, {n} points", "{x} ({n} points, {w})", "{x}: {n} points, {w}"))
    texts = [
        form.format(a=f"{item.count} points on the {item.name}", x=f"the {item.name}", n=item.count, w=way)
        for item, way in zip(items, ways, strict=True)
    ]
    glues = ("; ", ". ", "\n") if "," in form else ("; ", ". ", "\n", " and ", ", ")
    glue = rng.choice(glues)
    canonical = "; ".join(f"{item.canonical} | {shape}" for item, shape in zip(items, shapes, strict=True))
    return manner(f"own shapes: {form}{glue!r}", glue.join(texts), canonical, items)


def first_shape(rng: Random) -> LawCase:
    """A shape of the first item is not the second's."""
    first, second = some(rng, 2)
    shape = rng.choice(list(SHAPES))
    way, glue = rng.choice(SHAPES[shape]), rng.choice(("; ", ". ", " and ", ", and "))
    text = f"{say(first, 0)} {way}{glue}{second.count} points on the {second.name}"
    return manner(
        f"first shape only: {glue!r}", text, f"{first.canonical} | {shape}; {second.canonical}", [first, second]
    )


def shape_for_all(rng: Random) -> LawCase:
    """One said at the end binds to all."""
    items = some(rng, rng.choice((2, 3)))
    shape = rng.choice(list(SHAPES))
    way = rng.choice(FOR_ALL[shape])
    form = rng.choice(("{l} {w}", "{l}, {w}"))
    text = form.format(l=commas([say(item, i) for i, item in enumerate(items)]), w=way)
    return manner(
        f"shape for all: {form} ({way})", text, "; ".join(f"{item.canonical} | {shape}" for item in items), items
    )


FACES = {
    "face leftmost": ("the leftmost face", "the person on the left"),
    "face rightmost": ("the rightmost face", "the person on the right"),
    "face smallest": ("the smallest face",),
    "face 2": ("face 2", "the second face", "person 2"),
    "all faces": ("every face", "all faces", "each person", "everyone"),
    "faces 1 3": ("faces 1 and 3",),
    "2 largest faces": ("the two largest faces",),
}
FACE_FORMS = ("on {f}, {l}", "{l} on {f}", "{l}, on {f}", "for {f}: {l}", "{l} for {f}", "for {f}, {l}", "{f}: {l}")


def faces(rng: Random) -> LawCase:
    """Whose face it is, before or after one item or a list."""
    items = some(rng, rng.choice((1, 2, 3)))
    if len(items) == 1 and rng.random() < 0.5:
        items = [owned(rng)]
    flag = rng.choice(list(FACES))
    way, form = rng.choice(FACES[flag]), rng.choice(FACE_FORMS)
    text = form.format(f=way, l=commas([say(item, i) for i, item in enumerate(items)]))
    canonical = "; ".join(item.canonical for item in items) + f" | {flag}"
    return manner(f"faces, {'one' if len(items) == 1 else 'list'}: {form} ({way})", text, canonical, items)


BY_DISTANCE = (*ARC, "by distance", "the same distance apart")
ONE_SPACING = (
    "{n} points {w} on the {x}",
    "{n} points on the {x} {w}",
    "the {x}, {n} points {w}",
    "the {x}: {n} points, {w}",
    "{n} points, {w}, on the {x}",
    "on the {x}, {n} points {w}",
)
ALL_SPACING = (
    "{n} points each on {l}, {w}",
    "{l}, {n} points each, {w}",
    "{n} points on each of {l}, {w}",
    "{l}: {n} points each, {w}",
    "{n} points each, {w}, on {l}",
    "on each of {l}, {n} points {w}",
)


def spacing(rng: Random) -> LawCase:
    """Equal distances, said of one item, of all, or of the first only."""
    way = rng.choice(BY_DISTANCE)
    sort = rng.choice(("one", "one", "all", "first only", "second only"))
    if sort == "one":
        item, form = rng.choice((some(rng, 1)[0], owned(rng))), rng.choice(ONE_SPACING)
        return manner(
            f"spacing, one: {form} ({way})",
            form.format(n=item.count, x=item.name, w=way),
            f"{item.canonical} | arc",
            None,
        )
    if sort == "all":
        items, form = some(rng, rng.choice((2, 3)), same=True), rng.choice(ALL_SPACING)
        text = form.format(n=items[0].count, l=commas([f"the {item.name}" for item in items]), w=way)
        return manner(
            f"spacing, all: {form} ({way})", text, "; ".join(f"{item.canonical} | arc" for item in items), None
        )
    first, second = some(rng, 2)
    glue = rng.choice(("; ", ". "))
    flags = (" | arc", "") if sort == "first only" else ("", " | arc")
    a, b = (
        f"{i.count} points on the {i.name}{f' {way}' if f else ''}" for i, f in zip((first, second), flags, strict=True)
    )
    canonical = f"{first.canonical}{flags[0]}; {second.canonical}{flags[1]}"
    return manner(f"spacing, {sort}: {glue!r} ({way})", f"{a}{glue}{b}", canonical, None)


EVENLY = ("evenly spaced", "equally spaced", "uniform")


def all_of_it(rng: Random) -> LawCase:
    """Spacing, shape and faces together, in some order, with an owner."""
    item, shape, flag = rng.choice((some(rng, 1)[0], owned(rng))), rng.choice(list(SHAPES)), rng.choice(list(FACES)[:5])
    way, face, arc = rng.choice(SHAPES[shape]), rng.choice(FACES[flag]), rng.choice(ARC)
    forms = (
        "on {f}, {n} points on the {x} {a}, {w}",
        "{n} points {a} on the {x}, {w}, on {f}",
        "for {f}: the {x} {w}, {n} points {a}",
        "the {x}, {n} points, {a}, {w}, for {f}",
        "{n} points on the {x} on {f}, {a} and {w}",
        "{w}, on {f}, {n} points {a} on the {x}",
    )
    form = rng.choice(forms)
    text = form.format(n=item.count, x=item.name, f=face, w=way, a=arc)
    if rng.random() < 0.3:
        text = text.replace(arc, rng.choice(EVENLY))
        return manner(f"together, evenly: {form}", text, f"{item.canonical} | {shape}, {flag}", [item])
    return manner(f"together: {form}", text, f"{item.canonical} | arc, {shape}, {flag}", None)


def manner_law(rng: Random) -> LawCase:
    """Shape, spacing and faces: for one item or for all."""
    makers = (one_shape, one_shape, own_shapes, first_shape, shape_for_all, faces, faces, spacing, spacing, all_of_it)
    return rng.choice(makers)(rng)
