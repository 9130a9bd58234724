"""Cases of the laws about lists of three and four: owners, shares, each and in all, sums."""

from __future__ import annotations

from random import Random

from law_composition import commas, owned, sentence
from law_oracle import LAYOUTS, F, Point, bare, dense, each, normal, share, shares, spread
from law_phrases import Item, LawCase, any_place, any_stretch
from law_references import BROWS, EYES, Kind
from law_words import BROW, EYE, GROUPS, Thing
from law_writing import failing, name_part, on_side, told

JOINS = {
    "commas and": commas,
    "oxford": lambda texts: commas(texts, ", and "),
    "and": lambda texts: " and ".join(texts),
    "commas": lambda texts: ", ".join(texts),
    "plus": lambda texts: commas(texts, " plus "),
    "as well as": lambda texts: commas(texts, " as well as "),
}


def stretches_apart(rng: Random, number: int) -> list[Thing]:
    """Stretches of as many parts, so that none is told of another's."""
    things: list[Thing] = []
    while len(things) < number:
        thing = any_stretch(rng)
        if all(thing.stretches[0].part != other.stretches[0].part for other in things):
            things.append(thing)
    return things


def layout_points(rng: Random) -> Item:
    """A layout's points take no part in a count either."""
    layout = rng.choice(list(LAYOUTS))
    first = rng.randint(1, 60)
    form = rng.choice(("{l} points {a} to {b}", "points {a}-{b} of {l}"))
    return Item(form.format(l=layout, a=first, b=first + 3), tuple(LAYOUTS[layout][first - 1 : first + 3]))


def shared(rng: Random) -> LawCase:
    """One count for bare stretches; places between them and after take none of it, nor does a layout at the end."""
    things = stretches_apart(rng, rng.choice((2, 2, 3)))
    count = rng.randint(2 * len(things), 30)
    curves = [thing.stretches[0] for thing in things]
    numbers = shares(curves, count)
    members = [
        Item(f"the {t.names[0]}", tuple(spread(t.stretches[0], n))) for t, n in zip(things, numbers, strict=True)
    ]
    where = rng.choice(("alone", "places between", "places between", "places after", "a layout after"))
    for _ in range(0 if where == "alone" else rng.choice((1, 1, 2))):
        thing = any_place(rng)
        at = rng.randint(1, len(things) - 1) if where == "places between" else len(members)
        members.insert(at, Item(f"the {thing.names[0]}", thing.places))
    if where == "a layout after":
        members[len(things) :] = [layout_points(rng)]
    way = rng.choice(list(JOINS))
    text = f"{count} points on {JOINS[way]([item.text for item in members])}"
    kind = f"shared by {len(things)}, {where}: {way}"
    return told("long list", kind, text, [point for item in members for point in item.points])


def own_measure(rng: Random) -> LawCase:
    """A position or a density in a list is its own item's."""
    first, second, third = stretches_apart(rng, 3)
    count, how = rng.randint(3, 12), rng.choice(("at 25%", "at double density"))
    curve = second.stretches[0]
    quarter = [normal(curve.part, curve.low + F(1, 4) * (curve.high - curve.low))]
    points = quarter if "25" in how else dense(curve, F(2))
    more = rng.randint(3, 12)
    tail = f", and {more} on the {third.names[0]}" if rng.random() < 0.5 else ""
    text = f"{count} points on the {first.names[0]} and the {second.names[0]} {how}{tail}"
    found = [*spread(first.stretches[0], count), *points, *(spread(third.stretches[0], more) if tail else ())]
    return told("long list", f"own measure: {how}{', then a count' if tail else ''}", text, found)


def mixed_counts(rng: Random) -> LawCase:
    """Each count with its own item or its own two; a bare one before them all, places anywhere."""
    things = stretches_apart(rng, rng.choice((3, 3, 4)))
    texts, points = [], []
    bare_first, pair_last = rng.random() < 0.3, rng.random() < 0.5
    if bare_first:
        first = things.pop(0)
        texts.append(f"the {first.names[0]}")
        points += bare(first.stretches)
    while things:
        count = rng.randint(4, 12)
        unit = "points " if not any(" points " in text for text in texts) else rng.choice(("", "points "))
        if pair_last and len(things) == 2:
            texts.append(f"{count} {unit}on the {things[0].names[0]} and the {things[1].names[0]}")
            points += share([thing.stretches[0] for thing in things], count)
            things = []
            continue
        thing = things.pop(0)
        texts.append(f"{count} {unit}on the {thing.names[0]}")
        points += spread(thing.stretches[0], count)
        if rng.random() < 0.3:
            item = any_place(rng)
            texts.append(f"the {item.names[0]}")
            points += item.places
    way = rng.choice(list(JOINS)[:4])
    kind = f"mixed{', bare first' if bare_first else ''}{', two share the last' if pair_last else ''}: {way}"
    return told("long list", kind, JOINS[way](texts), points)


