"""Garbage collection is held back for imports only."""

import gc

import pytest

from faceql.loading import pause_gc


@pytest.mark.parametrize("was_enabled", [True, False])
def test_a_pause_ends_as_it_began(was_enabled: bool) -> None:
    try:
        (gc.enable if was_enabled else gc.disable)()
        with pause_gc():
            assert not gc.isenabled()
        assert gc.isenabled() == was_enabled
    finally:
        gc.enable()
