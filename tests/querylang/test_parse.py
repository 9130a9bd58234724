"""What parse promises beyond the meaning of a sentence: limits, errors as data, equality, laziness."""

import gc
import pickle
from fractions import Fraction
from types import TracebackType

import pytest

import faceql
from faceql.errors import ConfigError


def test_error_prints_the_line_and_carets():
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("10 points along the noze")  # one edit from "nose" and from "none": not guessed
    assert str(caught.value) == (
        "unknown face part 'noze'\n  10 points along the noze\n                      ^^^^\ndid you mean 'nose'?"
    )


@pytest.mark.parametrize("word", ["eyebrowwn", "eyebrwon", "jawllinne"])
def test_a_near_miss_of_two_edits_is_no_guess_but_an_offer(word):
    text = f"10 points along the {word}"
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse(text)
    assert (caught.value.code, text[slice(*caught.value.span)]) == ("unknown_part", word)
    assert caught.value.suggestion


@pytest.mark.parametrize(
    ("text", "canonical", "note"),
    [
        ("10 points along left eyebrown", "left_eyebrow * 10", "'eyebrown' is read as 'eyebrow'"),
        ("5 points on the rigth eye", "right_eye * 5", "'rigth' is read as 'right'"),
        ("WLFW 61-68", "wflw[61 .. 68]", "'wlfw' is read as 'wflw'"),
    ],
)
def test_one_edit_from_one_word_is_read_with_a_note(text, canonical, note):
    query = faceql.parse(text)
    assert query == faceql.parse(canonical)
    assert note in query.notes


@pytest.mark.parametrize("text", ["5 points on the lft eye", "6 pionts on the eer", "5 points on the left ees"])
def test_short_words_are_never_mended(text):
    with pytest.raises(faceql.QueryError):
        faceql.parse(text)


def test_error_survives_pickling():
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("5 points on the left ear")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.code, copy.span, str(copy)) == ("unknown_part", (21, 24), str(caught.value))


def test_all_mistakes_come_together():
    """Those of words, of counts, of ids and of places: what can be said of each item without the others."""
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("0 points on the jaw; 300W 70; left eye at 1.5; 4 points on the ear")
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["count", "id_range", "fpalp_range", "unknown_part"]


def test_at_most_twenty_problems():
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("; ".join(["0 points on the jaw"] * 50))
    assert len(caught.value.problems) == 20


def test_limit_counts_all_items_before_any_point_is_laid_out():
    assert faceql.parse("100 points on the jaw", limit=100).count == 100
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("60 points on the jaw, 41 points on the nose bridge", limit=100)
    assert caught.value.code == "too_many"


def test_points_are_laid_out_lazily():
    query = faceql.parse("100000 points on the left eye")
    assert "landmarks" not in vars(query)
    assert query.count == 100_000
    assert next(iter(query)).fpalp == 0
    assert "landmarks" not in vars(query)


def test_equality_is_by_meaning():
    assert faceql.parse("left eye") == faceql.parse("8 points around the left eye, please")
    assert faceql.parse("left eye") != faceql.parse("left eye as a polygon")
    assert faceql.parse("left eye") != faceql.parse("left eye of the leftmost face")
    assert faceql.parse("20 points on the jaw") != faceql.parse("20 equidistant points on the jaw")
    assert hash(faceql.parse("left eye")) == hash(faceql.parse("8 points around the left eye, please"))


def test_fractions_are_exact():
    query = faceql.parse("10 points from left chin to jaw end")
    assert query.landmarks[1].fpalp == Fraction(13, 32) * Fraction(8, 9)


def test_ids_from_zero_by_setting():
    assert faceql.parse("300W 36-41", ids_from=0) == faceql.parse("300W 37-42")
    assert any("count from 0" in note for note in faceql.parse("300W 36-41", ids_from=0).notes)


def test_settings_are_checked():
    with pytest.raises(ConfigError):
        faceql.parse("left eye", perspective="camera")
    with pytest.raises(ConfigError):
        faceql.parse("left eye", ids_from=2)
    for limit in (None, 0, 2.5, True):
        with pytest.raises(ConfigError, match="limit"):
            faceql.parse("left eye", limit=limit)


