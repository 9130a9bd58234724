"""Reading a photo: from a path, bytes, an open file, a PIL image or an array to upright 8-bit RGB pixels."""

from __future__ import annotations

import importlib
import io
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, get_args, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from ..errors import ConfigError, FaceQLError, ImageError, TooManyPixelsError
from .arguments import check_choice, read_whole, show, show_path
from .array_photos import bring_to_rgb
from .jpeg_markers import JPEG_HEAD, check_jpeg_markers
from .png_chunks import PNG_HEAD, check_png_chunks

ColorOrder = Literal["rgb", "bgr"]

# Others (PostScript, FITS, ...) run interpreters or little-tested decoders on hostile bytes. HEIF is read where
# pillow-heif is installed.
READABLE_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "HEIF")

# Pillow's own limit, above which it warns: some 9,459 x 9,459.
MAX_PIXELS = 89_478_485
# No format read here needs more: four channels of 16 bits.
MAX_BYTES_A_PIXEL = 8

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo as the engine works on it.

    Attributes:
        pixels: (height, width, 3) uint8 RGB, upright, read-only.
        notes: What was decided while reading it (first frame taken, turned by its EXIF tag, ...).

    Raises:
        ImageError: The pixels are none; `read_photo` makes a photo of anything that is one.

    Examples:
        >>> photo = read_photo("examples/astronaut.jpg")
        >>> photo.size, photo.pixels.dtype
        ((512, 512), dtype('uint8'))
    """

    pixels: npt.NDArray[np.uint8] = field(repr=False)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pixels: object = self.pixels
        is_rgb = isinstance(pixels, np.ndarray) and pixels.ndim == 3 and pixels.shape[2] == 3
        if not is_rgb or self.pixels.dtype != np.uint8:
            raise ImageError(f"a Photo has pixels (height, width, 3) uint8 RGB, not {show(pixels)}: use read_photo")
        # A view: the caller's own array stays as it is.
        own = self.pixels.view()
        own.flags.writeable = False
        object.__setattr__(self, "pixels", own)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only on the other side too.
        return _freeze, (np.asarray(self.pixels), self.notes)


@runtime_checkable
class OpenFile(Protocol):
    """A file opened for reading bytes, an `io.BytesIO`, or whatever else has their `read`."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` further bytes, none at the end."""
        ...


ImageSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | OpenFile | Image.Image | npt.NDArray[Any] | Photo
)


def read_photo(image: ImageSource, *, color: ColorOrder = "rgb", max_pixels: int = MAX_PIXELS) -> Photo:
    """Read a photo and bring it to upright 8-bit RGB.

    Files and PIL images are turned by their EXIF orientation; grey, palette, CMYK, 16-bit and
    transparent images are converted (transparency over white); of an animation or a multi-page file the
    first frame is read. Arrays are read as `bring_to_rgb` has it. What was done is told in the notes.

    Args:
        image: A path, the bytes of an image file, a file opened in binary mode, which is read from its start, a PIL
            image, an array (height, width, 3) or grey (height, width) or with alpha (height, width, 4), which is
            copied, or a photo that was read before, which is given back. An array is best uint8; uint16, other integers
            of 0..255 and floats of 0..1 are converted.
        color: The order of an array's channels; files and PIL images know their own.
        max_pixels: A photo with more pixels is refused before it is decoded.

    Raises:
        ImageError: It cannot be read, or is too large, or is not of these kinds.
        ConfigError: `color` is neither "rgb" nor "bgr", or `max_pixels` no number of pixels.

    Examples:
        >>> read_photo(np.full((4, 4), 0.5)).notes
        ('float64 taken as 0 to 1', 'grey, taken for all three colours')
    """
    check_choice("color", color, get_args(ColorOrder))
    max_pixels = read_whole("max_pixels", max_pixels, 1)
    if isinstance(image, Photo):
        _check_size(image.size[1], image.size[0], "the image", max_pixels)
        return image
    if isinstance(image, np.ndarray):
        return _freeze(*bring_to_rgb(image, is_bgr=color == "bgr", max_pixels=max_pixels))
    try:
        if isinstance(image, Image.Image):
            return _read_pil_image(image, "the PIL image", max_pixels)
        if isinstance(image, bytes | bytearray | memoryview):
            if len(image) == 0:
                raise ImageError("the image is empty")
            return _read_stream(io.BytesIO(image), "the image", max_pixels)
        if isinstance(image, str | os.PathLike):
            return _read_path(image, max_pixels)
        if isinstance(image, OpenFile):
            return _read_stream(io.BytesIO(read_open_file(image, max_pixels)), "the file", max_pixels)
    except FaceQLError:
        raise
    except Exception as error:  # decoders raise anything at all on damaged files
        name = show_path(image) if isinstance(image, str | os.PathLike) else "the image"
        raise ImageError(f"{name} cannot be read: {_reason(error)}") from error
    kind = f"{type(image).__module__}.{type(image).__qualname__}"
    hint = "; of a tensor give tensor.permute(1, 2, 0).cpu().numpy()" if kind == "torch.Tensor" else ""
    raise ImageError(f"a photo is a path, bytes, an open file, a PIL image or an array, not {kind}{hint}")


def read_many(name: str, photos: object) -> Iterable[Any]:
    """Return many photos, if they are: one photo's rows or bytes are none.

    Raises:
        ConfigError: It is none.
    """
    is_one = isinstance(photos, np.ndarray) and photos.ndim < 4
    is_other = isinstance(photos, str | bytes | bytearray | memoryview | Mapping | io.IOBase)
    if is_one or is_other or not isinstance(photos, Iterable):
        raise ConfigError(f"{name} is a list of photos, not {show(photos)}: put a single photo in a list")
    return photos


