"""parse: one instruction in, one query out, or every mistake in it.

The way: words (`words`), but for who asks and whom the photo shows (`statements`, `scenes`) -> lattice of readings
(`lattice`) -> the cheapest cover of the text (`chart`, `rules`) -> asks with their owners and amounts (`discourse`) ->
runs (`assembly`, `placing`, `routes`, `layout_ids`).  Canonical text has a grammar of its own (`canonical_parser`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NoReturn

from ..errors import ConfigError, Problem, QueryError
from .asks import Draft
from .assembly import Assembly
from .canonical import write_query
from .canonical_parser import parse_canonical
from .chart import Chart
from .cover import Cover, unknown_inside
from .diagnostics import MAX_PROBLEMS, explain_entries, explain_word, join_options, refuse_code
from .doubt import add_doubts
from .entries import Entry
from .language import Language, load_language
from .lattice import Lattice, build_lattice
from .meaning import WHOLE_FACE, Item
from .numbers import MAX_DIGITS
from .outline import read_outline
from .placing import Placer
from .query import Perspective, Query
from .readings import OTHER_READING, find_other_readings, vary
from .runs import Run, space_by_distance
from .scenes import drop_scenes
from .spelling import mend_spelling
from .statements import drop_statements
from .tables import drop_head
from .words import Lexeme, split_lexemes

MAX_LENGTH = 4000
MOST_TRIED, LONGEST_TRIED = 4, 500
"""Suggestions are tried for so many problems of a text of so many characters."""
PLAIN_KINDS = frozenset({"item", "purpose", "heading", "except"})
OTHERWISE = frozenset({"count", "unknown_layout"})
"""Codes of mistakes that another reading of the number may mend."""
CERTAIN = frozenset({"count", "id_range", "fpalp_range", "too_many"})
"""Codes of mistakes that stand whatever the words beside them mean."""
OPTION = re.compile(r"'((?:[^']|'(?=s\b))+)'")


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
        ConfigError: A setting is wrong, or the instruction is no text.

    Examples:
        >>> faceql.parse("4 points per eyebrow").canonical
        'left_eyebrow * 4; right_eyebrow * 4'
    """
    if not isinstance(text, str):
        raise ConfigError(f"an instruction is text, not {type(text).__name__}")
    if perspective not in ("viewer", "subject"):
        raise ConfigError(f"perspective must be 'viewer' or 'subject', not {perspective!r}")
    if ids_from not in (0, 1):
        raise ConfigError(f"ids_from must be 0 or 1, not {ids_from!r}")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ConfigError(f"limit must be a whole number of points, 1 or more, not {limit!r:.80}")
    language = language or load_language()
    if not any(char.isalnum() for char in text):
        raise QueryError(
            text, [Problem("empty", "the instruction is empty", (0, len(text)), "'5 points on the left eye'")]
        )
    canonical = parse_canonical(text, language.registry, limit)
    if canonical is not None:
        return replace(canonical, perspective=perspective)
    if len(text) > MAX_LENGTH:
        message = f"an instruction has at most {MAX_LENGTH:,} characters, this one has {len(text):,}"
        raise QueryError(text, [Problem("too_long", message, (0, len(text)))])
    outline = read_outline(text, language.lexicon, MAX_LENGTH)
    if outline is None:
        return Reading(text, language, perspective, ids_from, limit).query()
    try:
        return replace(Reading(outline.text, language, perspective, ids_from, limit).query(), text=text)
    except QueryError as error:
        found = [replace(problem, span=outline.find_span(problem.span)) for problem in error.problems]
        raise QueryError(text, list(dict.fromkeys(found))) from None


