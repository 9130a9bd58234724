"""Image files made to hurt: bombs by name, and ordinary files with some bytes changed."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "MPO")


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_sample(kind: str, side: int = 64) -> bytes:
    """Return a small photo with all that hides in a file of its kind: EXIF, frames, compression."""
    y, x = np.mgrid[0:side, 0:side]
    image = Image.fromarray(np.stack([x * 3, y * 3, (x * y) % 255], axis=-1).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    options: dict[str, object] = {}
    if kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "MPO"):
        options["exif"] = exif.tobytes()
    if kind in ("GIF", "TIFF", "MPO"):
        options |= {"save_all": True, "append_images": [image.rotate(90)]}
    if kind == "TIFF":
        options["compression"] = "tiff_lzw"
    return save(image, kind, **options)


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with some bytes changed, cut out, doubled or cut off."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(0, max(1, len(out))))
        match int(rng.integers(0, 5)):
            case 0 if out:
                out[at] = int(rng.integers(0, 256))
            case 1:
                out[at : at + 4] = struct.pack(">I", int(rng.choice([0, 1, 2**16, 2**31 - 1, 2**32 - 1])))
            case 2:
                del out[at : at + int(rng.integers(1, 40))]
            case 3:
                out[at:at] = out[at : at + int(rng.integers(1, 40))]
            case _ if rng.random() < 0.2:
                del out[at:]
    return bytes(out)


def mutated_files(count: int, seed: int) -> Iterator[bytes]:
    """Yield so many mutated files, of all formats in turn."""
    rng = np.random.default_rng(seed)
    samples = [make_sample(kind) for kind in FORMATS]
    for number in range(count):
        yield mutate(samples[number % len(samples)], rng)


def repeat_last_scan(data: bytes, times: int) -> bytes:
    begin = data.rindex(b"\xff\xda")
    return data[:-2] + data[begin:-2] * times + b"\xff\xd9"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_bombs() -> dict[str, bytes]:
    """Return files that would hold a decoder for long or fill the memory, by name."""
    large = Image.new("L", (7087, 5600))  # 39.7 megapixels
    plain = save(Image.new("L", (64, 64)), "JPEG")
    small_png = make_sample("PNG")
    grey = Image.new("L", (3000, 3000), 128)
    return {
        "JPEG of 2,000 scans": repeat_last_scan(save(grey, "JPEG", progressive=True), 2000),
        "JPEG of 18 MB of fill": plain[:20] + b"\xff" * 18_000_000 + plain[20:],
        "JPEG of 4 million comments": plain[:20] + b"\xff\xfe\0\2" * 4_000_000 + plain[20:],
        "PNG of 1.5 million chunks": small_png[:33] + chunk(b"teSt", b"") * 1_500_000 + small_png[33:],
        "black PNG of 39.7 MP": save(large, "PNG"),
        "black 16-bit PNG of 39.7 MP": save(Image.new("I;16", large.size), "PNG"),
        "black WebP of 39.7 MP": save(large.convert("RGB"), "WEBP", lossless=True),
        "PNG that says 900 MP": b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(10)))
        + chunk(b"IEND", b""),
    }
