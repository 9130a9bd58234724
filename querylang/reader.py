"""From text to raw tokens: phrases of the vocabulary, numbers, marks and unknown words, none tagged yet."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from .numbers import Number, read_number
from .tokens import Token
from .vocabulary import Match, Vocabulary
from .words import Lexeme, split_lexemes

SIDES = {"left", "right"}
SWALLOWING = {"filler", "viewer_phrase"}
"""Readings of phrases that may end in an owner ("from the picture")."""

PHRASE, NUMBER, UNKNOWN, SYMBOL, NEWLINE = "PHRASE", "NUMBER", "UNKNOWN", "SYMBOL", "NEWLINE"


def read_tokens(text: str, vocabulary: Vocabulary) -> list[Token]:
    """Return the raw tokens of a text, the longest phrase first; nothing is dropped yet."""
    lexemes = split_lexemes(text)
    tokens: list[Token] = []
    i = 0
    while i < len(lexemes):
        lexeme = lexemes[i]
        if lexeme.type == "newline":
            tokens.append(Token(NEWLINE, "\n", lexeme.start, lexeme.stop))
            i += 1
            continue
        match = free_owner(vocabulary, lexemes, i, vocabulary.match(lexemes, i))
        number = read_number(lexemes, i)
        if number is not None and (match is None or match.length <= number[0]):
            length, value = number
            if is_negative(lexemes, i, tokens):
                value = Number(-value.value, value.form, value.denominator)
                tokens.pop()
                start = lexemes[i - 1].start
            else:
                start = lexeme.start
            kept = match.readings if match is not None and match.length == length else {}
            owner = lexemes[i + length - 1].is_possessive
            tokens.append(Token(NUMBER, value, start, lexemes[i + length - 1].stop, kept, is_possessive=owner))
            i += length
        elif match is not None:
            tokens.append(make_phrase(lexemes, i, match))
            i += match.length
        elif lexeme.type == "symbol":
            tokens.append(Token(SYMBOL, lexeme.word, lexeme.start, lexeme.stop))
            i += 1
        else:
            tokens.append(Token(UNKNOWN, lexeme.word, lexeme.start, lexeme.stop, is_possessive=lexeme.is_possessive))
            i += 1
    return tokens


def free_owner(vocabulary: Vocabulary, lexemes: Sequence[Lexeme], start: int, match: Match | None) -> Match | None:
    """Shorten a phrase that would swallow whose side comes next ("of the viewer" in "of the viewer's left eye")."""
    while match is not None and match.length > 1 and match.readings.keys() & SWALLOWING:
        stop = start + match.length
        is_owner = lexemes[stop - 1].is_possessive
        if not is_owner and stop < len(lexemes) and lexemes[stop].word in SIDES:
            last = vocabulary.match(lexemes[:stop], stop - 1)
            is_owner = last is not None and "viewer" in last.readings
        if not is_owner:
            return match
        shorter = vocabulary.match(lexemes[: stop - 1], start)
        if shorter is None:
            return match
        match = shorter
    return match


def make_phrase(lexemes: Sequence[Lexeme], start: int, match: Match) -> Token:
    last = lexemes[start + match.length - 1]
    return Token(
        PHRASE,
        " ".join(lexeme.word for lexeme in lexemes[start : start + match.length]),
        lexemes[start].start,
        last.stop,
        match.readings,
        is_plural=match.is_plural,
        is_possessive=last.is_possessive,
        is_canonical=lexemes[start].is_underscored,
    )


def is_negative(lexemes: Sequence[Lexeme], i: int, tokens: Sequence[Token]) -> bool:
    """Whether the dash before a number is its sign: glued to it, and not between two words or numbers."""
    if i == 0 or lexemes[i - 1].word != "-" or not lexemes[i].is_glued or lexemes[i].type != "number":
        return False
    if lexemes[i].word.strip("0.") == "" and Fraction(lexemes[i].word) == 0:
        return False
    if not tokens or tokens[-1].kind != SYMBOL or lexemes[i - 1].is_glued:
        return False
    before = tokens[-2] if len(tokens) > 1 else None
    return before is None or before.kind != NUMBER
