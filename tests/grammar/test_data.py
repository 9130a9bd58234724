"""The language's files agree with each other and with the code that reads them; a place is added by data alone."""

import re
import shutil
from collections import defaultdict
from fractions import Fraction

import pytest

import faceql
from faceql.querylang import asides, chart, cover, language, word_edges
from faceql.querylang.landmarks import LandmarkQuery
from faceql.querylang.language import extend_language, load_package_language, read_table
from faceql.querylang.pieces import Patch, Place
from faceql.querylang.registry import GRAMMAR
from faceql.querylang.words import split_lexemes

SIDES = ("left", "right")
OTHER = {"left": "right", "right": "left"}
LANGUAGE = load_package_language()
REGISTRY = LANGUAGE.registry
CONCEPTS = {table["name"]: table for table in read_table("places.toml")["concept"]}
PHRASES = dict(LANGUAGE.lexicon.walk())
WRAPPING = {*word_edges.WRAPPING, "LINK"}
NAMES = {"NOUN", "NOUNS"}
CONTENT = {*NAMES, "LAYOUT", "PROGRAM", "BAD"}


def list_words(table):
    """What people say for a concept, plurals and names that imply features included."""
    also = [phrase for phrases in table.get("also", {}).values() for phrase in phrases]
    return [*table.get("say", ()), *table.get("plural", ()), *also]


def list_places(units):
    """The ends of the pieces of some units as places of the face; every unified point of a whole part."""
    found = set()
    for unit in units:
        for piece in unit.pieces:
            if isinstance(piece, Patch):
                u, v = piece.spot or (Fraction(1, 2), Fraction(1, 2))
                found.add(LandmarkQuery(piece.part, u, v))
                continue
            if isinstance(piece, Place):
                ends = (piece.fpalp,)
            elif piece.is_whole:
                ends = REGISTRY.parts[piece.part].unified_fpalps
            else:
                ends = (piece.start, piece.stop)
            found |= {REGISTRY.canonical_place(LandmarkQuery(piece.part, Fraction(end))) for end in ends}
    return found


# --- places.toml -----------------------------------------------------------------------------------------------


def test_no_two_concepts_have_one_name():
    assert len(CONCEPTS) == len(read_table("places.toml")["concept"])


@pytest.mark.parametrize("name", list(CONCEPTS))
def test_concept_is_well_formed(name):
    table, concept = CONCEPTS[name], LANGUAGE.concepts[name]
    assert concept.units
    pieces = [piece for unit in concept.units for piece in (*unit.pieces, *unit.stretch)]
    assert {piece.part for piece in pieces} <= {*REGISTRY.parts, *REGISTRY.surfaces}
    targets = {*table.get("of", ()), *table.get("has", {}).values(), table.get("both", name)}
    assert targets <= set(CONCEPTS), f"{name}: {targets - set(CONCEPTS)}"


def test_every_concept_can_be_asked_for():
    """By a name of its own, or as what a place word or an adjective makes of another."""
    named = {name for name, table in CONCEPTS.items() if list_words(table)}
    made = {target for table in CONCEPTS.values() for target in (*table.get("has", {}).values(), table.get("both"))}
    assert set(CONCEPTS) - named - made == set()


def test_what_a_concept_has_is_a_word_of_the_language():
    words = read_table("words.toml")
    known = {word for kind in ("side", "level", "depth", "rel") for word in words[kind]}
    plurals = {word + "s" for word in known}
    for name, table in CONCEPTS.items():
        for word in table.get("has", {}):
            assert word in known | plurals | {"sided"} or word in PHRASES, f"{name} has {word!r}, which nobody can say"


@pytest.mark.parametrize("name", [name for name, table in CONCEPTS.items() if list_words(table)])
def test_every_name_of_a_concept_is_read(name):
    parts = {piece.part for unit in LANGUAGE.concepts[name].units for piece in (*unit.pieces, *unit.stretch)}
    for phrase in list_words(CONCEPTS[name]):
        query = faceql.parse(phrase)
        assert {landmark.part for landmark in query.landmarks} <= parts, (phrase, query.canonical)


@pytest.mark.parametrize("name", [name for name in CONCEPTS if LANGUAGE.concepts[name].is_paired])
def test_left_and_right_mirror_each_other(name):
    units = LANGUAGE.concepts[name].units
    lefts, rights = (list_places(unit for unit in units if unit.side == side) for side in SIDES)
    assert {REGISTRY.mirror(place) for place in lefts} == rights


@pytest.mark.parametrize("name", [name for name in CONCEPTS if any(u.end for u in LANGUAGE.concepts[name].units)])
def test_places_on_the_two_sides_of_one_part_mirror_each_other(name):
    units = LANGUAGE.concepts[name].units
    lefts, rights = (list_places(unit for unit in units if (unit.side or unit.end) == side) for side in SIDES)
    assert {REGISTRY.mirror(place) for place in lefts} == rights


