"""Faces in motion: followed without a search, each with its identity, smoothed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from faceql.engine import Answer, Engine, FrameAnswer, VideoFrame, YuNetFinder
from faceql.engine.faces import Face
from faceql.errors import ConfigError, ImageError, QueryError

from .made_clips import load_made_motion, read_collins, read_hopper

made = load_made_motion()


class CountingFinder(YuNetFinder):
    """The finder that ships, which counts its searches."""

    searches = 0

    def find(self, photo: np.ndarray) -> list[Face]:
        self.searches += 1
        return super().find(photo)


@pytest.fixture(scope="module")
def finder() -> CountingFinder:
    return CountingFinder()


@pytest.fixture(scope="module")
def engine(finder: CountingFinder) -> Engine:
    return Engine("cpu", face_finder=finder)


def name_faces(clip: object, frame: FrameAnswer) -> dict[int, int]:
    """Return the portrait's number of each identity: of the true face that is nearest to the answer's points."""
    named = {}
    for index, identity in enumerate(frame.identities):
        middle = frame.answer.xy[frame.answer.face_index == index].mean(axis=0)
        away = {number: math.dist(pose.center, middle) for number, pose in clip.poses[frame.frame]}
        number = min(away, key=lambda number: away[number])
        assert away[number] < 12
        named[identity] = number
    return named


@pytest.fixture(scope="module")
def dance(engine: Engine, finder: CountingFinder) -> tuple[object, list[FrameAnswer], list[FrameAnswer], int]:
    """A face in motion, its smoothed and its raw answers, and how many searches the first took."""
    clip = made.dance(read_collins(), 12)
    finder.searches = 0
    frames = list(clip)
    smoothed = list(engine.track(frames, "300W"))
    return clip, smoothed, list(engine.track(frames, "300W", smooth=False)), finder.searches


def test_a_face_in_motion_is_found_once_and_then_followed(
    dance: tuple[object, list[FrameAnswer], list[FrameAnswer], int],
) -> None:
    _, smoothed, _, _ = dance
    assert [frame.how for frame in smoothed] == [("found",), *[("tracked",)] * 11]
    assert {frame.identities for frame in smoothed} == {(1,)}
    assert [frame.frame for frame in smoothed] == list(range(12))
    assert smoothed[9].time == pytest.approx(0.3)
    assert not any(frame.is_cut for frame in smoothed)
    assert all(frame.answer.photo is None for frame in smoothed)


def test_one_face_of_a_clip_costs_one_search(
    engine: Engine, finder: CountingFinder, dance: tuple[object, list[FrameAnswer], list[FrameAnswer], int]
) -> None:
    # Once for the smoothed and once for the raw answers.
    assert dance[3] in (1, 2)
    finder.searches = 0
    list(engine.track(list(dance[0])[:4], "pupils"))
    assert finder.searches == 1


def test_points_follow_the_true_motion(dance: tuple[object, list[FrameAnswer], list[FrameAnswer], int]) -> None:
    clip, smoothed, raw, _ = dance
    portrait = clip.portraits[0]
    poses = [poses[0][1] for poses in clip.poses]
    # Where the detector sees the points on the face itself, from what it said of all frames.
    still = [
        (frame.answer.xy - pose.center) @ np.linalg.inv(portrait.axes(pose)).T + portrait.middle
        for frame, pose in zip(raw, poses, strict=True)
        if abs(pose.turn) < 0.06
    ]
    true = [portrait.place(np.mean(still, axis=0), pose) for pose in poses]
    inter_ocular = np.linalg.norm(true[0][36] - true[0][45])
    for answers in (raw, smoothed):
        errors = [np.linalg.norm(frame.answer.xy - at, axis=1).mean() for frame, at in zip(answers, true, strict=True)]
        assert max(errors[2:]) < 0.06 * inter_ocular


def test_a_face_at_rest_does_not_tremble(engine: Engine) -> None:
    frames = list(made.rest(read_collins(), 16))
    spread = {}
    for smooth in (True, False):
        xy = np.array([frame.answer.xy for frame in engine.track(frames, "300W", smooth=smooth)][6:])
        inter_ocular = np.linalg.norm(xy[0, 36] - xy[0, 45])
        spread[smooth] = np.sqrt(((xy - xy.mean(axis=0)) ** 2).sum(-1).mean()) / inter_ocular
    assert spread[True] < 0.0015
    assert spread[True] < 0.5 * spread[False]


def test_two_faces_that_pass_each_other_keep_their_identities(engine: Engine) -> None:
    clip = made.cross(read_collins(), read_hopper(), 50)
    frames = list(engine.track([clip[i] for i in range(0, 50, 2)], "pupils", fps=15, faces="all"))
    clip = made.Clip(clip.poses[::2], clip.portraits)
    assert frames[0].identities == frames[-1].identities == (1, 2)
    first = name_faces(clip, frames[0])
    for frame in frames:
        assert name_faces(clip, frame).items() <= first.items()
    # The one behind is not seen while it is hidden.
    assert min(len(frame.identities) for frame in frames) == 1


@pytest.mark.slow
def test_leftmost_face_stays_the_one_that_was_leftmost(engine: Engine) -> None:
    clip = made.cross(read_hopper(), read_collins(), 34)
    # It passes in front.
    clip = made.Clip([poses[::-1] for poses in clip.poses[::2]], clip.portraits)
    frames = list(engine.track(clip, "pupils", fps=15, faces="leftmost"))
    assert {frame.identities for frame in frames} == {(1,)}
    assert all(name_faces(clip, frame) == {1: 0} for frame in frames)


@pytest.mark.slow
def test_a_face_behind_a_board_comes_out_as_itself(engine: Engine) -> None:
    clip = made.hide(read_collins(), 50)
    clip = made.Clip(clip.poses[8::3], clip.portraits, cover=clip.cover[8::3])
    frames = list(engine.track(clip, "pupils", fps=10))
    seen = [frame.identities for frame in frames]
    assert set(seen) == {(1,), ()}
    assert seen[0] == seen[-1] == (1,)
    hidden = [frame for frame in frames if not frame.identities]
    assert len(hidden) > 3
    assert len(hidden[0].answer) == 0
    assert frames[0].how == ("found",)
    back = next(frame for frame in frames if frame.frame > hidden[-1].frame)
    assert back.how == ("found",)


def test_a_face_that_grows_unlike_itself_step_by_step_is_followed(engine: Engine) -> None:
    """As faces do that turn, speak, and come into another light: here one grows into another."""
    first, second = made.rest(read_collins(), 16), made.rest(read_hopper(), 16)
    frames = [
        np.rint(first[i] + (second[i].astype(float) - first[i]) * min(1, i / 5)).astype(np.uint8) for i in range(16)
    ]
    tracked = list(engine.track(frames, "pupils"))
    assert [frame.how for frame in tracked] == [("found",), *[("tracked",)] * 15]


def test_what_else_is_asked_moves_no_point(engine: Engine) -> None:
    """A tracked frame reads only the parts that are asked, those at equal distances and on surfaces too."""
    frames = list(made.rest(read_collins(), 2))
    whole = "the 300W layout; 20 points on the outer lip at equal distances; 9 points on the left cheek; pupils"
    for wanted in ("20 points on the outer lip at equal distances", "9 points on the left cheek; pupils"):
        apart, together = (list(engine.track(frames, text, smooth=False))[1].answer for text in (wanted, whole))
        rows = [next(i for i in range(len(together)) if same_place(together, i, apart, j)) for j in range(len(apart))]
        np.testing.assert_allclose(apart.xy, together.xy[rows], atol=1e-3)
        np.testing.assert_allclose(apart.xy, engine.ask(frames[1], wanted).xy, atol=3)


def same_place(one: Answer, row: int, other: Answer, other_row: int) -> bool:
    """Return whether two points are asked at the same place of the face."""
    key = one.parts[row], one.fpalps[row], one.vs[row]
    like = other.parts[other_row], other.fpalps[other_row], other.vs[other_row]
    return key[0] == like[0] and np.allclose(key[1:], like[1:], atol=1e-6, equal_nan=True)


def test_half_a_face_that_comes_out_is_no_new_one(engine: Engine) -> None:
    clip = made.hide(read_hopper(), 50)
    # While nobody is seen the frames are searched at every turn: that is what costs here.
    clip = made.Clip(clip.poses[8::3], clip.portraits, cover=clip.cover[8::3])
    frames = list(engine.track(clip, "pupils", fps=10, faces="all"))
    assert {frame.identities for frame in frames} == {(1,), ()}
    assert frames[-1].identities == (1,)


def test_a_frame_without_a_face_can_be_drawn(engine: Engine) -> None:
    empty = np.full((64, 64, 3), 128, np.uint8)
    (frame,) = engine.track([empty], "pupils", keep_photos=True)
    assert frame.identities == ()
    np.testing.assert_array_equal(np.asarray(frame.answer.draw()), empty)


@pytest.mark.parametrize("faces", [None, "all"])
def test_a_cut_ends_identities(engine: Engine, faces: str | None) -> None:
    clip = made.cut(read_collins(), read_hopper(), 8)
    frames = list(engine.track(clip, "pupils", faces=faces))
    assert [frame.is_cut for frame in frames] == [False] * 4 + [True] + [False] * 3
    assert [frame.identities for frame in frames] == [(1,)] * 4 + [(2,)] * 4
    assert frames[4].how == ("found",)


def test_a_flash_of_light_is_no_cut(engine: Engine) -> None:
    clip = [*made.rest(read_collins(), 5)]
    clip[2] = np.clip(clip[2].astype(float) * 0.5 + 110, 0, 255).astype(np.uint8)
    frames = list(engine.track(clip, "pupils"))
    assert {frame.identities for frame in frames} == {(1,)}
    assert not any(frame.is_cut for frame in frames)


def test_a_face_that_comes_in_is_found_within_a_few_frames(engine: Engine) -> None:
    clip = made.enter(read_collins(), read_hopper(), 12)
    frames = list(engine.track(clip, "pupils", faces="all", search_every=4))
    first = next(frame for frame in frames if len(frame.identities) == 2)
    assert first.frame <= 4 + 4
    assert first.how == ("tracked", "found")
    assert all(frame.identities == (1, 2) for frame in frames[first.frame :])


def test_who_is_not_there_yet_is_waited_for(engine: Engine) -> None:
    clip = made.enter(read_collins(), read_hopper(), 12)
    frames = list(engine.track(clip, "pupils", faces="face 2", search_every=3))
    assert frames[0].identities == ()
    assert any("there is no face 2" in note for note in frames[0].answer.notes)
    assert frames[-1].identities == (1,)
    assert name_faces(clip, frames[-1]) == {1: 1}


def test_faces_that_are_not_asked_about_are_not_followed(engine: Engine) -> None:
    clip = made.enter(read_collins(), read_hopper(), 6)
    (last,) = list(engine.track([clip[5]], "pupils"))
    assert len(last.identities) == 1


def test_masks_of_surfaces_and_drawings_are_there_in_motion(engine: Engine) -> None:
    clip = made.rest(read_collins(), 2)
    for frame in engine.track(clip, "20 points on the left cheek", keep_photos=True):
        assert frame.answer.mask("left cheek").sum() > 100
        assert frame.answer.draw().size == (640, 480)


def test_times_are_those_of_the_frames(engine: Engine) -> None:
    photo = made.rest(read_collins(), 1)[0]
    frames = list(engine.track([VideoFrame(photo, 0.25), VideoFrame(photo, 4.0)], "pupils"))
    assert [frame.time for frame in frames] == [0.25, 4.0]


def test_a_clip_is_answered_one_frame_at_a_time(engine: Engine) -> None:
    taken = []

    def give() -> Iterator[np.ndarray]:
        for index in range(5):
            taken.append(index)
            yield made.rest(read_collins(), 5)[index]

    answers = engine.track(give(), "pupils")
    assert taken == []
    next(answers)
    assert taken == [0]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"frames": 1.5}, ConfigError),
        ({"frames": b"bytes"}, ConfigError),
        ({"frames": [], "fps": 0}, ConfigError),
        ({"frames": [], "fps": float("nan")}, ConfigError),
        ({"frames": [], "faces": "prettiest"}, ConfigError),
        ({"frames": [], "search_every": 0}, ConfigError),
        ({"frames": [], "color": "hsv"}, ConfigError),
        ({"frames": [], "instruction": "4 points per unicorn"}, QueryError),
    ],
)
def test_mistakes_show_before_a_frame_is_read(engine: Engine, arguments: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        engine.track(**({"instruction": "pupils"} | arguments))


def test_a_bad_frame_and_times_that_fall_are_told(engine: Engine) -> None:
    photo = made.rest(read_collins(), 1)[0]
    answers = engine.track([photo, photo[0, 0]], "pupils")
    next(answers)
    with pytest.raises(ImageError, match="a photo as an array"):
        next(answers)
    with pytest.raises(ConfigError, match="times of frames rise"):
        list(engine.track([VideoFrame(photo, 1.0), VideoFrame(photo, 1.0)], "pupils"))
