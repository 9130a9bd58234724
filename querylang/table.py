"""The grammar: one table of typed rules.

A row says what words in a row make together: `(category, pattern, function, cost)`.  The function gets the values of
the words that the pattern writes in capitals and returns the meaning of them together, or None where their types do
not fit; a word in small letters only has to stand there.  `a|b` is either, `a?` may be missing, `REL=side` is a word
of that value.  Costs decide between readings.  Categories:

    ADJ      adjectives: left, upper, inner ...       PORTION  half, third ... with which one
    N        a phrase that names places               E        an end of a range
    I        an item: what a clause asks              L        a layout, as an item
    FACES    which faces                              NUMBER, ORDINAL, NUMBERS, IDS_LIST as the lattice reads them
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .compositions import BOUND_FAULT, MIDDLE_FAULT, Compositions
from .joining import (
    adjectives_apart,
    as_seen,
    come_first,
    from_side_of,
    go_back,
    goes_sideways,
    is_end,
    join_adjectives,
    may_count,
    name_side,
    of_side,
    one_of,
    one_side,
    pick_several,
    read_density,
    run_along,
    start_from,
)
from .meaning import Item, Phrase, Range, join
from .numbers import FRACTIONAL, Number
from .phrase_compositions import HALF, SIDEMOST
from .which_faces import (
    add_face,
    choose_nth,
    count_from_left,
    each_face,
    name_face,
    numbered,
    pick_faces,
    side_face,
    some_faces,
)

Function = Callable[..., Any]
QUARTER = Fraction(1, 4)
"""A share less than that is a step where "each" stands before it, a larger one each part of that size."""
MOST_NUMBERED = 50
"""Of labels ("point 3: ..."): a larger number is more than that."""


def list_rows(make: Compositions) -> list[tuple[str, str, Function, float]]:
    """Return (category, pattern, function, cost), over one language's compositions."""
    return [
        # adjectives
        ("ADJ", "ADJ comma? and|slash ADJ", join_adjectives, 0.4),
        ("ADJ", "viewer ADJ", as_seen, 0.0),
        ("ONE_SIDE", "ADJ", one_side, 0.0),
        # names of places
        ("N", "NOUN", make.noun, 0.0),
        ("N", "REL", lambda word: Phrase((("rel", word),), is_plural=word.endswith("s")), 0.2),
        ("N", "ADJ N", make.qualify, 0.0),
        ("N", "N ADJ", lambda n, a: make.qualify(a, n) if len(a) == 1 else None, 0.6),
        ("N", "N ADJ", lambda n, a: make.tell_apart(n, a) if len(a) > 1 else None, 1.1),
        ("N", "N DEPTH", make.end_of, 0.3),
        ("N", "rel=around N", lambda n: make.extend(n, (("rel", "around"),)), 0.0),
        ("N", "NUMBER N", make.all_of, 0.8),
        ("N", "EACH of? N", make.determine, 0.0),
        ("N", "N of each=each", lambda n: None if n.is_free else make.determine("each", n), 1.0),
        ("N", "same_number N", lambda n: n if n.det else make.determine("each", n), 1.5),
        ("N", "points of N", same, 0.0),
        # "the leftmost point of the mouth"
        ("SIDES", "FACE_CHOICE", lambda choice: SIDEMOST.get(choice), 0.0),
        ("SIDES", "SIDES and SIDES", lambda one, other: one + other, 0.0),
        ("N", "SIDES points of N", lambda sides, n: make.end_on(n, sides), 0.0),
        ("N", "NOUN slash N", make.on_both, 0.0),
        # halves, thirds and sides of them
        ("N", "NUMBER", make.bare_portion, 0.2),
        ("N", "ADJ REL", make.side_as_half, 0.2),
        ("N", "ADJ NUMBER", make.portion, 0.0),
        ("N", "SELECT|REL=middle NUMBER", make.selected_portion, 0.0),
        ("N", "ORDINAL NUMBER", make.nth_portion, 0.0),
        ("N", "PORTION", lambda portion: make.cut(portion[1], portion[0], portion[0]), 0.0),
        ("N", "ADJ of N", make.part_of, 0.5),
        # what lies on what
        ("N", "N of N", make.of, 0.0),
        ("N", "N of N", make.of_one, 0.0),
        ("N", "N of ADJ", make.of_other, 0.9),
        ("N", "N N", lambda owner, part: make.of_one(part, owner) if owner.ref == "other" else None, 0.3),
        ("N", "N beside N", make.share_side_of, 0.2),
        ("N", "N of N", make.share_side_by, 0.2),
        ("N", "N beside ref=it", lambda n: make.refer("it", n), 0.2),
        ("N", "N N", make.compound, 0.3),
        ("N", "N N", make.backwards, 1.2),
        # whose left is left
        ("FACE", "FACE_WORD", lambda who: who if who.kind == "face" else None, 0.0),
        ("PERSON", "FACE_WORD", lambda who: who if who.kind != "face" else None, 0.0),
        ("PERSON_OWNER", "PERSON_OWNER possessive", same, 0.0),
        ("POSSESSIVE", "POSSESSIVE person_owner", same, 0.0),
        ("N", "subject_phrase|possessive|person_owner N", make.own, 0.0),
        ("N", "N of person", make.own_late, 0.0),
        # what stands before what is asked, and is put aside
        ("LABELLED", "label colon", say_nothing, 0.0),
        ("LABELLED", "subject_phrase colon points|heading newline", say_nothing, 0.0),
        ("LABELLED", "numbered NUMBER colon|comma|dash", lambda n: True if n.value <= MOST_NUMBERED else None, 0.0),
        ("WANTER", "person|person_owner|possessive|subject_phrase|asker wanting", say_nothing, 0.0),
        ("WANTER", "possessive person|asker wanting", say_nothing, 0.0),
        ("WANTER", "opening", say_nothing, 0.0),
        ("I", "OWN_ADJ", lambda a: Item(phrase=Phrase((("adj", a),), frame="subject")), 0.9),
        ("I", "of person", says(frame="subject", late=True), 0.6),
        ("I", "person_owner rel=side", says(frame="subject", late=True), 0.0),
        # "on the left side"
        ("SIDE", "ONE_SIDE rel=side", same, 0.0),
        ("SIDE", "SIDE of face", same, 0.0),
        ("SIDE", "to ONE_SIDE", same, 0.3),
        ("OWN_ADJ", "possessive|person_owner ONE_SIDE", same, 0.0),
        ("OWN_ADJ", "PERSON_SIDE", name_side, 0.0),
        ("N", "PERSON_SIDE N", lambda side, n: make.own(make.qualify(name_side(side), n)), -0.5),
        ("N", "EYE_SIDE N", make.on_side_of_eye, 1.0),
        ("N", "N EYE_SIDE", lambda n, side: make.on_side_of_eye(side, n), 1.2),
        ("OWN_SIDE", "possessive|person_owner SIDE", same, 0.0),
        ("OWN_SIDE", "SIDE of possessive|person_owner face", same, 0.0),
        ("OWN_SIDE", "to OWN_ADJ", same, 0.0),
        ("N", "N SIDE", make.stand_on_side, 0.0),
        ("N", "ONE_SIDE rel=side N", lambda side, n: None if n.is_free else make.stand_on_side(n, side), 0.0),
        ("N", "N of SIDE", make.stand_on_side, 0.0),
        ("N", "N OWN_SIDE", lambda n, side: make.own(make.stand_on_side(n, side)), 0.0),
        ("N", "N OWN_ADJ", lambda n, side: make.own(make.stand_on_side(n, side)), 0.2),
        # what refers to something named before
        ("N", "REF N", make.refer, 0.0),
        ("N", "same N", lambda n: make.refer("that", n), 1.0),
        ("N", "N of? ref=that rel=side", lambda n: make.refer("side", n), 0.0),
        ("N", "N ref=it", lambda n: make.refer("it", n), 0.3),
        ("N", "REF one", lambda kind: Phrase((), ref=kind), 0.0),
        ("N", "one", lambda: Phrase((), ref="one"), 1.2),
        ("N", "ref=other", lambda: Phrase((), ref="other"), 1.4),
        ("N", "ref=former", lambda: Phrase((), ref="former"), 0.0),
        ("N", "ref=latter", lambda: Phrase((), ref="latter"), 0.0),
        ("N", "one ONE_SIDE", one_of, 0.2),
        ("N", "ADJ one", one_of, 0.0),
        ("SAME", "so_does", say_nothing, 0.0),
        ("I", "same", says(same="all"), 0.0),
        ("I", "ONE_SIDE one=many", lambda a: Item(phrase=Phrase((("adj", a),), ref="one"), same="all"), -0.2),
        ("I", "I too", make.as_many, 0.0),
        ("I", "I comma too", make.as_many, 2.5),
        ("I", "same_number N", says("phrase", same="number"), 1.0),
        ("I", "same_number ADJ", lambda a: Item(phrase=Phrase((("adj", a),)), same="number"), 1.1),
        ("I", "N select=first", lambda n: None if n.fault else Item(phrase=n, lead=True), 0.2),
        ("I", "ADJ select=first", come_first, 0.2),
        # names as items
        ("I", "N", says("phrase"), 0.0),
        ("I", "ADJ", make.adjectives_alone, 1.5),
        ("I", "ADJ of? ADJ", adjectives_apart, 1.6),
        ("I", "SELECT", lambda which: Item(phrase=Phrase((("adj", (("order", which, which),)),))), 2.0),
        ("I", "I of N", make.ask_of, 0.0),
        ("I", "I of ADJ", of_side, 1.6),
        # how many
        ("INTEGER", "NUMBER", lambda n: n if n.form == "integer" else None, 0.0),
        ("I", "NUMBER", make.count, 0.5),
        ("I", "give NUMBER to N", make.give, 1.0),
        ("I", "give INTEGER points to N", make.give, 1.0),
        ("I", "NUMBER points", lambda n: Item(count=n) if n.form != "percent" else None, 0.0),
        ("I", "NUMBER times", make.count, 0.0),
        ("I", "times NUMBER", make.count, 0.0),
        ("I", "COUNTS", says("counts"), 0.0),
        ("I", "COUNTS points", says("counts"), 0.0),
        ("I", "COUNTS points each=each", says("counts", each=True), 0.0),
        ("I", "approx NUMBER", lambda n: None if n.form == "part" else Item(count=n, approx=True), 0.0),
        ("I", "approx", says(approx=True), 0.3),
        ("I", "bound NUMBER", says("count", fault=BOUND_FAULT), -1.5),
        ("I", "I points", lambda i: i if i.count is not None else None, 0.0),
        ("I", "EACH", lambda det: Item(each=True) if det != "all" else None, 0.3),
        ("I", "per_side", says(each=True), 0.6),
        ("I", "I PER_SIDE", make.per_side, 0.0),
        ("I", "total", says(total=True), 0.0),
        ("OF_I", "of I", lambda i: i if i.count is not None or i.spacing or i.layout else None, 0.2),
        ("I", "I OF_I", lambda i, of: join(i, of) if may_count(i, of) else None, 1.5),
        ("I", "N left_out", says("phrase", left_out=True), -0.5),
        # grids
        ("DIMENSIONS", "INTEGER by INTEGER", lambda rows, columns: (rows, columns), 0.0),
        ("DIMENSIONS", "INTEGER times INTEGER", lambda rows, columns: (rows, columns), 0.4),
        ("DIMENSIONS", "DIMENSIONS columns", same, 0.0),
        ("I", "DIMENSIONS columns", says("grid"), 0.0),
        ("I", "grid DIMENSIONS", says("grid"), -0.5),
        ("I", "DIMENSIONS grid", says("grid"), -0.5),
        ("I", "DIMENSIONS points", says("grid"), 0.0),
        ("I", "DIMENSIONS", says("grid"), 1.0),
        # how dense
        ("MULTIPLE", "FACTOR", lambda factor: Number(Fraction(factor), "integer"), 0.0),
        ("I", "MULTIPLE DENSITY", read_density, 0.0),
        ("I", "at FACTOR", lambda factor: Item(density=Fraction(factor)), 2.0),
        ("I", "NUMBER DENSITY", read_density, 0.2),
        ("I", "NUMBER times DENSITY", read_density, 0.0),
        ("I", "DENSITY=measure of? NUMBER|MULTIPLE", lambda kind, n: read_density(n, kind), 0.0),
        # where along it
        ("FRACTION", "NUMBER", lambda n: n if n.form in FRACTIONAL else None, 0.0),
        ("I", "NUMBER", lambda n: make.fractions((n,)) if n.form != "part" else None, 0.4),
        ("I", "NUMBERS", make.fractions, 0.2),
        ("I", "at NUMBER", lambda n: Item(positions=(n,)), -0.7),
        ("I", "at NUMBERS", says("positions"), -0.7),
        ("I", "at INTERVAL", lambda ends: Item(range=Range(*ends)), -1.5),
        ("I", "FRACTION way", lambda n: Item(positions=(n,)), 0.0),
        ("I", "NUMBERS way", says("positions"), 0.0),
        ("I", "halfway", says(positions=(HALF,)), 0.0),
        ("I", "at I", lambda i: i if i.count is not None and i.phrase is None else None, -0.9),
        # steps and parts
        ("I", "NUMBER", make.parts, 0.3),
        ("I", "INTEGER segments", says("segments"), -0.6),
        ("I", "into INTEGER", says("segments"), 1.2),
        ("I", "every FRACTION", says("every"), 0.0),
        (
            "I",
            "each_step FRACTION",
            lambda n: Item(every=n) if n.form == "percent" or n.value < QUARTER else None,
            0.0,
        ),
        ("I", "at? FRACTION interval_word", says("every"), 0.0),
        ("I", "every NUMBER pixels", says("pixels"), 0.0),
        ("I", "NUMBER pixels interval_word", says("pixels"), 0.0),
        # which of the points
        ("I", "NTH", lambda n: Item(nth=int(n)), 0.0),
        ("I", "every|each_step ORDINAL points", lambda n: Item(nth=int(n.value)), 0.0),
        ("I", "every ORDINAL one", lambda n: Item(nth=int(n.value)), -0.8),
        ("I", "every ORDINAL", lambda n: Item(every=Number(1 / n.value, "part")) if n.value > 3 else None, 0.4),
        ("PICK", "SELECT", lambda which: {"first": (1,), "last": (-1,)}.get(which), 0.0),
        ("PICK", "ORDINAL", lambda n: (int(n.value),), 0.0),
        ("PICK", "PICK comma? and PICK", lambda one, other: one + other, 0.0),
        ("PICK", "PICK comma PICK", lambda one, other: one + other, 0.0),
        ("I", "PICK points", says("pick"), 0.0),
        ("FIRST_N", "SELECT INTEGER", pick_several, 0.0),
        ("I", "FIRST_N points", says("pick"), 0.0),
        (
            "I",
            "rel=middle|select=middle INTEGER points",
            lambda n: Item(fault=MIDDLE_FAULT) if n.value > 1 else None,
            0.0,
        ),
        ("I", "PICK OF_I", lambda pick, i: join(Item(pick=pick), i), 0.0),
        ("I", "I OF_I", lambda i, of: join(i, of) if i.pick or i.nth else None, 0.0),
        # how
        ("I", "SPACING", says("spacing"), 0.0),
        ("I", "SHAPE", says("shape"), 0.0),
        ("MANNER", "SHAPE colon", says("shape"), 0.0),
        ("MANNER", "SPACING colon", says("spacing"), 0.0),
        ("I", "SHAPE OF_I", lambda shape, i: join(Item(shape=shape), i), 0.0),
        ("I", "each=all I", make.manner_of_all, 0.5),
        ("I", "each=all OWN_ADJ|OWN_SIDE", lambda a: make.on_side_of_all(a, "subject"), 0.0),
        ("I", "each=all ONE_SIDE|SIDE", lambda a: make.on_side_of_all(a, ""), 0.3),
        ("I", "visible", says(visible=True), -0.7),
        ("I", "STRICT", lambda value: Item(strict=value == "strict"), 0.0),
        ("I", "reverse", says(reverse=True), 0.0),
        ("I", "TURN", says("turn"), 0.0),
        ("I", "only", says(only=True), 0.0),
        ("I", "viewer_phrase", says(frame="viewer"), 0.0),
        ("I", "subject_phrase", says(frame="subject"), 0.0),
        # ranges
        ("E", "NUMBER", same, 0.3),
        ("E", "at NUMBER", same, 0.3),
        ("E", "N", lambda phrase: None if phrase.fault else phrase, 0.0),
        ("E", "ADJ", lambda adjectives: Phrase((("adj", adjectives),)), 0.3),
        ("E", "there", lambda: Phrase((), ref="there"), 0.0),
        ("E", "ear", lambda: make.ear(()), 0.3),
        ("E", "ADJ ear", lambda adjectives: make.ear((("adj", adjectives),)), 0.0),
        ("TO_E", "dash NUMBER", same, 0.5),
        ("I", "from E to E", make.range, 0.0),
        ("I", "from E comma to E", make.range, 0.3),
        ("I", "E to E", make.plain_range, 0.5),
        ("I", "E arrow E", lambda a, b: make.plain_range(a, b) if is_end(a) and is_end(b) else None, 0.5),
        ("I", "NUMBER arrow NUMBER", make.range, 0.5),
        ("I", "between E and E", make.between, 0.0),
        ("I", "between N", lambda n: Item(range=Range(n, None)), 1.0),
        ("I", "from one N to ref=other one?", lambda n: Item(range=Range(n, None)), -1.0),
        ("I", "between ref=them", lambda: Item(range=Range(Phrase((), ref="them"), None)), 0.0),
        ("I", "INTERVAL", lambda ends: Item(range=Range(*ends)), 0.0),
        ("I", "OUT_OF", make.way_out, 0.0),
        ("I", "from E", start_from, 0.1),
        # ... with something said between the ends
        ("VIA_N", "via N", lambda n: None if n.fault else n, 0.0),
        ("VIA_N", "via ADJ", lambda adjectives: Phrase((("adj", adjectives),)), 0.5),
        ("I", "I VIA_N", run_along, 0.0),
        ("I", "I VIA_N", lambda i, n: run_along(i, n) if goes_sideways(i) else None, -0.6),
        ("I", "from E VIA_N", from_side_of, -1.0),
        ("I", "back VIA_N", go_back, 0.0),
        ("I", "on_to E", lambda e: Item(range=Range(Phrase((), ref="there"), e)), 0.0),
        ("E_I", "from E comma? I", lambda e, i: None if i.is_region else (e, i), 0.5),
        ("E_I", "from E comma? VIA_N", lambda e, n: (e, Item(via=n)), -0.3),
        ("E_I", "E VIA_N", lambda e, n: None if isinstance(e, Number) else (e, Item(via=n)), 0.5),
        ("I", "E_I to E", lambda both, e: join(Item(range=Range(both[0], e)), both[1]), 0.0),
        # layouts
        ("L", "LAYOUT", says("layout"), 0.0),
        ("L", "PROGRAM", says("layout", zero=0), 0.0),
        ("L", "L layout_noun|points", same, 0.0),
        ("L", "L layout_manner", lambda layout: join(layout, Item(only=True)), 0.0),
        ("L", "each=all L", same, 0.0),
        ("L", "L NUMBER", make.own_size, -0.5),
        ("L", "NUMBER L", lambda n, layout: make.own_size(layout, n), -0.5),
        ("SIZED", "INTEGER points", same, 0.0),
        ("L", "INTEGER|SIZED layout_noun|layout_manner", make.by_size, 0.0),
        ("L", "each=all SIZED", make.by_size, 0.0),
        ("L", "INTEGER points_own", make.by_size, 0.0),
        ("I", "I from INTEGER|SIZED", make.from_size, 1.0),
        ("I", "IDS_N of INTEGER|SIZED", lambda ids, n: make.from_size(Item(ids=ids), n), 0.0),
        ("L", "SIZED of|from L", lambda n, layout: make.size_of(layout, n), -0.5),
        ("L", "PROGRAM SIZED", lambda name, n: make.size_of(Item(layout=name, zero=0), n), -0.5),
        ("I", "L", same, 0.0),
        ("I", "I L", join, 0.5),
        ("I", "I of|from L", join, 0.0),
        # ids
        ("IDS_N", "ids IDS_LIST", same, 0.0),
        ("IDS_N", "points IDS_LIST", same, 0.2),
        ("IDS_N", "points IDS_N", same, 0.0),
        ("I", "IDS_N", says("ids"), 1.0),
        ("I", "IDS_LIST", lambda ids: Item(ids=ids) if any(a is not b for a, b in ids) else None, 1.2),
        ("I", "ONE_ID", says("ids"), 0.2),
        ("ID_RANGE", "INTEGER to INTEGER", lambda first, last: ((first, last),), 0.0),
        ("I", "L from ID_RANGE", lambda layout, ids: join(layout, Item(ids=ids)), -1.0),
        ("I", "L IDS_LIST|IDS_N", lambda layout, ids: join(layout, Item(ids=ids)), 0.0),
        ("I", "L colon IDS_LIST", lambda layout, ids: join(layout, Item(ids=ids)), 0.3),
        ("I", "IDS_N L", lambda ids, layout: join(layout, Item(ids=ids)), 0.0),
        ("I", "IDS_N of|from L", lambda ids, layout: join(layout, Item(ids=ids)), 0.0),
        ("I", "IDS_LIST of|from L", lambda ids, layout: join(layout, Item(ids=ids)), 0.3),
        ("I", "PARITY", says("parity"), 0.5),
        ("I", "PARITY ids|points", says("parity"), 0.0),
        ("I", "PARITY one", says("parity"), -1.2),
        ("I", "inner_points", says(inner=True), 0.0),
        ("I", "NUMBER inner_points", lambda n: Item(inner=True) if n.value == 51 else None, 0.0),
        ("I", "ZERO_BASED", lambda value: Item(zero=0 if value == "zero" else 1), 0.0),
        ("I", "NAMED", says("named"), 0.0),
        ("ONE_ID", "POINTS INTEGER", lambda are_several, n: None if are_several else ((n, n),), 0.0),
        ("I", "L ONE_ID", lambda layout, ids: join(layout, Item(ids=ids)), -1.0),
        ("I", "L LAYOUT_POINT", make.name_point, -0.5),
        ("I", "LAYOUT_POINT of|from L", lambda points, layout: make.name_point(layout, points), -0.5),
        # faces
        ("WHO", "FACE_WORD|PERSON_OWNER", same, 0.0),
        ("FACE_CHOICE", "ORDINAL FACE_CHOICE", choose_nth, 0.0),
        ("FACES", "FACE_CHOICE WHO", name_face, 0.0),
        ("FACES", "FACE_WORD FACE_CHOICE", lambda who, choice: name_face(choice, who), 0.2),
        ("FACES", "FACE_CHOICE one", name_face, 0.0),
        ("FACE_COUNT", "INTEGER FACE_CHOICE", lambda n, choice: f"{n.value} {choice}", 0.0),
        (
            "FACES",
            "FACE_COUNT FACE_WORD",
            lambda choice, who: name_face(choice, who) if who.is_plural else None,
            0.0,
        ),
        ("FACES", "ORDINAL WHO", lambda n, who: name_face(str(int(n.value)), who), 0.0),
        ("FACES", "FACE_WORD NUMBER", lambda who, n: numbered(who, (n,)), 1.2),
        ("FACES", "FACE_WORD NUMBERS", lambda who, n: numbered(who, n) if who.is_plural else None, 0.0),
        ("FACES", "FACE_WORD IDS_N", lambda who, ids: numbered(who, [first for first, _ in ids]), 0.0),
        ("FACES", "PICK FACE_WORD", pick_faces, 0.0),
        ("FACES", "EACH WHO", each_face, 0.0),
        ("FACES", "everyone", lambda: ("all", False, True), 0.0),
        ("FACES", "ONE_SIDE FACE_WORD", side_face, 0.4),
        ("FACES", "ONE_SIDE PERSON_OWNER", side_face, 0.0),
        ("FACES", "FACE_WORD ONE_SIDE", lambda who, side: side_face(side, who), 0.2),
        ("FACES", "REL=middle|SELECT=middle FACE_WORD", name_face, 0.2),
        ("FACES", "REL=middle PERSON_OWNER", name_face, 0.0),
        ("FACES", "FACE_WORD REL=middle", lambda who, middle: name_face(middle, who), 0.2),
        ("FACES", "FACES and FACES", add_face, 0.0),
        ("FACES", "FACES from E", count_from_left, 0.0),
        ("FACES", "EACH FACES", lambda _, faces: faces, 0.0),
        ("FACES", "each=all from FACES", same, 0.0),
        ("FACES", "of FACES", lambda f: (f[0], f[1] or f[2], f[2]), 0.0),
        ("I", "FACES", lambda f: Item(faces=f[0], frame="subject" if f[1] else None), -0.7),
        ("NO_FACES", "NUMBER FACE_WORD", some_faces, 0.2),
        ("NO_FACES", "of|each NO_FACES", same, 0.0),
        ("I", "NO_FACES", same, 0.0),
        # everything else may stand in any order
        ("I", "I I", make.link, 0.5),
        ("I", "I colon I", make.link_amount, 0.3),
    ]


def says(field: str = "", /, **fixed: Any) -> Function:
    """Return the function of words that say fields of an item: one by what they are worth, others by being said."""
    return (lambda value: Item(**{field: value}, **fixed)) if field else (lambda: Item(**fixed))


def same(value: Any) -> Any:
    return value


def say_nothing() -> bool:
    """The value of words that only have to stand there."""
    return True
