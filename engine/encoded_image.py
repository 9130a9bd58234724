"""A photo whose faces are found; each is encoded when it is first asked about."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property

import torch

from ..errors import ConfigError, NoFaceError, NoSuchFaceError
from ..querylang.query import Query
from . import notebook
from .arguments import read_index, show
from .choosing import choose_faces
from .encoding import FaceCrop
from .faces import Face
from .images import Photo


class FaceCrops:
    """The crops of an encoded image: each made once, when first asked about, whichever thread asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, FaceCrop] = {}

    def get(self, index: int, make: Callable[[], FaceCrop]) -> FaceCrop:
        """Return a face's crop, made now if nobody has made it."""
        made = self._made.get(index)
        if made is None:
            with self._lock:
                made = self._made.get(index)
                if made is None:
                    made = self._made[index] = make()
        return made

    def put(self, index: int, crop: FaceCrop) -> None:
        """Keep a face's crop, unless another thread was faster."""
        with self._lock:
            self._made.setdefault(index, crop)

    def __contains__(self, index: int) -> bool:
        return index in self._made

    def __getstate__(self) -> dict[int, FaceCrop]:
        return dict(self._made)

    def __setstate__(self, made: dict[int, FaceCrop]) -> None:
        self._lock = threading.Lock()
        self._made = made

    @property
    def nbytes(self) -> int:
        """The memory of all that is made."""
        return sum(count_bytes(crop.encoded) for crop in tuple(self._made.values()))


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """A photo whose faces are found and, once asked about, encoded; an ask takes it in place of the photo.

    Attributes:
        photo: The photo.
        faces: Its faces, numbered left to right; sorted so when found, in the caller's order for boxes.
        has_own_boxes: Whether the caller gave the boxes.
        model_version: Which weights encoded it.
        search: What was tried to find faces, for people.

    Examples:
        >>> photo = engine.encode("examples/astronaut.jpg")
        >>> len(engine.ask(photo, "the 300W layout")), len(engine.ask(photo, "pupils"))
        (68, 2)
    """

    photo: Photo
    faces: tuple[Face, ...]
    has_own_boxes: bool
    model_version: str
    search: str = "searched"
    _crops: FaceCrops = field(default_factory=FaceCrops, repr=False)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) in pixels.

        Examples:
            >>> photo.image_size
            (512, 512)
        """
        return self.photo.size

    @cached_property
    def content(self) -> bytes:
        """A digest of all that its answers depend on: equal for images of the same pixels, boxes and weights.

        Examples:
            >>> photo.content == engine.encode("examples/astronaut.jpg").content
            True
        """
        digest = hashlib.sha256(repr((self.model_version, self.has_own_boxes, self.faces, self.image_size)).encode())
        digest.update(self.photo.pixels.data)
        return digest.digest()

    def _repr_html_(self) -> str:
        """Show the photo in Jupyter, with its faces in boxes."""
        return notebook.show_encoded(self)

    def _repr_png_(self) -> bytes:
        """Show the same where HTML is not shown."""
        return notebook.picture_encoded(self)

    @property
    def nbytes(self) -> int:
        """The memory it holds: the photo's pixels and every face that is encoded by now.

        Examples:
            >>> photo.nbytes >= 512 * 512 * 3
            True
        """
        return self.photo.pixels.nbytes + self._crops.nbytes


def choose_asked_faces(image: EncodedImage, query: Query, faces: str | None = None) -> list[int]:
    """Return the indices into `image.faces` that an ask is about; `faces` goes over what the query says.

    Raises:
        NoFaceError: No face was found.
        NoSuchFaceError: There are fewer faces than the one asked for.
        ConfigError: `faces` names none.

    Examples:
        >>> choose_asked_faces(photo, faceql.parse("pupils of every face"))
        [0]
    """
    if not image.faces:
        height, width = image.image_size
        raise NoFaceError(
            f"no face was found in the photo of {width} x {height} pixels ({image.search}); if there is one, "
            "give its box, x0, y0, x1, y1 in pixels"
        )
    is_default = faces is None and query.faces == "largest"
    wanted = query.faces if faces is None else faces
    return choose_faces(image.faces, "all" if is_default and image.has_own_boxes else wanted)


def read_wanted(pair: object) -> tuple[EncodedImage, int]:
    """Return an encoded image and an index into its faces.

    Raises:
        ConfigError: It is no such pair.
        NoSuchFaceError: The photo has no such face.
    """
    if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], EncodedImage):
        raise ConfigError(f"what is to be encoded is (encoded image, index into its faces), not {show(pair)}")
    image, index = pair
    index = read_index(index)
    if not 0 <= index < len(image.faces):
        raise NoSuchFaceError(f"the photo has {len(image.faces)} face(s): there is no index {show(index)}")
    return image, index


def count_bytes(value: object) -> int:
    """Return the bytes of all tensors inside a value made of dataclasses and tuples."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(map(count_bytes, value))
    if is_dataclass(value):
        return sum(count_bytes(getattr(value, item.name)) for item in fields(value))
    return 0
