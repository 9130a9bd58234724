"""Running the detector: faces to encoded crops in which they stand upright, places to coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import torch

from ..model.crops import DEFAULT_MARGIN, CropFrame, cut_crop
from ..model.detector import EncodedCrops, join_crops, select_crop
from ..model.reader import AnswersQueries, Curves, LandmarkReader, Reading
from .curves import Place
from .faces import Face
from .upright import RollGauge, turn_upright

FloatArray = npt.NDArray[np.float64]
ByteArray = npt.NDArray[np.uint8]

# Bounds the memory of an encode, by the kind of device. On a CPU a face at a time is as fast as several, and its answer
# is then the same to the last bit in whatever company it was asked; a GPU is faster with several.
FACES_PER_PASS = {"cpu": 1, "cuda": 32}
# The detector's expected errors are pixels of a crop of this side.
ERROR_CROP_PX = 256
# A face turned further than this in its crop is cut out again, upright. Most heads are held within it, and the
# detector is as sure there as at 0.
MAX_ROLL = math.radians(15)
MAX_CUTS = 3
# How far a face may lie from its crop's middle, and its crop differ from the landmarks' own, in shares of its side:
# three times the face finder's spread (`benchmarks/face_finder_fit.py`).
MAX_SHIFT = 0.1
MAX_SCALE = 0.15
# A mean log scale of the context above this: the detector may have taken a turned face for an upright one.
DOUBTFUL_LOG_SCALE = 2.4
# Below this it is a face, seen as it stands: no other look would tell more. The median of whole faces is 1.2.
PLAIN_LOG_SCALE = 1.4
OTHER_TURNS = (math.pi / 2, math.pi, -math.pi / 2)
# People stand. A face whose lower half is hidden reads almost as well on its head, with a mouth in the hair: a view
# that is turned further than a head leans must be less doubtful than an upright one by this much.
MOST_LEANING = math.radians(60)
UPRIGHT_WORTH = 0.25
# What the finder is unsure of must be seen better: with this weight for its score, and from this score up with none,
# doubt tells faces from what only looks like one best (`benchmarks/finding.py`).
SCORE_WEIGHT = 2.0
SURE_SCORE = 0.9


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """One face, encoded: its square in the photo and all the work that needs no query.

    Attributes:
        frame: The square.
        encoded: What the detector made of it.
        doubt: The expected error of the first look at it, as a share of the face's longer side.
        curves: The curves of its parts, once they were read off it.
        is_for_one_query: Whether it is asked one thing, and then thrown away: no other curves are read.
    """

    frame: CropFrame
    encoded: EncodedCrops
    doubt: float
    curves: Curves = field(default_factory=dict, repr=False)
    is_for_one_query: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """Where landmarks lie in the photo.

    Attributes:
        xy: (landmarks, 2) pixels of the photo.
        expected_error: (landmarks,) pixels of the photo.
        error_ellipses: (landmarks, 3), as `Answer.error_ellipses`.
        visibility: (landmarks, 4), as the detector judges it; None where it does not.
    """

    xy: FloatArray
    expected_error: FloatArray
    error_ellipses: FloatArray
    visibility: FloatArray | None


@dataclass(frozen=True, slots=True)
class View:
    """What a first look at a crop tells.

    Attributes:
        crop: The crop.
        context: (landmarks, 2) where the context's landmarks are seen, crop units.
        roll: How far the face is turned in the crop, radians.
        doubt: Mean log scale of the context.
    """

    crop: FaceCrop
    context: FloatArray = field(repr=False)
    roll: float
    doubt: float

    @property
    def cost(self) -> float:
        """The doubt, and what a turned view has to make up for."""
        return self.doubt + UPRIGHT_WORTH * (abs(self.crop.frame.angle) > MOST_LEANING)

    @property
    def is_ill_cut(self) -> bool:
        """Whether the face is turned in the crop, far from its middle, or of the wrong size."""
        low, high = self.context.min(axis=0), self.context.max(axis=0)
        is_aside = bool((np.abs((low + high) / 2 - 0.5) > MAX_SHIFT).any())
        is_missized = abs(float((high - low).max()) * DEFAULT_MARGIN - 1) > MAX_SCALE
        # A doubtful look tells little of where the face lies.
        return abs(self.roll) > MAX_ROLL or ((is_aside or is_missized) and self.doubt <= DOUBTFUL_LOG_SCALE)


class FaceEncoder:
    """Encodes faces and decodes places with one detector; stateless, so that one serves many threads.

    What comes of a face is a function of the photo and the face alone: how it was found upright never depends on what
    is asked.

    Args:
        detector: In evaluation mode, on `device`.
        device: Where it runs.
        find_upright: Whether turned faces are cut out again, upright.
        flip_test: Whether answers are the mean over the crop and its mirror image.
        roughly: Whether speed goes before the last tenths of a pixel: in the crop's cut, and in how many places fix its
            curves.
    """

    def __init__(
        self,
        detector: AnswersQueries,
        device: torch.device,
        find_upright: bool = True,
        flip_test: bool = False,
        roughly: bool = False,
    ) -> None:
        self._detector = detector
        self._reader = LandmarkReader(detector, flip_test, sparse=roughly)
        self._device = device
        self._roughly = roughly
        self._is_finding_upright = find_upright
        context = detector.config.context
        self._gauge = RollGauge.for_landmarks([(part, Fraction(fpalp)) for part, fpalp in context])
        self._context = context

    def encode(self, wanted: Sequence[tuple[ByteArray, Face]]) -> list[FaceCrop]:
        """Encode faces in as few passes as their turns allow: one, where all stand upright.

        Args:
            wanted: Each a photo, (height, width, 3) uint8 RGB, and a face in it.
        """
        return [view.crop for view in self.view(wanted)]

    def view(self, wanted: Sequence[tuple[ByteArray, Face]]) -> list[View]:
        """Encode faces as `encode` does, and return what was seen of them too."""
        photos = [photo for photo, _ in wanted]
        frames = [CropFrame.from_face_box(face.box, angle=math.radians(face.angle)) for _, face in wanted]
        views = self._look(photos, frames, self._reader.known_parts)
        return self._find_any_upright(wanted, views) if self._is_finding_upright else views

    def follow(self, photo: ByteArray, frames: Sequence[CropFrame], parts: Sequence[str] | None) -> list[View]:
        """Encode faces where they are expected, to be asked one thing: in one pass, and another for those elsewhere.

        Args:
            photo: (height, width, 3) uint8 RGB.
            frames: The square in which each face is expected.
            parts: What will be asked is on their curves; None for those of all parts.
        """
        photos = [photo] * len(frames)
        views = self._look(photos, frames, self._reader.known_parts if parts is None else parts)
        views = self._find_upright(photos, views) if self._is_finding_upright else views
        return [replace(view, crop=replace(view.crop, is_for_one_query=True)) for view in views]

    def locate(self, crop: FaceCrop, places: Sequence[Place]) -> Located:
        """Return where places lie on a face."""
        parts, fpalps = [place.part for place in places], [place.fpalp for place in places]
        with torch.inference_mode(), self._autocast():
            vs = [place.v for place in places]
            reading = self._reader.read(crop.encoded, parts, fpalps, crop.curves, vs, alone=crop.is_for_one_query)
        expected_error = np.exp(reading.log_scale[0]) * (crop.frame.side_px / ERROR_CROP_PX)
        u, v = reading.stretch[0].T
        ratio = np.exp(np.hypot(u, v) / 2)
        # The eigenvectors of [[u, v], [v, -u]] lie at half the angle of (u, v).
        direction = np.degrees(np.arctan2(v, u) / 2 + crop.frame.angle)
        ellipses = np.stack([expected_error * ratio, expected_error / ratio, (direction + 90) % 180 - 90], axis=-1)
        visibility = None if reading.visibility is None else reading.visibility[0]
        return Located(crop.frame.to_photo(reading.coordinates[0]), expected_error, ellipses, visibility)

    def locate_mesh(self, crop: FaceCrop) -> FloatArray:
        """Return where the mesh's vertices lie, (VERTICES, 2) pixels of the photo.

        Raises:
            ConfigError: The weights do not know surfaces.
        """
        with torch.inference_mode(), self._autocast():
            return crop.frame.to_photo(self._reader.read_vertices(crop.encoded, crop.curves)[0, :, :2])

    def _find_any_upright(self, wanted: Sequence[tuple[ByteArray, Face]], views: list[View]) -> list[View]:
        """Return the best views, of faces too whose angle neither the finder nor a first look can tell."""
        photos = [photo for photo, _ in wanted]
        views = self._find_upright(photos, views)
        angles = [list_other_angles(face, view) for (_, face), view in zip(wanted, views, strict=True)]
        for turn in range(max(map(len, angles), default=0)):
            again = [i for i, others in enumerate(angles) if turn < len(others)]
            frames = [CropFrame.from_face_box(wanted[i][1].box, angle=angles[i][turn]) for i in again]
            some = [photos[i] for i in again]
            for i, view in zip(again, self._find_upright(some, self._look(some, frames)), strict=True):
                views[i] = min(views[i], view, key=lambda view: view.cost)
        return views

    def _find_upright(self, photos: Sequence[ByteArray], views: list[View]) -> list[View]:
        """Cut ill-cut faces out again as their landmarks lie, until they stand upright or it gets no better."""
        best = list(views)
        turned = list(range(len(views)))
        for _ in range(MAX_CUTS - 1):
            turned = [i for i in turned if best[i].is_ill_cut]
            if not turned:
                break
            frames = [turn_upright(best[i].crop.frame, best[i].context, best[i].roll) for i in turned]
            seen = dict(zip(turned, self._look([photos[i] for i in turned], frames), strict=True))
            # Well cut is worth a little doubt: the detector knows upright faces best.
            turned = [i for i in turned if seen[i].cost < best[i].cost + 0.1]
            for i in turned:
                best[i] = seen[i]
        return best

    def _look(
        self, photos: Sequence[ByteArray], frames: Sequence[CropFrame], parts: Sequence[str] | None = None
    ) -> list[View]:
        """Encode a square of each photo, in one pass for each FACES_PER_PASS of them.

        Args:
            photos, frames: The photos, and the square in each.
            parts: Whose curves are read in that pass. A second look does without: most are thrown away.
        """
        most = FACES_PER_PASS.get(self._device.type, 1)
        passes = [slice(start, start + most) for start in range(0, len(frames), most)]
        return [view for some in passes for view in self._look_once(photos[some], frames[some], parts)]

    def _look_once(
        self, photos: Sequence[ByteArray], frames: Sequence[CropFrame], parts: Sequence[str] | None
    ) -> list[View]:
        each = self._encode(self._cut(photos, frames), parts)
        return [self._view(frame, crop) for frame, crop in zip(frames, each, strict=True)]

    def _cut(self, photos: Sequence[ByteArray], frames: Sequence[CropFrame]) -> torch.Tensor:
        """Return crops (crops, 3, size, size) uint8 on the device."""
        size = self._detector.config.image_size
        pixels = [cut_crop(photo, frame, size, self._roughly) for photo, frame in zip(photos, frames, strict=True)]
        # Channels last in memory, as the encoder wants them.
        return torch.from_numpy(np.stack(pixels)).to(self._device).permute(0, 3, 1, 2)

    def _encode(self, crops: torch.Tensor, parts: Sequence[str] | None) -> list[EncodedCrops]:
        """Return what the reader makes of each crop."""
        count = len(crops)
        with torch.inference_mode(), self._autocast():
            encoded = self._reader.encode(crops, parts)
            if count == 1:
                return [encoded]
            return [
                join_crops([select_crop(encoded, row) for row in range(i, encoded.batch, count)]) for i in range(count)
            ]

    def _view(self, frame: CropFrame, encoded: EncodedCrops) -> View:
        layers = encoded.context_layers
        if layers is None:
            seen = self._read_context(encoded)
            context, log_scale = seen.coordinates[0], seen.log_scale[0]
        else:
            context = layers.coordinates[-1, 0].cpu().numpy().astype(np.float64)
            log_scale = layers.log_scale[0].cpu().numpy().astype(np.float64)
        doubt = float(log_scale.mean())
        crop = FaceCrop(frame, encoded, math.exp(doubt) * DEFAULT_MARGIN / ERROR_CROP_PX)
        return View(crop, context, self._gauge.measure(context), doubt)

    def _read_context(self, encoded: EncodedCrops) -> Reading:
        """Ask for the context's landmarks, which a detector under joint attention has not seen while encoding."""
        parts = [part for part, _ in self._context]
        with torch.inference_mode(), self._autocast():
            return LandmarkReader(self._detector).read(
                encoded, parts, [float(Fraction(fpalp)) for _, fpalp in self._context]
            )

    def _autocast(self) -> torch.autocast:
        kind = self._device.type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda")


def list_other_angles(face: Face, view: View) -> list[float]:
    """Return the angles, radians, from which a face is to be looked at again after its first view."""
    finder_angle = math.radians(face.angle)
    others: list[float] = []
    is_turned = abs(view.crop.frame.angle) > MOST_LEANING
    if is_turned and abs(finder_angle) > MAX_ROLL and view.doubt > PLAIN_LOG_SCALE:
        others.append(0.0)
    if view.doubt > DOUBTFUL_LOG_SCALE:
        others += [finder_angle + turn for turn in OTHER_TURNS]
    return others


def judge_face(face: Face, crop: FaceCrop, doubtful_above: float) -> Face:
    """Return a face as it was seen: with the angle of its crop, and whether it may be none.

    Args:
        face: As it was found.
        crop: What it is answered from.
        doubtful_above: The most expected error, as a share of the face's longer side, that a face has which the
            finder is sure of; it is less where the finder is not.
    """
    unsure = 0.0 if face.score is None else max(0.0, SURE_SCORE - face.score)
    return replace(
        face,
        angle=round(math.degrees(crop.frame.angle), 3),
        doubtful=crop.doubt * math.exp(SCORE_WEIGHT * unsure) > doubtful_above,
    )
