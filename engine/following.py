"""Following faces from frame to frame by their own landmarks.

A face is looked at where its landmarks of the frame before, and its motion, say that it will be, and not searched.
Only when that look finds no face, or another one, is it searched again: it counts as hidden for a while, and takes its
identity up again where a face is found that looks like it. See `Follower`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import NoSuchFaceError
from ..model.crops import CropFrame
from .choosing import choose_faces
from .encoding import View
from .faces import Box, Face, measure_overlap
from .likeness import Appearance, CutWatch, glance
from .upright import turn_upright

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
How = Literal["tracked", "found"]

# How alike a face must be, in its better half, to what it was to be the same: while it is followed, and when it is
# found again. Two faces of a pack are 0.55 alike in the median, 0.78 at the 95th percentile; one in motion 0.94 and
# more, half hidden by a board or a hand 0.9 in the median, 0.73 and more at the fifth.
ALIKE_FOLLOWED = 0.7
ALIKE_FOUND = 0.8
SAME_PLACE = 0.3
"""Least overlap of two boxes that are of one face."""
PATIENCE = 2.0
"""Seconds that a hidden face is waited for."""
EARLY_SEARCH = 0.06
"""A hidden face is searched every so many seconds: every second frame of 30 a second, every one of 15."""
STEADINESS = 0.6
"""Of the velocity, what stays of it at each frame."""
MOST_SHIFT = 0.35
"""In sides of the crop: a face is expected no further from where it was seen."""
PATIENCE_BESIDE = 0.5
"""Seconds after which a face near a hidden one that does not look like it is taken for another one, unless it is half
hidden itself."""
COMES_OUT = 0.2
"""Seconds for which it is waited for even then: who comes out from behind something looks like itself soon."""
REACH = 1.5
"""Sides of its crop that a hidden face may have come away from where it is expected, and as many each second more."""


class Looks(Protocol):
    """What looks at faces: `FaceEncoder`."""

    def view(self, wanted: Sequence[tuple[ByteArray, Face]]) -> list[View]: ...
    def follow(self, photo: ByteArray, frames: Sequence[CropFrame]) -> list[View]: ...


class Selection:
    """Whom of a clip an instruction is about: those whom its words name when they can first be told.

    Args:
        wanted: As `choose_faces` takes it.

    Attributes:
        problem: Why nobody could be chosen at the last search; None where somebody was.

    Raises:
        ConfigError: `wanted` names no face.
    """

    def __init__(self, wanted: str) -> None:
        with suppress(NoSuchFaceError):
            choose_faces([Face((0, 0, 1, 1), number=1)], wanted)
        self.problem: str | None = None
        self._wanted = wanted
        self._is_all = wanted.strip().lower() == "all"
        self._count: int | None = None

    def wants_more(self, followed: int) -> bool:
        """Whether it is about more faces than so many."""
        return self._is_all or self._count is None or followed < self._count

    def choose(self, faces: Sequence[Face], identities: Sequence[int | None], followed: int) -> list[int]:
        """Return the indices of the faces to follow besides those that are followed already.

        Args:
            faces: All that were found, numbered.
            identities: Of those that are followed; None of others.
            followed: How many are followed, those that are hidden at the moment too.
        """
        self.problem = None
        if not faces:
            return []
        try:
            chosen = choose_faces(faces, self._wanted)
        except NoSuchFaceError as error:
            self.problem = str(error)
            return []
        new = [index for index in chosen if identities[index] is None]
        if self._is_all:
            return new
        self._count = max(self._count or 0, len(chosen))
        return new[: max(0, self._count - followed)]


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a face.

    Attributes:
        view: What the detector made of it.
        frame: The square round its landmarks.
        likeness: What it looks like.
    """

    view: View
    frame: CropFrame
    likeness: FloatArray

    @classmethod
    def of_view(cls, photo: ByteArray, view: View) -> Look:
        frame = turn_upright(view.crop.frame, view.context, view.roll)
        return cls(view, frame, glance(photo, frame))


