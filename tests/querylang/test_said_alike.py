"""What means the same however it is put: a way of asking may be refused, but never means anything else."""

import tomllib
from collections import ChainMap
from functools import cache
from itertools import product
from pathlib import Path

import pytest

import faceql

TABLES = tomllib.loads(Path(__file__).with_name("said_alike.toml").read_text("utf-8"))["table"]
EVERY = 11
"""Of so many ways the default run tries one."""
LEAST_READ = 0.6
"""The share of the ways that are read, and not refused."""


@cache
def read(text):
    return faceql.parse(text)


def list_pairs(table):
    """Return instructions, each with the one that means the same and the faces it is about."""
    things = [ChainMap(*cells) for cells in product(*table["columns"])]
    reference = table["reference"]
    return [
        (way.format_map(thing), reference.format_map(thing), thing.get("faces"))
        for thing in things
        for way in table["ways"]
    ]


def find_differences(pairs):
    """Return how many instructions are read, and what is wrong with those that mean something else."""
    found, count = [], 0
    for text, reference, faces in pairs:
        want = read(reference)
        try:
            query = faceql.parse(text)
        except faceql.QueryError:
            continue
        count += 1
        is_same = (query.landmarks, query.spacing, query.shape) == (want.landmarks, want.spacing, want.shape)
        if not is_same or query.faces != (faces or want.faces):
            found.append(f"{text!r}: {query.canonical}, not {want.canonical} of {faces or want.faces}")
    return count, found


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_some_ways_of_asking_mean_the_same(table):
    count, found = find_differences(list_pairs(table)[::EVERY])
    assert count
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_every_way_of_asking_means_the_same(table):
    pairs = list_pairs(table)
    count, found = find_differences(pairs)
    assert not found, "\n".join(found)
    assert count > LEAST_READ * len(pairs)
