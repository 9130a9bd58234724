"""Which faces an instruction is about, and whose left is left: the first pass over the raw tokens.

It replaces what it understands: phrases about faces become FACES tokens, words that say whose side is meant
set `perspective` on the sides they govern and disappear.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Problem
from .reader import NEWLINE, NUMBER, PHRASE, SYMBOL, UNKNOWN
from .tokens import Token

SKIPPED = ("filler",)
"""Readings that may stand inside a phrase about faces."""

NAMING = ("side", "level", "depth", "noun")
REACH = 8
"""How many tokens after a possessive its side may stand ("her upper left lid")."""

MOST_FACES = 20
"""A higher number after a bare "face" counts points on it."""

SENTENCE_ENDS = {".", ";", "!", "?", "|"}


class FaceReader:
    """Finds faces and persons in raw tokens.

    Attributes:
        tokens: The raw tokens, with FACES in place of what named faces.
        problems: Faces that cannot be asked for ("face 0").
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = list(tokens)
        self.problems: list[Problem] = []

    def has(self, i: int, *kinds: str) -> bool:
        return 0 <= i < len(self.tokens) and any(kind in self.tokens[i].readings for kind in kinds)

    def value(self, i: int, kind: str) -> str | None:
        return self.tokens[i].readings.get(kind) if 0 <= i < len(self.tokens) else None

    def skip(self, i: int) -> int:
        """Return the next index that holds more than filler."""
        while i < len(self.tokens) and "filler" in self.tokens[i].readings and not self.has(i, "face_word", *NAMING):
            i += 1
        return i

    def skip_back(self, i: int) -> int:
        while i >= 0 and "filler" in self.tokens[i].readings and not self.has(i, "face_word", *NAMING):
            i -= 1
        return i

    def read(self) -> None:
        i = 0
        while i < len(self.tokens):
            found = self.read_at(i)
            if found is not None:
                stop, value = found
                span = (self.tokens[i].start, self.tokens[stop - 1].stop)
                persons = any(self.value(k, "face_word") == "person" for k in range(i, stop))
                kind = "PERSON" if value == "person" else "FACES"
                owner = self.tokens[stop - 1].is_possessive
                self.tokens[i:stop] = [
                    Token(kind, value, *span, {"person": ""} if persons else {}, is_possessive=owner)
                ]
            i += 1

    def read_at(self, i: int) -> tuple[int, str] | None:
        """Return where a phrase about faces that starts at i stops, and which faces it names."""
        token = self.tokens[i]
        if self.has(i, "everyone"):
            return i + 1, "all"
        if token.is_possessive and self.has(i, "face_word") and not self.has(i, "viewer"):
            return None  # an owner without a choice: read_perspective's
        if self.has(i, "face_choice"):
            return self.read_choice(i, i, "")
        if token.kind == NUMBER:
            return self.read_numbered(i)
        if self.has(i, "each"):
            return self.read_each(i)
        if self.has(i, "select") or (self.value(i, "noun") == "middle" and not token.is_plural):
            j = self.skip(i + 1)
            if (self.is_face(j) or self.is_owner(j)) and self.value(i, "select") in (None, "middle"):
                return j + 1, "middle"
        if self.has(i, "side"):
            j = self.skip(i + 1)
            if self.is_owner(j) or (self.is_face(j) and self.is_free(j) and self.follows_link(i)):
                return j + 1, self.side_of(i)
        if self.is_face(i):
            return self.read_face(i)
        return None

    def is_face(self, i: int) -> bool:
        """Whether a token is a face or person word here, and not the start of another name."""
        return self.has(i, "face_word") and not self.tokens[i].is_possessive

    def is_owner(self, i: int) -> bool:
        """Whether a face or person owns what comes next ("the middle face's jaw")."""
        return self.has(i, "face_word") and self.tokens[i].is_possessive and not self.has(i, "viewer")

    def is_free(self, i: int) -> bool:
        """Whether no name follows directly, so that "the left face" is a face and "left face contour" is not."""
        return self.tokens[i].is_possessive or not self.has(self.skip(i + 1), "noun")

    def follows_link(self, i: int) -> bool:
        j = self.skip_back(i - 1)
        return j >= 0 and self.has(j, "link", "of", "from")

    def side_of(self, i: int) -> str:
        return "leftmost" if self.value(i, "side") == "left" else "rightmost"

    def read_choice(self, at: int, start: int, prefix: str) -> tuple[int, str] | None:
        """The largest face; the second largest; the leftmost (face)."""
        choice = self.value(at, "face_choice") or ""
        j = self.skip(at + 1)
        if self.has(j, "face_word", "one"):
            stop = j + 1
        elif j >= len(self.tokens) or self.tokens[j].kind in (SYMBOL, NEWLINE):
            if not self.follows_link(start):
                return None
            stop = at + 1
        else:
            return None
        before = self.skip_back(start - 1)
        if prefix == "" and before >= 0 and self.tokens[before].kind == NUMBER:
            number = self.tokens[before].value
            if number.form == "integer" and number.value > 1 and self.tokens[j].is_plural:
                self.refuse(
                    before, stop, "one face, a numbered face or all faces can be asked for, not several chosen ones"
                )
        return self.swallow_link(stop), prefix + choice

    def read_numbered(self, i: int) -> tuple[int, str] | None:
        """Second face; second largest face."""
        number = self.tokens[i].value
        j = self.skip(i + 1)
        if number.form == "integer" and self.is_face(j) and self.tokens[j].is_plural and self.is_free(j):
            self.refuse(i, j + 1, "one face, a numbered face or all faces can be asked for, not a number of them")
            return j + 1, "all"
        if number.form != "ordinal":
            return None
        word = ordinal_word(int(number.value))
        if self.has(j, "face_choice") and (self.value(j, "face_choice") in ("largest", "smallest")):
            return self.read_choice(j, i, "" if number.value == 1 else word + " ")
        if self.is_face(j) and self.is_free(j):
            stop = j + 1
            k = self.skip(stop)
            if self.has(k, "from"):
                side = self.skip(k + 1)
                if self.value(side, "side") == "right":
                    self.refuse(
                        i, side + 1, "faces are numbered from the left; ask for 'face 2' or 'the rightmost face'"
                    )
                if self.has(side, "side"):
                    stop = side + 1
            return stop, str(int(number.value))
        return None

    def read_each(self, i: int) -> tuple[int, str] | None:
        """Every face, all people, both faces."""
        j = self.skip(i + 1)
        if self.has(j, "of"):
            j = self.skip(j + 1)
        if j < len(self.tokens) and self.tokens[j].kind == NUMBER and self.is_face(self.skip(j + 1)):
            j = self.skip(j + 1)
        if not self.is_face(j) or not self.is_free(j):
            return None
        if self.value(i, "each") == "all" and not self.tokens[j].is_plural and self.value(j, "face_word") == "face":
            return None
        if self.value(j, "face_word") == "person" and not self.tokens[j].is_plural and self.value(i, "each") == "all":
            return None
        return j + 1, "all"

    def read_face(self, i: int) -> tuple[int, str] | None:
        """Face 2; the person on the left; the man in the middle; all the rest only names a person."""
        token = self.tokens[i]
        is_person = self.value(i, "face_word") == "person"
        j = self.skip(i + 1)
        is_marked = True
        if j < len(self.tokens) and self.tokens[j].kind == SYMBOL and self.tokens[j].value == "#":
            j += 1
        elif self.has(j, "ids") and not self.has(j, "filler"):
            j = self.skip(j + 1)
        else:
            is_marked = False
        if self.is_number(j) and (is_marked or self.counts_faces(j)):
            if self.has(i, "layout_noun"):
                return None
            number = self.tokens[j].value.value
            k = self.skip(j + 1)
            joins = self.has(k, "and", "to") or (k < len(self.tokens) and self.tokens[k].value in (",", "-"))
            if token.is_plural and joins and self.is_number(self.skip(k + 1)):
                stop = self.skip(k + 1) + 1
                self.refuse(i, stop, "one face, or all of them, can be asked for")
                return stop, "all"
            if number < 1:
                self.refuse(i, j + 1, "faces are numbered from 1, from left to right")
            return j + 1, str(int(number))
        k = self.skip(i + 1)
        if self.has(k, "link", "at", "to") and not self.has(k, "each"):
            side = self.skip(k + 1)
            if self.value(side, "face_choice") in ("leftmost", "rightmost"):
                return side + 1, str(self.value(side, "face_choice"))
            if self.has(side, "side") and self.is_free(side):
                stop = side + 1
                if self.value(stop, "noun") == "side":
                    stop += 1
                return stop, self.side_of(side)
            if self.value(side, "noun") == "middle" and self.is_free(side):
                return side + 1, "middle"
            if self.value(side, "face_choice") in ("largest", "smallest") and token.is_plural is False:
                return None
        if is_person and self.follows_link(i) and self.is_free(i) and not self.has(i, "layout_noun"):
            return i + 1, "person"
        if is_person and self.has(i, "layout_noun") and self.follows_link(i) and self.has(self.skip_back(i - 1), "of"):
            return i + 1, "person"
        if not is_person and token.is_plural and not self.has(i + 1, "noun"):
            return i + 1, "all"
        if not is_person and self.has(k, "face_choice"):
            return self.swallow_link(k + 1), str(self.value(k, "face_choice"))
        if not is_person and k == i + 1 and self.value(k, "noun") == "middle" and self.is_free(k):
            return k + 1, "middle"
        return None

    def counts_faces(self, i: int) -> bool:
        """Whether the number after "face" is the number of a face, not of points on it."""
        if self.tokens[i].is_possessive or any(token.value == "|" for token in self.tokens[:i]):
            return True
        return self.tokens[i].value.value <= MOST_FACES and not self.has(self.skip(i + 1), "points", "each", "times")

    def swallow_link(self, stop: int) -> int:
        """Take "to the camera" into "the face closest to the camera"."""
        k = self.skip(stop)
        if self.has(k, "to"):
            camera = self.skip(k + 1)
            if self.has(camera, "viewer"):
                return camera + 1
        return stop

    def is_number(self, i: int) -> bool:
        return i < len(self.tokens) and self.tokens[i].kind == NUMBER and self.tokens[i].value.form == "integer"

    def refuse(self, start: int, stop: int, message: str) -> None:
        span = (self.tokens[start].start, self.tokens[min(stop, len(self.tokens)) - 1].stop)
        self.problems.append(Problem("face", message, span))


