"""The engine: a photo and an instruction in, an answer out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import get_args

import numpy as np
import torch

from ..errors import ConfigError
from ..querylang.query import Perspective, Query
from .answer import Answer
from .arguments import check_choice, read_number, read_whole, show
from .ask_settings import AskSettings, Boxes
from .backends import Backend, Precision, Weights, load_backend
from .choosing import check_found, number_faces, read_boxes
from .composing import LocatedFace, compose_answer
from .encoded_image import EncodedImage, choose_asked_faces, read_wanted
from .encoding import ByteArray, FaceCrop, FaceEncoder, judge_face
from .faces import Face, FaceFinder
from .finders import FinderRuntime, default_face_finder
from .following import Selection
from .forking import note_use
from .images import MAX_PIXELS, ColorOrder, ImageSource, Photo, read_many, read_photo
from .layout import lay_out_each
from .many import Outcome, ask_each
from .measures import MEASURES_INSTRUCTION, Measures
from .tracking import SEARCH_EVERY, FrameAnswer, Tracker
from .video import FrameSource, read_frames

DOUBTFUL_ABOVE = 0.055
"""Most of the things that only look like a face lie above it, and few of the faces whose lower half is hidden;
`benchmarks/finding.py` prints how many."""


class Engine:
    """Answers instructions on photos. One engine serves many threads, and one process: a fork of a process in which an
    engine has worked refuses to work (start workers with "spawn").

    Args:
        device: "auto" (CUDA where there is one, else the CPU), or a torch device by name.
        weights: "fast" for the small detector that is shipped beside the default one, a checkpoint's path, or a
            detector that is loaded already; None for the default. With another backend than "torch" also a folder
            that `faceql export` wrote.
        face_finder: What finds faces; None for `YuNetFinder`, see `faceql.engine.finders`.
        max_pixels: Larger photos are refused.
        find_upright: A face that is turned in the photo, by whatever angle, is found so by a first look at it and
            cut out again, upright. False takes every face as its box has it.
        backend: "torch", or "openvino" or "onnxruntime", which run on the CPU on as many threads as PyTorch is set to
            when the engine is made. OpenVINO is the fastest (`benchmarks/ask_speed.py`) and finds faces too. Their
            answers differ by up to 1e-3 px (on a face of up to 500 px; on larger ones in proportion), so neither is
            chosen unless named. A checkpoint is exported in memory each time an engine is made, which takes ten
            seconds or more and leaves no file behind; a folder that `faceql export` wrote is ready at once.
        precision: "float32", or "bfloat16" for an image encoder that computes in it, on processors that have it (AMX,
            AVX-512 BF16), by PyTorch or OpenVINO, and for curves that are fixed by fewer places: faster, and answers
            differ by some tenths of a pixel, so it is never chosen unless named.
        doubtful_above: A face is called doubtful, which may be none at all, where the expected error of a look at it
            is more than this share of its longer side; where its finder is unsure of it, somewhat sooner. None for
            0.055.
        flip_test: Whether every answer is the mean of the face's and of its mirror image's: more exact and steadier,
            at a higher cost (the model card and `benchmarks/ask_speed.py` have both).

    Raises:
        CheckpointError: The weights are missing, damaged, or for the other backend.
        ConfigError: There is no such device, backend or precision, the backend is not installed, another argument is
            of a wrong kind, or an engine worked in this process before it was forked.

    Examples:
        >>> engine = faceql.Engine("cpu")
        >>> engine.ask("examples/astronaut.jpg", "4 points per eyebrow").xy.shape
        (8, 2)
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
        precision: Precision = "float32",
        doubtful_above: float | None = None,
    ) -> None:
        note_use()
        if doubtful_above is None:
            doubtful_above = DOUBTFUL_ABOVE
        self._doubtful_above = read_number("doubtful_above", doubtful_above, "a share of the face's size, such as 0.05")
        self._max_pixels = read_whole("max_pixels", max_pixels, 1)
        if face_finder is not None and (
            isinstance(face_finder, str | bytes | type) or not callable(getattr(face_finder, "find", None))
        ):
            raise ConfigError(
                f"face_finder is an object with a method find(photo), see FaceFinder, not {show(face_finder)}"
            )
        detector, self._model_version, self._device = load_backend(backend, device, weights, precision)
        self._encoder = FaceEncoder(detector, self._device, find_upright, flip_test, roughly=precision != "float32")
        self._backend, self._precision = backend, precision
        self._face_finder = face_finder
        self._finder_lock = threading.Lock()

    @property
    def model_version(self) -> str:
        """Which weights answer.

        Examples:
            >>> engine.model_version.startswith("faceql-")
            True
        """
        return self._model_version

    @property
    def device(self) -> torch.device:
        """Where the detector runs.

        Examples:
            >>> engine.device.type
            'cpu'
        """
        return self._device

    @property
    def backend(self) -> Backend:
        """What runs the detector.

        Examples:
            >>> engine.backend
            'torch'
        """
        return self._backend

    def encode(self, image: ImageSource, *, boxes: Boxes | None = None, color: ColorOrder = "rgb") -> EncodedImage:
        """Read a photo and find its faces, for many asks.

        A face is cut out and encoded when it is first asked about; later asks about it pay for the decoding
        only. A photo without faces is encoded too: asking about it raises `NoFaceError`.

        Args:
            image: A path, the bytes of an image file, an open file, a PIL image, or an array (height, width, 3), grey
                (height, width) or with alpha (height, width, 4): uint8, or numbers that `read_photo` converts.
            boxes: Face boxes (x0, y0, x1, y1) in pixels of the photo, in place of finding faces: as a face
                finder draws them, forehead to chin and cheek to cheek.
            color: "bgr" for an array whose channels come in OpenCV's order.

        Raises:
            ImageError: The photo cannot be read, or a box is no box.
            CheckpointError: The face finder's weights are missing or damaged.

        Examples:
            >>> photo = engine.encode("examples/astronaut.jpg")
            >>> [face.number for face in photo.faces], photo.image_size
            ([1], (512, 512))
        """
        note_use()
        return self._find_faces(read_photo(image, color=color, max_pixels=self._max_pixels), boxes)

    def ask(
        self,
        image: ImageSource | EncodedImage,
        instruction: str | Query,
        *,
        faces: str | None = None,
        boxes: Boxes | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
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
            ids_from: The first id of a layout, 1 or 0, in an instruction given as text.
            color: As for `encode`.

        Returns:
            The points in the order asked, face by face, in pixels of the photo.

        Raises:
            QueryError: The instruction cannot be understood.
            NoFaceError: No face was found.
            NoSuchFaceError: There are fewer faces than the one asked for.
            ImageError: The photo cannot be read, or a box is no box.
            ConfigError: A setting is wrong, the `EncodedImage` is another engine's, or only points that are seen are
                asked of weights that do not tell.

        Examples:
            >>> answer = engine.ask(photo, "her left eye", perspective="subject")
            >>> set(answer.parts), len(answer)
            ({'right eye'}, 8)
        """
        note_use()
        # Before the photo is read: a mistake in the text should cost nothing.
        query = AskSettings(perspective=perspective, ids_from=ids_from).parse(instruction)
        check_choice("color", color, get_args(ColorOrder))
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
        ids_from: int = 1,
        color: ColorOrder = "rgb",
        batch: int = 16,
        keep_photos: bool = False,
    ) -> Iterator[Outcome]:
        """Answer one instruction on many photos; a photo that cannot be answered does not stop the others.

        On a CPU several photos are worked on at once, each by one of the threads that PyTorch is set to; on a GPU
        photos are read ahead in threads and their faces encoded together. However many there are, only those are in
        memory: give a generator or a list of paths.

        Args:
            images: Photos as for `encode`, taken one after the other as they are needed.
            instruction, faces, perspective, ids_from, color: As for `ask`.
            batch: On a GPU, the most photos whose faces are encoded together.
            keep_photos: Whether answers keep their photo, for `draw`; then whoever keeps the answers keeps them all.

        Returns:
            An iterator over the outcome of each photo, in order: its answer, or the error it met.

        Raises:
            QueryError: The instruction cannot be understood.
            ConfigError: A setting is wrong.

        Examples:
            >>> for outcome in engine.ask_many(["examples/astronaut.jpg", "missing.jpg"], "pupils"):
            ...     print(outcome.error or len(outcome.get()))
            2
            there is no file 'missing.jpg'
        """
        query = AskSettings(perspective=perspective, ids_from=ids_from).parse(instruction)
        images = read_many("images", images)
        batch = read_whole("batch", batch, 1)
        check_choice("color", color, get_args(ColorOrder))
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

        Examples:
            >>> (face,) = engine.measure(photo)
            >>> round(face.eye_openness("left eye"), 1), face.mouth_openness > 0.1
            (0.3, True)
        """
        answer = self.ask(image, MEASURES_INSTRUCTION, faces=faces, boxes=boxes, color=color)
        return tuple(Measures(answer, face) for face in range(len(answer.faces)))

    def track(
        self,
        frames: FrameSource,
        instruction: str | Query,
        *,
        fps: float | None = None,
        smooth: bool = True,
        faces: str | None = None,
        perspective: Perspective = "viewer",
        ids_from: int = 1,
        color: ColorOrder = "rgb",
        search_every: int = SEARCH_EVERY,
        keep_photos: bool = False,
    ) -> Iterator[FrameAnswer]:
        """Answer one instruction on every frame of a moving picture, following its faces.

        A face is looked at where its own landmarks and its motion say that it will be, without a search of the frame,
        and keeps its identity while others pass in front of it or something hides it for up to two seconds. Which faces
        are meant ("leftmost face") is told once, when there are as many as that, and kept while they are there. Only
        one frame is in memory.

        Args:
            frames: A video's path, a camera's number, or the frames: photos as for `encode`, or `VideoFrame`s.
            instruction, faces, perspective, ids_from, color: As for `ask`.
            fps: Frames a second, for frames that have no times of their own; None for 30.
            smooth: Whether points are smoothed over time, those in doubt more. False gives what each frame shows.
            search_every: Frames between two searches for faces that come in, while more are asked about than are
                followed ("every face").
            keep_photos: Whether answers keep their frame, for `draw`.

        Returns:
            An iterator over the answers, one for each frame, with its time, identities, and whether each face was
            tracked or found. A frame in which no asked face is seen has an answer without points.

        Raises:
            QueryError: The instruction cannot be understood.
            VideoError: The file or camera cannot be read, or no further: the frames before were answered.
            ImageError: A frame cannot be read.
            ConfigError: A setting is wrong, or the extra `video` is not installed.

        Examples:
            >>> frames = [read_photo("examples/astronaut.jpg").pixels] * 3
            >>> [(frame.frame, frame.identities, frame.how) for frame in engine.track(frames, "pupils")]
            [(0, (1,), ('found',)), (1, (1,), ('tracked',)), (2, (1,), ('tracked',))]
        """
        note_use()
        query = AskSettings(perspective=perspective, ids_from=ids_from).parse(instruction)
        search_every = read_whole("search_every", search_every, 1)
        check_choice("color", color, get_args(ColorOrder))
        selection = Selection(query.faces if faces is None else faces)
        read = read_frames(frames, fps=fps, color=color, max_pixels=self._max_pixels)
        tracker = Tracker(
            self._encoder, self._find_numbered, self._locate_on_face, self._doubtful_above, self._model_version
        )
        return tracker.track(read, query, selection, smooth=smooth, search_every=search_every, keep_photos=keep_photos)

    def encode_faces(self, wanted: Iterable[tuple[EncodedImage, int]]) -> None:
        """Encode faces of one or many photos ahead of their asks; on a GPU, many in one pass through the encoder.

        Args:
            wanted: Each photo with an index into its `faces`; those that are encoded already cost nothing.

        Raises:
            ConfigError: It is no list of such pairs.
            NoSuchFaceError: A photo has no such face.

        Examples:
            >>> engine.encode_faces([(photo, 0)])
            >>> photo.nbytes > photo.photo.pixels.nbytes
            True
        """
        note_use()
        pairs = [wanted] if isinstance(wanted, EncodedImage) or not isinstance(wanted, Iterable) else list(wanted)
        missing = list(dict.fromkeys(pair for pair in map(read_wanted, pairs) if pair[1] not in pair[0]._crops))
        if not missing:
            return
        made = self._encoder.encode([(image.photo.pixels, image.faces[index]) for image, index in missing])
        for (image, index), crop in zip(missing, made, strict=True):
            image._crops.put(index, crop)

    def _find_faces(self, photo: Photo, boxes: Boxes | None) -> EncodedImage:
        if boxes is not None:
            return EncodedImage(photo, number_faces(read_boxes(boxes, photo.size)), True, self._model_version)
        found = self._find_numbered(photo.pixels)
        describe = getattr(self._face_finder, "describe_search", None)
        search = describe(*photo.size) if describe and not found else "searched"
        return EncodedImage(photo, tuple(found), False, self._model_version, search)

    def _find_numbered(self, pixels: ByteArray) -> list[Face]:
        """Return the faces of a photo (height, width, 3) uint8 RGB, numbered and sorted from left to right."""
        with self._finder_lock:
            runtime: FinderRuntime = "openvino" if self._backend == "openvino" else "torch"
            if self._face_finder is None:
                self._face_finder = default_face_finder(runtime, self._precision)
            finder = self._face_finder
        return sorted(number_faces(check_found(finder.find(pixels))), key=lambda face: face.number)

    def _answer(self, image: EncodedImage, query: Query, faces: str | None) -> Answer:
        chosen = choose_asked_faces(image, query, faces)
        crops = [self._get_crop(image, index) for index in chosen]
        seen = [judge_face(image.faces[i], crop, self._doubtful_above) for i, crop in zip(chosen, crops, strict=True)]
        located = [self._locate_on_face(face, crop, query) for face, crop in zip(seen, crops, strict=True)]
        return compose_answer(image, query, located, is_default=faces is None)

    def _get_crop(self, image: EncodedImage, index: int) -> FaceCrop:
        return image._crops.get(index, lambda: self._encoder.encode([(image.photo.pixels, image.faces[index])])[0])

    def _locate_on_face(self, face: Face, crop: FaceCrop, query: Query) -> LocatedFace:
        """Return the places of each of the query's runs on one face, and where they lie."""
        each = lay_out_each(query, lambda places: self._encoder.locate(crop, places).xy)
        located = self._encoder.locate(crop, [place for places in each for place in places])
        on_surface = any(place.v is not None for places in each for place in places)
        vertices = self._encoder.locate_mesh(crop).astype(np.float32) if on_surface else None
        return LocatedFace(face, crop.doubt, each, located, vertices)