def test_arc_runs_carry_the_curve_for_the_engine():
    query = faceql.parse("20 points at equal distances on the outer lip except the mouth corners")
    (run,) = query.runs
    assert (run.spacing, run.count, run.ends) == ("arc", 20, "first")
    assert run.removed == ((0, 0), (Fraction(1, 2), Fraction(1, 2)))
    assert query.count is None


def test_steps_in_pixels_have_no_count():
    (run,) = faceql.parse("a point every 5 px along the jawline").runs
    assert (run.pixels, run.count) == (5, None)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("about 10 points on the jaw", "exactly"),
        ("from chin to jaw end", "both sides"),
        ("20 points on the outer lip for lipstick", "ignored"),
        ("COFW", "numbered as in the paper"),
        ("300W 37-42", "count from 1"),
        ("left eye except the pupil", "removes no point"),
        ("10 evenly spaced points on the jaw", "equal distances"),
        ("face oval, 10 points", "stops at the ears"),
    ],
)
def test_notes_say_which_reading_was_chosen(text, note):
    assert any(note in said for said in faceql.parse(text).notes)


def test_explanation_names_perspective_and_canonical_text():
    query = faceql.parse("left eye, 6 points", perspective="subject")
    assert "person" in query.explain()
    assert query.canonical in query.explain()


@pytest.mark.parametrize(
    "text",
    [
        "her left eye",
        "the patient's left mouth corner",
        "OD upper lid 5",
        "stage left eyebrow",
        "anatomical left pupil",
    ],
)
def test_a_note_says_that_an_owner_turned_left_round(text):
    assert any("picture" in note for note in faceql.parse(text).notes)


@pytest.mark.parametrize(
    "text", ["300W 37-42", "odd ids of 300W", "the 51 inner points of 300W", "WFLW points 61 to 68"]
)
def test_every_answer_by_ids_says_from_where_they_count(text):
    assert any("count from" in note for note in faceql.parse(text).notes)


@pytest.mark.parametrize("text", ["dlib 36-41", "OpenFace 36-41", "dlib layout"])
def test_programs_count_from_zero_with_a_note(text):
    assert any("count from 0" in note for note in faceql.parse(text).notes)


def test_refused_texts_leave_nothing_behind():
    """What words do not mean together is remembered, and not the frames of every text that met it."""
    texts = ("left eye of the chin", "4 points per eyebrow on the lips", "from chin to nose", "the top of the")

    def refuse() -> int:
        for text in texts:
            with pytest.raises(faceql.QueryError):
                faceql.parse(text)
        gc.collect()
        return sum(isinstance(thing, TracebackType) for thing in gc.get_objects())

    refuse()
    before = refuse()
    for _ in range(10):
        after = refuse()
    assert after <= before


def test_a_name_that_may_be_on_the_one_side_named_before_it_is_told_with_the_other_reading():
    found = faceql.parse("left upper lid, 6 points; then the lower lid, 4 points")
    assert "it could also mean left_eye[0 .. 4/8] * 6; left_eye[4/8 .. 1] * 4" in found.notes


@pytest.mark.parametrize(
    "text", ["left eye; both brows", "left eye; brows", "left eye; right eye; brow", "left eye; chin"]
)
def test_no_other_reading_is_told_where_words_say_which_are_meant(text):
    assert not [note for note in faceql.parse(text).notes if "could also mean" in note]


@pytest.mark.parametrize("ending", ["face rightmost", "polygon, face 2", "visible, all faces", "polygon"])
def test_what_ends_a_canonical_text_holds_behind_an_exception_too(ending):
    query = faceql.parse(f"left_eye * 8 | arc; except left_eye @ 0 | {ending}")
    assert query.canonical == f"left_eye * 8 | arc; except left_eye @ 0 | {ending}"
    assert (query.faces != "largest", query.shape == "polygon", query.visible_only) == tuple(
        word in ending for word in ("face", "polygon", "visible")
    )