@pytest.mark.parametrize("name", [name for name in CONCEPTS if LANGUAGE.concepts[name].is_paired and name != "face"])
def test_the_setting_turns_left_round(name):
    for phrase in CONCEPTS[name].get("say", ()):
        for side in SIDES:
            query = faceql.parse(f"{side} {phrase}", perspective="subject")
            assert query == faceql.parse(f"{OTHER[side]} {phrase}"), phrase


# --- no two readings of one phrase -----------------------------------------------------------------------------


def test_wrapping_phrases_are_no_names():
    both = {phrase for phrase, readings in PHRASES.items() if names_and_wraps({kind for kind, _ in readings})}
    assert both == set()


def names_and_wraps(categories):
    return bool(categories & WRAPPING) and bool(categories & CONTENT)


def test_wrapping_phrases_hold_no_name():
    """What is put aside unread must not hold a place; "face" and "hand me" speak of the photo and of the reader."""
    held = set()
    for phrase, readings in PHRASES.items():
        if not {category for category, _ in readings} & word_edges.WRAPPING:
            continue
        lexemes = split_lexemes(phrase)
        for start in range(len(lexemes)):
            for length, inside, _ in LANGUAGE.lexicon.match(lexemes, start):
                content = any(kind in CONTENT and value != (("noun", "face"),) for kind, value in inside)
                if content and length < len(lexemes):
                    held.add(phrase)
    assert held <= {"hand me"}


def test_wrapping_phrases_hold_no_side():
    held = set()
    for phrase, readings in PHRASES.items():
        if {category for category, _ in readings} & WRAPPING:
            held |= {phrase} if {"left", "right"} & set(phrase.split()) else set()
    assert held <= {"right now", "right away"}


def test_no_two_concepts_claim_one_phrase():
    claims = defaultdict(set)
    for name, table in CONCEPTS.items():
        for phrase in list_words(table):
            claims[" ".join(lexeme.word for lexeme in split_lexemes(phrase))].add(name)
    for phrase, names in claims.items():
        meanings = {frozenset(list_places(LANGUAGE.concepts[name].units)) for name in names}
        assert len(meanings) == 1, f"{phrase!r} means {sorted(names)}"


def test_no_name_is_a_name_twice():
    for phrase, readings in PHRASES.items():
        nouns = {value for kind, value in readings if kind in NAMES}
        assert len(nouns) < 2, f"{phrase!r} means {nouns}"


def test_what_is_not_covered_is_no_name():
    near = read_table("near.toml")
    for phrase in (*near["not_covered"], *near["layouts"]):
        assert not {kind for kind, _ in LANGUAGE.lexicon.find(phrase)} & {*NAMES, "LAYOUT", "PROGRAM"}, phrase


def list_hints():
    near = read_table("near.toml")
    for kind in ("not_covered", "layouts"):
        for phrase, hint in near[kind].items():
            for offer in re.findall(r"(?<!\w)'((?:[^']|'(?=s\b))+)'", hint):
                yield pytest.param(offer, id=f"{phrase}: {offer}")


@pytest.mark.parametrize("offer", list(list_hints()))
def test_what_is_near_is_accepted(offer):
    text = f"left eye {offer}" if offer.startswith("as ") else offer
    assert faceql.parse(text).landmarks


# --- the code knows every category ------------------------------------------------------------------------------


def find_known_categories():
    """The categories that the rules combine or that the lattice and the chart know by name, in their tables."""
    known = {category for left, partners in LANGUAGE.rules.binary.items() for category in (left, *partners)}
    known |= set(LANGUAGE.rules.unary)
    for module in (asides, chart, cover, word_edges):
        for table in vars(module).values():
            if isinstance(table, (frozenset, dict)):
                known |= {word for word in table if isinstance(word, str) and word.isupper()}
    return known


def test_every_category_of_the_phrasing_is_known_to_the_code():
    # BOTH_SIDES only says that left and right are both meant, and is skipped where it stands.
    assert {kind.upper() for kind in read_table("phrasing.toml")} - find_known_categories() <= {"BOTH_SIDES"}


@pytest.mark.parametrize("file", ["phrasing.toml", "words.toml"])
def test_values_are_lists_of_phrases(file):
    for kind, values in read_table(file).items():
        for value, phrases in values.items():
            assert isinstance(phrases, list), (kind, value)
            assert all(isinstance(phrase, str) and split_lexemes(phrase) for phrase in phrases), (kind, value)


@pytest.mark.parametrize("file", ["phrasing.toml", "words.toml", "places.toml"])
def test_nothing_is_written_twice(file):
    twice = []
    for kind, values in (read_table(file) if file != "places.toml" else {"concept": CONCEPTS}).items():
        for value, phrases in values.items():
            words = list_words(phrases) if file == "places.toml" else phrases
            twice += [(kind, value, phrase) for phrase in sorted(set(words)) if words.count(phrase) > 1]
    assert not twice