EACH = (
    "{n} points each on {l}",
    "{n} points on each of {l}",
    "{n} points for each of {l}",
    "{n} points on {l} each",
    "{n} each on {l}",
    "{n} points each for {l}",
    "{l}, {n} points each",
    "{l}: {n} points each",
    "{l}: {n} each",
    "{l} with {n} points each",
    "on each of {l}, {n} points",
    "for each of {l}, {n} points",
    "each of {l}: {n} points",
    "each of {l} with {n} points",
    "{l}, each with {n} points",
    "on {l}, {n} points each",
    "{l}. Use {n} points each.",
    "{l} ({n} points each)",
    "{n} points per part on {l}",
)
TOTAL = (
    "{n} points on {l}",
    "{n} points in total on {l}",
    "{n} points in all on {l}",
    "a total of {n} points on {l}",
    "{n} points on {l} in total",
    "{n} points on {l} in all",
    "{n} points altogether on {l}",
    "{n} points overall on {l}",
    "{l}, {n} points in total",
    "{l}: {n} points altogether",
    "{l}: {n} points in all",
    "{l}, a total of {n} points",
    "{l} with {n} points overall",
    "on {l}, {n} points in total",
    "on {l}, a total of {n} points",
    "in total, {n} points on {l}",
    "in all, {n} points on {l}",
    "altogether {n} points on {l}",
    "overall, {n} points on {l}",
    "{l}. {n} points in total.",
    "{l} ({n} points in total)",
)


def each_or_all(rng: Random) -> LawCase:
    total = rng.random() < 0.5
    things, count = stretches_apart(rng, rng.choice((3, 3, 4))), rng.randint(3, 24)
    names, curves = [f"the {thing.names[0]}" for thing in things], [thing.stretches[0] for thing in things]
    sort = "in all" if total else "each"
    form = rng.choice(TOTAL if total else EACH)
    points = share(curves, count) if total else each(curves, count)
    if not total and rng.random() < 0.3:
        group = rng.choice(GROUPS[:4])
        gone = {curve.part for curve in group.stretches}
        kept = [(n, c) for n, c in zip(names, curves, strict=True) if c.part not in gone]
        names = [f"the {group.names[0]}", *(name for name, _ in kept)]
        points, sort = each([*group.stretches, *(curve for _, curve in kept)], count), "each with a group"
    elif not total and rng.random() < 0.3:
        names, sort = [*names, "the right pupil"], "each with a pupil"
        points = [*points, ("right pupil", F(0))]
    way = rng.choice(("commas and", "oxford", "commas and", "and"))
    text = form.format(n=count, l=JOINS[way](names))
    return told("long list", f"{sort}: {form}", sentence(text) if text.endswith(".") else text, points)


def items_of(rng: Random, kind: Kind, side: str, number: int) -> list[Item]:
    """Counted stretches and places that lie on one kind of part only."""
    items: list[Item] = []
    for thing in rng.sample(kind.stretches + kind.places, number):
        turned, name = on_side(thing, side), rng.choice(thing.names)
        if turned.places:
            items.append(Item(f"the {name}", turned.places))
        else:
            count = rng.randint(3, 12)
            unit = "points " if not any(" points " in item.text for item in items) else rng.choice(("", "points "))
            items.append(Item(f"{count} {unit}on the {name}", tuple(spread(turned.stretches[0], count))))
    return items


def one_owner(rng: Random) -> LawCase:
    """The owner is said once, before, after, or with one of the items."""
    kind, owner = rng.choice(((EYES, EYE), (BROWS, BROW)))
    side, number = rng.choice(("left", "right")), rng.choice((3, 3, 4))
    if rng.random() < 0.6:
        items = items_of(rng, kind, side, number)
    else:
        items = owned(rng, owner._replace(curve=None), side, number, "counted") or []
    z, texts = name_part(rng, rng.choice(kind.names), side), [item.text for item in items]
    forms = {
        "after": f"{commas(texts)} of {z}",
        "after, oxford": f"{commas(texts, ', and ')} of {z}",
        "with the first": commas([f"{texts[0]} of {z}", *texts[1:]]),
        "with the second": commas([texts[0], f"{texts[1]} of {z}", *texts[2:]]),
        "before with colon": f"{z}: {commas(texts)}",
        "on Z": f"on {z}, {commas(texts)}",
        "for Z": f"for {z}: {', '.join(texts)}",
        "parenthesis": f"{z} ({commas(texts)})",
        "semicolons after colon": f"{z}: {'; '.join(texts)}",
    }
    form = rng.choice(list(forms))
    whose = (
        "of the person"
        if z.startswith("the ") and " of " in z
        else "hers"
        if not z.startswith("the ") or "'s" in z
        else "plain"
    )
    points = [point for item in items for point in item.points]
    return told("long list", f"one owner {whose}: {form}", forms[form], points)


