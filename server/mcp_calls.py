"""The tools' work: from the arguments of a call to an answer, whatever the tool makes of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp.types import InputRequest, ListRootsRequest

from ..engine.ask_settings import AskSettings
from ..errors import InvalidRequestError
from ..querylang.query import Query
from ..querylang.readings import OTHER_READING
from .ask_queue import Asked
from .image_listing import is_video
from .image_sources import ImageSources
from .image_store import is_handle
from .intents import hint_at_intent
from .made_files import FILES, FileStore
from .mcp_asking import (
    READING,
    ROOTS,
    Ctx,
    ask_client,
    ask_reading,
    can_choose,
    can_list_roots,
    choose_reading,
    list_readings,
    read_roots,
)
from .mcp_video import read_moment
from .service import Service

if TYPE_CHECKING:
    from ..engine import Answer, EncodedImage

# A path cannot be this long, so longer text is base64 whose data: head was forgotten.
MAX_PATH_LENGTH = 4096
NAMED_BY_PICTURE = "parts are named by the picture, whose left is the person's right"
FILE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call, before its image is read.

    Attributes:
        queries: What is asked, as the client means it.
        roots: The client's roots, where files are read by them.
        ends: When the answer is of no use any more, on the monotonic clock.
    """

    queries: tuple[Query, ...]
    roots: tuple[Path, ...]
    ends: float


class Calls:
    """Answers the tools' calls.

    Args:
        service: Answers.
        sources: Reads the images that clients name.
        honours_roots: Whether a client's roots are folders of this machine that it may read, where the operator gave
            none: only where the client has started this process.
    """

    def __init__(self, service: Service, sources: ImageSources, *, honours_roots: bool) -> None:
        self.service = service
        self.sources = sources
        self.files = FileStore(seconds=service.limits.handle_seconds, max_bytes=FILE_BYTES)
        self.tracks = threading.BoundedSemaphore(service.limits.tracks)
        # Of their own: a video takes long, and should not hold the threads that parse and draw.
        self.trackers = ThreadPoolExecutor(service.limits.tracks, "faceql-video")
        self._honours_roots = honours_roots

    def find_media(self, uri: str) -> str | None:
        """Return the media type of a made file; None of any other resource."""
        made = self.files.get(uri.removeprefix(FILES)) if uri.startswith(FILES) else None
        return None if made is None else made.media

    def parse(self, text: str, settings: AskSettings) -> Query:
        """Return the query of an instruction under a call's settings."""
        return self.service.parse(text, settings)

    async def ask(
        self,
        ctx: Ctx,
        image: str,
        instructions: Sequence[str | Query],
        settings: AskSettings,
        *,
        at: float | None = None,
    ) -> tuple[Asked, str | None]:
        """Answer instructions on an image, telling the client how far it is, and asking it back where need be.

        Args:
            ctx: The call.
            image: As the client names it.
            instructions: What is asked.
            settings: How.
            at: Of a video, the time in seconds of the frame that is meant.

        Returns:
            What came of it, and the image's handle if it was named by one.
        """
        prepared = await self.prepare(ctx, image, instructions, settings)
        await ctx.report_progress(0, 2, "reading the image")
        photo, handle = await self.read_image(image, prepared.roots, at)
        waiting = "finding the face" if self.service.is_ready else "waiting for the model to be loaded"
        await ctx.report_progress(1, 2, waiting)
        seconds = max(0.0, prepared.ends - time.monotonic())
        asked = await self.service.ask_async(photo, prepared.queries, settings, seconds=seconds)
        await ctx.report_progress(2, 2, "answered")
        self.service.metrics.observe_points(sum(map(len, asked.answers)))
        return asked, handle

    async def prepare(
        self, ctx: Ctx, image: str, instructions: Sequence[str | Query], settings: AskSettings
    ) -> Prepared:
        """Return a call as it is to be answered, before its image: a mistake in the text should cost nothing.

        Raises:
            FaceQLError: An instruction cannot be understood.
            InputNeededError: The call must come again with the client's answers.
        """
        ends = self.service.find_end(None)
        queries = await asyncio.to_thread(self.service.parse_all, instructions, settings, ends=ends)
        asked_back = time.monotonic()
        roots, queries = await self.ask_back(ctx, image, queries)
        # The time in which a person chooses is not the call's.
        return Prepared(queries, roots, ends + time.monotonic() - asked_back)

    async def ask_back(
        self, ctx: Ctx, image: str | None, queries: tuple[Query, ...]
    ) -> tuple[tuple[Path, ...], tuple[Query, ...]]:
        """Return the client's roots, if they are needed, and the queries as the client means them.

        Raises:
            InputNeededError: The call must come again with the client's answers.
        """
        requests: dict[str, InputRequest] = {}
        if image is not None and is_path(image) and self.wants_roots(ctx):
            requests[ROOTS] = ListRootsRequest()
        found = list_readings(queries) if can_choose(ctx) else None
        if found is not None:
            requests[READING] = ask_reading(self.service, *found)
        answers = await ask_client(ctx, requests) if requests else {}
        if found is not None and (chosen := choose_reading(answers.get(READING), found[1])) is not None:
            meant = self.settle(found[0], chosen)
            queries = tuple(meant if query is found[0] else query for query in queries)
        return read_roots(answers.get(ROOTS)), queries

    def settle(self, query: Query, chosen: str) -> Query:
        """Return a query in the reading that was chosen, without the note that there are others."""
        notes = tuple(note for note in query.notes if not note.startswith(OTHER_READING))
        if chosen == query.canonical:
            return replace(query, notes=notes)
        meant = self.service.parse(chosen)
        return replace(
            meant, text=query.text, faces=query.faces, shape=query.shape, perspective=query.perspective, notes=notes
        )

    def wants_roots(self, ctx: Ctx) -> bool:
        """Return whether files are read by the client's roots."""
        return self._honours_roots and not self.sources.roots and can_list_roots(ctx)

    async def list_roots(self, ctx: Ctx) -> tuple[Path, ...]:
        """Return the folders whose files may be read."""
        if self.sources.roots or not self.wants_roots(ctx):
            return self.sources.roots
        return read_roots((await ask_client(ctx, {ROOTS: ListRootsRequest()}))[ROOTS])

    async def read_image(self, image: str, roots: Sequence[Path], at: float | None = None) -> tuple[Any, str | None]:
        """Return what the service takes for a photo, and its handle if it is one; of a video its frame at a time."""
        if at is not None:
            return await asyncio.to_thread(read_moment, self, image, roots, at), None
        if is_path(image) and is_video(image):
            raise InvalidRequestError([{"loc": ["image"], "msg": "is a video: ask_landmarks takes it, with `seconds`"}])
        if is_handle(image):
            return self.service.images.get(image).encoded, image
        if image.startswith("data:") or len(image) > MAX_PATH_LENGTH:
            return await asyncio.to_thread(self.sources.read_base64, image), None
        if is_path(image):
            return await asyncio.to_thread(self.sources.read_path, image, roots), None
        return await self.sources.read_url(image), None


