"""Which faces: what words for faces and their numbers make together.

`table.py` says which categories meet; a function returns None where its values do not fit.
"""

from __future__ import annotations

from typing import Any

from .meaning import Item, Phrase
from .numbers import Number
from .word_edges import Who

Faces = tuple[str, bool, bool]
"""Which faces, whether they own what follows, and whether they are called persons."""
WHICH_FAULT = ("face", "say which of the faces", "'all faces', 'face 2' or 'the two largest faces'")


def name_face(choice: str, who: Who | None = None) -> Faces:
    return choice, who is not None and who.owns, who is not None and who.kind != "face"


def numbered(who: Who, numbers: Any) -> Faces | None:
    """ "Face 2", "faces 1 and 3"."""
    if who.kind == "role" or any(one.is_counted or one.form not in ("integer", "decimal") for one in numbers):
        return None
    return name_face(" ".join(str(number.value) for number in numbers), who)


def each_face(det: str, who: Who) -> Faces | None:
    return name_face("all", who) if det == "each" or who.is_plural else None


def side_face(adjectives: Any, who: Who | None = None) -> Faces:
    return name_face("leftmost" if adjectives[0][1] == "left" else "rightmost", who)


def face_on_side(who: Who, side: Any) -> Faces | None:
    """ "The person on the left", "the face on the left side"; a role ("the patient") more likely owns a left one."""
    return None if who.kind == "role" else side_face(side, who)


def patient_on_side(who: Who, side: Any) -> Faces | None:
    return side_face(side, who) if who.kind == "role" else None


def several_on_side(number: Number, faces: Faces) -> Faces | None:
    """ "The two people on the left"."""
    is_count = number.form == "integer" and number.value > 1 and not number.is_counted
    return (f"{number.value} {faces[0]}", *faces[1:]) if is_count else None


def other_face(_: Who) -> Item:
    """ "The other person": which one is not said."""
    return Item(fault=WHICH_FAULT)


def some_faces(number: Number, who: Who) -> Item | None:
    """ "The two faces": which of them is not said."""
    return Item(fault=WHICH_FAULT) if who.is_plural and number.form == "integer" and number.value > 1 else None


def one_face(number: Number, who: Who) -> Faces | None:
    """ "One face only": the largest, as ever."""
    is_one = number.value == 1 and number.form == "integer" and not who.is_plural
    return name_face("largest", who) if is_one else None


def this_face(who: Who) -> Faces | None:
    """ "This face" of a photo is the largest."""
    return name_face("largest", who) if who.kind == "face" and not who.is_plural else None


def choose_nth(ordinal: Number, choice: str) -> str | None:
    words = ("", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    if choice not in ("largest", "smallest") or not 1 <= ordinal.value <= len(words):
        return None
    return f"{words[int(ordinal.value) - 1]} {choice}".strip()


def add_face(one: Faces, other: Faces) -> Faces | None:
    """ "Face 2 and face 3"."""
    are_numbers = one[0].replace(" ", "").isdigit() and other[0].isdigit()
    return (f"{one[0]} {other[0]}", one[1] or other[1], one[2] or other[2]) if are_numbers else None


def pick_faces(pick: tuple[int, ...], who: Who) -> Faces | None:
    """ "The first and third face"."""
    if len(pick) < 2 or min(pick) < 1:
        return None
    return " ".join(map(str, pick)), False, who.kind != "face"


def count_from_left(faces: Faces, end: Any) -> Faces | None:
    """ "The second face from the left"; faces are numbered from there."""
    if not isinstance(end, Phrase) or len(end.ops) != 1 or end.ops[0][0] != "adj" or not faces[0].isdigit():
        return None
    if end.ops[0][1][0][1] == "left":
        return faces
    return (f"{faces[0]} from the right", *faces[1:]) if end.ops[0][1][0][1] == "right" else None


def nth_from_side(ordinal: Number, end: Any) -> Faces | None:
    """ "(My wife is the) second from the left"."""
    return count_from_left(name_face(str(int(ordinal.value))), end)
