"""PNG files of millions of chunks are told before they are decoded; ordinary ones pass."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from faceql.engine.images import read_photo
from faceql.engine.png_chunks import MOST_CHUNKS, check_png_chunks
from faceql.errors import ImageError


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_million_chunks_are_refused_at_once():
    png = make_png()
    bomb = png[:33] + chunk(b"teSt", b"") * 1_000_000 + png[33:]
    started = time.process_time()
    with pytest.raises(ImageError, match=f"more than {MOST_CHUNKS:,} chunks"):
        read_photo(bomb)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("count", [0, 1_000])
def test_ordinary_files_are_read(count):
    png = make_png()
    assert read_photo(png[:33] + chunk(b"teSt", b"12") * count + png[33:]).size == (64, 64)


def test_what_stands_behind_the_end_is_none_of_it():
    check_png_chunks(make_png() + bytes(2_000_000), "it")


@pytest.mark.parametrize("cut", [9, 20, 40])
def test_a_damaged_file_passes(cut):
    """What is wrong with it, its decoder says."""
    check_png_chunks(make_png()[:cut], "it")