def read_open_file(file: OpenFile, max_pixels: int = MAX_PIXELS) -> bytes:
    """Return all bytes of an open file, from its start where it can go back there.

    Raises:
        ImageError: It is empty, gives no bytes, or has more than a photo of so many pixels can need.
    """
    most = max_pixels * MAX_BYTES_A_PIXEL + (1 << 20)
    # Whoever has just written a file, or looked into it, left it at some other place.
    if getattr(file, "seekable", lambda: False)():
        file.seek(0)  # type: ignore[attr-defined]
    data = bytearray()
    while part := file.read(1 << 20):
        if not isinstance(part, bytes | bytearray | memoryview):
            hint = "open the file in binary mode, 'rb'" if isinstance(part, str) else "give its bytes"
            raise ImageError(f"reading the file gives {type(part).__name__}, not bytes: {hint}")
        data += part
        if len(data) > most:
            raise ImageError(f"the file is too large: more than {most:,} bytes")
    if not data:
        raise ImageError("the file is empty")
    return bytes(data)


def _read_path(path: str | os.PathLike[str], max_pixels: int) -> Photo:
    path = Path(path)
    name = f"{str(path)!r}"
    try:
        mode = path.stat().st_mode
        # A pipe or a device could block for ever or never end.
        if not stat.S_ISREG(mode):
            raise ImageError(f"{name} is {'a folder' if stat.S_ISDIR(mode) else 'not a regular file'}")
        with path.open("rb") as stream:
            if path.stat().st_size == 0:
                raise ImageError(f"{name} is empty (0 bytes)")
            return _read_stream(stream, name, max_pixels)
    except FileNotFoundError as error:
        raise ImageError(f"there is no file {name}") from error
    except PermissionError as error:
        raise ImageError(f"{name} may not be read: permission denied") from error


def _read_stream(stream: BinaryIO, name: str, max_pixels: int) -> Photo:
    Image.init()
    head = stream.read(len(PNG_HEAD))
    if head.startswith((JPEG_HEAD, PNG_HEAD)):
        data = head + stream.read()
        check_jpeg_markers(data, name, max_pixels)
        check_png_chunks(data, name)
        stream = io.BytesIO(data)
    stream.seek(0)
    if _is_heif(stream) and "HEIF" not in Image.OPEN:
        _register_heif(name)
    formats = [name for name in READABLE_FORMATS if name in Image.OPEN]
    try:
        image = Image.open(stream, formats=formats)
    except UnidentifiedImageError as error:
        known = ", ".join(f for f in formats if f != "MPO")
        raise ImageError(f"{name} is not an image that can be read here ({known})") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{name} is too large: more than {max_pixels:,} pixels") from error
    with image:
        return _read_pil_image(image, name, max_pixels)


def _is_heif(stream: BinaryIO) -> bool:
    head = stream.read(12)
    stream.seek(0)
    # AVIF has the same container, and a decoder in Pillow.
    return head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1")


def _register_heif(name: str) -> None:
    try:
        pillow_heif = importlib.import_module("pillow_heif")
    except ImportError as error:
        raise ImageError(f"{name} is a HEIC photo: pip install 'faceql[heic]' to read it") from error
    pillow_heif.register_heif_opener()


def _read_pil_image(image: Image.Image, name: str, max_pixels: int) -> Photo:
    _check_size(image.width, image.height, name, max_pixels)
    notes: list[str] = []
    # Pillow turns a TIFF itself while it loads, and forgets why.
    turned = _read_orientation(image, []) if image.format == "TIFF" else 1
    image.load()
    upright = _to_rgb(image, notes)
    orientation = _read_orientation(image, notes)
    upright = upright.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else upright
    if (turned := max(turned, orientation)) in _TRANSPOSE:
        notes.append(f"turned by its EXIF orientation {turned}: coordinates are in the upright photo")
    # An MPO file's further frames are depth maps and the like: not an animation.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        notes.append("several frames or pages: the first one was read")
    return _freeze(np.asarray(upright), tuple(notes))


def _to_rgb(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.mode == "F":
        raise ImageError("an image of floating-point grey has no known range: convert it to 8 bits")
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ImageError("an image of 32-bit grey has no known range: convert it to 8 bits")
        notes.append("16-bit grey reduced to 8 bits")
        return Image.fromarray(((values + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A")
        if alpha.getextrema()[0] == 255:
            return rgba.convert("RGB")
        notes.append("transparent pixels shown over white")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=alpha)
        return white
    return image.convert("RGB")


def _read_orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged metadata must not cost the photo, and its parser raises anything
        notes.append("its EXIF data is damaged: taken as upright")
        return 1
    return orientation if isinstance(orientation, int) else 1


def _check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"{name} has no pixels ({width} x {height})")
    if width * height > max_pixels:
        raise TooManyPixelsError(name, width, height, max_pixels)


def _freeze(pixels: npt.NDArray[np.uint8], notes: tuple[str, ...]) -> Photo:
    # A copy: the caller's array may change while faces are still to be cut from it.
    own = np.array(pixels, dtype=np.uint8, order="C", copy=True)
    own.flags.writeable = False
    return Photo(own, notes)


def _reason(error: Exception) -> str:
    """Return why a decoder gave up, without the names of its own code."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if len(error.args) == 1 and isinstance(error.args[0], bytes):
        return error.args[0].decode("latin-1")
    text = str(error).strip()
    return "it holds far more text than a photo does" if "MAX_TEXT" in text else text or type(error).__name__