@dataclass(slots=True)
class Track:
    """A face that is followed.

    Attributes:
        identity: Its number, from 1, in the order in which faces were first seen.
        view: The last look at it.
        frame: The square round its landmarks, as of that look.
        time: Of that look, seconds.
        how: Whether that look was where the face was expected, or where it was found.
        score: How sure the finder was when it last found it.
        appearance: What it looks like.
        shape: Of the finder's box: its middle, then its half width and height, in sides of `frame` along its axes.
        velocity: Pixels a second.
        is_hidden: Whether it is not seen at the moment.
        beside: Since when a face is seen near it that does not look like it, seconds; None where none is.
    """

    identity: int
    view: View
    frame: CropFrame
    time: float
    how: How
    score: float | None
    appearance: Appearance
    shape: tuple[float, float, float, float]
    velocity: FloatArray
    is_hidden: bool = False
    beside: float | None = None

    @classmethod
    def begin(cls, identity: int, look: Look, face: Face, time: float) -> Track:
        """Return the track of a face that was found."""
        shape = read_shape(face.box, look.frame)
        appearance = Appearance(look.likeness)
        return cls(identity, look.view, look.frame, time, "found", face.score, appearance, shape, np.zeros(2))

    @property
    def box(self) -> Box:
        """Where the finder's box would be in the last look."""
        return place_shape(self.shape, self.frame)

    @property
    def face(self) -> Face:
        """The face as of the last look."""
        return Face(self.box, self.score, angle=math.degrees(self.frame.angle))

    def expect(self, time: float) -> CropFrame:
        """Return the square in which the face will be."""
        shift = self.velocity * (time - self.time)
        length, most = float(np.hypot(*shift)), MOST_SHIFT * self.frame.side_px
        shift = shift * min(1.0, most / length) if length > 0 else shift
        x, y = self.frame.center_px
        return replace(self.frame, center_px=(x + float(shift[0]), y + float(shift[1])))

    def see(self, look: Look, time: float, found: Face | None = None) -> None:
        """Take in a look that the face was seen in."""
        frame = look.frame
        if found is None:
            moved = np.subtract(frame.center_px, self.frame.center_px) / (time - self.time)
            self.velocity = STEADINESS * self.velocity + (1 - STEADINESS) * moved
        else:
            # What became of it meanwhile, nobody knows.
            self.velocity = np.zeros(2)
            self.score, self.shape = found.score, read_shape(found.box, frame)
        self.appearance.learn(look.likeness, time)
        self.view, self.frame, self.time = look.view, frame, time
        self.how, self.is_hidden, self.beside = "tracked" if found is None else "found", False, None


def read_shape(box: Box, frame: CropFrame) -> tuple[float, float, float, float]:
    """Return a box in sides of a square, along its axes."""
    x, y = frame.to_crop([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]) - 0.5
    return float(x), float(y), (box[2] - box[0]) / 2 / frame.side_px, (box[3] - box[1]) / 2 / frame.side_px


def place_shape(shape: tuple[float, float, float, float], frame: CropFrame) -> Box:
    """Return the box (x0, y0, x1, y1) that `read_shape` has read, in another square, pixels."""
    x, y = frame.to_photo([0.5 + shape[0], 0.5 + shape[1]]).tolist()
    half_width, half_height = shape[2] * frame.side_px, shape[3] * frame.side_px
    return x - half_width, y - half_height, x + half_width, y + half_height


