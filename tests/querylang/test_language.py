"""A user's own names, places, parts and layouts."""

import os
import subprocess
import sys

import pytest

import faceql
from faceql.errors import ConfigError
from faceql.querylang.describe import describe_parts
from faceql.querylang.language import extend_language, load_package_language
from faceql.querylang.words import list_words, split_lexemes

OWN = """
[[part]]
name = "left ear rim"
kind = "open"
unified_count = 9
mirror = "right ear rim"

[[part]]
name = "right ear rim"
kind = "open"
unified_count = 9
mirror = "left ear rim"

[[place]]
say = ["grin line", "grin curve"]
is = "outer_lip[5/12 .. 7/12]"

[names]
"eyebrow" = ["monobrow"]

[[layout]]
name = "quartet"
run = [{ part = "left eye", fpalps = ["0", "1/2"] }, { part = "left ear rim", fpalps = ["0", "1"] }]
"""


@pytest.fixture
def own_file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    return path


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("5 points on the left ear rim", "left_ear_rim * 5"),
        ("ear rims", "left_ear_rim * 9; right_ear_rim * 9"),
        ("grin line, 4 points", "outer_lip[5/12 .. 7/12] * 4"),
        ("left monobrow", "left_eyebrow * 9"),
        ("quartet", "quartet"),
        ("quartet 3", "quartet[3]"),
        ("quartet left eye", "quartet[1, 2]"),
    ],
)
def test_own_names_are_understood(own_file, text, canonical):
    language = extend_language(load_package_language(), own_file)
    query = faceql.parse(text, language=language)
    assert query.canonical == canonical
    assert faceql.parse(canonical, language=language, perspective="subject") == query
    with pytest.raises(faceql.QueryError):
        faceql.parse(text)


def test_own_parts_are_listed(own_file):
    language = extend_language(load_package_language(), own_file)
    assert "left ear rim" in {part.name for part in describe_parts(language)}
    assert "left ear rim" not in {part.name for part in describe_parts()}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[part]]\nname = "left eye"\nkind = "open"\nunified_count = 3', "exists already"),
        ('[[part]]\nname = "scar"\nkind = "open"\nunified_count = 3\nmirror = "moon"', "mirror"),
        ('[[place]]\nsay = ["nose tip"]\nis = "left_eye"', "meaning already"),
        ('[[place]]\nsay = ["grin line"]\nis = "left_ear"', "not a place"),
        ('[[place]]\nsay = ["grin line"]', "needs 'is'"),
        ('[[place]]\nsay = ["grin line"]\nis = "left_eye"\ncolour = "red"', "unknown keys"),
        ('[names]\n"eyebrow" = ["nose"]', "meaning already"),
        ('[names]\n"elbow" = ["funny bone"]', "known words"),
        ('[[layout]]\nname = "wflw"\nrun = []', "meaning already"),
        ("[[faces]]\nx = 1", "unknown tables"),
        ("not toml", "own.toml"),
    ],
)
def test_clashes_and_mistakes_are_errors(tmp_path, text, reason):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=reason):
        extend_language(load_package_language(), path)


def test_environment_variable_puts_a_file_in_force(own_file):
    code = "import faceql; print(faceql.parse('5 points on the left ear rim').canonical)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "FACEQL_LANGUAGE": str(own_file)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "left_ear_rim * 5"


def test_parsing_imports_neither_torch_nor_lark():
    code = (
        "import sys, faceql; faceql.parse('4 points per eyebrow');"
        "print(sorted({'torch', 'numpy', 'lark', 'pydantic', 'rapidfuzz'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["philtrum", "smile line", "mascara zone"])
def test_what_the_package_does_not_cover_can_be_named(tmp_path, name):
    """A word that is known only to be said "not covered" of has no meaning yet."""
    path = tmp_path / "own.toml"
    path.write_text(f'[[place]]\nsay = ["{name}"]\nis = "outer_lip[5/12 .. 7/12]"')
    language = extend_language(load_package_language(), path)
    assert faceql.parse(f"4 points on the {name}", language=language).canonical == "outer_lip[5/12 .. 7/12] * 4"


def test_phrases_of_the_grammar_are_split_as_instructions_are():
    phrases = ["x and y of", "counter-clockwise", "centre line", "color", *dict(load_package_language().lexicon.walk())]
    assert len(phrases) > 5000
    wrong = [one for one in phrases if list_words(one) != [lexeme.word for lexeme in split_lexemes(one)]]
    assert not wrong