ORDINAL_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal_word(number: int) -> str:
    return ORDINAL_WORDS[number - 1] if 0 < number <= len(ORDINAL_WORDS) else f"{number}th"


def read_perspective(tokens: Sequence[Token], default: str, problems: list[Problem]) -> list[Token]:
    """Turn every side into the viewer's terms and drop the words that say whose side is meant.

    A possessive before a side governs it and the sides after it in the sentence; "as seen in the picture" and
    "of the patient" govern those before as well; a name with an underscore is always in the viewer's terms.

    Args:
        tokens: Raw tokens after the faces were read.
        default: "viewer" or "subject", for sides no word governs.
        problems: Takes sentences that say both whose side it is and how it is seen.
    """
    kept: list[Token] = []
    sentence: list[Token] = []
    for token in tokens:
        if token.kind == SYMBOL and token.value in SENTENCE_ENDS:
            kept += read_sentence(sentence, default, problems)
            kept.append(token)
            sentence = []
        else:
            sentence.append(token)
    return kept + read_sentence(sentence, default, problems)


def read_sentence(tokens: list[Token], default: str, problems: list[Problem]) -> list[Token]:
    kept: list[Token] = []
    sides: list[tuple[Token, str | None]] = []
    current: str | None = None
    overall: str | None = None
    i = 0
    while i < len(tokens):
        token = tokens[i]
        readings = token.readings
        ahead = next_side(tokens, i + 1)
        if token.is_possessive and ahead is not None and "noun" not in readings and token.kind in (PHRASE, UNKNOWN):
            current = "viewer" if "viewer" in readings else "subject"
            drop_article(kept)
        elif "possessive" in readings:
            if ahead is not None:
                current = "subject"
        elif "viewer" in readings and ahead == i + 1:
            current = "viewer"
        elif "subject_phrase" in readings and "face_word" not in readings:
            overall = "subject"
            if ahead == i + 1:
                current, overall = "subject", None
        elif "subject_phrase" in readings and ahead == i + 1:
            current = "subject"
        elif "viewer_phrase" in readings or (
            is_picture_phrase(token) and i > 0 and "side" in tokens[i - 1].readings and current != "subject"
        ):
            overall = "viewer"
        elif token.kind == "PERSON":
            if sides and follows_of(tokens, i):
                overall = overall or "subject"
        elif token.kind == "FACES":
            if sides and "person" in readings and follows_of(tokens, i):
                overall = overall or "subject"
            if token.is_possessive and ahead is not None:
                current = "subject"
            kept.append(token)
        elif token.is_possessive and "face_word" in readings:
            if sides and is_aside(tokens, i):
                overall = overall or "subject"
        else:
            if "side" in readings:
                sides.append((token, current))
            kept.append(token)
        i += 1
    owned = [token for token, perspective in sides if perspective == "subject"]
    if overall == "viewer" and owned:
        span = (owned[0].start, tokens[-1].stop)
        problems.append(Problem("contradiction", "both the person's own side and the side as seen", span))
    for token, perspective in sides:
        chosen = "viewer" if token.is_canonical else overall or perspective or default
        if overall and perspective and not token.is_canonical:
            chosen = overall if overall == "viewer" else perspective
        side = token.readings["side"]
        if chosen == "subject":
            side = "right" if side == "left" else "left"
        token.value = side
    return kept


