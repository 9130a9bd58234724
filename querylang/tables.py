"""The LALR tables of `grammar/query.lark`: made by Lark, run here.

Lark takes longer to import and to build its tables than a process should take to its first parse, so the tables
are compiled once (`compiled.py`) and this driver, which is all that is needed of a parser then, runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .tokens import Token

END_OF_TEXT = "$END"


class UnexpectedTokenError(Exception):
    """The token at which the grammar could go no further; None at the end of the text."""

    def __init__(self, token: Token | None) -> None:
        super().__init__(token)
        self.token = token


def make_tables(grammar: str) -> dict[str, Any]:
    """Return the LALR tables of a Lark grammar as plain data.

    Returns:
        `states`: one mapping a state, token kind or rule name to a shift (state number, 0 or more) or a
        reduction (minus one minus the rule's index); `rules`: [name, length, is_inlined, callback] each;
        `end`: the accepting state (the first is 0).
    """
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class NoLexer(Lexer):
        def __init__(self, lexer_conf: Any) -> None:
            pass

        def lex(self, lexer_state: Any, parser_state: Any) -> Any:
            return iter(())

    lark: Any = Lark(grammar, parser="lalr", lexer=NoLexer, maybe_placeholders=False)
    table = lark.parser.parser._parse_table
    rules: list[list[Any]] = []
    index: dict[Any, int] = {}
    states: list[dict[str, int]] = []
    order = [table.start_states["start"]]  # numbered in the order they are reached, so that the result is the same
    numbers = {order[0]: 0}
    for number in order:
        row: dict[str, int] = {}
        for symbol, (action, argument) in sorted(table.states[number].items(), key=lambda item: str(item[0])):
            if action is Shift:
                if argument not in numbers:
                    numbers[argument] = len(order)
                    order.append(argument)
                row[str(symbol)] = numbers[argument]
                continue
            if argument not in index:
                index[argument] = len(rules)
                name = str(argument.origin.name)
                callback = str(argument.alias or name)
                rules.append([name, len(argument.expansion), bool(argument.options.expand1), callback])
            row[str(symbol)] = -1 - index[argument]
        states.append(row)
    return {"states": states, "rules": rules, "end": numbers[table.end_states["start"]]}


class TableParser:
    """Runs LALR tables over tagged tokens and calls a method of a builder for each rule."""

    def __init__(self, tables: Mapping[str, Any], builder: object) -> None:
        self.states: Sequence[Mapping[str, int]] = tables["states"]
        self.end: int = tables["end"]
        self.rules: list[tuple[str, int, bool, Callable[..., Any] | None]] = [
            (name, length, inlined, None if callback.startswith("_") else getattr(builder, callback))
            for name, length, inlined, callback in tables["rules"]
        ]

    def parse(self, tokens: Sequence[Token]) -> Any:
        """Return what the builder makes of the tokens.

        Raises:
            UnexpectedTokenError: The tokens do not fit the grammar.
        """
        states, stack = self.states, [0]
        values: list[Any] = []
        position = 0
        while True:
            token = tokens[position] if position < len(tokens) else None
            action = states[stack[-1]].get(token.kind if token is not None else END_OF_TEXT)
            if action is None:
                raise UnexpectedTokenError(token)
            if action >= 0:
                stack.append(action)
                if token is None:
                    return values[-1]
                values.append(token)
                position += 1
                continue
            name, length, inlined, callback = self.rules[-1 - action]
            children: list[Any] = []
            if length:
                for value in values[-length:]:
                    if type(value) is list:
                        children += value
                    else:
                        children.append(value)
                del stack[-length:], values[-length:]
            if callback is None:
                values.append(children)
            elif inlined and len(children) == 1:
                values.append(children[0])
            else:
                values.append(callback(*children))
            goto = states[stack[-1]][name]
            stack.append(goto)
            if goto == self.end and token is None:
                return values[-1]
