"""Open images that every replica knows: one process keeps them, each replica has at hand what it was asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ray.serve.handle import DeploymentHandle

from ...errors import ServiceError
from ..image_store import ImageStore, OpenImage
from ..limits import Limits

if TYPE_CHECKING:
    from ...engine import EncodedImage


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open image without its pixels; its end in seconds from now, as machines' clocks differ."""

    handle: str
    seconds_left: float
    expires_at: datetime
    opens: int


class Images:
    """The deployment that keeps open images, photos with their encoded faces; one process, or handles would part.

    Args:
        limits: How many, how large, how long.
    """

    def __init__(self, limits: Limits) -> None:
        self._store = ImageStore.within(limits)

    def add(self, encoded: EncodedImage) -> Ticket | str:
        """Keep an image; return a message if it is too large."""
        try:
            return self._write_ticket(self._store.add(encoded))
        except ServiceError as error:
            return str(error)

    def look(self, handle: str) -> Ticket | None:
        """Return what is known of a handle."""
        opened = self._find(handle)
        return self._write_ticket(opened) if opened else None

    def fetch(self, handle: str) -> EncodedImage | None:
        """Return the image of a handle."""
        opened = self._find(handle)
        return opened.encoded if opened else None

    def remove(self, handle: str) -> None:
        """Close an image once."""
        if self._find(handle):
            self._store.remove(handle)

    def forget(self, handle: str) -> None:
        """Forget an image, however often it was opened."""
        if self._find(handle):
            self._store.forget(handle)

    def _find(self, handle: str) -> OpenImage | None:
        try:
            return self._store.get(handle)
        except ServiceError:
            return None

    def _write_ticket(self, opened: OpenImage) -> Ticket:
        return Ticket(opened.handle, self._store.seconds_left(opened), opened.expires_at, opened.opens)


class SharedImages(ImageStore):
    """A replica's view of all open images; every use asks `Images` first, so a closed one is closed everywhere.

    Its methods wait for another process: call them from a thread, not from an event loop.

    Args:
        images: The deployment.
        limits: Bounds, here of what this replica has at hand.
    """

    def __init__(self, images: DeploymentHandle, limits: Limits) -> None:
        super().__init__(seconds=limits.handle_seconds, max_images=limits.handles, max_bytes=limits.handle_bytes)
        self._shared = images

    def add(self, encoded: EncodedImage) -> OpenImage:
        told = self._shared.add.remote(encoded).result()
        if isinstance(told, str):
            raise ServiceError("too_large", told)
        return self._hold(told, encoded)

    def get(self, handle: str) -> OpenImage:
        ticket = self._shared.look.remote(handle).result()
        at_hand = self._images.get(handle)
        encoded = at_hand.encoded if at_hand else self._shared.fetch.remote(handle).result()
        if ticket is None or encoded is None:
            self._drop_here(handle)
            # Not there, or ended: the store knows how to say so.
            return super().get(handle)
        return self._hold(ticket, encoded)

    def remove(self, handle: str) -> None:
        self.get(handle)
        self._shared.remove.remote(handle).result()
        self._drop_here(handle)

    def forget(self, handle: str) -> None:
        self.get(handle)
        self._shared.forget.remote(handle).result()
        self._drop_here(handle)

    def _hold(self, ticket: Ticket, encoded: EncodedImage) -> OpenImage:
        ends = self._clock() + ticket.seconds_left
        image = OpenImage(ticket.handle, encoded, ends, ticket.expires_at, ticket.opens)
        with self._lock:
            self._images[image.handle] = image
            self._images.move_to_end(image.handle)
            self._forget()
        return image

    def _drop_here(self, handle: str) -> None:
        with self._lock:
            self._drop(handle)
