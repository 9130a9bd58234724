"""From tagged tokens to the syntax tree, by the LALR grammar of `grammar/query.lark`."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from .compiled import load_compiled
from .syntax import (
    Density,
    End,
    Group,
    Ids,
    Interval,
    Origin,
    Phrase,
    Piece,
    Pixels,
    Positions,
    Range,
    Segments,
    Sentence,
    Steps,
)
from .tables import TableParser
from .tokens import Token, cover


class BuildTree:
    """Makes the dataclasses of `syntax`: one method for each rule of the grammar."""

    def start(self, *sentences: Sentence | Token) -> tuple[Sentence, ...]:
        return tuple(sentence for sentence in sentences if isinstance(sentence, Sentence))

    def sentence(self, *pieces: Piece) -> Sentence:
        return Sentence(pieces)

    def piece(self, piece: Piece) -> Piece:
        return piece

    def end(self, end: End) -> End:
        return end

    def mark(self, token: Token) -> Token:
        return token

    def phrase(self, *children: Group | Token) -> Phrase:
        return Phrase(tuple(child for child in children if isinstance(child, Group)))

    def group(self, *words: Token) -> Group:
        return Group(words)

    def range_from(self, begin: Token, first: End, _to: Token, last: End) -> Range:
        return make_range(first, last, "from", begin.start)

    def range_via(self, begin: Token, first: End, _via: Token, via: Phrase, _to: Token, last: End) -> Range:
        return Range(first, last, "from", begin.start, last.stop, via)

    def range_to(self, first: End, _to: Token, last: End) -> Range:
        return make_range(first, last, "to", first.start)

    def range_between(self, begin: Token, first: End, _and: Token, last: End) -> Range:
        return make_range(first, last, "between", begin.start)

    def range_between_all(self, begin: Token, end: End) -> Range:
        return Range(end, None, "between", begin.start, end.stop)

    def origin(self, begin: Token, end: End) -> Origin:
        return Origin(end, begin.start, end.stop)

    def interval(self, left: Token, first: Token, _to: Token, last: Token, right: Token) -> Interval:
        return Interval(first, last, left.value == "[", right.value == "]", left.start, right.stop)

    def positions(self, *tokens: Token) -> Positions:
        start, stop = cover(*tokens)
        return Positions(tuple(token for token in tokens if token.kind == "VALUE"), start, stop)

    def steps(self, every: Token, step: Token) -> Steps:
        return Steps(step.value, every.start, step.stop)

    def pixels(self, *tokens: Token) -> Pixels:
        return Pixels(pick_value(tokens, "PIXELS"), *cover(*tokens))

    def density(self, *tokens: Token) -> Density:
        return Density(pick_value(tokens, "FACTOR"), *cover(*tokens))

    def segments(self, count: Token, word: Token) -> Segments:
        return Segments(count.value, count.start, word.stop)

    def ids(self, *children: Any) -> Ids:
        ranges = tuple(child for child in children if isinstance(child, tuple))
        return Ids(ranges, ranges[0][0].start, ranges[-1][1].stop)

    def id(self, first: Token, _to: Token | None = None, last: Token | None = None) -> tuple[Token, Token]:
        return first, first if last is None else last


def pick_value(tokens: tuple[Token, ...], kind: str) -> Any:
    """Return the value of the token of a kind."""
    return next(token.value for token in tokens if token.kind == kind)


def make_range(first: End, last: End, form: Literal["from", "to", "between"], start: int) -> Range:
    return Range(first, last, form, start, last.stop)


@cache
def load_parser() -> TableParser:
    """Return the parser of the package's grammar, made once per process."""
    return TableParser(load_compiled()["tables"], BuildTree())


def parse_tokens(tokens: list[Token]) -> tuple[Sentence, ...]:
    """Return the sentences of an instruction.

    Raises:
        UnexpectedTokenError: The tokens do not fit the grammar.
    """
    sentences: tuple[Sentence, ...] = load_parser().parse(tokens)
    return sentences
