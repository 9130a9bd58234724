"""The grammar: one table of typed rules.

A row says which two neighbours make what: `(left, right, category, function, cost)`; a function returns the meaning of
both together, or None where their types do not fit.  Unary rows let a value be of a further category.  Categories:

    ADJ      adjectives: left, upper, inner ...       PORTION  half, third ... with which one
    N        a phrase that names places               E        an end of a range
    I        an item: what a clause asks              NUMBER, ORDINAL, NUMBERS, IDS_LIST as the lattice reads them
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .compositions import (
    BOUND_FAULT,
    FRACTIONAL,
    HALF,
    Compositions,
    choose_nth,
    count_from_left,
    join_adjectives,
    join_faces,
    one_id,
    pick_faces,
    pick_several,
    read_density,
    read_step,
    some_faces,
)
from .concepts import Concepts
from .meaning import Item, Phrase, Range, join
from .numbers import Number

Function = Callable[[Any, Any], Any]
Row = tuple[str, Function, float]
FAULT_COST = 8.0
"""How much dearer words are that make sense but have no answer."""


class Rules(Compositions):
    """The rows of the table, over one language's concepts."""

    def __init__(self, concepts: Concepts) -> None:
        super().__init__(concepts)
        self.binary: dict[tuple[str, str], list[Row]] = {}
        self.unary: dict[str, list[tuple[str, Callable[[Any], Any], float]]] = {}
        for left, right, category, function, cost in self.rows():
            self.binary.setdefault((left, right), []).append((category, function, cost))
        for source, category, make, cost in self.unary_rows():
            self.unary.setdefault(source, []).append((category, make, cost))

    def unary_rows(self) -> list[tuple[str, str, Callable[[Any], Any], float]]:
        """Return (category, further category, function, cost)."""
        return [
            ("NOUN", "N", self.noun, 0.0),
            ("REL", "N", lambda word: Phrase((("rel", word),), is_plural=word.endswith("s")), 0.2),
            ("ADJ", "I", self.adjectives_alone, 1.5),
            ("NTH", "I", lambda n: Item(nth=int(n)), 0.0),
            ("IDS_N", "I", lambda ids: Item(ids=ids), 1.0),
            ("NUMBER", "I", self.parts, 0.3),
            ("INNER_POINTS", "I", lambda _: Item(inner=True), 0.0),
            ("PARITY", "I", lambda p: Item(parity=p), 0.5),
            ("NUMBER", "N", self.bare_portion, 0.2),
            ("NUMBER", "E", lambda number: number, 0.3),
            ("NUMBER", "I", self.count, 0.5),
            ("NUMBER", "I", lambda number: self.fractions((number,)) if number.form != "part" else None, 0.4),
            ("NUMBERS", "I", self.fractions, 0.2),
            ("N", "E", lambda phrase: None if phrase.fault else phrase, 0.0),
            ("N", "I", self.place, 0.0),
            ("ADJ", "E", lambda adjectives: Phrase((("adj", adjectives),)), 0.3),
            ("EACH", "I", lambda det: Item(each=True) if det != "all" else None, 0.3),
            ("TOTAL", "I", lambda _: Item(total=True), 0.0),
            ("SPACING", "I", lambda value: Item(spacing=value), 0.0),
            ("SHAPE", "I", lambda value: Item(shape=value), 0.0),
            ("STRICT", "I", lambda value: Item(strict=value == "strict"), 0.0),
            ("REVERSE", "I", lambda _: Item(reverse=True), 0.0),
            ("TURN", "I", lambda value: Item(turn=value), 0.0),
            ("ZERO_BASED", "I", lambda value: Item(zero=0 if value == "zero" else 1), 0.0),
            ("VIEWER_PHRASE", "I", lambda _: Item(frame="viewer"), 0.0),
            ("SUBJECT_PHRASE", "I", lambda _: Item(frame="subject"), 0.0),
            ("ONLY", "I", lambda _: Item(only=True), 0.0),
            ("SAME", "I", lambda _: Item(same=True), 0.0),
            ("LAYOUT", "I", lambda name: Item(layout=name), 0.0),
            ("NAMED", "I", lambda points: Item(named=points), 0.0),
            ("PROGRAM", "I", lambda name: Item(layout=name, zero=0), 0.0),
            ("HALFWAY", "I", lambda _: Item(positions=(HALF,)), 0.0),
            ("FROM_E", "I", lambda end: Item(origin=end), 0.1),
            ("INTERVAL", "I", lambda v: Item(range=Range(v[0], v[1], v[2])), 0.0),
            ("FACES", "I", lambda v: Item(faces=v[0], frame="subject" if v[1] else None), -0.7),
            ("EVERYONE", "FACES", lambda _: ("all", False, True), 0.0),
            ("NO_FACES", "I", lambda item: item, 0.0),
            ("SELECT", "PICK", lambda which: {"first": (1,), "last": (-1,)}.get(which), 0.0),
            ("ORDINAL", "PICK", lambda n: (int(n.value),), 0.0),
            ("IDS_LIST", "I", lambda ids: Item(ids=ids) if any(a is not b for a, b in ids) else None, 1.2),
            ("EVERY_NTH", "I", lambda n: Item(every=Number(1 / n.value, "part")) if n.value > 3 else None, 0.4),
            ("ONE", "N", lambda _: Phrase((), None, ref="one"), 0.0),
            ("APPROX", "I", lambda _: Item(approx=True), 0.3),
        ]

    def rows(self) -> list[tuple[str, str, str, Function, float]]:
        """Return (left, right, category, function, cost)."""
        return [
            # adjectives
            ("AND", "ADJ", "AND_ADJ", lambda _, b: b, 0.0),
            ("SLASH", "ADJ", "AND_ADJ", lambda _, b: b, 0.0),
            ("COMMA", "AND_ADJ", "AND_ADJ", lambda _, b: b, 0.0),
            ("ADJ", "AND_ADJ", "ADJ", join_adjectives, 0.0),
            ("VIEWER", "ADJ", "ADJ", lambda _, a: tuple((k, v, v) for k, v, _ in a), 0.0),
            ("SUBJECT_PHRASE", "N", "N", self.own, 0.0),
            # phrases
            ("ADJ", "N", "N", self.qualify, 0.0),
            ("N", "ADJ", "N", lambda n, a: self.qualify(a, n) if a[0][0] == "side" or len(a) == 1 else None, 0.6),
            ("ADJ", "REL", "N", self.side_as_half, 0.2),
            ("ADJ", "REL", "SIDE", lambda a, r: a if r == "side" and a[0][0] == "side" and len(a) == 1 else None, 0.0),
            ("POSSESSIVE", "SIDE", "OWN_SIDE", lambda _, side: side, 0.0),
            ("PERSON_OWNER", "SIDE", "OWN_SIDE", lambda _, side: side, 0.0),
            ("N", "SIDE", "N", self.stand_on_side, 0.0),
            ("N", "OWN_SIDE", "N", lambda n, side: self.own(None, self.stand_on_side(n, side)), 0.0),
            ("ADJ", "NUMBER", "N", self.portion, 0.0),
            ("SELECT", "NUMBER", "N", self.selected_portion, 0.0),
            ("REL", "NUMBER", "N", lambda r, n: self.selected_portion(r, n) if r == "middle" else None, 0.0),
            ("ORDINAL", "NUMBER", "N", self.nth_portion, 0.0),
            ("SELECT", "REL", "N", lambda s, r: Phrase((("rel", r),)) if s == "middle" and r == "part" else None, 0.5),
            ("OF", "N", "OF_N", lambda _, n: n, 0.0),
            ("N", "OF_N", "N", self.of, 0.0),
            ("N", "N", "N", self.compound, 0.3),
            ("N", "N", "N", self.backwards, 1.2),
            ("REL", "N", "N", lambda r, n: self.extend(n, (("rel", r),)) if r == "around" and n.ops else None, 0.0),
            ("EACH", "N", "N", self.determine, 0.0),
            ("EACH", "OF_N", "N", self.determine, 0.0),
            ("POSSESSIVE", "N", "N", self.own, 0.0),
            ("PERSON_OWNER", "N", "N", self.own, 0.0),
            ("POSSESSIVE", "PERSON_OWNER", "POSSESSIVE", lambda a, b: a, 0.0),
            ("POSSESSIVE", "FACE_WORD", "POSSESSIVE", lambda a, b: a if b[0] != "face" else None, 1.0),
            ("N", "OF_PERSON", "N", self.own_late, 0.0),
            ("OF", "FACE_WORD", "OF_PERSON", lambda _, b: True if b[0] != "face" else None, 0.0),
            ("REF", "N", "N", self.refer, 0.0),
            ("REF", "ONE", "N", lambda kind, _: Phrase((), None, ref=kind), 0.0),
            ("ADJ", "ONE", "N", lambda a, _: Phrase((("adj", a),), None, ref="one"), 0.0),
            # how many
            (
                "NUMBER",
                "POINTS",
                "I",
                lambda n, _: Item(count=n) if n.form not in ("percent", "ordinal") else None,
                0.0,
            ),
            ("APPROX", "NUMBER", "I", self.rough, 0.0),
            ("I", "POINTS", "I", lambda i, _: i if i.count is not None else None, 0.0),
            ("NUMBER", "TIMES", "I", lambda n, _: self.count(n), 0.0),
            ("TIMES", "NUMBER", "I", lambda _, n: self.count(n), 0.0),
            ("NUMBER", "SEGMENTS", "I", lambda n, _: Item(segments=n) if n.form == "integer" else None, -0.6),
            ("EVERY", "NUMBER", "I", read_step, 0.0),
            ("EVERY", "ORDINAL", "EVERY_NTH", lambda _, n: n, 0.0),
            ("EVERY_NTH", "POINTS", "I", lambda n, _: Item(nth=int(n.value)), 0.0),
            ("EVERY", "PIXEL_STEP", "I", lambda _, n: Item(pixels=n), 0.0),
            ("NUMBER", "PIXELS", "PIXEL_STEP", lambda n, _: n, 0.0),
            ("PIXEL_STEP", "INTERVAL_WORD", "I", lambda n, _: Item(pixels=n), 0.0),
            ("FACTOR", "DENSITY", "I", lambda f, d: read_density(Number(Fraction(f), "integer"), d), 0.0),
            ("DENSITY", "FACTOR", "I", lambda d, f: read_density(Number(Fraction(f), "integer"), d), 0.0),
            ("NUMBER", "DENSITY", "I", read_density, 0.2),
            ("DENSITY", "NUMBER", "I", lambda d, n: read_density(n, d), 0.0),
            ("NUMBER", "TIMES_DENSITY", "I", read_density, 0.0),
            ("TIMES", "DENSITY", "TIMES_DENSITY", lambda _, d: d, 0.0),
            ("AT", "NUMBER", "E", lambda _, n: n, 0.3),
            ("AT", "NUMBER", "I", lambda _, n: Item(positions=(n,)), -0.7),
            ("AT", "NUMBERS", "I", lambda _, n: Item(positions=n), -0.7),
            ("NUMBER", "WAY", "I", lambda n, _: Item(positions=(n,)) if n.form in FRACTIONAL else None, 0.0),
            ("NUMBERS", "WAY", "I", lambda n, _: Item(positions=n), 0.0),
            ("AND", "PICK", "AND_PICK", lambda _, p: p, 0.0),
            ("COMMA", "PICK", "AND_PICK", lambda _, p: p, 0.0),
            ("COMMA", "AND_PICK", "AND_PICK", lambda _, p: p, 0.0),
            ("PICK", "AND_PICK", "PICK", lambda a, b: a + b, 0.0),
            ("PICK", "POINTS", "I", lambda p, _: Item(pick=p), 0.0),
            ("SELECT", "NUMBER", "FIRST_N", pick_several, 0.0),
            ("FIRST_N", "POINTS", "I", lambda p, _: Item(pick=p), 0.0),
            ("PICK", "OF_I", "I", lambda p, i: join(Item(pick=p), i), 0.0),
            ("OF", "I", "OF_I", lambda _, i: i if i.count is not None or i.spacing or i.layout else None, 0.2),
            ("I", "OF_I", "I", lambda i, o: join(i, o) if i.pick or i.nth else None, 0.0),
            ("BOUND", "NUMBER", "I", lambda _, n: Item(count=n, fault=BOUND_FAULT), -1.5),
            ("NUMBER", "FACE_WORD", "NO_FACES", some_faces, 0.2),
            ("OF", "NO_FACES", "NO_FACES", lambda _, i: i, 0.0),
            ("EACH", "NO_FACES", "NO_FACES", lambda _, i: i, 0.0),
            ("PICK", "FACE_WORD", "FACES", pick_faces, 0.0),
            ("AND", "FACES", "AND_FACES", lambda _, f: f, 0.0),
            ("FACES", "AND_FACES", "FACES", join_faces, 0.0),
            ("EACH", "FACES", "FACES", lambda _, f: f, 0.0),
            ("SIZED", "OF_PROGRAM", "LAYOUT", lambda n, name: self.size_of(name, n), -0.5),
            ("SIZED", "OF_LAYOUT", "LAYOUT", lambda n, name: self.size_of(name, n), -0.5),
            ("PROGRAM", "SIZED", "LAYOUT", self.size_of, -0.5),
            ("POINTS", "NUMBER", "I", one_id, 0.2),
            ("POINTS", "OF_N", "N", lambda _, n: n, 0.0),
            ("NUMBER", "N", "N", self.all_of, 0.8),
            ("ADJ", "OF_N", "N", self.side_of, 0.5),
            # ranges
            ("FROM", "E", "FROM_E", lambda _, e: e, 0.0),
            ("TO", "E", "TO_E", lambda _, e: e, 0.0),
            ("DASH", "E", "TO_E", lambda _, e: e if isinstance(e, Number) else None, 0.2),
            ("FROM_E", "TO_E", "I", self.range, 0.0),
            ("E", "TO_E", "I", self.plain_range, 0.5),
            ("BETWEEN", "E", "BETWEEN_E", lambda _, e: e, 0.0),
            ("AND", "E", "AND_E", lambda _, e: e, 0.0),
            ("BETWEEN_E", "AND_E", "I", self.range, 0.0),
            ("BETWEEN", "N", "I", lambda _, n: Item(range=Range(n, None)), 1.0),
            ("FROM_E", "I", "FROM_E_I", lambda e, i: (e, i) if not i.is_region else None, 0.5),
            ("FROM_E_I", "TO_E", "I", lambda a, e: join(Item(range=Range(a[0], e)), a[1]), 0.0),
            # layouts
            ("LAYOUT", "LAYOUT_NOUN", "LAYOUT", lambda a, _: a, 0.0),
            ("LAYOUT", "NUMBER", "LAYOUT", self.own_size, -0.5),
            ("NUMBER", "LAYOUT", "LAYOUT", lambda n, name: self.own_size(name, n), -0.5),
            ("LAYOUT", "POINTS", "LAYOUT", lambda a, _: a, 0.0),
            ("EACH", "LAYOUT", "LAYOUT", lambda d, a: a if d == "all" else None, 0.0),
            ("NUMBER", "LAYOUT_NOUN", "LAYOUT", self.by_size, 0.0),
            ("SIZED", "LAYOUT_NOUN", "LAYOUT", lambda n, _: self.by_size(n, None), 0.0),
            ("NUMBER", "POINTS", "SIZED", lambda n, _: n if n.form == "integer" else None, 0.0),
            ("EACH", "SIZED", "LAYOUT", lambda d, n: self.by_size(n, None) if d == "all" else None, 0.0),
            ("NUMBER", "INNER_POINTS", "I", lambda n, _: Item(inner=True) if n.value == 51 else None, 0.0),
            ("FROM", "LAYOUT", "OF_LAYOUT", lambda _, b: b, 0.0),
            ("IDS_N", "LAYOUT", "I", lambda ids, name: Item(layout=name, ids=ids), 0.0),
            ("I", "LAYOUT", "I", lambda i, name: join(i, Item(layout=name)), 0.5),
            ("LAYOUT", "IDS_LIST", "I", self.restrict, 0.0),
            ("PROGRAM", "IDS_LIST", "I", lambda name, ids: Item(layout=name, ids=ids, zero=0), 0.0),
            ("PROGRAM", "IDS_N", "I", lambda name, ids: Item(layout=name, ids=ids, zero=0), 0.0),
            ("IDS_N", "PROGRAM", "I", lambda ids, name: Item(layout=name, ids=ids, zero=0), 0.0),
            ("OF", "PROGRAM", "OF_PROGRAM", lambda _, name: name, 0.0),
            ("IDS_N", "OF_PROGRAM", "I", lambda ids, name: Item(layout=name, ids=ids, zero=0), 0.0),
            ("PROGRAM", "LAYOUT_NOUN", "PROGRAM", lambda name, _: name, 0.0),
            ("PROGRAM", "NUMBER", "PROGRAM", self.own_size, -0.5),
            (
                "BETWEEN",
                "REF",
                "I",
                lambda _, r: Item(range=Range(Phrase((), ref="them"), None)) if r == "them" else None,
                0.0,
            ),
            ("EACH", "I", "I", lambda d, i: i if d == "all" and i.shape is not None else None, 0.5),
            ("LAYOUT", "IDS_N", "I", self.restrict, 0.0),
            ("LAYOUT", "LAYOUT_POINT", "I", self.name_point, -0.5),
            ("LAYOUT_POINT", "OF_LAYOUT", "I", lambda points, name: self.name_point(name, points), -0.5),
            ("IDS", "IDS_LIST", "IDS_N", lambda _, b: b, 0.0),
            ("POINTS", "IDS_LIST", "IDS_N", lambda _, b: b, 0.2),
            ("POINTS", "IDS_N", "IDS_N", lambda _, b: b, 0.0),
            ("OF", "LAYOUT", "OF_LAYOUT", lambda _, b: b, 0.0),
            ("IDS_N", "OF_LAYOUT", "I", lambda ids, name: Item(layout=name, ids=ids), 0.0),
            ("IDS_LIST", "OF_LAYOUT", "I", lambda ids, name: Item(layout=name, ids=ids), 0.3),
            ("I", "OF_LAYOUT", "I", lambda i, name: join(i, Item(layout=name)), 0.0),
            ("PARITY", "IDS", "I", lambda p, _: Item(parity=p), 0.0),
            ("PARITY", "POINTS", "I", lambda p, _: Item(parity=p), 0.0),
            # faces
            ("FACE_CHOICE", "FACE_WORD", "FACES", self.face, 0.0),
            ("FACE_WORD", "FACE_CHOICE", "FACES", lambda w, c: self.face(c, w), 0.2),
            ("FACE_CHOICE", "PERSON_OWNER", "FACES", lambda c, w: self.face(c, w, owns=True), 0.0),
            ("FACE_CHOICE", "ONE", "FACES", lambda c, _: self.face(c, None), 0.0),
            ("ORDINAL", "FACE_CHOICE", "FACE_CHOICE", choose_nth, 0.0),
            (
                "NUMBER",
                "FACE_CHOICE",
                "FACE_COUNT",
                lambda n, c: f"{n.value} {c}" if n.form == "integer" else None,
                0.0,
            ),
            ("FACE_COUNT", "FACE_WORD", "FACES", lambda c, w: self.face(c, w) if w[1] else None, 0.0),
            ("ORDINAL", "FACE_WORD", "FACES", lambda n, w: self.face(str(int(n.value)), w), 0.0),
            ("ORDINAL", "PERSON_OWNER", "FACES", lambda n, w: self.face(str(int(n.value)), w, owns=True), 0.0),
            ("FACE_WORD", "NUMBER", "FACES", lambda w, n: self.numbered(w, (n,)), 1.2),
            ("FACE_WORD", "NUMBERS", "FACES", lambda w, n: self.numbered(w, n) if w[1] else None, 0.0),
            ("FACE_WORD", "IDS_N", "FACES", lambda w, ids: self.numbered(w, [a for a, _ in ids]), 0.0),
            ("EACH", "FACE_WORD", "FACES", self.each_face, 0.0),
            ("EACH", "PERSON_OWNER", "FACES", lambda _, w: self.face("all", w, owns=True), 0.0),
            ("ADJ", "FACE_WORD", "FACES", lambda a, w: self.side_face(a, w), 0.4),
            ("ADJ", "PERSON_OWNER", "FACES", lambda a, w: self.side_face(a, w, owns=True), 0.0),
            ("FACE_WORD", "ADJ", "FACES", lambda w, a: self.side_face(a, w), 0.2),
            ("REL", "FACE_WORD", "FACES", lambda r, w: self.face("middle", w) if r == "middle" else None, 0.2),
            ("SELECT", "FACE_WORD", "FACES", lambda r, w: self.face("middle", w) if r == "middle" else None, 0.2),
            (
                "REL",
                "PERSON_OWNER",
                "FACES",
                lambda r, w: self.face("middle", w, owns=True) if r == "middle" else None,
                0.0,
            ),
            ("FACE_WORD", "REL", "FACES", lambda w, r: self.face("middle", w) if r == "middle" else None, 0.2),
            ("FACES", "FROM_E", "FACES", count_from_left, 0.0),
            ("OF", "FACES", "FACES", lambda _, f: (f[0], f[1] or f[2], f[2]), 0.0),
            # whose left it is
            ("OF", "FACE_WORD", "I", lambda _, w: Item(frame="subject", late=True) if w[0] != "face" else None, 0.6),
            # everything else may stand in any order
            ("I", "I", "I", self.link, 0.5),
            ("AT", "I", "I", lambda _, i: i if i.count is not None and i.phrase is None else None, -0.9),
            ("I", "OF_N", "I", self.ask_of, 0.0),
            ("VIA", "N", "VIA_N", lambda _, n: None if n.fault else n, 0.0),
            ("VIA", "ADJ", "VIA_N", lambda _, a: Phrase((("adj", a),)), 0.5),
            ("I", "VIA_N", "I", lambda i, n: join(i, Item(via=n)) if i.range is not None else None, 0.0),
            ("FROM_E", "VIA_N", "FROM_E_I", lambda e, n: (e, Item(via=n)), 0.2),
            ("COMMA", "I", "COMMA_I", lambda _, i: i if not i.is_region else None, 0.0),
            ("FROM_E", "COMMA_I", "FROM_E_I", lambda e, i: (e, i), 0.5),
            ("E", "VIA_N", "E_VIA", lambda e, n: (e, n), 0.2),
            (
                "E_VIA",
                "TO_E",
                "I",
                lambda a, e: join(self.range(a[0], e) or Item(), Item(via=a[1])) if self.range(a[0], e) else None,
                0.3,
            ),
            ("PERSON_OWNER", "REL", "I", lambda _, r: Item(frame="subject", late=True) if r == "side" else None, 0.0),
            ("COLON", "I", "COLON_I", lambda _, i: i if i.has_amount and not i.is_region else None, 0.0),
            ("I", "COLON_I", "I", self.link, 0.3),
        ]
