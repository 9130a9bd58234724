"""Engines and fork(): a child process that inherits a used engine would wait for ever for threads it has not got."""

from __future__ import annotations

import os
import sys
from typing import Any

from ..errors import ConfigError


class Lineage:
    """What this process did before it was forked, as far as it matters."""

    is_used = False
    is_forked_after_use = False


def note_use() -> None:
    """Say that an engine is about to work here.

    Raises:
        ConfigError: This process was forked from one in which an engine had worked already. OpenMP's threads do not
            survive that, and neither PyTorch nor the face finder would ever come back.
    """
    if Lineage.is_forked_after_use:
        raise ConfigError(
            "an engine worked in this process before it was forked, and would hang in the fork: start workers with "
            'multiprocessing.get_context("spawn"), or make and use engines in the children only'
        )
    Lineage.is_used = True


def note_fork() -> None:
    torch: Any = sys.modules.get("torch")
    # One thread has no pool that could be lost.
    has_pool = os.environ.get("OMP_NUM_THREADS") != "1" or (torch is not None and torch.get_num_threads() > 1)
    Lineage.is_forked_after_use = Lineage.is_used and has_pool


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=note_fork)
