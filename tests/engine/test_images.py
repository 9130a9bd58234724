"""Reading photos: every way in gives the same upright RGB pixels, and everything else a typed error."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from faceql.engine.images import read_photo
from faceql.errors import ConfigError, ImageError

HEIGHT, WIDTH = 24, 40


def gradient() -> np.ndarray:
    """A picture that no flip, turn or exchange of channels leaves as it is."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([x * 6, y * 10, np.full_like(x, 30)], axis=-1).astype(np.uint8)


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize("format", ["PNG", "BMP", "PPM", "TIFF", "WEBP"])
def test_lossless_files_bytes_and_images_are_read_alike(format: str, tmp_path: Path) -> None:
    want = gradient()
    data = encode(Image.fromarray(want), format, **({"lossless": True} if format == "WEBP" else {}))
    path = tmp_path / "photo.of.some.kind"
    path.write_bytes(data)
    for source in (data, bytearray(data), memoryview(data), path, str(path), Image.open(path)):
        photo = read_photo(source)
        np.testing.assert_array_equal(photo.pixels, want)
        assert photo.notes == ()
        assert photo.size == (HEIGHT, WIDTH)


def test_array_orders() -> None:
    want = gradient()
    np.testing.assert_array_equal(read_photo(want).pixels, want)
    np.testing.assert_array_equal(read_photo(want[:, :, ::-1], color="bgr").pixels, want)
    np.testing.assert_array_equal(read_photo(want[::-1, ::2]).pixels, want[::-1, ::2])


def test_the_callers_array_is_copied_and_the_photos_is_read_only() -> None:
    array = gradient()
    photo = read_photo(array)
    array[:] = 0
    np.testing.assert_array_equal(photo.pixels, gradient())
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 1


TURNED = {  # what a camera stores for an upright picture under each EXIF orientation
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_exif_orientations_agree(orientation: int, format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNED[orientation](gradient())))
    data = encode(stored, format, exif=exif)
    for source in (data, Image.open(io.BytesIO(data))):
        photo = read_photo(source)
        np.testing.assert_array_equal(photo.pixels, gradient())
        assert any(f"EXIF orientation {orientation}:" in note for note in photo.notes) == (orientation != 1)


def test_why_a_file_cannot_be_read_names_no_code() -> None:
    chunk = b"zTXt" + b"k\0\0" + zlib.compress(bytes(2_000_000))
    png = encode(Image.fromarray(gradient()), "PNG")
    bomb = png[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
    with pytest.raises(ImageError, match="cannot be read: it holds far more text than a photo does"):
        read_photo(bomb)
    with pytest.raises(ImageError, match="cannot be read: Token too long"):
        read_photo(b"P3\n2 2\n255\n" + b"9" * 5000 + b" 1" * 12)


def test_a_nonsense_orientation_leaves_the_photo_as_it_is() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    np.testing.assert_array_equal(read_photo(encode(Image.fromarray(gradient()), "PNG", exif=exif)).pixels, gradient())


def test_grey_palette_and_cmyk() -> None:
    grey = gradient()[:, :, 0]
    np.testing.assert_array_equal(read_photo(Image.fromarray(grey)).pixels, np.stack([grey] * 3, axis=-1))
    few = Image.fromarray(gradient()).quantize(16)
    np.testing.assert_array_equal(read_photo(encode(few, "PNG")).pixels, np.asarray(few.convert("RGB")))
    bilevel = Image.fromarray(grey > 100)
    assert set(np.unique(read_photo(encode(bilevel, "PNG")).pixels)) == {0, 255}
    cmyk = read_photo(encode(Image.fromarray(gradient()).convert("CMYK"), "TIFF")).pixels
    np.testing.assert_allclose(cmyk.astype(int), gradient(), atol=2)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    deep = (gradient()[:, :, 0].astype(np.uint16) * 257).astype(np.uint16)
    for source in (
        encode(Image.fromarray(deep), "PNG"),
        encode(Image.fromarray(deep), "TIFF"),
        Image.fromarray(deep),
    ):
        photo = read_photo(source)
        np.testing.assert_array_equal(photo.pixels[:, :, 1], gradient()[:, :, 0])
        assert photo.notes == ("16-bit grey reduced to 8 bits",)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"]
)
def test_every_mode_of_a_pil_image_is_read(mode: str) -> None:
    image = Image.fromarray(gradient()).convert("L" if mode in ("1", "La", "PA") else "RGB")
    step = {"La": "LA", "PA": "P", "RGBa": "RGBA"}.get(mode)
    if mode == "LAB":
        profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
        image = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    elif step:
        image = image.convert(step).convert(mode)
    else:
        image = image.convert(mode)
    photo = read_photo(image)
    assert photo.size == (HEIGHT, WIDTH)
    assert photo.pixels.std() > 10


