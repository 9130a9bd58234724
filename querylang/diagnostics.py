"""What to say about words the language does not know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import Problem
from .compiled import load_compiled
from .tokens import Token
from .vocabulary import Vocabulary, singulars

MAX_PROBLEMS = 20
MAX_SUGGESTIONS = 3
CODE_MARKS = set("*={}<>$\\^|;")
NEAR_DISTANCE = 2


def load_near() -> dict[str, dict[str, str]]:
    """Return the table of near concepts."""
    near: dict[str, dict[str, str]] = load_compiled()["near"]
    return near


def find_hint(word: str, table: dict[str, str]) -> str | None:
    """Return the hint for a word or its singular."""
    for form in (word, *singulars(word)):
        if form in table:
            return table[form]
    return None


def explain_unknown(text: str, tokens: Sequence[Token], vocabulary: Vocabulary, names: Iterable[str]) -> list[Problem]:
    """Return a problem for each run of unknown words, with what may have been meant."""
    problems: list[Problem] = []
    if sum(str(token.value) in CODE_MARKS for token in tokens) > 1:
        return [Problem("unknown_words", "this looks like code, not like an instruction", (0, len(text)))]
    near = load_near()
    for run in join_runs(text, sorted(tokens, key=lambda token: token.start)):
        span = (run[0].start, run[-1].stop)
        shown = text[slice(*span)]
        words = [str(t.value) for t in run] + ["".join(str(t.value) for t in run[:2])]
        layout = next((h for w in words if (h := find_hint(w, near["layouts"])) is not None), None)
        missing = next((h for w in words if (h := find_hint(w, near["not_covered"])) is not None), None)
        if any("condition" in t.readings for t in run):
            problems.append(Problem("unknown_words", f"conditions are not part of the language: '{shown}'", span))
        elif layout is not None:
            problems.append(Problem("unknown_layout", f"unknown layout '{shown}'", span, layout))
        elif missing is not None:
            problems.append(Problem("unknown_part", f"no face part covers '{shown}'", span, missing))
        else:
            suggestion, is_part = suggest(run, vocabulary, names)
            code = "unknown_part" if is_part else "unknown_words"
            what = "unknown face part" if is_part else "unknown words" if " " in shown else "unknown word"
            problems.append(Problem(code, f"{what} '{shown}'", span, suggestion))
    return problems


def join_runs(text: str, tokens: Sequence[Token]) -> list[list[Token]]:
    """Group unknown tokens that stand side by side."""
    runs: list[list[Token]] = []
    for token in tokens:
        if runs and not text[runs[-1][-1].stop : token.start].strip():
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs


def suggest(run: Sequence[Token], vocabulary: Vocabulary, names: Iterable[str]) -> tuple[str | None, bool]:
    """Return up to three near words for the first near one of a run, and whether one names a part."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    parts = set(names)
    for token in run:
        word = str(token.value)
        if len(word) < 3 or not word.isalpha():
            continue
        cutoff = NEAR_DISTANCE if len(word) >= 7 else 1
        near = process.extract(word, vocabulary.words, scorer=OSA.distance, limit=12, score_cutoff=cutoff)
        found = [(distance, name) for name, distance, _ in near if len(name) > 2]
        if found:
            best = min(distance for distance, _ in found)
            words = sorted({name for distance, name in found if distance == best}, key=lambda n: (n not in parts, n))
            words = words[:MAX_SUGGESTIONS]
            quoted = [f"'{name}'" for name in words]
            text = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]
            return text, words[0] in parts and len(word) > 3
    return None, False
