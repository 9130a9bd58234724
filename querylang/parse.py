"""parse: one instruction in, one query out, or every mistake in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from ..errors import ConfigError, Problem, QueryError
from .canonical import write_query
from .clause_builder import build_clauses
from .diagnostics import MAX_PROBLEMS, explain_unknown, load_near
from .directions import name_other, open_directions
from .faces import FaceReader, read_perspective
from .language import Language, load_language
from .parser import parse_tokens
from .preface import drop_bullets, drop_heading, drop_purposes, join_lines
from .query import Perspective, Query, Shape
from .reader import read_tokens
from .registry import load_registry
from .resolver import Resolver
from .runs import Run, merge_places, space_by_distance
from .sized_layouts import read_sized_layouts
from .syntax import Sentence
from .tables import UnexpectedTokenError
from .tagger import Tagger
from .targets import MistakeError
from .token_view import NAME_KINDS
from .tokens import Token

MAX_LENGTH = 4000
CERTAIN_CODES = {"count", "id_range", "fpalp_range", "too_many"}
"""Codes of mistakes that stand whatever an unknown word beside them means."""
INSIDE_RANGES = {"COUNT", "TURN", "EACH", "TOTAL"}
"""What people say between the two ends of a range that belongs to the whole of it."""
CALL = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*\(")
LOOSE_ENDS = {"the", "a", "an", "of", "on", "and", "her", "his", "their", "on the", "of the"}
"""Words that always go on."""
MAX_CANONICAL_LENGTH = 200_000
CANONICAL = re.compile(
    r"(?:except )?(?P<name>[a-z0-9_]+)(?:[\[(][\d./, ]+[\])])?"
    r"(?: \* \d+| density [\d./]+| @ [\d./, ]+)?(?: \| [a-z\d./, ]+)?"
)


def parse(
    text: str,
    *,
    perspective: Perspective = "viewer",
    ids_from: int = 1,
    limit: int = 100_000,
    language: Language | None = None,
) -> Query:
    """Return the query an instruction asks for.

    Args:
        text: The instruction, in plain English or canonical.
        perspective: Whose left plain "left" is: "viewer" (the left of the picture) or "subject".
        ids_from: The first id of a layout: 1, as in the paper, or 0.
        limit: The most points a query may ask for, for one face.
        language: Names, parts and layouts; the one in force by default.

    Raises:
        QueryError: The instruction cannot be answered; it holds every mistake found.
        ConfigError: A setting is wrong.
    """
    if perspective not in ("viewer", "subject"):
        raise ConfigError(f"perspective must be 'viewer' or 'subject', not {perspective!r}")
    if ids_from not in (0, 1):
        raise ConfigError(f"ids_from must be 0 or 1, not {ids_from!r}")
    check_length(text)
    language = language or load_language()
    registry, vocabulary = language.registry, language.vocabulary
    notes: list[str] = []
    raw = join_lines(drop_bullets(read_tokens(text, vocabulary)))
    raw, heading = drop_heading(raw)
    raw, purposes = drop_purposes(raw, load_near()["not_covered"])
    notes += [f"ignored: '{text[slice(*span)]}'" for span in ([heading] if heading else []) + purposes]
    raw, sized_problems = read_sized_layouts(raw, registry.layouts)
    faces = FaceReader(raw)
    faces.read()
    problems = sized_problems + faces.problems
    sided = name_other(open_directions(read_perspective(faces.tokens, perspective, problems)))
    tagger = Tagger(text, sided, registry.layouts)
    tokens = tagger.tag()
    problems += tagger.problems
    problems += explain_unknown(text, tagger.unknown, vocabulary, vocabulary.nouns) if tagger.unknown else []
    notes += [f"'{text[slice(*token.span)]}' is read as exactly" for token in tagger.approximate]
    asked = read_globals(tokens, problems)
    resolver = Resolver(registry, language.names, limit, read_ids_from(tokens, ids_from), asked.get("SPACING") == "arc")
    problems += [p for t in tokens if t.kind == "COUNT" and (p := resolver.placer.find_count_problem(t)) is not None]
    problems += find_code(text) + find_contradictions(raw) + find_loose_end(raw)
    runs = resolve_tokens(text, tokens, resolver, problems)
    if not runs and not problems:
        problems.append(Problem("no_part", "nothing is asked for", (0, len(text))))
    if problems:
        problems = sorted(dict.fromkeys(problems), key=lambda problem: problem.span)
        raise QueryError(text, problems[:MAX_PROBLEMS])
    if asked.get("SPACING") == "even":
        by_distance = [space_by_distance(run) for run in runs]
        other = write_query(by_distance, None, "largest", registry)
        notes.append(f"evenly spaced means equal FPALP steps; for equal distances in the picture: {other}")
    notes += resolver.notes
    shape = cast("Shape | None", asked.get("SHAPE"))
    return Query(
        text,
        tuple(merge_places(runs)),
        asked.get("FACES", "largest"),
        shape,
        perspective,
        tuple(dict.fromkeys(notes)),
        registry,
    )


def check_length(text: str) -> None:
    """Raise the error of a text that is empty or too long (a canonical one may be longer)."""
    if len(text) > MAX_LENGTH and not (len(text) <= MAX_CANONICAL_LENGTH and is_canonical(text)):
        message = f"an instruction has at most {MAX_LENGTH:,} characters, this one has {len(text):,}"
        raise QueryError(text, [Problem("too_long", message, (0, len(text)))])
    if not any(char.isalnum() for char in text):
        raise QueryError(
            text, [Problem("empty", "the instruction is empty", (0, len(text)), "'5 points on the left eye'")]
        )


def is_canonical(text: str) -> bool:
    """Whether a text looks like canonical text, every statement of it."""
    registry = load_registry()
    for statement in text.split("; "):
        match = CANONICAL.fullmatch(statement)
        if match is None or (
            match["name"] not in registry.layouts and match["name"].replace("_", " ") not in registry.parts
        ):
            return False
    return True


def resolve_tokens(text: str, tokens: list[Token], resolver: Resolver, problems: list[Problem]) -> list[Run]:
    """Parse and resolve tagged tokens; mistakes go to problems."""
    pieces = [t for t in tokens if t.kind not in ("FACES", "SHAPE", "SPACING", "ZERO")]
    pieces = close_ranges(tidy(pieces))
    if not pieces:
        return []
    try:
        sentences: Sequence[Sentence] = parse_tokens(pieces)
        runs = resolver.resolve(build_clauses(sentences))
        certain = not problems
        problems += [p for p in resolver.problems if certain or p.code in CERTAIN_CODES]
        return runs
    except UnexpectedTokenError as error:
        if not problems:
            problems.append(explain_unexpected(text, error, pieces))
    except MistakeError as mistake:
        if not problems:
            problems.append(mistake.problem)
    return []


def find_code(text: str) -> list[Problem]:
    """Return the mistake of a call in a programming language ("left_eye.points(6)")."""
    return [
        Problem("unknown_words", "this looks like code, not like an instruction", m.span()) for m in CALL.finditer(text)
    ]


def find_contradictions(raw: Sequence[Token]) -> list[Problem]:
    """Return the mistakes of "only A and also B"."""
    only: Token | None = None
    for token in raw:
        if token.value == "only":
            only = token
        elif only is not None and token.value in ("and also", "also"):
            return [
                Problem(
                    "contradiction",
                    "only one thing, and also another",
                    (only.start, token.stop),
                    "'and' alone for both",
                )
            ]
        elif token.kind == "SYMBOL" and token.value in ".;":
            only = None
    return []


def find_loose_end(raw: Sequence[Token]) -> list[Problem]:
    """Return the mistake of an instruction that breaks off ("and 5 on the")."""
    last = next((token for token in reversed(raw) if token.kind not in ("SYMBOL", "NEWLINE")), None)
    if last is None or last.value not in LOOSE_ENDS:
        return []
    return [Problem("syntax", "the instruction breaks off here: name a part", last.span)]


def tidy(tokens: list[Token]) -> list[Token]:
    """Drop separators that separate nothing once the flags are gone."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind in ("AND", "COMMA", "STOP", "COLON") and (not kept or kept[-1].kind in ("STOP", "COMMA", "AND")):
            if kept and token.kind == "STOP":
                kept[-1] = token
            continue
        kept.append(token)
    while kept and kept[-1].kind in ("AND", "COMMA", "STOP", "COLON"):
        kept.pop()
    return kept