def is_path(image: str) -> bool:
    """Return whether an image is named by its path."""
    is_web = image.lower().startswith(("https:", "http:"))
    return not (is_handle(image) or image.startswith("data:") or len(image) > MAX_PATH_LENGTH or is_web)


def choose_texts(instruction: str | None, instructions: list[str] | None) -> list[str]:
    """Return a call's instructions, however many were given.

    Raises:
        InvalidRequestError: Neither or both of the two arguments were given.
    """
    if (instruction is None) == (instructions is None):
        raise InvalidRequestError([{"loc": ["instruction"], "msg": "give either instruction or instructions"}])
    return instructions if instructions is not None else [instruction or ""]


def hint_at_faces(image: EncodedImage, answer: Answer, faces: str | None) -> dict[str, str]:
    """Return what a result says, as its `hint`, of faces that were found and not asked about.

    Args:
        image: The photo.
        answer: What was answered on it.
        faces: The choice of faces that went over the instruction's, if there was one.
    """
    found, told = len(image.faces), len(answer.faces)
    if told >= found:
        return {}
    chosen = (faces or answer.query.faces).strip().lower()
    which = f"{told} of them"
    if told == 1:
        which = f"the {chosen}" if chosen in SINGLE_FACES else f"face {answer.faces[0].number}"
    return {"hint": f'{found} faces found; answered for {which}; faces="all" or "face 2" asks for others'}


def hint_at_more(image: EncodedImage, answer: Answer, faces: str | None) -> dict[str, str]:
    """Return what a result with points says, as its `hint`: of other faces, names, and tools for what is no point."""
    has_side = any(part.startswith(("left", "right")) for part in set(answer.parts))
    hints = [
        hint_at_faces(image, answer, faces).get("hint"),
        NAMED_BY_PICTURE if has_side and answer.query.perspective == "subject" else None,
        hint_at_intent(answer.query.text, "mcp", is_answered=True),
    ]
    return {"hint": ". ".join(filter(None, hints))} if any(hints) else {}


SINGLE_FACES = ("largest", "smallest", "leftmost", "rightmost", "middle")
