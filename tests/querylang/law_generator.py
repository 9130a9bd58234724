"""Instructions made by the laws of section 9, judged, and a tally of them.

python tests/querylang/law_generator.py --count 2000 --seed 7 --failures 2
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

import law_composition
import law_errors
import law_exceptions
import law_joined
import law_lists
import law_manner
import law_meaning
import law_references
import law_sides
import law_stated
import law_subparts
import law_surface
import law_wrapped
from law_oracle import normal
from law_phrases import LawCase

import faceql

LAWS: dict[str, Callable[[Random], LawCase]] = {
    "list": law_composition.list_law,
    "owner": law_composition.owner_law,
    "possessive": law_composition.possessive_law,
    "each": law_composition.each_law,
    "reference": law_composition.reference_law,
    "exception": law_composition.exception_law,
    "wrapping": law_composition.wrapping_law,
    "order": law_composition.order_law,
    "side": law_meaning.side_law,
    "range": law_meaning.range_law,
    "position": law_meaning.position_law,
    "amount": law_meaning.amount_law,
    "portion": law_meaning.portion_law,
    "number": law_surface.number_law,
    "words": law_surface.word_law,
    "shape": law_surface.shape_law,
    "layout": law_surface.layout_law,
    "stated": law_stated.stated_law,
    "canonical": law_errors.canonical_law,
    "spelling": law_errors.typo_law,
    "errors": law_errors.error_law,
    "late side": law_sides.late_side_law,
    "pointing back": law_references.back_reference_law,
    "taking away": law_exceptions.taken_away_law,
    "long list": law_lists.long_list_law,
    "sub-part": law_subparts.sub_part_law,
    "joined layouts": law_joined.joined_layout_law,
    "manner": law_manner.manner_law,
    "wrapped": law_wrapped.wrapped_law,
}
SAME, DIFFERENT, REFUSED, CRASHED = OUTCOMES = "same", "silently different", "refused", "crashed"


class Verdict(NamedTuple):
    outcome: str
    why: str = ""


def generate(law: str, seed: int, count: int) -> Iterator[LawCase]:
    rng = Random(f"{law} {seed}")
    for _ in range(count):
        yield LAWS[law](rng)


def points_of(query: faceql.Query) -> list[tuple[str, object]]:
    return [normal(landmark.part, landmark.fpalp) for landmark in query.landmarks]


def written(points: object) -> str:
    said = [f"{part} {fpalp}" for part, fpalp in points]
    return ", ".join(said[:14]) + (f", ... ({len(said)})" if len(said) > 14 else "")


def said(text: str, query: faceql.Query) -> str:
    return f"{text!r} -> {query.canonical}"


def refused(text: str, error: faceql.QueryError) -> Verdict:
    return Verdict(REFUSED, f"{text!r} -> {error.code}: {error.message}")


def judge_same(case: LawCase) -> Verdict:
    """All texts answer, and alike (to the canonical text if so asked), and as the tables say."""
    arrange = list if case.ordered else sorted
    first, failed = None, None
    for index, text in enumerate(case.texts):
        try:
            query = faceql.parse(text, perspective=case.perspective(index))
        except faceql.QueryError as error:
            failed = failed or refused(text, error)
            continue
        points = points_of(query)
        if case.expected is not None and arrange(points) != arrange(case.expected):
            return Verdict(DIFFERENT, f"{said(text, query)}\n      must be {written(case.expected)}")
        text_too = query.canonical if case.check == "written" else ""
        key = (arrange(points), query.spacing, query.faces, query.shape, text_too)
        if first is None:
            first = key, said(text, query)
        elif key != first[0]:
            return Verdict(DIFFERENT, f"{said(text, query)}\n      but {first[1]}")
    return failed or Verdict(SAME)


def judge_roundtrip(case: LawCase) -> Verdict:
    """The canonical text gives the same query under either setting; a text that fails has none to give."""
    try:
        query = faceql.parse(case.texts[0], perspective=case.perspective(0))
    except faceql.QueryError:
        return Verdict(SAME)
    for view in ("viewer", "subject"):
        try:
            again = faceql.parse(query.canonical, perspective=view)
        except faceql.QueryError as error:
            return refused(query.canonical, error)
        if again != query:
            return Verdict(DIFFERENT, f"{said(case.texts[0], query)}\n      {view}: back as {again.canonical}")
    return Verdict(SAME)


def judge_turned(case: LawCase) -> Verdict:
    """The setting turns plain words: the same query, or the same failure."""
    queries, codes = [], []
    for index, text in enumerate(case.texts):
        try:
            queries.append(faceql.parse(text, perspective=case.perspective(index)))
        except faceql.QueryError as error:
            codes.append(error.code)
    if (len(queries) == 2 and queries[0] == queries[1]) or (len(codes) == 2 and codes[0] == codes[1]):
        return Verdict(SAME)
    answers = ", ".join([*codes, *(query.canonical for query in queries)])
    return Verdict(DIFFERENT if len(queries) == 2 else REFUSED, f"{case.texts}: {answers}")


def judge_typo(case: LawCase) -> Verdict:
    """The slipped text is the same with a note, or fails."""
    try:
        clean, slipped = (faceql.parse(text) for text in case.texts)
    except faceql.QueryError:
        return Verdict(SAME)
    if slipped != clean:
        return Verdict(DIFFERENT, f"{said(case.texts[1], slipped)}\n      but {said(case.texts[0], clean)}")
    if not set(slipped.notes) - set(clean.notes):
        return Verdict(DIFFERENT, f"{said(case.texts[1], slipped)}\n      without a note")
    return Verdict(SAME)


def judge_error(case: LawCase) -> Verdict:
    """It fails, with a code it may have, a span inside the text, and suggestions that can be pasted."""
    text = case.texts[0]
    try:
        query = faceql.parse(text, perspective=case.perspective(0))
    except faceql.QueryError as error:
        found = error
    else:
        return Verdict(DIFFERENT, f"{said(text, query)}\n      must fail: {case.codes}")
    fault = bad_error(text, found, case.codes)
    if not fault:
        return Verdict(SAME)
    return Verdict(REFUSED, f"{text!r} -> {found.code}: {found.message} {found.span}: {fault}")


def offers(suggestion: str | None) -> list[str]:
    """The names that it offers in quotes at its end, to paste; a sentence may offer one."""
    found = list(re.finditer(r"(?<!\w)'((?:(?!(?<!\w)').)+?)'(?!\w)", suggestion or ""))
    if not found or found[-1].end() != len(suggestion or ""):
        return []
    only_names = not re.sub(r"\bor\b|[ ,]", "", re.sub(r"(?<!\w)'.+?'(?!\w)", "", suggestion or ""))
    return [name[1] for name in (found if only_names else found[-1:])]


def bad_error(text: str, error: faceql.QueryError, codes: tuple[str, ...]) -> str:
    """What is wrong with it; suggestions are tried where one paste for each problem mends all."""
    if error.code not in codes:
        return f"must be {' or '.join(codes)}"
    problems = sorted(error.problems or (error,), key=lambda one: one.span or (0, 0), reverse=True)
    trials = [text]
    for problem in problems:
        start, end = problem.span or (0, 0)
        if not 0 <= start <= end <= len(text) or (problem.span and start == end and re.search(r"\w", text)):
            return f"span {problem.span} of {len(text)}"
        names = offers(problem.suggestion)
        if text[start:end] in names:
            return f"suggests {text[start:end]!r} for itself"
        trials = [trial[:start] + name + trial[end:] for trial in trials for name in names]
    for trial in trials:
        try:
            faceql.parse(trial)
        except faceql.QueryError as again:
            return f"its suggestion gives {trial!r}: {again.code}: {again.message}"
    return ""


JUDGES = {
    "same": judge_same,
    "written": judge_same,
    "roundtrip": judge_roundtrip,
    "turned": judge_turned,
    "typo": judge_typo,
    "error": judge_error,
}


def judge(case: LawCase) -> Verdict:
    """A parse that raises anything but its own error is a verdict too."""
    try:
        return JUDGES[case.check](case)
    except Exception as error:
        return Verdict(CRASHED, f"{case.texts}: {type(error).__name__}: {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Tally the laws of the query language.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--law", choices=LAWS, action="append", help="only this law, and may be given again")
    parser.add_argument("--failures", type=int, default=0, help="show so many failures of each kind")
    given = parser.parse_args()
    names = given.law or list(LAWS)
    tally: dict[str, dict[str, Counter[str]]] = {name: defaultdict(Counter) for name in names}
    shown: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for name in names:
        for made in generate(name, given.seed, -(-given.count // len(names))):
            verdict = judge(made)
            tally[name][made.kind][verdict.outcome] += 1
            if verdict.outcome != SAME and len(shown[name, made.kind]) < given.failures:
                shown[name, made.kind].append(verdict)
    print(f"{'cases':>6} {'same %':>7} {'different %':>12} {'refused %':>10} {'crashed %':>10}")
    total: Counter[str] = Counter()
    for name, kinds in tally.items():
        whole = sum(kinds.values(), Counter())
        total += whole
        print(row(whole, name.upper()))
        for kind, counts in sorted(kinds.items(), key=lambda pair: pair[1][SAME] / pair[1].total()):
            print(row(counts, f"  {kind}"))
            for verdict in shown[name, kind]:
                print(f"    {verdict.outcome}: {verdict.why}")
    print(row(total, "ALL"))


def row(counts: Counter[str], name: str) -> str:
    same, different, refused, crashed = (100 * counts[outcome] / counts.total() for outcome in OUTCOMES)
    return f"{counts.total():6} {same:7.1f} {different:12.1f} {refused:10.1f} {crashed:10.1f}  {name}"


if __name__ == "__main__":
    main()
