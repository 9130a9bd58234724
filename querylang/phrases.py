"""From a name in the tree to the pieces of parts it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

from .cutting import cut_target
from .groups import Chosen, check_size, join_one, read_group, split_possessive
from .names import Name, Names, Pieces, Place, Stretch
from .portions import HALF, Portion, find_x
from .registry import Registry
from .syntax import Group, Phrase
from .targets import MistakeError, Target
from .tokens import OPERATORS, Token

THIRD = Fraction(1, 3)
IMPLIED = {
    "lid": ("eye",),
    "eyebrow": ("eye",),
    "lip": ("mouth",),
    "bow": ("mouth", "lip", "upper"),
    "nostril": ("nose",),
    "wing": ("nose",),
    "bridge": ("nose",),
    "boundary": ("nose",),
    "septum": ("nose",),
    "chin": ("contour",),
}
"""Feature words that change nothing beside another ("the lid of the eye")."""


class PhraseResolver:
    """Resolves names by the bag of their feature words."""

    def __init__(self, names: Names, registry: Registry) -> None:
        self.names = names
        self.registry = registry
        self.resolved: dict[object, Target] = {}

    def resolve(self, phrase: Phrase) -> Target:
        """Return what a name means, in the viewer's terms; a name that comes again in one text is not read again.

        Raises:
            MistakeError: It means nothing, or no one thing.
        """
        key = tuple(tuple((w.kind, w.value, w.is_plural, w.is_possessive) for w in g.words) for g in phrase.groups)
        if key not in self.resolved:
            self.resolved[key] = self.read(phrase)
        return replace(self.resolved[key], start=phrase.start, stop=phrase.stop)

    def read(self, phrase: Phrase) -> Target:
        """Return what a name means, read from its words."""
        groups = [part for group in join_one(phrase.groups) for part in split_possessive(group)]
        groups = self.drop_both_sides(groups)
        for group in groups:
            bases = {w.value for w in group.words if w.kind == "NOUN" and not set(w.value.split()) <= OPERATORS}
            if len(bases) > 1 and self.names.get(frozenset(" ".join(bases).split())) is None:
                span = (group.start, group.stop)
                raise MistakeError("contradiction", "two names with nothing between them", span, "'and' between them")
        self.check_owners(groups, phrase)
        is_each = any(w.kind == "EACH_OF" and w.value in ("each", "both") for w in phrase.words)
        nouns = {feature for w in phrase.words if w.kind == "NOUN" for feature in w.value.split()}
        has_side_place = bool(nouns & {"nose", "chin", "boundary", "nostril"})
        choices = [list(read_group(group, has_side_place)) for group in reversed(groups)]
        check_size([len(choice) for choice in choices], (phrase.start, phrase.stop))
        combined: list[tuple[Chosen, ...]] = list(product(*choices))
        has_side = any(word.kind == "SIDE" for word in phrase.words)
        if is_each and self.is_lips(phrase):
            first, *rest = combined[0]
            combined = [(replace(first, features={"lip", level}), *rest) for level in ("upper", "lower")]
        units: list[Pieces] = []
        stretches: list[Pieces] = []
        notes: list[str] = []
        is_all_face = False
        sides: Sequence[str | None] = (None,)
        if not has_side and len(combined) > 1 and all(self.needs_side(c) for c in combined):
            sides = ("left", "right")
        for side in sides:
            for chosen in combined:
                found = self.evaluate(chosen, side, phrase, is_each)
                units += found.units
                stretches += found.stretches or found.units
                notes += found.notes
                is_all_face = is_all_face or found.is_all_face
        self.check_quantity(phrase, units)
        span = (phrase.start, phrase.stop)
        has_stretch = stretches != units
        return Target(
            tuple(units),
            *span,
            tuple(stretches) if has_stretch else None,
            is_each,
            is_all_face,
            tuple(dict.fromkeys(notes)),
        )

    def drop_both_sides(self, groups: list[Group]) -> list[Group]:
        """Leave "on both sides" out after what comes in pairs, which means both already."""
        last = [(w.kind, w.value) for w in groups[-1].words]
        if len(groups) < 2 or last not in (
            [("EACH_OF", "both"), ("NOUN", "side")],
            [("EACH_OF", "each"), ("NOUN", "side")],
        ):
            return groups
        rest = Phrase(tuple(groups[:-1]))
        name = self.find_name({f for w in rest.words if w.kind in ("NOUN", "LEVEL", "DEPTH") for f in w.value.split()})
        if any(w.kind == "SIDE" for w in rest.words) or name is None or not name.sides or name.alone is not None:
            return groups
        first = Group((groups[-1].words[0], *groups[-2].words))
        return [*groups[:-2], first]

    def check_owners(self, groups: Sequence[Group], phrase: Phrase) -> None:
        """Raise the mistake of "each eye on the eyebrows": an eyebrow may be an eye's, an eye is no eyebrow's."""
        said = [{feature for w in group.words if w.kind == "NOUN" for feature in w.value.split()} for group in groups]
        for index, features in enumerate(said):
            if "eye" in features and any("eyebrow" in later for later in said[index + 1 :]):
                suggestion = "'and' between them for both"
                raise MistakeError(
                    "contradiction", "these are two different parts", (phrase.start, phrase.stop), suggestion
                )

    def takes_side(self, phrase: Phrase) -> bool:
        """Whether a name without a side means the left and the right one of a pair."""
        features = {f for w in phrase.words if w.kind in ("NOUN", "LEVEL", "DEPTH") for f in w.value.split()}
        return self.is_part_sided(features)

    def is_known(self, phrase: Phrase) -> bool:
        """Whether a name means something."""
        try:
            self.resolve(phrase)
        except MistakeError:
            return False
        return True

    def is_lips(self, phrase: Phrase) -> bool:
        """Whether the name is bare "lips", or their middle, so that "both lips" are the upper and the lower one."""
        outer = [w.value for group in phrase.groups[:-1] for w in group.words]
        words = [w for w in phrase.groups[-1].words if w.kind not in ("EACH_OF", "QUANTITY")]
        if outer not in ([], ["middle"]):
            return False
        return len(words) == 1 and words[0].kind == "NOUN" and words[0].value == "lip"

    def needs_side(self, chosen: Sequence[Chosen]) -> bool:
        features = {f for group in chosen for f in group.features}
        name = self.find_name(features)
        if name is None:
            name = self.find_name({f for f in features if f not in OPERATORS})
        return name is not None and name.alone is None and name.side_of == "part"

    def check_quantity(self, phrase: Phrase, units: Sequence[Pieces]) -> None:
        for word in phrase.words:
            if word.kind == "QUANTITY":
                number = int(word.value.value)
                if number not in (len(units), sum(len(unit) for unit in units)):
                    raise MistakeError("count", f"there are {len(units)} of them, not {number}", word.span)

    def find_name(self, features: set[str]) -> Name | None:
        """Return the name for a bag of words; "of the face" and "around" change nothing where no name needs them."""
        implied = {word for feature in features for word in IMPLIED.get(feature, ())}
        if {"lid", "corner"} <= features:
            implied |= {"upper", "lower"}
        for idle in (set(), {"face"}, {"around"}, {"along"}, {"around", "along", "face"} | implied):
            name = self.names.get(frozenset(features - idle))
            if name is not None:
                return name
        return None

    # -- evaluation ----------------------------------------------------------------------------------------

    def evaluate(self, groups: Sequence[Chosen], side: str | None, phrase: Phrase, is_each: bool) -> Target:
        """Return the target of groups given from the innermost to the outermost."""
        features: set[str] = set()
        pick: str | None = None
        plural = False
        target: Target | None = None
        for index, group in enumerate(groups):
            if target is None:
                if group.features:
                    alone = index > 0 and bool(features)
                    features = features | group.features
                    plural = group.is_plural
                    if group.side is not None:
                        if alone and group.is_operator and (side is not None or self.is_part_sided(features)):
                            pick = group.side
                        elif side is not None and group.side != side:
                            raise self.two_sides(phrase)
                        else:
                            side = group.side
                elif group.side is not None and index == 0 and len(groups) > 1:
                    side = group.side
                elif group.side is not None and not group.portions:
                    if not features:
                        raise MistakeError("no_part", "left or right of what?", (phrase.start, phrase.stop))
                    target = self.look_up(features, side, pick, plural, phrase, is_each)
                    target = self.cut(target, Portion(group.side, THIRD), phrase, is_each)
                if group.portions:
                    if not features:
                        if index < len(groups) - 1:
                            raise self.unreadable(phrase)
                        features, target = self.name_whole_face(phrase, group, is_each)
                        if target is not None:
                            return target
                    target = target or self.look_up(features, side, pick, plural, phrase, is_each)
                    for portion, _span in group.portions:
                        target = self.cut(target, portion, phrase, is_each)
            else:
                target = self.apply_outer(target, group, phrase, is_each)
        return target or self.look_up(features, side, pick, plural, phrase, is_each)

    def is_part_sided(self, features: set[str]) -> bool:
        name = self.find_name(features)
        return name is not None and bool(name.sides) and name.side_of == "part" and name.alone is None

    def name_whole_face(self, phrase: Phrase, group: Chosen, is_each: bool) -> tuple[set[str], Target | None]:
        """Read "each part" as every part of the face."""
        if is_each and group.portions[0][0].choice == "part":
            return set(), self.whole_face(phrase)
        raise MistakeError("no_part", "a part of what? name a face part", (phrase.start, phrase.stop))

    def whole_face(self, node: Phrase | Token) -> Target:
        """Return all parts of the face, each a unit."""
        units: list[Pieces] = []
        for part in self.registry.parts.values():
            if part.in_face:
                whole = Stretch(part.name, Fraction(0), Fraction(1), is_whole=True)
                units.append((Place(part.name, Fraction(0)) if part.is_point else whole,))
        return Target(tuple(units), node.start, node.stop, is_all_face=True)

    def apply_outer(self, target: Target, group: Chosen, phrase: Phrase, is_each: bool) -> Target:
        """Apply a further group to a target that was already cut ("left end of the upper half of ...")."""
        if group.side is not None and not group.features and not group.portions:
            target = self.cut(target, Portion(group.side, THIRD), phrase, is_each)
        if group.features:
            target = self.apply_operator(target, group.features, group.side, group.is_plural, phrase)
        for portion, _span in group.portions:
            target = self.cut(target, portion, phrase, is_each)
        return target

    def look_up(
        self, features: set[str], side: str | None, pick: str | None, plural: bool, phrase: Phrase, is_each: bool
    ) -> Target:
        span = (phrase.start, phrase.stop)
        if features <= {"face", "all"} and "face" in features:
            if side is not None:
                raise MistakeError(
                    "ambiguous",
                    "the left or right of the face: name a part",
                    span,
                    "'left half of the face contour' or 'left eye'",
                )
            return self.whole_face(phrase)
        name = self.find_name(features)
        if name is None or (plural and name.alone is not None and "end" in features and len(name.alone) == 1):
            base, operator = split_operator(features)
            if operator and base:
                if pick is None and not self.is_part_sided(base):
                    side, pick = None, side
                inner = self.look_up(base, side, None, False, phrase, is_each)
                return self.apply_operator(inner, operator, pick, plural, phrase)
        if name is None:
            raise self.unreadable(phrase)
        if pick is not None and features & {"corner", "end", "tip", "side"}:
            return self.pick_end(name, side, pick, features, phrase)
        if pick is not None:
            raise self.two_sides(phrase)
        return self.make_target(name, side, phrase, features, is_each, plural)

    def both_ends(self, pieces: Pieces) -> Pieces:
        """Return both ends of the part a place lies on, the left one of the picture first."""
        part = self.registry.parts[pieces[0].part]
        return tuple(Place(part.name, part.ends[end]) for end in ("left", "right"))

    def make_target(
        self, name: Name, side: str | None, phrase: Phrase, features: set[str], is_each: bool, plural_ends: bool = False
    ) -> Target:
        span = (phrase.start, phrase.stop)
        notes = (name.note,) if name.note else ()
        if plural_ends and features == {"eyebrow", "end"}:
            asked = (side,) if side else ("left", "right")
            return Target(tuple(self.both_ends(name.sides[one]) for one in asked), *span)
        if side is None and plural_ends and name.sides and name.alone is not None and name.stretch is None:
            return Target((name.sides["left"], name.sides["right"]), *span)
        if side is not None and not name.sides:
            if "middle" in features and name.alone and isinstance(name.alone[0], Place):
                raise MistakeError("contradiction", f"that place has no {side} side", span)
            return self.halve_by_side(name, side, phrase, is_each, notes)
        if side is not None:
            units = split_units(name.sides[side], name)
            stretches: tuple[Pieces, ...] | None = None
            if name.stretch and name.side_of == "part" and name.alone is None:
                stretches = (tuple(name.stretch),)
        elif name.alone is not None:
            units = split_units(name.alone, name)
            stretches = (name.stretch,) if name.stretch else None
        else:
            units = split_units(name.sides["left"], name) + split_units(name.sides["right"], name)
            stretches = None
        if "middle" in features and all(isinstance(p, Place) for u in units for p in u):
            stretches = self.middle_stretch(features, side, phrase, is_each) or stretches
        return Target(units, *span, stretches, notes=notes)

    def middle_stretch(
        self, features: set[str], side: str | None, phrase: Phrase, is_each: bool
    ) -> tuple[Pieces, ...] | None:
        """Return what "middle of X" means when two or more points are asked."""
        base = features - {"middle"}
        name = self.find_name(base)
        if name is None or base & {"pupil", "eye"} or not base or base <= OPERATORS:
            return None
        if name.stretch:
            return (name.stretch,)
        whole = self.make_target(name, side, phrase, base, is_each)
        if whole.is_place:
            return None
        return self.cut(whole, Portion("middle", THIRD), phrase, is_each).units

    def halve_by_side(self, name: Name, side: str, phrase: Phrase, is_each: bool, notes: tuple[str, ...]) -> Target:
        """Read "left jaw" as its left half; other parts have no such half by that name."""
        span = (phrase.start, phrase.stop)
        pieces = name.alone or ()
        if all(isinstance(piece, Place) for piece in pieces):
            raise MistakeError("contradiction", f"that is one place and has no {side} one", span)
        if len(pieces) == 1 and pieces[0].part in ("face contour", "nose boundary"):
            target = Target(split_units(pieces, name), *span, notes=notes)
            return self.cut(target, Portion(side, HALF), phrase, is_each)
        if any(piece.part == "nose bridge" for piece in pieces):
            raise MistakeError("contradiction", f"the nose bridge has no {side} side", span, f"'{side} nostril'")
        words = " ".join(sorted(name.features))
        raise MistakeError(
            "ambiguous", f"which {side} part of it?", span, f"'{side} half of the {words}' or '{side} corner'"
        )

    def pick_end(self, name: Name, side: str | None, pick: str, features: set[str], phrase: Phrase) -> Target:
        """Choose among places by where they lie in the picture ("left corner of the right eye")."""
        base = features - {"corner", "end", "tip", "side", "inner", "outer", "tail", "head"}
        whole = self.find_name(base)
        span = (phrase.start, phrase.stop)
        if whole is None:
            raise self.two_sides(phrase)
        units: list[Pieces] = []
        for one in (side,) if side else ("left", "right"):
            pieces = whole.sides[one] if whole.sides else whole.alone or ()
            part = self.registry.parts[pieces[0].part]
            if pick not in part.ends:
                raise self.two_sides(phrase)
            place = Place(part.name, part.ends[pick])
            said = name.sides[one] if name.sides else name.alone or ()
            if features & {"inner", "outer"} and place not in said:
                raise MistakeError("contradiction", "inner and outer do not agree with that side of the picture", span)
            units.append((place,))
        return Target(tuple(units), *span)

    def apply_operator(
        self, target: Target, operator: set[str], side: str | None, plural: bool, phrase: Phrase
    ) -> Target:
        """Return the middle, an end or both ends of every stretch of a target."""
        units: list[Pieces] = []
        for unit in target.units:
            for piece in unit:
                if isinstance(piece, Place) or (piece.is_whole and self.registry.parts[piece.part].is_closed):
                    raise self.unreadable(phrase)
                units.append(self.places_on(piece, operator, side, plural, phrase))
        stretches = None
        if operator == {"middle"}:
            stretches = tuple(self.cut(target, Portion("middle", THIRD), phrase, False).units)
        return Target(tuple(units), phrase.start, phrase.stop, stretches)

    def places_on(self, piece: Stretch, operator: set[str], side: str | None, plural: bool, phrase: Phrase) -> Pieces:
        first, last = Place(piece.part, piece.start), Place(piece.part, piece.stop)
        if operator == {"middle"}:
            return (Place(piece.part, (piece.start + piece.stop) / 2),)
        if operator == {"start"}:
            return (first,)
        if operator in ({"end"}, {"corner"}, {"tip"}):
            if side is not None:
                ordered = sorted((first, last), key=lambda place: find_x(place, self.registry))
                return (ordered[0] if side == "left" else ordered[1],)
            if plural or operator == {"corner"}:
                return (first, last)
            return (last,)
        raise self.unreadable(phrase)

    def cut(self, target: Target, portion: Portion, phrase: Phrase, is_each: bool) -> Target:
        return cut_target(target, portion, (phrase.start, phrase.stop), is_each, self.registry)

    # -- errors --------------------------------------------------------------------------------------------

    def two_sides(self, phrase: Phrase) -> MistakeError:
        sides = [word for word in phrase.words if word.kind == "SIDE"]
        if len(sides) > 1:
            span = (min(s.start for s in sides), max(s.stop for s in sides))
        else:
            span = (phrase.start, phrase.stop)
        return MistakeError("contradiction", "left and right at once", span, "'left and right ...' for both")

    def unreadable(self, phrase: Phrase) -> MistakeError:
        span = (phrase.start, phrase.stop)
        features = {f for w in phrase.words if w.kind == "NOUN" for f in w.value.split()}
        bases = [
            g for g in phrase.groups if any(w.kind == "NOUN" and not set(w.value.split()) <= OPERATORS for w in g.words)
        ]
        if len(bases) > 1:
            return MistakeError("contradiction", "these are two different parts", span, "'and' between them for both")
        if not features or features <= OPERATORS:
            return MistakeError("no_part", "which face part is that on?", span)
        return MistakeError("unknown_part", "no such place on a face part", span)


def split_units(pieces: Pieces, name: Name) -> tuple[Pieces, ...]:
    """Return the units of a name: every whole curve and place by itself, a sub-part as one."""
    if name.is_each or all(isinstance(p, Place) or p.is_whole for p in pieces):
        return tuple((piece,) for piece in pieces)
    return (pieces,)


def split_operator(features: set[str]) -> tuple[set[str], set[str]]:
    """Split off the outermost place word of a bag: the upper lid's end is ({upper, lid}, {end})."""
    for operator in ("middle", "end", "start", "corner", "tip"):
        if operator in features:
            return features - {operator}, {operator}
    return features, set()
