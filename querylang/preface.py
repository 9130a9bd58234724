"""Headings before an instruction and purposes after it: what may be said and is not asked for."""

from __future__ import annotations

from collections.abc import Container, Sequence

from .faces import FaceReader
from .reader import NEWLINE, NUMBER, PHRASE, SYMBOL, UNKNOWN
from .tokens import OPERATORS, Span, Token

MEANINGFUL = (
    "side", "level", "depth", "noun", "layout", "every", "nth", "all_points", "strict",
)  # fmt: skip
OPENING = (
    "each",
    "except",
    "from",
    "between",
    "halfway",
    "spacing",
    "shape",
    "and",
    "turn",
    "reverse",
    "factor",
    "possessive",
)
LONGEST_PURPOSE = 20
"""Tokens a purpose has at most."""

PURPOSE_READINGS = ("product", "heading")
LABEL_ENDS = {".", ";", "!", "?"}


def drop_heading(tokens: list[Token]) -> tuple[list[Token], Span | None]:
    """Drop a leading heading ("Query:", "jaw rig:"); one that names a part stays if nothing after it names one.

    Returns:
        The tokens that are left, and the span of the heading if one was dropped.
    """
    colon = next((i for i, t in enumerate(tokens[:9]) if t.kind == SYMBOL and t.value == ":"), None)
    if colon is None or colon + 1 >= len(tokens):
        return tokens, None
    head, rest = tokens[:colon], sentence_at(tokens, colon + 1)
    if any(t.kind in (NUMBER, SYMBOL, UNKNOWN) for t in head) or names_faces(head):
        return tokens, None
    said = [t for t in head if any(kind in t.readings for kind in MEANINGFUL)]
    idle = [t for t in head if t not in said]
    if not all(
        {"heading", "filler", "points", "product", "each", "of", "link", "layout_noun"} & t.readings.keys()
        for t in idle
    ):
        return tokens, None
    span = (head[0].start, tokens[colon].stop) if head else None
    if not said:
        return tokens[colon + 1 :], span
    if any(t.kind == SYMBOL and t.value == ":" for t in rest):
        return tokens, None
    if any("each" in t.readings for t in head) and any("noun" in t.readings for t in said):
        return tokens, None
    if any(is_base(t) for t in said) and (counts_first(rest) or (not names_heading(head) and leaves_part(rest))):
        return tokens, None
    names = [t for t in rest if is_base(t) or "layout" in t.readings]
    has_side = any("side" in t.readings for t in said) and not any("side" in t.readings for t in rest)
    if names and not has_side:
        return tokens[colon + 1 :], span
    kept = [t for t in head if "heading" not in t.readings or t in said]
    return kept + tokens[colon:], None


def counts_first(tokens: Sequence[Token]) -> bool:
    """Whether a number stands alone up to the first separator or line end ("nose bridge: 20 points, right eye 6")."""
    numbers = False
    for token in tokens:
        if token.kind == NEWLINE and numbers:
            return True
        if (token.kind == SYMBOL and token.value in (",", "&", "+")) or "and" in token.readings:
            return numbers
        if is_base(token) or "layout" in token.readings:
            return False
        numbers = numbers or token.kind == NUMBER
    return False


def names_heading(tokens: Sequence[Token]) -> bool:
    """Whether a heading says that it is one ("jaw rig")."""
    return any("heading" in token.readings for token in tokens)


def leaves_part(tokens: Sequence[Token]) -> bool:
    """Whether an item of a list says no part, only a place on one ("nose: bridge 4, boundary 5")."""
    nouns: list[Token] = []
    for token in (*tokens, None):
        if token is None or (token.kind == SYMBOL and token.value in (",", ";")) or "and" in token.readings:
            if nouns and not any(is_base(noun) for noun in nouns):
                return True
            nouns = []
        elif "noun" in token.readings and token.readings["noun"] not in ("around", "along", "line"):
            nouns.append(token)
    return False


def names_faces(tokens: Sequence[Token]) -> bool:
    """Whether tokens say which faces are meant ("the face on the right")."""
    reader = FaceReader(tokens)
    reader.read()
    return any(token.kind == "FACES" for token in reader.tokens)


