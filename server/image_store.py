"""Open images: encoded photos in memory under handles that nobody can guess, for a stated time."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..errors import ServiceError
from .limits import Limits

if TYPE_CHECKING:
    from ..engine import EncodedImage


HANDLE = re.compile(r"img_[\w-]+", re.ASCII)


def is_handle(text: str) -> bool:
    """Return whether a text looks like a handle, be it a wrong one; a file may well be called img_1234.jpg."""
    return HANDLE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class OpenImage:
    """An image a client opened.

    Attributes:
        handle: Its name, "img_" and 128 random bits.
        encoded: The photo, its faces, and what was encoded of them.
        ends: When it is forgotten, on the store's clock.
        expires_at: The same on the wall's clock.
        opens: How often it was opened, less how often it was closed.
    """

    handle: str
    encoded: EncodedImage
    ends: float
    expires_at: datetime
    opens: int = 1


class ImageStore:
    """Holds open images in memory only; bounded in number, bytes and time.

    A photo that is opened again keeps its handle, which lives anew from then on: it takes no more memory, and pushes
    no other out. Where a new image does not fit, the ones that were used longest ago are forgotten first.

    Args:
        seconds: Life of a handle from its opening; use does not lengthen it.
        max_images: The most images held.
        max_bytes: The most memory held, photos and encoded faces together.
        clock: Seconds that only rise.
    """

    def __init__(
        self, *, seconds: float, max_images: int, max_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._max_images = max_images
        self._max_bytes = max_bytes
        self._clock = clock
        self._images: OrderedDict[str, OpenImage] = OrderedDict()
        self._handles: dict[bytes, str] = {}
        self._lock = threading.Lock()

    @staticmethod
    def within(limits: Limits) -> ImageStore:
        """Return a store with the bounds that a service has."""
        return ImageStore(seconds=limits.handle_seconds, max_images=limits.handles, max_bytes=limits.handle_bytes)

    def add(self, encoded: EncodedImage) -> OpenImage:
        """Keep an image and return it with its handle.

        Raises:
            ServiceError: It alone is larger than the store ("too_large").
        """
        if encoded.nbytes > self._max_bytes:
            raise ServiceError(
                "too_large", f"the photo needs more memory than open images may hold ({self._max_bytes:,})"
            )
        with self._lock:
            self._forget()
            known = self._images.get(self._handles.get(encoded.content, ""))
            image = OpenImage(
                handle=known.handle if known else "img_" + secrets.token_urlsafe(16),
                encoded=known.encoded if known else encoded,
                ends=self._clock() + self._seconds,
                expires_at=datetime.now(UTC) + timedelta(seconds=self._seconds),
                opens=known.opens + 1 if known else 1,
            )
            self._images[image.handle] = image
            self._images.move_to_end(image.handle)
            self._handles[encoded.content] = image.handle
            self._forget()
            return image

    def get(self, handle: str) -> OpenImage:
        """Return an open image.

        Raises:
            ServiceError: There is none of this handle, or it has ended ("unknown_handle").
        """
        with self._lock:
            self._forget()
            image = self._images.get(handle)
            if image is None:
                raise ServiceError(
                    "unknown_handle",
                    "no image is open under this handle: it has ended or never was; open it again",
                )
            self._images.move_to_end(handle)
            return image

    def remove(self, handle: str) -> None:
        """Close an image: it is forgotten once it is closed as often as it was opened.

        Raises:
            ServiceError: There is none of this handle ("unknown_handle").
        """
        self.get(handle)
        with self._lock:
            image = self._images.get(handle)
            if image is not None and image.opens > 1:
                self._images[handle] = replace(image, opens=image.opens - 1)
            else:
                self._drop(handle)

    def forget(self, handle: str) -> None:
        """Forget an image now, however often it was opened.

        Raises:
            ServiceError: There is none of this handle ("unknown_handle").
        """
        self.get(handle)
        with self._lock:
            self._drop(handle)

    def seconds_left(self, image: OpenImage) -> float:
        """Return how long an image will be kept, unless room is needed before."""
        return image.ends - self._clock()

    def forget_ended(self) -> None:
        """Drop the images whose time has passed; called now and then, so that none outlives its handle unseen."""
        with self._lock:
            self._forget()

    def clear(self) -> None:
        """Forget all images."""
        with self._lock:
            self._images.clear()
            self._handles.clear()

    def __len__(self) -> int:
        with self._lock:
            self._forget()
            return len(self._images)

    @property
    def nbytes(self) -> int:
        """The memory that open images hold."""
        with self._lock:
            return self._count_bytes()

    def _count_bytes(self) -> int:
        return sum(image.encoded.nbytes for image in self._images.values())

    def _forget(self) -> None:
        now = self._clock()
        for handle in [handle for handle, image in self._images.items() if image.ends <= now]:
            self._drop(handle)
        # Faces are encoded as they are asked about, so an image grows after it came in.
        while len(self._images) > self._max_images or (len(self._images) > 1 and self._count_bytes() > self._max_bytes):
            self._drop(next(iter(self._images)))

    def _drop(self, handle: str) -> None:
        image = self._images.pop(handle, None)
        if image is not None:
            self._handles.pop(image.encoded.content, None)
