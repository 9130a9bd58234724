"""From tagged tokens to the syntax tree, by the LALR grammar of `grammar/query.lark`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, v_args
from lark import Token as LarkToken
from lark.lexer import Lexer

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
from .tokens import Token, cover
from .vocabulary import GRAMMAR


class UnexpectedTokenError(Exception):
    """The token at which the grammar could go no further; None at the end of the text."""

    def __init__(self, token: Token | None, expected: Iterable[str]) -> None:
        super().__init__(token)
        self.token = token
        self.expected = frozenset(expected)


class TaggedTokens(Lexer):
    """A lexer for Lark whose input already is a list of tagged tokens."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[LarkToken]:  # type: ignore[override]
        for token in lexer_state:
            wrapped = LarkToken(token.kind, "")
            wrapped.value = token
            yield wrapped


@v_args(inline=True)
class BuildTree(Transformer[LarkToken, Any]):
    """Makes the dataclasses of `syntax` while Lark parses."""

    def start(self, *sentences: Any) -> tuple[Sentence, ...]:
        return tuple(sentence for sentence in sentences if isinstance(sentence, Sentence))

    def sentence(self, *pieces: Piece) -> Sentence:
        return Sentence(pieces)

    def phrase(self, *children: Any) -> Phrase:
        return Phrase(tuple(child for child in children if isinstance(child, Group)))

    def group(self, *words: LarkToken) -> Group:
        return Group(tuple(word.value for word in words))

    def range_from(self, begin: LarkToken, first: Any, _to: LarkToken, last: Any) -> Range:
        return make_range(first, last, "from", begin.value.start)

    def range_to(self, first: Any, _to: LarkToken, last: Any) -> Range:
        return make_range(first, last, "to", None)

    def range_between(self, begin: LarkToken, first: Any, _and: LarkToken, last: Any) -> Range:
        return make_range(first, last, "between", begin.value.start)

    def range_between_all(self, begin: LarkToken, end: Any) -> Range:
        end = unwrap(end)
        return Range(end, None, "between", begin.value.start, end.stop)

    def origin(self, begin: LarkToken, end: Any) -> Origin:
        end = unwrap(end)
        return Origin(end, begin.value.start, end.stop)

    def interval(self, left: LarkToken, first: Any, _to: LarkToken, last: Any, right: LarkToken) -> Interval:
        return Interval(
            first.value,
            last.value,
            left.value.value == "[",
            right.value.value == "]",
            left.value.start,
            right.value.stop,
        )

    def positions(self, *children: LarkToken) -> Positions:
        start, stop = cover(*(child.value for child in children))
        return Positions(tuple(c.value for c in children if c.type == "VALUE"), start, stop)

    def steps(self, every: LarkToken, step: LarkToken) -> Steps:
        return Steps(step.value.value, every.value.start, step.value.stop)

    def pixels(self, *children: LarkToken) -> Pixels:
        number = next(child.value.value for child in children if child.type == "PIXELS")
        return Pixels(number, *cover(*(child.value for child in children)))

    def density(self, *children: LarkToken) -> Density:
        number = next(child.value.value for child in children if child.type == "FACTOR")
        return Density(number, *cover(*(child.value for child in children)))

    def segments(self, count: LarkToken, word: LarkToken) -> Segments:
        return Segments(count.value.value, count.value.start, word.value.stop)

    def ids(self, *children: Any) -> Ids:
        ranges = tuple(child for child in children if isinstance(child, tuple))
        return Ids(ranges, ranges[0][0].start, ranges[-1][1].stop)

    def id(self, first: LarkToken, _to: LarkToken | None = None, last: LarkToken | None = None) -> tuple[Token, Token]:
        return first.value, (first if last is None else last).value

    def mark(self, token: LarkToken) -> Token:
        value: Token = token.value
        return value


def unwrap(end: Any) -> End:
    return end.value if isinstance(end, LarkToken) else end


def make_range(first: Any, last: Any, form: Any, start: int | None) -> Range:
    first, last = unwrap(first), unwrap(last)
    return Range(first, last, form, first.start if start is None else start, last.stop)


@cache
def load_parser() -> Lark:
    """Build the LALR tables, once per process."""
    return Lark(
        (GRAMMAR / "query.lark").read_text("utf-8"),
        parser="lalr",
        lexer=TaggedTokens,
        transformer=BuildTree(),
        maybe_placeholders=False,
    )


def parse_tokens(tokens: list[Token]) -> tuple[Sentence, ...]:
    """Return the sentences of an instruction.

    Raises:
        UnexpectedTokenError: The tokens do not fit the grammar.
    """
    try:
        tree: Any = load_parser().parse(tokens)  # type: ignore[arg-type]
    except UnexpectedInput as error:
        found = getattr(getattr(error, "token", None), "value", None)
        token = found if isinstance(found, Token) else None
        raise UnexpectedTokenError(token, getattr(error, "expected", ()) or ()) from None
    sentences: tuple[Sentence, ...] = tree
    return sentences