@dataclass
class Reading:
    """The reading of one English instruction, with the settings of `parse`; a trial makes no suggestions of its own."""

    text: str
    language: Language
    perspective: Perspective
    ids_from: int
    limit: int
    is_trial: bool = False
    notes: list[str] = field(default_factory=list)

    def query(self) -> Query:
        """Return the query.

        Raises:
            QueryError: There is none.
        """
        lexemes, entries, lattice = self.read()
        problems = refuse_code(self.text) + find_long_numbers(lexemes)
        problems += explain_entries(self.text, entries, lattice, self.language)
        if problems:
            self.fail(problems + self.find_certain(entries, lattice))
        found, read = self.assemble(entries, lattice), entries
        if found.problems:
            found, read = self.read_otherwise(entries, lattice, found.problems)
        runs, shape, shapes = found.shaped()
        notes = self.notes + found.notes + self.note_manners(found)
        if not self.is_trial and len(self.text) <= LONGEST_TRIED:
            place = partial(self.place, lattice)
            others = find_other_readings(add_doubts(read, found.draft), found.runs, place, self.language.registry)
            notes += [OTHER_READING + other for other in others + self.read_in_full(entries, lattice, found)]
        return Query(
            self.text,
            runs,
            found.faces,
            shape,
            self.perspective,
            tuple(dict.fromkeys(notes)),
            self.language.registry,
            shapes,
            found.visible_only,
        )

    def note_manners(self, found: Assembly) -> list[str]:
        """Return what is to be said of rough numbers and even spacing."""
        items = [ask.item for ask in found.draft.asks]
        notes = ["a rough number is read as exactly that"] if any(item.approx for item in items) else []
        by_distance = [space_by_distance(run) for run in found.runs]
        if any(item.spacing == "even" for item in items) and by_distance != found.runs:
            other = write_query(by_distance, None, "largest", self.language.registry)
            notes.append(f"evenly spaced means equal FPALP steps; for equal distances in the picture: {other}")
        return notes

    def read_in_full(self, entries: Sequence[Entry], lattice: Lattice, found: Assembly) -> list[str]:
        """Return the canonical text of what is asked where all is that was said again, if that makes sense."""
        if not found.draft.is_shortened:
            return []
        other = self.assemble(entries, lattice, keeps_all=True)
        return [] if other.problems else [write_query(other.runs, None, "largest", self.language.registry)]

    def assemble(self, entries: Sequence[Entry], lattice: Lattice, *, keeps_all: bool = False) -> Assembly:
        """Bind entries and lay them out; the assembly's `problems` say what is wrong."""
        rules = self.language.rules
        draft = Draft(entries, lattice, rules, ids_from=self.ids_from, keeps_all=keeps_all)
        assembly = Assembly(Placer(rules, lattice, self.limit, self.ids_from), draft)
        assembly.assemble(self.perspective)
        return assembly

    def place(self, lattice: Lattice, entries: Sequence[Entry]) -> list[Run] | None:
        """Return what entries ask for, None if they make no query."""
        found = self.assemble(entries, lattice)
        return None if found.problems else found.runs

    def read_otherwise(
        self, entries: Sequence[Entry], lattice: Lattice, problems: Sequence[Problem]
    ) -> tuple[Assembly, list[Entry]]:
        """Return what the one other reading gives of an instruction that makes no sense as it was read first.

        A number that its place cannot take shows that ("6 on the top lid, 4 on the bottom" are no four at a place), or
        one that no layout has ("the nose, all nine points").

        Raises:
            QueryError: There is none, or there are several.
        """
        if any(problem.code not in OTHERWISE for problem in problems):
            self.fail(problems)
        found: list[tuple[Assembly, list[Entry]]] = []
        for others, words in vary(entries, lattice):
            if problems[0].code == "unknown_layout" and any(is_whole_face(entry) for entry in others):
                # "All 478 points of the face".
                continue
            assembly = self.assemble(others, lattice)
            if not assembly.problems:
                assembly.draft.notes.append(f"'{words}' is read in the way that makes sense here")
                found.append((assembly, others))
        if not found or any(one.runs != found[0][0].runs for one, _ in found):
            self.fail(problems)
        return found[0]

    def find_certain(self, entries: Sequence[Entry], lattice: Lattice) -> list[Problem]:
        """Return the problems of sentences without strange words, whose numbers are wrong whatever the others mean."""
        sentences: list[list[Entry]] = [[]]
        for entry in entries:
            if "stop" in entry.before:
                sentences.append([])
            sentences[-1].append(entry)
        problems: list[Problem] = []
        for sentence in sentences[:MAX_PROBLEMS]:
            if all(entry.kind in PLAIN_KINDS for entry in sentence):
                problems += self.assemble(sentence, lattice).problems
        return [problem for problem in problems if problem.code in CERTAIN]

    def read(self) -> tuple[Sequence[Lexeme], list[Entry], Lattice]:
        """Return the words and the entries of the text, misspelt words mended where only one word can be meant."""
        whole = (0, len(self.text))
        lexemes, head = drop_head(self.text, split_lexemes(self.text), self.language.lexicon)
        lexemes, told = drop_statements(self.text, lexemes, self.language)
        lexemes, scenes = drop_scenes(self.text, lexemes, self.language.lexicon)
        self.notes += [f"ignored: '{words}'" for words in (head, *told, *scenes) if words]
        lattice = build_lattice(self.text, lexemes, self.language.lexicon)
        chart = Chart(lattice, self.language.rules)
        entries = Cover(chart).entries()
        strange = [node for entry in entries if entry.kind == "unknown" for node in unknown_inside(chart, entry)]
        put_aside = [entry for entry in entries if entry.kind in ("purpose", "heading")]
        aside = [node for entry in put_aside for node in unknown_inside(chart, entry)]
        aside += [node for node in range(chart.size) if chart.categories(node) == {"UNKNOWN", "PERSON_OWNER"}]
        beside = [entry.start for entry in entries if stands_beside(lattice, entry)]
        if strange or aside or beside:
            mended, notes, lost = mend_spelling(lexemes, lattice, strange, aside, beside, self.language)
            if lost:
                self.fail([explain_word(self.text, lattice.span(node, node + 1), near) for node, near in lost])
            if notes:
                lattice = build_lattice(self.text, mended, self.language.lexicon)
                chart = Chart(lattice, self.language.rules)
                self.notes += notes
                lexemes, entries = mended, Cover(chart).entries()
        if chart.is_cut:
            self.fail([Problem("too_long", "too many words joined at once; ask in several instructions", whole)])
        return lexemes, entries, lattice

    def fail(self, problems: Sequence[Problem]) -> NoReturn:
        """Raise every problem once, with those suggestions that are accepted in place of the words at fault."""
        unique = sorted(dict.fromkeys(problems), key=lambda problem: problem.span)[:MAX_PROBLEMS]
        if not self.is_trial:
            unique = [
                self.try_suggestions(problem, len(unique) > 1, i < MOST_TRIED) for i, problem in enumerate(unique)
            ]
        raise QueryError(self.text, unique)

    def try_suggestions(self, problem: Problem, is_one_of_many: bool, is_tried: bool) -> Problem:
        """Return a problem with those of its suggestions that parse in its place, with none where that takes long."""
        if problem.suggestion is None or not problem.suggestion.endswith("'"):
            return problem
        if not is_tried or len(self.text) > LONGEST_TRIED:
            return replace(problem, suggestion=None)
        start, stop = problem.span
        kept = []
        for option in OPTION.findall(problem.suggestion):
            mended = self.text[:start] + option + self.text[stop:]
            try:
                replace(self, text=mended, is_trial=True, notes=[]).query()
            except QueryError as error:
                inside = [p for p in error.problems if p.span[0] < start + len(option) and start < p.span[1]]
                if inside or not is_one_of_many:
                    continue
            if option.lower() != self.text[start:stop].lower():
                kept.append(f"'{option}'")
        return replace(problem, suggestion=join_options(kept))


def is_whole_face(entry: Entry) -> bool:
    """Whether an entry is for the whole face."""
    return entry.kind == "item" and entry.value.phrase is not None and entry.value.phrase.ops == WHOLE_FACE


def stands_beside(lattice: Lattice, entry: Entry) -> bool:
    """Whether an entry is no more than a word for a person right behind another word: "nasal bride"."""
    at = lattice.nodes[entry.start]
    is_next = 0 < entry.start == entry.stop - 1 and lattice.nodes[entry.start - 1] == at - 1 and not entry.before
    return is_next and entry.kind == "item" and entry.value == Item(frame="subject", late=True)


def find_long_numbers(lexemes: Sequence[Lexeme]) -> list[Problem]:
    """Return the problem of numbers of so many digits that no face has such a place."""
    return [
        Problem("too_many", "a number of so many digits", (lexeme.start, lexeme.stop))
        for lexeme in lexemes
        if lexeme.type == "number" and lexeme.stop - lexeme.start > MAX_DIGITS
    ]
