"""Batches: many photos in one request, worked on one after the other behind the asks that somebody waits for."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import FaceQLError, ServiceError
from .error_kinds import describe_error
from .limits import Limits

State = Literal["working", "done", "cancelled"]
# Answers one photo; gives the line's members beside its index and name.
AnswerPhoto = Callable[[Any], Awaitable[dict[str, Any]]]
MOST_RETRIES = 20


@dataclass(slots=True)
class Batch:
    """A batch at work, or worked off.

    Attributes:
        key: Its name, "batch_" and 128 random bits.
        names: What each photo is called.
        ends: When it is forgotten, on the monotonic clock.
        lines: The results so far, JSON each, in the photos' order.
        failed: How many of them are errors.
        nbytes: Bytes of all lines.
        task: What works on it.
    """

    key: str
    names: tuple[str, ...]
    ends: float
    lines: list[str] = field(default_factory=list)
    failed: int = 0
    nbytes: int = 0
    task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """How far it is."""
        if len(self.lines) == len(self.names):
            return "done"
        return "working" if self.task is not None and not self.task.done() else "cancelled"


class Batches:
    """Holds batches in memory; bounded in number, photos and bytes of results.

    Args:
        limits: Bounds.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._batches: dict[str, Batch] = {}

    def start(self, photos: Sequence[Any], names: Sequence[str], answer: AnswerPhoto) -> Batch:
        """Begin to work on photos.

        Args:
            photos: What `answer` takes.
            names: What each is called.
            answer: Answers one.

        Raises:
            ServiceError: They are too many ("too_large"), or as many batches are at work as may be ("busy").
        """
        self._forget()
        if len(photos) > self._limits.batch_images:
            most = self._limits.batch_images
            raise ServiceError(
                "too_large", f"{len(photos)} images in a batch, and {most} at most: send several batches"
            )
        if sum(batch.state == "working" for batch in self._batches.values()) >= self._limits.batches:
            raise ServiceError("busy", "as many batches as may be are at work", retry_after=10.0)
        batch = Batch("batch_" + secrets.token_urlsafe(16), tuple(names), self._end())
        self._batches[batch.key] = batch
        batch.task = asyncio.create_task(self._work(batch, list(photos), answer))
        return batch

    def get(self, key: str) -> Batch:
        """Return a batch.

        Raises:
            ServiceError: There is none of this name, or it has ended ("unknown_handle").
        """
        self._forget()
        if key not in self._batches:
            raise ServiceError("unknown_handle", "there is no batch of this name: it has ended or never was")
        return self._batches[key]

    def remove(self, key: str) -> None:
        """Stop a batch and forget it.

        Raises:
            ServiceError: There is none of this name ("unknown_handle").
        """
        batch = self.get(key)
        if batch.task is not None:
            batch.task.cancel()
        del self._batches[key]

    def close(self) -> None:
        """Stop all batches."""
        for key in list(self._batches):
            self.remove(key)

    async def _work(self, batch: Batch, photos: list[Any], answer: AnswerPhoto) -> None:
        for index, name in enumerate(batch.names):
            # Taken off the list: an answered photo is not held any longer.
            photo, photos[index] = photos[index], None
            line = {"index": index, "name": name, **await self._answer(batch, photo, answer)}
            text = json.dumps(line, ensure_ascii=False)
            batch.failed += "error" in line
            batch.nbytes += len(text)
            batch.lines.append(text)
            batch.ends = self._end()

    async def _answer(self, batch: Batch, photo: Any, answer: AnswerPhoto) -> dict[str, Any]:
        for _ in range(MOST_RETRIES):
            try:
                if batch.nbytes > self._limits.batch_result_bytes:
                    raise ServiceError("too_large", "the results of this batch are too large: send smaller batches")
                return await answer(photo)
            except FaceQLError as error:
                wait = error.retry_after if isinstance(error, ServiceError) else None
                if wait is None:
                    return {"error": describe_error(error)}
                last = error
                await asyncio.sleep(wait)
        return {"error": describe_error(last)}

    def _end(self) -> float:
        return time.monotonic() + self._limits.handle_seconds

    def _forget(self) -> None:
        now = time.monotonic()
        for key in [key for key, batch in self._batches.items() if batch.state != "working" and batch.ends <= now]:
            del self._batches[key]