def test_every_layout_can_be_asked_for():
    for name, layout in REGISTRY.layouts.items():
        assert faceql.parse(f"all points of {layout.title}").landmarks
        assert tuple(faceql.parse(name).landmarks) == layout.landmarks


# --- a place by data alone --------------------------------------------------------------------------------------

SHELF = """
say = ["brow shelf"]
left = "left_eyebrow[1/9 .. 3/9]"
right = "right_eyebrow[1/9 .. 3/9]"
of = ["eyebrow"]
"""
NOTCH = """
say = ["lip notch", "incisura"]
of = ["lips", "outer lip"]
units = { "left" = "outer_lip @ 1/12", "right" = "outer_lip @ 5/12" }
"""
ADDED = [
    ("left brow shelf", "left_eyebrow[1/9 .. 3/9] * 3"),
    ("5 points on the left brow shelf", "left_eyebrow[1/9 .. 3/9] * 5"),
    ("brow shelves, 4 points each", "left_eyebrow[1/9 .. 3/9] * 4; right_eyebrow[1/9 .. 3/9] * 4"),
    ("4 points per brow shelf", "left_eyebrow[1/9 .. 3/9] * 4; right_eyebrow[1/9 .. 3/9] * 4"),
    ("6 points on the brow shelves in total", "left_eyebrow[1/9 .. 3/9] * 3; right_eyebrow[1/9 .. 3/9] * 3"),
    ("the brow shelf of the right eyebrow, 3 points", "right_eyebrow[1/9 .. 3/9] * 3"),
    ("right eyebrow: tail, 3 on the brow shelf", "right_eyebrow @ 4/9; right_eyebrow[1/9 .. 3/9] * 3"),
    ("her left brow shelf", "right_eyebrow[1/9 .. 3/9] * 3"),
    ("the brow shelf and the tail of the left eyebrow", "left_eyebrow[1/9 .. 3/9] * 3; left_eyebrow @ 0"),
    (
        "5 points on the left brow shelf and the same on the right",
        "left_eyebrow[1/9 .. 3/9] * 5; right_eyebrow[1/9 .. 3/9] * 5",
    ),
    ("left brow shelf twice as dense", "left_eyebrow[1/9 .. 3/9] * 5"),
    ("left brow shelf at equal distances, 4 points", "left_eyebrow[1/9 .. 3/9] * 4 | arc"),
    ("left eyebrow except the brow shelf", "left_eyebrow @ 0, 4/9, 5/9, 6/9, 7/9, 8/9"),
    ("left brow shelff", "left_eyebrow[1/9 .. 3/9] * 3"),
    ("right lip notch", "outer_lip @ 5/12"),
    ("lip notches", "outer_lip @ 1/12, 5/12"),
    ("the patient's left incisura", "outer_lip @ 5/12"),
    ("3 points from the left lip notch to the right one", "outer_lip[1/12 .. 5/12] * 3"),
    ("from the left mouth corner to the left lip notch, 2 points", "outer_lip[0 .. 1/12] * 2"),
    ("outer lip without the lip notches", "outer_lip @ 0, 2/12, 3/12, 4/12, 6/12, 7/12, 8/12, 9/12, 10/12, 11/12"),
    ("nose tip, chin and the left notch of the lips", None),
]


@pytest.fixture(scope="module")
def own_file_language(tmp_path_factory):
    """The language with two places from a file of one's own."""
    path = tmp_path_factory.mktemp("own") / "own.toml"
    path.write_text(f"[[place]]{SHELF}\n[[place]]{NOTCH}", "utf-8")
    return extend_language(LANGUAGE, path)


@pytest.fixture(scope="module")
def grown_grammar_language(tmp_path_factory):
    """The language of a copy of `grammar/` whose places.toml has two concepts more."""
    folder = tmp_path_factory.mktemp("copy") / "grammar"
    shutil.copytree(GRAMMAR, folder)
    with (folder / "places.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[concept]]\nname = "brow shelf"{SHELF}\n[[concept]]\nname = "lip notch"{NOTCH}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "GRAMMAR", folder)
        return load_package_language.__wrapped__()


@pytest.mark.parametrize("way", ["own_file_language", "grown_grammar_language"])
@pytest.mark.parametrize(("text", "canonical"), ADDED)
def test_a_place_is_added_by_data_alone(request, way, text, canonical):
    grown = request.getfixturevalue(way)
    if canonical is None:
        with pytest.raises(faceql.QueryError):
            faceql.parse(text, language=grown)
        return
    query = faceql.parse(text, language=grown)
    want = faceql.parse(canonical, language=grown)
    assert query == want, query.canonical
    assert faceql.parse(query.canonical, perspective="subject", language=grown) == query


def test_the_package_does_not_know_what_was_added():
    for text in ("left brow shelf", "lip notches"):
        with pytest.raises(faceql.QueryError):
            faceql.parse(text)