def test_a_heic_photo_is_read_with_the_extra() -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    data = encode(Image.fromarray(gradient()), "HEIF", quality=95)
    np.testing.assert_allclose(read_photo(data).pixels.astype(int), gradient(), atol=40)


def test_a_heic_photo_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(ImageError, match=r"HEIC photo: pip install 'faceql\[heic\]'"):
        read_photo(b"\0\0\0\x18ftypheic" + bytes(40))


def test_a_tensor_is_refused_with_what_would_do() -> None:
    with pytest.raises(ImageError, match=r"not torch.Tensor; of a tensor give tensor.permute"):
        read_photo(torch.zeros(3, 4, 4))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_shown_over_white(mode: str) -> None:
    image = Image.fromarray(gradient()).convert(mode)
    opaque = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(read_photo(encode(image, "PNG")).pixels, opaque)
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, 10, HEIGHT))
    image.putalpha(alpha)
    photo = read_photo(encode(image, "PNG"))
    assert (photo.pixels[:, :10] == 255).all()
    np.testing.assert_array_equal(photo.pixels[:, 10:], opaque[:, 10:])
    assert photo.notes == ("transparent pixels shown over white",)


def test_a_transparent_palette_is_shown_over_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 10, 20])
    image.putpixel((3, 3), 0)
    photo = read_photo(encode(image, "PNG", transparency=0))
    assert photo.pixels[3, 3].tolist() == [255, 255, 255]
    assert photo.pixels[0, 0].tolist() == [200, 10, 20]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_read_with_a_note(format: str) -> None:
    frames = [Image.new("RGB", (16, 12), color) for color in ("red", "blue", "green")]
    photo = read_photo(encode(frames[0], format, save_all=True, append_images=frames[1:]))
    np.testing.assert_allclose(photo.pixels[6, 8], (255, 0, 0), atol=6)
    assert photo.notes == ("several frames or pages: the first one was read",)


