"""How many chunks a PNG file has, told before anything is decoded.

In: the bytes of a file. Out: nothing, or an ImageError for a file of millions of empty chunks, of which each costs its
decoder some microseconds whatever it holds.
"""

from __future__ import annotations

from ..errors import ImageError

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 50_000
"""Encoders write image data in pieces of 8 kB or more, a few of 1 kB."""
LENGTH, FRAME = 4, 12
"""Bytes of a chunk's length, and of all that is not its data: length, name and checksum."""


def check_png_chunks(data: bytes, name: str) -> None:
    """Refuse a PNG file of more than MOST_CHUNKS chunks; other files pass, damaged ones too.

    Args:
        data: The file.
        name: What to call it in an error.

    Raises:
        ImageError: It is one; the message says what would do.
    """
    if not data.startswith(PNG_HEAD):
        return
    at = len(PNG_HEAD)
    for _ in range(MOST_CHUNKS):
        if at >= len(data) or data[at + LENGTH : at + 2 * LENGTH] == b"IEND":
            return
        at += FRAME + int.from_bytes(data[at : at + LENGTH], "big")
    raise ImageError(f"{name} is a PNG of more than {MOST_CHUNKS:,} chunks: save it anew with an image editor")