def is_aside(tokens: Sequence[Token], i: int) -> bool:
    """Whether a token stands alone in brackets ("left eye (subject's)")."""
    return 0 < i < len(tokens) - 1 and tokens[i - 1].value == "(" and tokens[i + 1].value == ")"


def follows_of(tokens: Sequence[Token], i: int) -> bool:
    """Whether "of", or "of the", stands before a token."""
    while i > 0 and tokens[i - 1].readings.keys() == {"filler"}:
        i -= 1
    return i > 0 and "of" in tokens[i - 1].readings


def drop_article(kept: list[Token]) -> None:
    while kept and kept[-1].readings.get("filler") and kept[-1].value in ("the", "a", "an", "this", "that"):
        kept.pop()


def is_picture_phrase(token: Token) -> bool:
    """Whether a filler phrase names the picture ("in the photo"), which settles a side right before it."""
    words = token.value.split() if token.kind == PHRASE else []
    return "filler" in token.readings and len(words) > 1 and words[-1] in ("picture", "image", "photo", "photograph")


def next_side(tokens: Sequence[Token], i: int) -> int | None:
    """Return the index of the side that a possessor at i - 1 governs, over "own" and "upper"."""
    end = min(len(tokens), i + REACH)
    while i < end:
        readings = tokens[i].readings
        if "side" in readings:
            return i
        idle = tokens[i].kind == NEWLINE or readings.keys() == {"filler"} or "from" in readings or "of" in readings
        if not idle and not any(kind in readings for kind in ("level", "depth", "noun", "possessive")):
            return None
        i += 1
    return None
