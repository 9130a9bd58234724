"""Diagnostics: what to say about words that make no query.

In: entries that fit nowhere; out: problems with true messages, the words at fault, and suggestions that parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import Problem
from .entries import Entry
from .lattice import Lattice
from .lexicon import singulars
from .spelling import SHORTEST, find_near

if TYPE_CHECKING:
    from .language import Language

MAX_PROBLEMS = 20
MAX_SUGGESTIONS = 3
MOST_TRIED = 20
"""Words of one run that are looked up for a suggestion."""
LONG = 7
WHAT = {
    "unknown_layout": "unknown layout '{}'",
    "unknown_part": "no face part covers '{}'",
    "unknown_words": "'{}' cannot be asked for",
}
CALL = re.compile(r"\[\[|SELECT\b.*\bFROM\b|\b\w+\(['\"]|\w\.\w+\(|[{}<$\\^]|(?<=[^-=\n])>")


def refuse_code(text: str) -> list[Problem]:
    """Return the problem of a text in a programming language."""
    found = list(CALL.finditer(text))
    if len(found) > 1 or any(len(match.group()) > 1 for match in found):
        return [Problem("unknown_words", "this looks like code, not like an instruction", (0, len(text)))]
    if (broken := re.search(r"\[\s*\.\.|\.\.\s*\]", text)) is not None:
        return [Problem("syntax", "a range has two ends: [0 .. 1/2]", broken.span())]
    if (cut := re.search(r"\d+\s*%\s*,?\s*(?:\.\.+|\u2026)\s*,?\s*\d+\s*%", text)) is not None:
        return [Problem("syntax", "write the places out, or say 'every 10%'", cut.span())]
    for opening, closing in ("[]", "()"):
        if text.count(opening) > text.count(closing) and text.count("..") and opening in text:
            return [Problem("syntax", f"'{opening}' is not closed", (text.index(opening), len(text)))]
    return []


def explain_entries(text: str, entries: Sequence[Entry], lattice: Lattice, language: Language) -> list[Problem]:
    """Return the problems of entries that are no part of a query."""
    problems: list[Problem] = []
    strange = [entry for entry in entries if entry.kind in ("unknown", "bad", "condition")]
    for run in join_runs(strange)[:MAX_PROBLEMS]:
        problems.append(explain_run(text, run, lattice, language))
    problems += find_bad_counts(entries)
    if entries and entries[-1].kind == "except":
        problems.append(Problem("syntax", "what is left out?", lattice.span(entries[-1].start, entries[-1].stop)))
    if not problems:
        for entry in entries:
            if entry.kind == "end":
                span = lattice.span(entry.start, min(entry.stop, len(lattice.nodes)))
                problems.append(Problem("syntax", "the instruction breaks off here: name a part", span))
            if entry.kind == "gap":
                span = lattice.span(entry.start, entry.stop)
                problems.append(Problem("syntax", f"'{text[slice(*span)]}' does not fit here", span))
    return problems


def find_bad_counts(entries: Sequence[Entry]) -> list[Problem]:
    """Return the problems of numbers that cannot be how many points there are, whatever else is wrong."""
    counts = [entry.value.count for entry in entries if entry.kind == "item" and entry.value.count is not None]
    bad = [number for number in counts if number.value <= 0 or number.value.denominator != 1]
    return [
        Problem("count", f"a number of points is {'whole' if number.value > 0 else 'at least 1'}", number.span)
        for number in bad
    ]


def join_runs(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Group entries that stand side by side."""
    runs: list[list[Entry]] = []
    for entry in entries:
        if runs and runs[-1][-1].stop == entry.start and not entry.before and entry.kind != "condition":
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def explain_run(text: str, run: Sequence[Entry], lattice: Lattice, language: Language) -> Problem:
    span = (lattice.span(run[0].start, run[0].stop)[0], lattice.span(run[-1].start, run[-1].stop)[1])
    shown = text[slice(*span)]
    if run[0].kind == "condition":
        return Problem("unknown_words", f"conditions are not part of the language: '{shown}'", span)
    known = next((entry.value for entry in run if entry.kind == "bad"), None) or find_known(run, language.near)
    if known is not None:
        code, hint = known
        if code == "unknown_layout" and (
            size := re.match(r"[\s-]*\d+(?:[\s-]*(?:points?|landmarks?))?", text[span[1] :])
        ):
            span = (span[0], span[1] + size.end())
            shown = text[slice(*span)]
        what = WHAT[code].format(shown)
        return Problem(code, what, span, hint or None)
    near = suggest(run, language)
    names = language.lexicon.names
    is_part = bool(near) and near[0] in names
    what = "unknown face part" if is_part else "unknown words" if " " in shown else "unknown word"
    code = "unknown_part" if is_part else "unknown_words"
    return Problem(code, f"{what} '{shown}'", span, join_options([f"'{word}'" for word in near]))


def explain_word(text: str, span: tuple[int, int], near: Sequence[str]) -> Problem:
    """Return the problem of one word that may be one of several."""
    return Problem(
        "unknown_words", f"unknown word '{text[slice(*span)]}'", span, join_options([f"'{one}'" for one in near])
    )


def join_options(options: Sequence[str]) -> str | None:
    """Return things to say instead as one text, None if there are none."""
    if not options:
        return None
    return options[0] if len(options) == 1 else ", ".join(options[:-1]) + " or " + options[-1]


def find_known(run: Sequence[Entry], near: Mapping[str, Mapping[str, str]]) -> tuple[str, str] | None:
    for entry in run:
        for form in (str(entry.value), *singulars(str(entry.value))):
            for table, code in (("layouts", "unknown_layout"), ("not_covered", "unknown_part")):
                if form in near[table]:
                    return code, near[table][form]
    return None


def suggest(run: Sequence[Entry], language: Language) -> list[str]:
    """Return up to three words of names that the first misspelt word of a run may stand for."""
    names = language.lexicon.names | {"left", "right", "upper", "lower", "inner", "outer"}
    for word in list(dict.fromkeys(str(entry.value) for entry in run))[:MOST_TRIED]:
        if len(word) < SHORTEST or not word.isalpha() or word in language.near["other"]["words"]:
            continue
        near = [known for known in find_near(word, language, least=3) if known in names or known.rstrip("s") in names]
        near = near or (find_farther(word, names) if len(word) >= LONG else [])
        if near:
            return near[:MAX_SUGGESTIONS]
    return []


def find_farther(word: str, names: Iterable[str]) -> list[str]:
    """Return names two edits from a longer word, the nearest first."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extract(word, sorted(names), scorer=OSA.distance, limit=MAX_SUGGESTIONS, score_cutoff=2)
    return [name for name, distance, _ in found if len(name) > SHORTEST - 1 and distance == found[0][1]]