def drop_bullets(tokens: list[Token]) -> list[Token]:
    """Drop the bullets of a list: "-" or "*" before a line, or "1." and "2." before lines in order."""
    starts = [i for i in range(len(tokens)) if i == 0 or tokens[i - 1].kind == NEWLINE or tokens[i - 1].value == ":"]
    marks = [i for i in starts if tokens[i].kind == SYMBOL and tokens[i].value in ("-", "*")]
    numbers = [
        i
        for i in starts
        if tokens[i].kind == NUMBER
        and tokens[i].value.form == "integer"
        and i + 1 < len(tokens)
        and tokens[i + 1].kind == SYMBOL
        and tokens[i + 1].value in (".", ")")
    ]
    dropped = set(marks)
    if len(numbers) > 1 and [tokens[i].value.value for i in numbers] == list(range(1, len(numbers) + 1)):
        dropped |= set(numbers) | {i + 1 for i in numbers}
    return [token for i, token in enumerate(tokens) if i not in dropped] if dropped else tokens


def join_lines(tokens: Sequence[Token]) -> list[Token]:
    """Drop the line breaks before words that go on ("12 points on the lid" / "of each eye")."""
    kept: list[Token] = []
    for i, token in enumerate(tokens):
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        if token.kind == NEWLINE and kept and following is not None and following.kind == PHRASE:
            opens = following.readings.keys() & {"of", "way", "to", "link"}
            if opens or str(following.value).startswith("of "):
                continue
        kept.append(token)
    return kept


def sentence_at(tokens: Sequence[Token], start: int) -> Sequence[Token]:
    for i in range(start, len(tokens)):
        if tokens[i].kind == SYMBOL and tokens[i].value in LABEL_ENDS:
            return tokens[start:i]
    return tokens[start:]


def is_base(token: Token) -> bool:
    """Whether a token names a part by itself, not only a place on one ("corner")."""
    noun = token.readings.get("noun")
    return noun is not None and not set(noun.split()) <= OPERATORS


def drop_purposes(tokens: list[Token], not_covered: Container[str]) -> tuple[list[Token], list[Span]]:
    """Drop closing purposes ("for lipstick", "to draw eyeliner") that name no part, side or number.

    Args:
        tokens: Raw tokens.
        not_covered: Words of things the language does not cover; a purpose that names one stays an error.

    Returns:
        The tokens that are left and the spans of the purposes.
    """
    kept: list[Token] = []
    spans: list[Span] = []
    i = 0
    while i < len(tokens):
        stop = find_purpose_end(tokens, i, not_covered) if "purpose" in tokens[i].readings else None
        if stop is None:
            token = tokens[i]
            is_purpose = token.readings.get("purpose") == "to" and "to" not in token.readings
            if not is_purpose or (names_before(tokens, i) and names_after(tokens, i)):
                kept.append(token)
            i += 1
        else:
            spans.append((tokens[i].start, tokens[stop - 1].stop))
            i = stop
    return kept, spans


def names_before(tokens: Sequence[Token], start: int) -> bool:
    """Whether something is named before a purpose in its sentence, so that a name after it belongs to the purpose."""
    for token in reversed(tokens[:start]):
        if token.kind == SYMBOL and token.value in LABEL_ENDS:
            return False
        if is_base(token) or "layout" in token.readings:
            return True
    return False


def names_after(tokens: Sequence[Token], start: int) -> bool:
    """Whether a purpose names what it is about, right after it ("to draw the brow")."""
    for token in tokens[start + 1 :]:
        if token.kind != PHRASE or any(kind in token.readings for kind in ("points", "and", "each")):
            return False
        if is_base(token):
            return True
    return False


def find_purpose_end(tokens: Sequence[Token], start: int, not_covered: Container[str]) -> int | None:
    """Return where the purpose that opens at start ends, or None if it is none."""
    i = start + 1
    words = 0
    only_known = True
    while i < len(tokens):
        token = tokens[i]
        if i - start > LONGEST_PURPOSE:
            return None
        if token.kind in (NEWLINE, SYMBOL) and token.value not in ("-", "/", "&"):
            break
        if token.kind in (NUMBER, "FACES", "PERSON") or any(kind in token.readings for kind in MEANINGFUL):
            return i if words and only_known and token.kind != NUMBER and not names_before(tokens, start) else None
        if "condition" in token.readings:
            return None
        if any(kind in token.readings for kind in OPENING) and words:
            break
        if "link" in token.readings and words and only_known and i + 1 < len(tokens):
            ahead = i + 1
            while ahead < len(tokens) and tokens[ahead].readings.keys() == {"filler"}:
                ahead += 1
            if ahead < len(tokens) and any(kind in tokens[ahead].readings for kind in MEANINGFUL):
                return None if names_before(tokens, start) else i
        if token.kind == UNKNOWN:
            if token.value in not_covered:
                return None
            words += 1
            only_known = False
        elif any(kind in token.readings for kind in PURPOSE_READINGS) or (
            tokens[start].readings.get("purpose") == "to" and "filler" not in token.readings
        ):
            words += 1
        i += 1
    return i if words else None
