"""The language's files agree with each other, with the compiled file, and with Lark."""

import random
import tomllib

import pytest
from lark import Lark, UnexpectedInput
from lark.lexer import Lexer
from lark.lexer import Token as LarkToken

from faceql.querylang.compiled import GRAMMAR, SOURCES, compile_language, digest_sources, load_compiled
from faceql.querylang.language import load_package_language
from faceql.querylang.tables import TableParser, UnexpectedTokenError, make_tables
from faceql.querylang.tokens import Token

WORDS = tomllib.loads((GRAMMAR / "words.toml").read_text("utf-8"))
LANGUAGE = load_package_language()


def test_compiled_file_is_fresh():
    assert load_compiled()["digest"] == digest_sources()
    assert compile_language() == load_compiled()


def test_every_source_is_read():
    assert {path.name for path in GRAMMAR.glob("*.toml")} == {*SOURCES, "parts.toml"} - {"query.lark"}


def test_places_are_made_of_feature_words():
    features = {word for kind in ("side", "level", "depth", "noun") for word in WORDS[kind]}
    for bag in LANGUAGE.names:
        assert bag <= features
        assert LANGUAGE.names.get(bag) is not None


def test_phrases_stand_for_places_that_exist():
    for features in WORDS["phrase"]:
        assert LANGUAGE.names.get(frozenset(features.split())) is not None


@pytest.mark.parametrize("left_word", ["eye", "eyebrow", "pupil", "lid"])
def test_left_and_right_mirror_each_other(left_word):
    registry = LANGUAGE.registry
    for bag in LANGUAGE.names:
        name = LANGUAGE.names.get(bag)
        if left_word in bag and name.sides:
            lefts, rights = name.sides["left"], name.sides["right"]
            assert {registry.parts[piece.part].mirror for piece in lefts} == {piece.part for piece in rights}


def test_grammar_has_no_words_of_faces():
    text = (GRAMMAR / "query.lark").read_text("utf-8")
    rules = "\n".join(line.split("//")[0] for line in text.splitlines())
    assert '"' not in rules


class Kinds(Lexer):
    def __init__(self, conf):
        pass

    def lex(self, state, parser_state=None):
        for kind in state:
            yield LarkToken(kind, kind)


class Accept:
    """A builder that keeps nothing."""

    def __getattr__(self, name):
        return lambda *children: 0


def test_tables_accept_what_lark_accepts():
    text = (GRAMMAR / "query.lark").read_text("utf-8")
    lark = Lark(text, parser="lalr", lexer=Kinds)
    parser = TableParser(make_tables(text), Accept())
    kinds = ["COUNT", "SIDE", "NOUN", "NOUN", "OF", "FROM", "TO", "AND", "VALUE", "STOP", "AT", "LSEP"]
    rng = random.Random(3)
    accepted = 0
    for _ in range(3000):
        sample = [rng.choice(kinds) for _ in range(rng.randrange(1, 7))]
        try:
            lark.parse(sample)
            wanted = True
        except UnexpectedInput:
            wanted = False
        try:
            parser.parse([Token(kind, None, 0, 0) for kind in sample])
            found = True
        except UnexpectedTokenError:
            found = False
        assert found == wanted, sample
        accepted += wanted
    assert accepted > 100
