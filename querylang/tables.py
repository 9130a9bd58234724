"""Tables in Markdown: their head says what the columns are, and nothing of a face.

In: the text and its words; out: the words without those of the head and of the line below it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .words import Lexeme

if TYPE_CHECKING:
    from .lexicon import Lexicon

HEAD = re.compile(r"(?m)^(?P<head>[^\n]*\|[^\n]*)\n[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?)?[ \t]*$")
TELLING = frozenset({"NOUN", "NOUNS", "OWN_NOUN", "ADJ", "LAYOUT", "FACE_WORD"})
"""Categories of words that say something of a face: a head with one is kept."""


def drop_head(text: str, lexemes: Sequence[Lexeme], lexicon: Lexicon) -> tuple[Sequence[Lexeme], str]:
    """Return the words without a table's head, and the head; "" where there is none, or where it names something."""
    found = HEAD.search(text)
    if found is None:
        return lexemes, ""
    start, stop = found.span()
    head = [one for one in lexemes if found.start("head") <= one.start < found.end("head")]
    if any(category in TELLING for one in head for category, _ in lexicon.find(one.word)):
        return lexemes, ""
    return [one for one in lexemes if not start <= one.start < stop], found["head"].strip()
