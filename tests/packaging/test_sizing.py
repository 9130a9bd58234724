"""The simulation of `benchmarks/sizing.py` agrees with what queues are known to do."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

SIZING = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "sizing.py"))
Cost, simulate, find_fewest = SIZING["Cost"], SIZING["simulate"], SIZING["find_fewest"]


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_replica_waits_as_pollaczek_and_khinchine_say(load: float) -> None:
    took = simulate(load / 0.1, 1, Cost(0.1, 0.1, 1, spread=0.0), asks=40_000)
    wait = 0.1 * load / (2 * (1 - load))
    assert took.mean() - 0.1 == pytest.approx(wait, rel=0.1)


def test_every_ask_is_answered_and_none_before_it_can_be() -> None:
    took = simulate(50, 4, Cost(0.05, 0.01, 8, spread=0.0), asks=5_000)
    assert len(took) == 5_000
    assert took.min() >= 0.05 - 1e-9


def test_batches_carry_what_single_asks_cannot() -> None:
    alone = simulate(40, 1, Cost(0.05, 0.05, 1), asks=4_000)
    together = simulate(40, 1, Cost(0.05, 0.005, 16), asks=4_000)
    assert np.percentile(together, 99) < 0.3 < np.percentile(alone, 99)


def test_the_fewest_replicas_are_enough_and_one_less_is_not() -> None:
    cost = Cost(0.044, 0.044, 1)
    replicas, took = find_fewest(100, cost, 0.22, asks=4_000)
    assert np.percentile(took, 99) <= 0.22
    assert np.percentile(simulate(100, replicas - 1, cost, asks=4_000)[400:], 99) > 0.22
    assert replicas >= 100 * 0.044
