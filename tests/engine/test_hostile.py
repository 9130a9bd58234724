"""Hostile photos: a typed error or an answer, fast, with nothing left open."""

from __future__ import annotations

import gc
import io
import os
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine
from faceql.engine.images import READABLE_FORMATS, read_photo
from faceql.errors import FaceQLError, ImageError, NoFaceError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "MPO", "HEIF")


def sample(format: str, side: int = 64) -> bytes:
    """Return a small photo in a format, with all that hides in one: EXIF, frames, a thumbnail."""
    y, x = np.mgrid[0:side, 0:side]
    pixels = np.stack([x * 3, y * 3, (x * y) % 255], axis=-1).astype(np.uint8)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    options: dict[str, object] = {}
    if format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "MPO", "HEIF"):
        options["exif"] = exif.tobytes()
    if format in ("GIF", "TIFF", "MPO"):
        options |= {"save_all": True, "append_images": [image.rotate(90)]}
    if format == "TIFF":
        options["compression"] = "tiff_lzw"
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


@pytest.fixture(scope="module")
def samples() -> dict[str, bytes]:
    made = {}
    for format in FORMATS:
        if format == "HEIF":
            pytest.importorskip("pillow_heif").register_heif_opener()
        made[format] = sample(format)
    return made


@pytest.fixture
def no_open_files() -> Iterator[None]:
    """Fail if the test leaves a file open."""
    gc.collect()
    before = set(os.listdir("/proc/self/fd"))
    yield
    gc.collect()
    assert len(set(os.listdir("/proc/self/fd"))) <= len(before)


def png(width: int, height: int, data: bytes, *, depth: int = 8, color: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bomb_icc() -> bytes:
    """A PNG whose colour profile unpacks to 200 MB."""
    body = b"icc\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    plain = png(4, 4, zlib.compress(b"\0" * 52))
    chunk = struct.pack(">I", len(body)) + b"iCCP" + body + struct.pack(">I", zlib.crc32(b"iCCP" + body))
    return plain[:33] + chunk + plain[33:]


HOSTILE = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "script": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nsystemdict\n",
    "zip": b"PK\x03\x04" + bytes(100),
    "pdf": b"%PDF-1.7\n1 0 obj\n",
    "html": b"<!doctype html><img src=x onerror=alert(1)>",
    "only a JPEG head": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "PNG of a bomb": png(30_000, 30_000, zlib.compress(bytes(10))),
    "PNG of lying size": png(4000, 4000, zlib.compress(bytes(100))),
    "PNG without pixels": png(0, 0, b""),
    "PNG of unpacked rubbish": png(16, 16, b"\x78\x9c" + bytes(50)),
    "BMP of a negative size": b"BM"
    + struct.pack("<IHHIIiiHHIIiiII", 90, 0, 0, 54, 40, -5, -7, 1, 24, 0, 0, 0, 0, 0, 0),
    "BMP of a huge size": b"BM"
    + struct.pack("<IHHIIiiHHIIiiII", 90, 0, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0),
    "GIF of no frame": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "PPM of a huge size": b"P6 99999999 99999999 255\n",
    "PPM of words": b"P6 ten twenty 255\nabc",
    "TIFF in a loop": b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00",
    "a HEIC head": b"\0\0\0\x18ftypheic" + bytes(60),
    "an AVIF head": b"\0\0\0\x18ftypavif" + bytes(60),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_hostile_file_is_an_image_error_at_once(name: str, as_file: bool, tmp_path: Path, no_open_files) -> None:
    source: bytes | Path = HOSTILE[name]
    if as_file:
        source = tmp_path / "photo.jpg"
        source.write_bytes(HOSTILE[name])
    started = time.perf_counter()
    with pytest.raises(ImageError):
        read_photo(source)
    assert time.perf_counter() - started < 2


def test_a_packed_colour_profile_does_not_fill_the_memory(no_open_files) -> None:
    data = bomb_icc()
    started = time.perf_counter()
    with suppress(ImageError):
        assert read_photo(data).size == (4, 4)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("format", FORMATS)
def test_every_truncation_is_read_or_refused(format: str, samples: dict[str, bytes], no_open_files) -> None:
    data = samples[format]
    for stop in range(0, len(data), max(1, len(data) // 60)):
        try:
            assert read_photo(data[:stop], max_pixels=1_000_000).pixels.ndim == 3
        except ImageError:
            continue


def test_one_pixel_has_no_face(engine: Engine) -> None:
    for shape in [(1, 1, 3), (1, 3000, 3), (3000, 1, 3), (2, 2, 3)]:
        with pytest.raises(NoFaceError):
            engine.ask(np.zeros(shape, np.uint8), "pupils")
        answer = engine.ask(np.zeros(shape, np.uint8), "pupils", boxes=[(-0.5, -0.5, shape[1] - 0.5, shape[0] - 0.5)])
        assert np.isfinite(answer.xy).all()


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 1e-9, 1e-9),
        (0, 0, 1e12, 1e12),
        (-1e12, -1e12, 5, 5),
        (511, 511, 511.4, 1e6),
        (0, 0, 1e300, 1e300),
        (-1e-320, -1e-320, 1e-320, 1e-320),
    ],
)
def test_a_strange_box_is_answered_or_refused(engine: Engine, astronaut: np.ndarray, box: tuple[float, ...]) -> None:
    with suppress(ImageError):
        assert np.isfinite(engine.ask(astronaut, "pupils", boxes=[box]).xy).all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_format_outside_the_list_is_opened(samples: dict[str, bytes]) -> None:
    Image.init()
    outside = sorted(set(Image.SAVE) - set(READABLE_FORMATS) - {"PDF", "PALM", "XBM", "BLP"})
    assert len(outside) > 8
    for format in outside:
        stream = io.BytesIO()
        try:
            Image.new("RGB", (8, 8)).save(stream, format)
        except (OSError, ValueError, KeyError, AttributeError):
            continue
        with pytest.raises(ImageError):
            read_photo(stream.getvalue())


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with some bytes changed, cut out, doubled or cut off."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(0, len(out)))
        match int(rng.integers(0, 5)):
            case 0:
                out[at] = int(rng.integers(0, 256))
            case 1:
                out[at : at + 4] = struct.pack(">I", int(rng.choice([0, 1, 2**16, 2**31 - 1, 2**32 - 1])))
            case 2:
                del out[at : at + int(rng.integers(1, 40))]
            case 3:
                out[at:at] = out[at : at + int(rng.integers(1, 40))]
            case _ if rng.random() < 0.2:
                del out[at:]
        if not out:
            break
    return bytes(out)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(5))
def test_thousands_of_mutated_files_are_answered_or_refused(
    shipped_engine: Engine, samples: dict[str, bytes], part: int, tmp_path: Path, no_open_files
) -> None:
    rng = np.random.default_rng(part)
    path = tmp_path / "photo"
    slowest, refused = 0.0, 0
    for number in range(1000):
        format = FORMATS[number % len(FORMATS)]
        path.write_bytes(mutate(samples[format], rng))
        started = time.perf_counter()
        try:
            photo = read_photo(path, max_pixels=1_000_000)
        except ImageError:
            refused += 1
        else:
            assert photo.pixels.dtype == np.uint8
            if number % 50 == 0:
                with pytest.raises(FaceQLError):
                    shipped_engine.ask(path, "pupils of face 9")
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 10
    assert 100 < refused < 1000
