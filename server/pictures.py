"""Pictures as files: PNG, which keeps every pixel, and JPEG, a tenth of its size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

JPEG_QUALITY = 90


def write_picture(picture: Image.Image, media: str) -> bytes:
    """Return a picture as a file of a media type, "image/png" or "image/jpeg"."""
    stream = io.BytesIO()
    if media == "image/png":
        picture.save(stream, "PNG")
    else:
        picture.convert("RGB").save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


def fit_picture(picture: Image.Image, media: str, max_bytes: int) -> tuple[bytes, Image.Image]:
    """Return a picture as a file of at most so many bytes, made smaller until it fits, and what the file holds."""
    data = write_picture(picture, media)
    while len(data) > max_bytes and min(picture.size) > 32:
        # Bytes go with the area; a little less, so that few rounds do.
        share = max(0.3, min(0.9, 0.95 * (max_bytes / len(data)) ** 0.5))
        picture = picture.resize((max(1, round(picture.width * share)), max(1, round(picture.height * share))))
        data = write_picture(picture, media)
    return data, picture
