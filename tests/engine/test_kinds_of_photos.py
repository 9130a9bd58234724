"""Kinds of photos that other tools hold: grey, deep, floating and transparent arrays, and open files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine, read_photo
from faceql.errors import ImageError, TooManyPixelsError

HEIGHT, WIDTH = 24, 40


def gradient() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([x * 6, y * 10, 30 + (x + y) * 3], axis=-1).astype(np.uint8)


GREY = gradient()[:, :, 0]


@pytest.mark.parametrize("array", [GREY, GREY[:, :, None]], ids=["flat", "one channel"])
def test_grey_is_taken_for_all_three_colours(array: np.ndarray) -> None:
    photo = read_photo(array)
    np.testing.assert_array_equal(photo.pixels, np.stack([GREY] * 3, axis=-1))
    assert photo.notes == ("grey, taken for all three colours",)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("white", [1, 255])
def test_floats_come_back_as_the_bytes_they_were(dtype: type, white: int) -> None:
    photo = read_photo((gradient() / 255 * white).astype(dtype))
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert photo.notes == (f"{np.dtype(dtype)} taken as 0 to {white}",)


def test_floats_a_little_outside_are_cut_off() -> None:
    floats = np.array([-0.03, 0, 0.5, 1, 1.04]).repeat(3).reshape(1, 5, 3)
    assert read_photo(floats).pixels[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_uint16_is_scaled_in_every_channel() -> None:
    photo = read_photo(gradient().astype(np.uint16) * 257)
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert photo.notes == ("uint16 reduced to 8 bits: 65535 is white",)
    grey = read_photo(GREY.astype(np.uint16) * 257)
    np.testing.assert_array_equal(grey.pixels[:, :, 1], GREY)
    assert len(grey.notes) == 2


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.int16])
def test_integers_that_are_bytes_are_taken_for_bytes(dtype: type) -> None:
    photo = read_photo(gradient().astype(dtype))
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert photo.notes == (f"{np.dtype(dtype)} of 0 to 234, taken for 8 bits",)


@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_alpha_is_shown_over_white_as_of_a_file(color: str) -> None:
    alpha = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1).astype(np.uint8)
    rgba = np.concatenate([gradient(), alpha], axis=2)
    stream = io.BytesIO()
    Image.fromarray(rgba).save(stream, "PNG")
    want = read_photo(stream.getvalue())
    photo = read_photo(rgba if color == "rgb" else rgba[:, :, [2, 1, 0, 3]], color=color)  # type: ignore[arg-type]
    np.testing.assert_allclose(photo.pixels.astype(int), want.pixels, atol=1)
    assert photo.notes == want.notes == ("transparent pixels shown over white",)


@pytest.mark.parametrize("white", [1.0, 65535])
def test_an_opaque_alpha_of_any_kind_changes_nothing(white: float) -> None:
    rgba = np.concatenate([gradient(), np.full((HEIGHT, WIDTH, 1), 255, np.uint8)], axis=2) / 255 * white
    photo = read_photo(rgba if white == 1 else np.rint(rgba).astype(np.uint16))
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert "transparent pixels shown over white" not in photo.notes


def test_a_large_array_is_refused_before_it_is_converted() -> None:
    huge = np.broadcast_to(np.float64(0.5), (100_000, 100_000))
    with pytest.raises(TooManyPixelsError, match="too large: 100000 x 100000"):
        read_photo(huge)


def write_png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(gradient()).save(stream, "PNG")
    return stream.getvalue()


def test_files_that_are_open_are_read_from_their_start(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    stream = io.BytesIO()
    Image.fromarray(gradient()).save(stream, "PNG")  # leaves it at its end
    path.write_bytes(stream.getvalue())
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "photo.png")
    with path.open("rb") as file, path.open("rb", buffering=0) as raw, zipfile.ZipFile(tmp_path / "photos.zip") as z:
        file.read(7)
        with z.open("photo.png") as member:
            for source in (stream, file, raw, member):
                np.testing.assert_array_equal(read_photo(source).pixels, gradient())


class Download:
    """What comes over a network: it gives a few bytes at a time and cannot go back."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(min(size, 100) if size > 0 else -1)


class Endless:
    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def test_a_download_is_read_to_its_end() -> None:
    np.testing.assert_array_equal(read_photo(Download(write_png())).pixels, gradient())


def test_files_that_hold_no_photo_say_so(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="the file is empty"):
        read_photo(io.BytesIO())
    with pytest.raises(ImageError, match="the file is not an image"):
        read_photo(io.BytesIO(b"hello"))
    with pytest.raises(ImageError, match="not bytes: open the file in binary mode, 'rb'"):
        read_photo(io.StringIO("hello"))  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="too large"):
        read_photo(Endless(), max_pixels=1000)
    (tmp_path / "photo.png").write_bytes(write_png())
    with (tmp_path / "photo.png").open("rb") as file:
        pass
    with pytest.raises(ImageError, match="closed file"):
        read_photo(file)


def test_every_kind_is_asked_alike(astronaut: np.ndarray, astronaut_path: Path, shipped_engine: Engine) -> None:
    want = shipped_engine.ask(astronaut, "pupils")
    rgba = np.concatenate([astronaut, np.full((512, 512, 1), 255, np.uint8)], axis=2)
    with astronaut_path.open("rb") as file:
        for source in (astronaut / 255, astronaut.astype(np.uint16) * 257, rgba, file):
            np.testing.assert_array_equal(shipped_engine.ask(source, "pupils").xy, want.xy)
    assert shipped_engine.ask(astronaut / 255, "pupils").notes == ("float64 taken as 0 to 1", *want.notes)
