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