@pytest.mark.parametrize(
    ("array", "hint"),
    [
        (np.full((4, 4, 3), np.nan), "float64 with values that are not finite"),
        (np.full((4, 4, 3), np.inf, np.float32), "float32 with values that are not finite"),
        (np.linspace(-1, 1, 48).reshape(4, 4, 3), r"float64 of -1 to 1 has no known range: scale it to 0\.\.1"),
        (np.full((4, 4, 3), 4095.0), "no known range: scale it"),
        (np.full((4, 4, 3), -1), r"int64 of -1 to -1 has no known range: scale it to 0\.\.255"),
        (np.full((4, 4, 3), 256, np.int32), "int32 of 256 to 256 has no known range"),
        (np.zeros((4, 4, 3), bool), "bool"),
        (np.zeros((4, 4, 3), complex), "complex128"),
        (np.zeros((4, 4, 3), object), "object"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((1, 4, 4, 3), np.uint8), "shape"),
        (np.zeros((3, 9, 9), np.uint8), r"array.transpose\(1, 2, 0\)"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        (np.zeros(0, np.uint8), "shape"),
    ],
)
def test_other_arrays_are_refused_with_what_would_do(array: np.ndarray, hint: str) -> None:
    with pytest.raises(ImageError, match=hint):
        read_photo(array)


@pytest.mark.parametrize("thing", [None, 7, [[1, 2]], object()])
def test_other_things_are_refused(thing: object) -> None:
    with pytest.raises(ImageError, match="a photo is a path, bytes"):
        read_photo(thing)  # type: ignore[arg-type]


def test_an_unknown_color_order_is_a_setting_error() -> None:
    with pytest.raises(ConfigError, match="bgr"):
        read_photo(gradient(), color="grb")  # type: ignore[arg-type]


def test_paths_that_are_no_photo(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no file"):
        read_photo(tmp_path / "missing.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        read_photo(tmp_path)
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match="0 bytes"):
        read_photo(tmp_path / "empty.jpg")
    with pytest.raises(ImageError, match="not a regular file"):
        read_photo("/dev/null")
    for name in ("", "nul\0.jpg", "x" * 100_000):
        with pytest.raises(ImageError):
            read_photo(name)


def test_formats_outside_the_list_are_refused() -> None:
    for data in (
        encode(Image.fromarray(gradient()), "TGA"),
        encode(Image.fromarray(gradient()), "EPS"),
        b"hello",
        b"GIF89a",
    ):
        with pytest.raises(ImageError):
            read_photo(data)
    with pytest.raises(ImageError, match="empty"):
        read_photo(b"")


def test_a_truncated_file_is_refused() -> None:
    data = encode(Image.fromarray(gradient()).resize((200, 200)), "JPEG")
    for share in (0.02, 0.3, 0.6, 0.95):
        with pytest.raises(ImageError):
            read_photo(data[: int(len(data) * share)])


@pytest.mark.parametrize("side", [10_000, 20_000, 2**31 - 1])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(ImageError, match="too large"):
        read_photo(png_header(side, side))


def test_the_limit_can_be_set() -> None:
    for source in (gradient(), Image.fromarray(gradient()), encode(Image.fromarray(gradient()), "PNG")):
        with pytest.raises(ImageError, match="too large: 40 x 24"):
            read_photo(source, max_pixels=WIDTH * HEIGHT - 1)
        assert read_photo(source, max_pixels=WIDTH * HEIGHT).size == (HEIGHT, WIDTH)


def test_floating_point_and_32_bit_files_have_no_range() -> None:
    for array in (np.full((4, 4), np.nan, np.float32), np.full((4, 4), 1 << 20, np.int32)):
        with pytest.raises(ImageError, match="no known range"):
            read_photo(encode(Image.fromarray(array), "TIFF"))


def sample_files() -> list[bytes]:
    image = Image.fromarray(gradient())
    exif = Image.Exif()
    exif[0x0112] = 6
    animation = {"save_all": True, "append_images": [image.rotate(90)]}
    return [
        encode(image, "JPEG", exif=exif),
        encode(image, "PNG", exif=exif),
        encode(image, "GIF", **animation),
        encode(image, "WEBP"),
        encode(image, "TIFF", compression="tiff_lzw"),
        encode(image, "BMP"),
    ]


def mutate_and_read(data: bytes, changes: list[tuple[int, int]], stop: int) -> None:
    mutated = bytearray(data)
    for place, value in changes:
        mutated[place % len(mutated)] = value
    try:
        photo = read_photo(bytes(mutated[: max(1, stop % (2 * len(mutated)))]), max_pixels=1_000_000)
    except ImageError:
        return
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3


CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=8)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150)
@given(st.sampled_from(sample_files()), CHANGES, st.integers(0, 1 << 20))
def test_a_damaged_file_is_read_or_refused(data: bytes, changes: list[tuple[int, int]], stop: int) -> None:
    mutate_and_read(data, changes, stop)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=5_000)
@given(st.sampled_from(sample_files()), CHANGES, st.integers(0, 1 << 20))
def test_thousands_of_damaged_files_are_read_or_refused(data: bytes, changes: list[tuple[int, int]], stop: int) -> None:
    mutate_and_read(data, changes, stop)
