"""What the language's own text states of single instructions, as pairs of words and canonical text."""

from __future__ import annotations

from random import Random

from law_phrases import LawCase, case

STATED = (
    ("5 points on the nose boundary and the right pupil", "nose_boundary * 5; right_pupil"),
    (
        "7 points on the left eyebrow, cupid's bow and the nose tip",
        "left_eyebrow * 7; outer_lip @ 3/12; nose_bridge @ 1",
    ),
    (
        "10 points on the top lid and 8 on the bottom lid of the left eye",
        "left_eye[0/8 .. 4/8] * 10; left_eye[4/8 .. 8/8] * 8",
    ),
    ("brow head, arch and tail of the left brow", "left_eyebrow @ 1/2; left_eyebrow @ 2/9; left_eyebrow @ 0"),
    ("left eye: the pupil, 6 on the upper lid", "left_pupil; left_eye[0/8 .. 4/8] * 6"),
    ("6 points on the upper half and the pupil of the left eye", "left_eye[0/8 .. 4/8] * 6; left_pupil"),
    (
        "60 points: 20 on the jaw, 20 on the outer lip, 20 on the left eye",
        "face_contour * 20; outer_lip * 20; left_eye * 20",
    ),
    ("from chin to jaw end", "face_contour[16/32 .. 0/32]; face_contour[16/32 .. 32/32]"),
    ("from left chin to jaw end", "face_contour[13/32 .. 0/32]"),
    ("from the left jaw angle to the chin", "face_contour[8/32 .. 16/32]"),
    ("eye corners", "left_eye @ 0; left_eye @ 1/2; right_eye @ 0; right_eye @ 1/2"),
    ("left eye corners", "left_eye @ 0; left_eye @ 1/2"),
    ("inner and outer eye corners of each eye", "left_eye @ 1/2; left_eye @ 0; right_eye @ 0; right_eye @ 1/2"),
    ("left corner of the right eye", "right_eye @ 0"),
    ("right end of the lips", "outer_lip @ 1/2"),
    ("left end of the left eyebrow", "left_eyebrow @ 0"),
    ("right end of the left eyebrow", "left_eyebrow @ 1/2"),
    ("start of the left eyebrow", "left_eyebrow @ 1/2"),
    ("end of the right eyebrow", "right_eyebrow @ 4/9"),
    ("the 51 inner points of 300W", "300w[18 .. 68]"),
    ("landmark 9 of 300W", "300w[9]"),
    ("300W 37-42 and 46", "300w[37 .. 42, 46]"),
    ("WFLW points 61 to 68", "left_eye * 8"),
    ("300W 42 to 37", "300w[42 .. 37]"),
    ("dlib 36-41", "300w[37 .. 42]"),
    ("OpenFace 36-41", "300w[37 .. 42]"),
    ("300W points 36 to 41, zero-based", "300w[37 .. 42]"),
    ("300W, left eye only", "300w[37 .. 42]"),
    ("just the left eye of 300W", "300w[37 .. 42]"),
    ("300W left eye", "300w[37 .. 42]"),
    ("the upper lip from left to right", "outer_lip[0/12 .. 6/12]"),
    ("5 points per brow, left to right", "left_eyebrow[0 .. 4/9] * 5; right_eyebrow[0 .. 4/9] * 5"),
    ("left eyebrow left to right, 5 points", "left_eyebrow[0 .. 4/9] * 5"),
    ("5 points on both eyebrows", "left_eyebrow * 5; right_eyebrow * 5"),
    (
        "outer lip counter-clockwise from the left corner, 4 points",
        "outer_lip @ 0; outer_lip @ 3/4; outer_lip @ 1/2; outer_lip @ 1/4",
    ),
    ("outer lip clockwise from the right corner, 4 points", "outer_lip @ 1/2, 3/4, 0, 1/4"),
    ("right half of the upper lip", "outer_lip[3/12 .. 6/12]; inner_lip[2/8 .. 4/8]"),
    ("left half of the left eye", "left_eye[6/8 .. 10/8]"),
    ("right half of the left eye", "left_eye[2/8 .. 6/8]"),
    ("chin", "face_contour @ 16/32"),
    ("7 points on the chin", "face_contour[13/32 .. 19/32] * 7"),
    ("chin area", "face_contour[13/32 .. 19/32]"),
    ("left of the face contour", "face_contour[0/32 .. 10/32]"),
    ("nose: 11 points", "nose_bridge * 4; nose_boundary * 7"),
    ("the left eye from 0 to 1", "left_eye"),
    ("lips without the mouth opening", "outer_lip"),
    ("left and right mouth corner", "outer_lip @ 0; outer_lip @ 1/2"),
    ("upper and lower lid of the left eye", "left_eye[0/8 .. 4/8]; left_eye[4/8 .. 8/8]"),
    ("left and right eye, 6 points each", "left_eye * 6; right_eye * 6"),
    ("inner and outer canthi of the left eye", "left_eye @ 1/2; left_eye @ 0"),
    (
        "eyelids",
        "left_eye[0/8 .. 4/8]; left_eye[4/8 .. 8/8]; right_eye[0/8 .. 4/8]; right_eye[4/8 .. 8/8]",
    ),
    (
        "each lid, 5 points",
        "left_eye[0/8 .. 4/8] * 5; left_eye[4/8 .. 8/8] * 5; right_eye[0/8 .. 4/8] * 5; right_eye[4/8 .. 8/8] * 5",
    ),
    ("left eye * 6 and 4 points down the nose", "left_eye * 6; nose_bridge * 4"),
    ("8 points along the nose", "nose_bridge * 8"),
    ("10 points on the outer lip and twice as many on the jaw", "outer_lip * 10; face_contour * 20"),
    ("the left eyebrow. Use 21 points.", "left_eyebrow * 21"),
    ("12 points on the left eye, then the right one", "left_eye * 12; right_eye * 12"),
    ("pupils", "left_pupil; right_pupil"),
    ("the centre of the mouth", "middle_of_mouth"),
    ("where is the nose tip", "nose_bridge @ 1"),
    ("left_eye and right_eye", "left_eye; right_eye"),
    ("her left eye and right eyebrow", "right_eye; left_eyebrow"),
    ("the actor's left eyebrow and right eyebrow", "right_eyebrow; left_eyebrow"),
    ("anatomical left eye", "right_eye"),
    ("OD", "left_eye"),
    ("OU, 6 points each", "left_eye * 6; right_eye * 6"),
    ("as I see it, the left eye", "left_eye"),
    ("every tenth of the jaw", "face_contour * 11"),
    ("every 25% of the left eye", "left_eye * 4"),
    ("nose line in 4 equal parts", "nose_bridge * 5"),
    ("outer lip in 4 segments", "outer_lip * 4"),
    ("4x left eye", "left_eye * 4"),
    ("005 points on the jaw", "face_contour * 5"),
    ("1,000 points on the jaw", "face_contour * 1000"),
    ("a third of the way along the jaw", "face_contour @ 1/3"),
    ("10 points on the jaw (0.2, 0.8)", "face_contour(0.2 .. 0.8) * 10"),
    ("10 points on the jaw [0.2, 0.8]", "face_contour[0.2 .. 0.8] * 10"),
    ("10 points on the jaw from right to left", "face_contour[1 .. 0] * 10"),
    ("the nose except the nose tip", "nose_bridge[0/3 .. 2/3]; nose_boundary"),
    ("outer lip polygon", "outer_lip | polygon"),
    ("10 points on the left brow and 6 on its upper edge", "left_eyebrow * 10; left_eyebrow[0 .. 4/9] * 6"),
)
WAYS = ("{x}", "{x}", "{x}", "please {x}", "{x}.", "{X}", "I need {x}", "{x}, thanks", "  {x}", '"{x}"')


def stated_law(rng: Random) -> LawCase:
    """The examples of the language's own text, plain or in the words around."""
    text, canonical = rng.choice(STATED)
    plain = text.startswith(("where", "OD")) or text.endswith(".")
    said = text if plain else rng.choice(WAYS).format(x=text, X=text[0].upper() + text[1:])
    return case("stated", text, [canonical, said])