def close_ranges(tokens: list[Token]) -> list[Token]:
    """Move what stands inside a range before it: "starting at A, 10 points to B" is 10 points from A to B."""
    for index, token in enumerate(tokens):
        if token.kind != "TO" or index == 0 or tokens[index - 1].kind not in INSIDE_RANGES:
            continue
        opens = [i for i in range(index) if tokens[i].kind in ("FROM", "TO", "BETWEEN")]
        if not opens or tokens[opens[-1]].kind != "FROM":
            continue
        begin = opens[-1]
        stop = begin + 1
        while tokens[stop].kind in NAME_KINDS or tokens[stop].kind in ("OF", "VALUE"):
            stop += 1
        inside = [t for t in tokens[stop:index] if t.kind not in ("COMMA", "AND")]
        return close_ranges(tokens[:begin] + inside + tokens[begin:stop] + tokens[index:])
    return tokens


def explain_unexpected(text: str, error: UnexpectedTokenError, tokens: Sequence[Token]) -> Problem:
    """Return what to say where the grammar could go no further."""
    token = error.token
    if token is None:
        last = tokens[-1]
        return Problem("syntax", "the instruction ends too early", last.span)
    words = text[token.start : token.stop] or text[slice(*token.span)]
    return Problem("syntax", f"'{words}' does not fit here", token.span)


def read_ids_from(tokens: Sequence[Token], default: int) -> int:
    for token in tokens:
        if token.kind == "ZERO":
            return 0 if token.value == "zero" else 1
    return default


def read_globals(tokens: Sequence[Token], problems: list[Problem]) -> dict[str, str]:
    """Return the faces, shape and spacing an instruction names; two different ones are a contradiction."""
    found: dict[str, str] = {}
    for token in tokens:
        if token.kind not in ("FACES", "SHAPE", "SPACING"):
            continue
        before = found.get(token.kind)
        if token.kind == "SPACING" and before is not None:
            found[token.kind] = "arc" if "arc" in (before, token.value) else "even"
        elif before is not None and before != token.value:
            problems.append(Problem("contradiction", f"both {before} and {token.value}", token.span))
        else:
            found[token.kind] = token.value
    return found