def owner_shares(rng: Random) -> LawCase:
    """One count for the lids of an eye or the edges of a brow, and a place beside them."""
    kind = rng.choice((EYES, BROWS))
    side, count = rng.choice(("left", "right")), rng.randint(4, 20)
    z = name_part(rng, rng.choice(kind.names), side)
    first, second = (on_side(thing, side) for thing in rng.sample(kind.stretches, 2))
    place = on_side(rng.choice(kind.places), side)
    a, b, p = f"the {first.names[0]}", f"the {second.names[0]}", f"the {place.names[0]}"
    lids = share([first.stretches[0], second.stretches[0]], count)
    early, late = [*place.places, *lids], [*lids, *place.places]
    halves = shares([first.stretches[0], second.stretches[0]], count)
    middle = [*spread(first.stretches[0], halves[0]), *place.places, *spread(second.stretches[0], halves[1])]
    forms = {
        "{n} points on {a}, {b} and {p} of {z}": late,
        "{n} points on {a}, {p} and {b} of {z}": middle,
        "{p} and {n} points on {a} and {b} of {z}": early,
        "{z}: {n} points on {a} and {b}, {p}": late,
        "{z}: {p}, {n} points on {a} and {b}": early,
        "on {z}, {n} points on {a}, {b} and {p}": late,
        "{n} points on {a} of {z}, {b} and {p}": late,
    }
    form = rng.choice(list(forms))
    return told("long list", f"owner of a share: {form}", form.format(n=count, a=a, b=b, p=p, z=z), forms[form])


def two_owners(rng: Random) -> LawCase:
    """Each owner has its list; nothing of one can lie on the other."""
    groups = rng.sample(((EYES, "eye"), (BROWS, "brow")), 2)
    form = rng.choice(("after", "after, semicolon", "after, sentences", "headings", "heading lines", "on"))
    texts, points = [], []
    for kind, part in groups:
        side = rng.choice(("left", "right"))
        items = items_of(rng, kind, side, rng.choice((2, 2, 3)))
        z, said = f"the {side} {part}", commas([item.text for item in items])
        texts.append({"a": f"{said} of {z}", "h": f"{z.removeprefix('the ')}: {said}", "o": f"on {z}, {said}"}[form[0]])
        points += [point for item in items for point in item.points]
    glue = {"after": ", ", "after, sentences": ". ", "heading lines": "\n", "on": "; "}.get(form, "; ")
    return told("long list", f"two owners: {form}", glue.join(texts), points)


def summed(rng: Random) -> LawCase:
    """A sum said first is that of what follows, or a contradiction."""
    things = stretches_apart(rng, rng.choice((2, 3, 3, 4)))
    counts = [rng.randint(3, 20) for _ in things]
    texts = [f"{n} on the {t.names[0]}" for n, t in zip(counts, things, strict=True)]
    form = rng.choice(
        (
            "{n} points: {l}",
            "{n} points in total: {l}",
            "a total of {n} points: {l}",
            "{n} landmarks: {l}",
            "{n} points altogether: {l}",
            "I need {n} points: {l}",
            "in total {n} points: {l}",
        )
    )
    listed = rng.choice((commas, ", ".join))(texts)
    if rng.random() < 0.25:
        text = form.format(n=sum(counts) + rng.choice((-2, 1, 3)), l=listed)
        return failing("long list", f"wrong sum: {form}", text, "contradiction")
    points: list[Point] = [p for n, t in zip(counts, things, strict=True) for p in spread(t.stretches[0], n)]
    return told("long list", f"sum: {form}", form.format(n=sum(counts), l=listed), points)


def long_list_law(rng: Random) -> LawCase:
    """Lists of three and four, with owners, shares, each, in all and sums."""
    makers = (shared, shared, own_measure, mixed_counts, each_or_all, each_or_all, one_owner, one_owner)
    return rng.choice((*makers, owner_shares, two_owners, summed))(rng)