class Follower:
    """Follows the faces of one clip; one frame after the other.

    Nobody is followed but those whom the selection is about, and no frame is searched while all of them are seen: one
    face of a crowd costs one look a frame.

    Args:
        looks: Looks at faces.
        find: Finds all faces of a frame, (height, width, 3) uint8 RGB, and numbers them.
        is_doubtful: Whether a look, of a face as it was found, may be of no face at all.
        selection: Whom to follow.
        search_every: Frames between two searches for new faces.

    Attributes:
        tracks: Whom it follows, the hidden ones too.
    """

    def __init__(
        self,
        looks: Looks,
        find: Callable[[ByteArray], Sequence[Face]],
        is_doubtful: Callable[[Face, View], bool],
        selection: Selection,
        search_every: int,
    ) -> None:
        self.tracks: list[Track] = []
        self._looks = looks
        self._find = find
        self._is_doubtful = is_doubtful
        self._selection = selection
        self._search_every = search_every
        self._cuts = CutWatch()
        self._last_identity = 0
        self._frames_since_search = search_every
        self._last_search = -math.inf

    @property
    def seen(self) -> list[Track]:
        """Whom it sees in the last frame."""
        return [track for track in self.tracks if not track.is_hidden]

    def step(self, photo: ByteArray, time: float) -> bool:
        """Follow the faces into the next frame; return whether it begins another scene.

        Args:
            photo: (height, width, 3) uint8 RGB.
            time: Seconds; more than that of the frame before.
        """
        may_be_cut = self._cuts.notice(photo)
        had_tracks = bool(self.tracks)
        lost = self._look_at_expected(photo, time)
        for track in lost:
            track.is_hidden = True
        is_cut = may_be_cut and not self.seen
        if is_cut:
            self.tracks.clear()
        self._frames_since_search += 1
        if is_cut or lost or (had_tracks and not self.tracks) or self._is_search_due(time):
            self._search(photo, time)
        self.tracks = [track for track in self.tracks if time - track.time <= PATIENCE]
        return is_cut

    def _is_search_due(self, time: float) -> bool:
        if any(track.is_hidden for track in self.tracks):
            return time - self._last_search >= EARLY_SEARCH
        return self._selection.wants_more(len(self.tracks)) and self._frames_since_search >= self._search_every

    def _look_at_expected(self, photo: ByteArray, time: float) -> list[Track]:
        """Look at every face that was seen in the last frame; return those that are not where they were expected."""
        seen = self.seen
        views = self._looks.follow(photo, [track.expect(time) for track in seen])
        looks = [Look.of_view(photo, view) for view in views]
        alike = [track.appearance.resemble(look.likeness) for track, look in zip(seen, looks, strict=True)]
        lost: list[Track] = []
        placed: list[Box] = []
        # Of two that were led to one face, the one that looks like it has it.
        for index in sorted(range(len(seen)), key=lambda i: -alike[i]):
            track, look = seen[index], looks[index]
            box = place_shape(track.shape, look.frame)
            is_taken = any(measure_overlap(box, other) > SAME_PLACE for other in placed)
            if (
                is_taken
                or not self._is_same(track, look, alike[index], box)
                or self._is_doubtful(track.face, look.view)
            ):
                lost.append(track)
            else:
                placed.append(box)
                track.see(look, time)
        return lost

    def _is_same(self, track: Track, look: Look, alike: float, box: Box) -> bool:
        """Whether a look is at the face that was followed: like it, or, with nobody else about, what it grew into."""
        if alike >= ALIKE_FOLLOWED:
            return True
        is_alone = all(measure_overlap(box, other.box) == 0 for other in self.tracks if other is not track)
        return is_alone and track.appearance.is_next(look.likeness)

    def _search(self, photo: ByteArray, time: float) -> None:
        """Find all faces: those that were lost, and new ones."""
        self._frames_since_search, self._last_search = 0, time
        found = self._find(photo)
        identities = [self._recognize_seen(face) for face in found]
        hidden = [track for track in self.tracks if track.is_hidden]
        others = [i for i, identity in enumerate(identities) if identity is None]
        near = [i for i in others if any(is_near(found[i], track, time) for track in hidden)]
        looked = self._look_at_found(photo, found, near)
        for track, index in match_likeness(hidden, {i: look.likeness for i, look in looked.items()}):
            if is_near(found[index], track, time):
                track.see(looked[index], time, found[index])
                identities[index] = track.identity
        if not self._selection.wants_more(len(self.tracks)):
            return
        chosen = self._selection.choose(found, identities, len(self.tracks))
        looked |= self._look_at_found(photo, found, [i for i in chosen if i not in near])
        for index in chosen:
            if index in looked and not self._may_be_hidden_one(found[index], time):
                self._last_identity += 1
                self.tracks.append(Track.begin(self._last_identity, looked[index], found[index], time))

    def _recognize_seen(self, face: Face) -> int | None:
        """Return the identity of a face that was found, if it is one that is seen already."""
        overlaps = {track.identity: measure_overlap(face.box, track.box) for track in self.seen}
        best = max(overlaps, key=lambda identity: overlaps[identity], default=None)
        return best if best is not None and overlaps[best] > SAME_PLACE else None

    def _may_be_hidden_one(self, face: Face, time: float) -> bool:
        """Whether a face that looks like nobody may still be one that is hidden, coming out from behind something."""
        is_behind = any(measure_overlap(face.box, track.box) > 0 for track in self.seen)
        near = [track for track in self.tracks if track.is_hidden and is_near(face, track, time)]
        for track in near:
            track.beside = time if track.beside is None else track.beside
        return any(
            is_behind or time - track.time < PATIENCE_BESIDE or time - (track.beside or time) < COMES_OUT
            for track in near
        )

    def _look_at_found(self, photo: ByteArray, found: Sequence[Face], wanted: Iterable[int]) -> dict[int, Look]:
        """Return a look at each of the faces that are wanted, without those that may be none."""
        wanted = list(wanted)
        views = self._looks.view([(photo, found[i]) for i in wanted])
        seen = {i: view for i, view in zip(wanted, views, strict=True) if not self._is_doubtful(found[i], view)}
        return {i: Look.of_view(photo, view) for i, view in seen.items()}


def is_near(face: Face, track: Track, time: float) -> bool:
    """Whether a face that was found may be a hidden one that went on as it moved, or turned back."""
    waited = time - track.time
    expected = np.array([track.frame.center_px, track.expect(time).center_px])
    away = np.hypot(*(np.array(face.center) - expected).T).min()
    size = math.sqrt(face.area) / (2 * math.sqrt(track.shape[2] * track.shape[3]) * track.frame.side_px)
    return bool(away <= REACH * (1 + waited) * track.frame.side_px) and 0.5 < size < 2


def match_likeness(tracks: Sequence[Track], seen: dict[int, FloatArray]) -> list[tuple[Track, int]]:
    """Return which track is which of the faces seen, the most alike first."""
    pairs = [
        (track.appearance.resemble(likeness), track, index) for track in tracks for index, likeness in seen.items()
    ]
    matched: list[tuple[Track, int]] = []
    for alike, track, index in sorted(pairs, key=lambda pair: -pair[0]):
        is_left = all(track is not other and index != taken for other, taken in matched)
        if alike >= ALIKE_FOUND and is_left:
            matched.append((track, index))
    return matched
