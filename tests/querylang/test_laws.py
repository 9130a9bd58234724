"""The laws of the language (its section 9), on instructions made for them."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest


def load(name):
    """The modules of the laws lie beside this file, in no package, and know one another by these names."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NEEDED = ("frames", "oracle", "words", "phrases", "composition", "meaning", "surface", "errors", "stated", "writing")
NEEDED += ("sides", "references", "exceptions", "lists", "subparts", "joined", "manner", "wrapped", "generator")
laws = [load(f"law_{name}") for name in NEEDED][-1]


def check(law, seed, count):
    tally, failures = Counter(), []
    for case in laws.generate(law, seed, count):
        verdict = laws.judge(case)
        tally[verdict.outcome] += 1
        if verdict.outcome != laws.SAME:
            failures.append(f"  [{case.kind}] {verdict.outcome}: {verdict.why}")
    assert not failures, f"{law}: {dict(tally)}\n" + "\n".join(failures[:15])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("law", laws.LAWS)
def test_law_holds(law, seed):
    check(law, seed, 45)


@pytest.mark.slow
@pytest.mark.parametrize("law", laws.LAWS)
def test_law_holds_at_length(law):
    check(law, 3, 2000)
