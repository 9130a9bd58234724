"""Pairs of instructions that mean the same by language.md, composed by one who had not read the parser.

Data: tests/cases/pairs_composed.jsonl, a few of each of its 138 kinds of rewording and of what it composed of them.
"""

import json
from pathlib import Path

import pytest

import faceql
from faceql.querylang.registry import load_registry

FILE = Path(__file__).parents[1] / "cases" / "pairs_composed.jsonl"
PAIRS = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
KINDS = sorted({pair["kind"].split("+")[0] for pair in PAIRS})


def answer(text: str, perspective: str) -> tuple[object, ...]:
    """Return the ordered points, where on a closed curve 0 and 1 are one, the shape and the choice of faces."""
    query = faceql.parse(text, perspective=perspective)
    parts = load_registry().parts
    closed = {name for name, part in parts.items() if part.is_closed}
    points = [(one.part, one.fpalp % 1 if one.part in closed else one.fpalp, one.v) for one in query.landmarks]
    return points, query.shape, query.faces


@pytest.mark.parametrize("kind", KINDS)
def test_both_of_a_pair_mean_the_same(kind: str) -> None:
    pairs = [pair for pair in PAIRS if pair["kind"].split("+")[0] == kind]
    differing = [
        pair for pair in pairs if answer(pair["a"], pair["perspective"]) != answer(pair["b"], pair["perspective"])
    ]
    assert not differing
