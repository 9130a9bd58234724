"""Slips of one letter: what is read in spite of one is what was meant, with a note, or a mistake is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import faceql
from faceql.querylang.language import load_language

CASES = sorted((Path(__file__).parents[1] / "cases").glob("written_*.jsonl"))
LONGEST, LEAST, TRIED = 90, 5, 700


def answer(text: str, perspective: str) -> object:
    query = faceql.parse(text, perspective=perspective)
    return [(one.part, one.fpalp, one.v) for one in query.landmarks], query.faces, query.spacing


def slip(word: str, rng: Random) -> str:
    """Swap two letters, lose one, double one or change one, but the first."""
    i = rng.randrange(1, len(word) - 1)
    ways = (
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        word[:i] + word[i + 1 :],
        word[:i] + word[i] + word[i:],
        word[:i] + rng.choice("aeiorstnl") + word[i + 1 :],
    )
    return rng.choice(ways)


def test_no_slip_gives_other_points_in_silence() -> None:
    rng, known = Random(11), load_language().lexicon.words()
    cases = (json.loads(line) for path in CASES for line in path.read_text("utf-8").splitlines())
    texts = [(c["text"], c["perspective"]) for c in cases if "canonical" in c["expect"] and len(c["text"]) < LONGEST]
    wrong, read = [], 0
    for text, perspective in rng.sample(texts, TRIED):
        words = [word for word in re.finditer(r"[A-Za-z]+", text) if len(word[0]) >= LEAST]
        if not words:
            continue
        word = rng.choice(words)
        misspelt = slip(word[0], rng)
        # "Bride" is a word, too.
        if misspelt == word[0] or misspelt.lower() in known:
            continue
        try:
            meant = answer(text, perspective)
            got = answer(text[: word.start()] + misspelt + text[word.end() :], perspective)
        except faceql.QueryError:
            continue
        read += 1
        if got != meant:
            wrong.append(text[: word.start()] + misspelt + text[word.end() :])
    assert read > TRIED // 2
    assert not wrong
