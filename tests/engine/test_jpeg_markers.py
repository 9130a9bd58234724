"""JPEG files made to be slow are told by their markers; ordinary ones pass."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine.images import MAX_PIXELS, read_photo
from faceql.engine.jpeg_markers import check_jpeg_markers
from faceql.errors import ImageError


def save_jpeg(width: int, height: int, **options: object) -> bytes:
    y, x = np.mgrid[0:height, 0:width]
    stream = io.BytesIO()
    Image.fromarray(np.stack([x % 256, y % 256, (x + y) % 256], -1).astype(np.uint8)).save(stream, "JPEG", **options)
    return stream.getvalue()


def repeat_last_scan(data: bytes, times: int) -> bytes:
    """Return a progressive file whose last scan comes so many times more."""
    begin = data.rindex(b"\xff\xda")
    return data[:-2] + data[begin:-2] * times + b"\xff\xd9"


def insert(data: bytes, more: bytes) -> bytes:
    """Put bytes behind the first segment, JFIF's."""
    return data[:20] + more + data[20:]


BLANK = save_jpeg(64, 64)
SLOW = {
    "scans of a large frame": repeat_last_scan(save_jpeg(3000, 3000, progressive=True, quality=5), 300),
    "scans of a tiny frame": repeat_last_scan(save_jpeg(8, 8, progressive=True), 100_000),
    "fill bytes": insert(BLANK, b"\xff" * 18_000_000),
    "rubbish between segments": insert(BLANK, b"\0" * 18_000_000),
    "empty comments": insert(BLANK, b"\xff\xfe\0\2" * 4_000_000),
    "comments behind the first scan": save_jpeg(64, 64, progressive=True)[:-2]
    + b"\xff\xfe\0\2" * 4_000_000
    + b"\xff\xd9",
}


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("name", SLOW)
def test_a_file_made_to_be_slow_is_refused_at_once(name: str, as_file: bool, tmp_path: Path) -> None:
    source: bytes | Path = SLOW[name]
    if as_file:
        source = tmp_path / "photo.jpg"
        source.write_bytes(SLOW[name])
    started = time.process_time()
    with pytest.raises(ImageError, match="made to be slow"):
        read_photo(source)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"progressive": True, "optimize": True}, {"quality": 95}]
)
def test_ordinary_files_pass(options: dict[str, object]) -> None:
    exif = Image.Exif()
    exif[0x010E] = "long " * 5000
    profile = bytes(500_000)
    data = save_jpeg(500, 300, exif=exif.tobytes(), icc_profile=profile, comment=b"a", **options)
    assert read_photo(data).size == (300, 500)


def test_a_dozen_scans_of_the_largest_photo_pass() -> None:
    data = bytearray(save_jpeg(64, 64, progressive=True))
    frame = data.index(b"\xff\xc2") + 5
    data[frame : frame + 4] = (9400).to_bytes(2, "big") * 2
    many = repeat_last_scan(bytes(data), 2)
    assert many.count(b"\xff\xda") == 12
    check_jpeg_markers(many, "it", MAX_PIXELS)
    with pytest.raises(ImageError, match="13 scans of 88,360,000 pixels"):
        check_jpeg_markers(repeat_last_scan(many, 10), "it", MAX_PIXELS)


def test_lies_about_lengths_pass_on_to_the_decoder() -> None:
    """The scan of markers neither fails nor loops on a damaged file."""
    data = bytearray(save_jpeg(64, 64, progressive=True))
    rng = np.random.default_rng(3)
    for _ in range(300):
        broken = data.copy()
        for _ in range(int(rng.integers(1, 6))):
            broken[int(rng.integers(2, len(data)))] = int(rng.choice([0, 0xFF, 0xDA, 0xD9, 1]))
        try:
            assert read_photo(bytes(broken), max_pixels=1_000_000).pixels.shape[2] == 3
        except ImageError:
            continue
