"""What a JPEG file would cost to decode, told from its markers before anything is decoded.

In: the bytes of a file. Out: nothing, or an ImageError for a file that is small and would hold a decoder for minutes:
thousands of scans that each pass over every pixel, millions of empty segments or fill bytes.
"""

from __future__ import annotations

import re

from ..errors import ImageError

JPEG_HEAD = b"\xff\xd8\xff"
MOST_SEGMENTS = 4_000
"""Colour profiles and extended XMP come in segments of 64 kB, a few hundred at most."""
MOST_FILL_BYTES = 64 * 1024
MOST_SCANS = 500
MOST_SCANNED_PIXELS = 1_200_000_000
"""Scans times pixels: 30 scans of 40 megapixels. Cameras and web pages send one to a dozen."""
ALWAYS_ALLOWED_SCANS = 12

START_OF_SCAN = 0xDA
END_OF_IMAGE = 0xD9
# Frame headers, which hold the size; C4, C8 and CC are something else.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
MARKER = re.compile(rb"\xff[^\x00\xff]")
# Inside a scan 00 follows an FF that is data, and restarts belong to it.
MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def check_jpeg_markers(data: bytes, name: str, max_pixels: int) -> None:
    """Refuse a JPEG file whose scans, segments or fill bytes would hold a decoder; other files pass.

    A damaged file passes too: its decoder says what is wrong with it.

    Args:
        data: The file.
        name: What to call it in an error.
        max_pixels: A frame with more is refused by others, and counts no more than that here.

    Raises:
        ImageError: It is one; the message says what would do.
    """
    if not data.startswith(JPEG_HEAD):
        return
    at, segments, scans, fill, pixels = 2, 0, 0, 0, 0
    is_scan = False
    while True:
        if is_scan:
            found = MARKER_AFTER_SCAN.search(data, at)
        else:
            found = MARKER.search(data, at, at + MOST_FILL_BYTES)
            fill += (found.start() if found else min(len(data), at + MOST_FILL_BYTES)) - at
        if found is None:
            check_counts(name, segments, fill, scans, pixels)
            return
        marker, at = data[found.end() - 1], found.end()
        if marker == END_OF_IMAGE:
            return
        if marker in FRAMES:
            pixels = max(pixels, min(max_pixels, read_size(data, at)))
        is_scan = marker == START_OF_SCAN
        scans += is_scan
        segments += not is_scan
        check_counts(name, segments, fill, scans, pixels)
        at += int.from_bytes(data[at : at + 2], "big")


def check_counts(name: str, segments: int, fill: int, scans: int, pixels: int) -> None:
    """Refuse a file of too many segments, fill bytes, scans, or pixels that its scans pass over."""
    if segments > MOST_SEGMENTS or fill >= MOST_FILL_BYTES:
        raise refuse(name, f"{segments:,} segments and {fill:,} bytes between them so far")
    if scans > MOST_SCANS or (scans > ALWAYS_ALLOWED_SCANS and scans * pixels > MOST_SCANNED_PIXELS):
        raise refuse(name, f"more than {scans - 1:,} scans of {pixels:,} pixels")


def read_size(data: bytes, at: int) -> int:
    """Return the pixels that the frame header at a place tells."""
    return int.from_bytes(data[at + 3 : at + 5], "big") * int.from_bytes(data[at + 5 : at + 7], "big")


def refuse(name: str, found: str) -> ImageError:
    return ImageError(f"{name} is a JPEG made to be slow ({found}): save it anew with an image editor")
