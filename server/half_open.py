"""Connections whose request has not arrived: a few for each client, and the oldest makes room for the newest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class HalfOpen(Generic[C]):
    """Who is connected and has not sent a whole head, client by client.

    Args:
        per_client: The most of one client (an address), once they have waited longer than `patience`.
        total: The most of all, whatever they waited.
        patience: Seconds that every connection is given, however many there are.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        per_client: int = 128,
        total: int = 640,
        patience: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_client = per_client
        self._total = total
        self._patience = patience
        self._clock = clock
        self._waiting: dict[str, dict[C, float]] = {}
        self._count = 0

    def add(self, client: str, connection: C) -> list[C]:
        """Remember a connection that waits; return those to hang up on, which are forgotten."""
        mine = self._waiting.setdefault(client, {})
        if connection not in mine:
            mine[connection] = self._clock()
            self._count += 1
        ended: list[C] = []
        while len(mine) > self._per_client and next(iter(mine.values())) + self._patience <= self._clock():
            ended.append(self._drop_oldest(client))
        while self._count > self._total:
            ended.append(self._drop_oldest(max(self._waiting, key=lambda name: len(self._waiting[name]))))
        return ended

    def _drop_oldest(self, client: str) -> C:
        oldest = next(iter(self._waiting[client]))
        self.discard(client, oldest)
        return oldest

    def discard(self, client: str, connection: C) -> None:
        """Forget a connection whose head has arrived, or that has ended."""
        mine = self._waiting.get(client, {})
        if mine.pop(connection, None) is not None:
            self._count -= 1
        if not mine:
            self._waiting.pop(client, None)

    def __len__(self) -> int:
        return self._count
