"""The make-up example: each layer paints what it should and nothing else, in linear light."""

from __future__ import annotations

import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import faceql

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

import makeup  # noqa: E402
from makeup_face import INSTRUCTION, look_at  # noqa: E402
from makeup_layers import KINDS, Blush, Contour, Foundation, Lipstick, Shadow, read_layer  # noqa: E402
from makeup_light import blur, from_linear, lay_film, luma, to_linear  # noqa: E402

PHOTO = EXAMPLES / "astronaut.jpg"
BOX = (170.0, 50.0, 280.0, 185.0)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.asarray(Image.open(PHOTO).convert("RGB"))


@pytest.fixture(scope="module")
def engine() -> faceql.Engine:
    return faceql.Engine("cpu", flip_test=True)


@pytest.fixture(scope="module")
def answer(engine: faceql.Engine, photo: np.ndarray) -> faceql.Answer:
    return engine.ask(photo, INSTRUCTION, boxes=[BOX])


def change(photo: np.ndarray, answer: faceql.Answer, *layers: object) -> np.ndarray:
    """Return how far layers move each pixel, (height, width, 3), in 8-bit steps."""
    return makeup.make_up(photo, answer, layers).astype(int) - photo


def test_a_look_is_shown_beside_the_plain_face(tmp_path: Path) -> None:
    makeup.main(PHOTO, tmp_path / "sheet.png", EXAMPLES / "looks" / "evening.toml")
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    before, after = np.split(pixels, 2, axis=1)
    moved = np.abs(after - before).max(axis=2)
    assert 0.05 < (moved > 6).mean() < 0.5
    assert (moved[:20] <= 1).mean() > 0.9


def test_the_largest_face_is_made_up_upright(photo: np.ndarray, tmp_path: Path) -> None:
    small = Image.fromarray(photo).crop((150, 30, 300, 200)).resize((75, 85))
    both = Image.new("RGB", (600, 512), "grey")
    both.paste(small, (5, 200))
    both.paste(Image.fromarray(photo).crop((100, 0, 500, 512)), (150, 0))
    exif = Image.Exif()
    exif[0x0112] = 6
    both.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    makeup.main(tmp_path / "turned.jpg", tmp_path / "sheet.png", EXAMPLES / "looks" / "everyday.toml")
    with Image.open(tmp_path / "sheet.png") as sheet:
        plain = sheet.convert("RGB").crop((0, 0, sheet.width // 2, sheet.height))
    (face,) = faceql.Engine("cpu").ask(plain, "nose tip").faces
    assert face.area**0.5 > 250
    assert abs(face.angle) < 20


@pytest.mark.parametrize(
    ("photo", "look", "says"),
    [
        pytest.param("missing.jpg", "everyday.toml", "there is no file", marks=pytest.mark.slow),
        ("grey.png", "missing.toml", "No such file"),
    ],
)
def test_what_cannot_be_made_up_is_told_in_a_line(tmp_path: Path, photo: str, look: str, says: str) -> None:
    Image.new("RGB", (90, 90), "grey").save(tmp_path / "grey.png")
    command = [sys.executable, EXAMPLES / "makeup.py", photo, "out.png", "--look", EXAMPLES / "looks" / look]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert says in done.stderr


def test_a_photo_without_a_face_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: another would load the weights to say it."""
    grey, look = tmp_path / "grey.png", EXAMPLES / "looks" / "everyday.toml"
    Image.new("RGB", (90, 90), "grey").save(grey)
    monkeypatch.setattr(sys, "argv", ["makeup.py", str(grey), str(tmp_path / "out.png"), "--look", str(look)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(EXAMPLES / "makeup.py"), run_name="__main__")
    assert isinstance(ended.value.code, str)  # which Python writes to standard error, and ends with status 1
    assert "no face was found" in ended.value.code
    assert "\n" not in ended.value.code


def test_lipstick_reddens_the_lips_and_spares_teeth_and_skin(photo: np.ndarray, answer: faceql.Answer) -> None:
    moved = change(photo, answer, Lipstick(liner="#70101c", gloss=0.5))
    lips, teeth = answer.mask("lips") == 1, answer.mask("mouth opening") == 1
    assert lips.sum() > 100
    assert teeth.sum() > 100
    assert np.median(moved[lips][:, 0] - moved[lips][:, 1]) > 15
    assert not moved[teeth].any()
    assert not moved[answer.mask("outer lip", feather=4) == 0].any()


def test_what_is_outside_the_face_stays_to_the_bit(photo: np.ndarray, answer: faceql.Answer) -> None:
    moved = change(photo, answer, *makeup.read_look(EXAMPLES / "looks" / "evening.toml"))
    rows, columns = np.nonzero(moved.any(axis=2))
    x0, y0, x1, y1 = BOX
    margin = 0.4 * max(x1 - x0, y1 - y0) + 1
    assert columns.min() > x0 - margin
    assert columns.max() < x1 + margin
    assert rows.min() > y0 - margin
    assert rows.max() < y1 + margin
    eyes = answer.mask("eyes") == 1
    assert np.abs(moved[eyes]).mean() < 6


def test_shadow_grows_towards_the_lashes_and_leaves_the_eye(photo: np.ndarray, answer: faceql.Answer) -> None:
    moved = np.abs(change(photo, answer, Shadow(strength=1.0))).mean(axis=2)
    upper, lower = (answer.mask(f"{half} third of the left upper eyelid surface") == 1 for half in ("upper", "lower"))
    assert moved[lower].mean() > 3 * moved[upper].mean()
    inner = blur((answer.mask("left eye") == 1).astype(np.float32), 0.7) > 0.9
    assert inner.any()
    assert moved[inner].max() < 8


def test_paint_mixes_as_light_does() -> None:
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(from_linear(to_linear(np.stack([every] * 3, axis=-1)))[:, 0], every)
    white = np.ones((1, 1, 3), np.float32)
    half = from_linear(lay_film(white, np.full((1, 1), 0.5, np.float32), np.zeros(3, np.float32)))
    # Half the light of white is 188 in sRGB; 128 is a fifth of it.
    assert half.ravel().tolist() == [188] * 3


@pytest.mark.parametrize("radius", [0.4, 1.0, 3.7, 9.0])
def test_a_blur_is_as_wide_as_told(radius: float) -> None:
    field = np.zeros((121, 121), np.float32)
    field[60, 60] = 1
    soft = blur(field, radius)
    y, x = np.mgrid[-60:61, -60:61]
    assert soft.sum() == pytest.approx(1, abs=2e-3)
    assert (soft * x * x).sum() ** 0.5 == pytest.approx(radius, rel=0.08)
    assert (soft * x).sum() == pytest.approx(0, abs=0.3)
    assert (soft * y * y).sum() ** 0.5 == pytest.approx(radius, rel=0.08)


@pytest.mark.slow
def test_a_mirrored_photo_gets_the_mirrored_look(
    engine: faceql.Engine, photo: np.ndarray, answer: faceql.Answer
) -> None:
    width = photo.shape[1]
    x0, y0, x1, y1 = BOX
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    other = engine.ask(mirrored, INSTRUCTION, boxes=[(width - 1 - x1, y0, width - 1 - x0, y1)])
    look = makeup.read_look(EXAMPLES / "looks" / "evening.toml")
    here = change(photo, answer, *look)
    there = change(mirrored, other, *look)[:, ::-1]
    touched = here.any(axis=2) | there.any(axis=2)
    assert np.abs(here - there)[touched].mean() < 0.12 * np.abs(here)[touched].mean()


def test_a_hidden_side_gets_less(photo: np.ndarray, answer: faceql.Answer) -> None:
    visibility = answer.visibility.copy()
    far = answer.xy[:, 0] > (BOX[0] + BOX[2]) / 2
    visibility[far] = (0.05, 0.0, 0.95, 0.0)
    hidden = replace(answer, visibility=visibility)
    left, right = (answer.mask(f"{side}_cheek") == 1 for side in ("left", "right"))
    for layer in (Blush(), Foundation()):
        seen, less = (np.abs(change(photo, one, layer)).mean(axis=2) for one in (answer, hidden))
        assert less[right].mean() < 0.4 * seen[right].mean()
        assert less[left].mean() == pytest.approx(seen[left].mean(), rel=0.25)


def test_contour_ends_softly_where_the_mesh_ends_on_bare_skin(photo: np.ndarray, answer: faceql.Answer) -> None:
    layer = Contour(strength=1.0)
    # All is skin here, as on a bald head.
    plain = look_at(answer, 0, np.full(photo.shape, 0.4, dtype=np.float32))
    cover = layer.cover(replace(plain, light=np.full((*plain.shape, 3), 0.4, dtype=np.float32)))
    steepest = max(float(np.abs(np.diff(cover, axis=axis)).max()) for axis in (0, 1))
    # Twice what the layer's own feather has.
    assert steepest < 2 / (layer.feather * plain.size * (2 * np.pi) ** 0.5)
    assert cover.max() > 0.3


def test_foundation_keeps_what_is_no_skin(photo: np.ndarray, answer: faceql.Answer) -> None:
    face = look_at(answer, 0, to_linear(photo))
    bright = luma(face.light)
    skin = face.mask("skin") == 1
    assert np.quantile(bright[skin & (face.skin > 0.9)], 0.1) > np.quantile(bright[skin & (face.skin < 0.1)], 0.5)
    moved = np.abs(change(photo, answer, Foundation(strength=1.0)))
    assert not moved[answer.mask("lips") == 1].any()


def test_where_is_said_in_words(photo: np.ndarray, answer: faceql.Answer) -> None:
    moved = np.abs(change(photo, answer, Blush(where="chin_surface", strength=0.8, feather=0.0))).mean(axis=2)
    assert moved[answer.mask("chin_surface") == 1].mean() > 5
    assert not moved[answer.mask("left_cheek") == 1].any()


@pytest.mark.parametrize("name", ["evening.toml", "everyday.toml"])
def test_looks_are_read(name: str) -> None:
    look = makeup.read_look(EXAMPLES / "looks" / name)
    assert len(look) >= 5
    assert all(type(layer) in KINDS.values() for layer in look)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "kind is foundation"),
        ({"kind": "powder"}, "'powder'"),
        ({"kind": "blush", "colour": "#ff0000"}, "not 'colour'"),
        ({"kind": "blush", "color": "red"}, "#rrggbb"),
        ({"kind": "blush", "strength": 2}, "between 0 and 1"),
        ({"kind": "liner", "wing": "long"}, "a number"),
        ({"kind": "lipstick", "liner": True}, "text"),
    ],
)
def test_what_a_look_cannot_say(table: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_layer(table)


def test_an_empty_look_and_the_place_of_a_mistake_are_told(tmp_path: Path) -> None:
    path = tmp_path / "look.toml"
    path.write_text("title = 'x'\n", "utf-8")
    with pytest.raises(ValueError, match=r"\[\[layer\]\]"):
        makeup.read_look(path)
    path.write_text("[[layer]]\nkind = 'brows'\n[[layer]]\nkind = 'liner'\nwidth = 3\n", "utf-8")
    with pytest.raises(ValueError, match="layer 2: width of liner"):
        makeup.read_look(path)


def write_clip(path: Path, photo: np.ndarray, count: int) -> None:
    """Write a face that wanders, in the noise of a camera."""
    av = pytest.importorskip("av", reason="PyAV is missing: pip install 'faceql[video]'")
    random = np.random.default_rng(5)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "12"})
        # With more threads x264 writes another file each time, and some of them flicker more.
        stream.codec_context.thread_count = 1
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(count):
            x, y = 60 + 2 * index, 10 + index
            noisy = photo[y : y + 240, x : x + 320] + random.normal(0, 4, (240, 320, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy.clip(0, 255).astype(np.uint8), "rgb24")))
        container.mux(stream.encode(None))


def test_a_look_moves_with_the_face(
    engine: faceql.Engine, photo: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from makeup_motion import main

    from faceql.engine import VideoFile

    write_clip(tmp_path / "in.mp4", photo, 2)
    flicker = main(
        tmp_path / "in.mp4", EXAMPLES / "looks" / "everyday.toml", tmp_path / "out.mp4", tmp_path / "sheet.png"
    )
    assert capsys.readouterr().out.startswith("2 frames; changed between frames")
    assert all(len(changes) == 1 for changes in flicker.changes.values())
    before, after = (list(VideoFile(tmp_path / name).read()) for name in ("in.mp4", "out.mp4"))
    assert [frame.time for frame in after] == pytest.approx([frame.time for frame in before], abs=1e-4)
    lips = engine.ask(before[1].image, "60 points on the outer lip; 60 on the inner lip").mask("lips") == 1
    moved = after[1].image.astype(int) - before[1].image
    assert np.median(moved[lips][:, 0] - moved[lips][:, 1]) > 4
    # What the encoder leaves of noise.
    assert np.abs(moved[:, :20]).mean() < 5
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (6 * 240, 240)


@pytest.mark.slow
def test_what_is_known_of_a_face_before_makes_its_paint_steadier(photo: np.ndarray, tmp_path: Path) -> None:
    from makeup_motion import main

    write_clip(tmp_path / "in.mp4", photo, 16)
    look = EXAMPLES / "looks" / "evening.toml"
    steady, raw = (main(tmp_path / "in.mp4", look, tmp_path / "out.mp4", raw=raw).changes for raw in (False, True))
    for name in ("lips", "eyebrows", "paint"):
        assert np.median(steady[name][4:]) < 0.95 * np.median(raw[name][4:])


def test_what_moved_with_the_points_has_not_changed() -> None:
    from makeup_motion import move

    y, x = np.mgrid[0:80, 0:100]
    points = np.array([(30.0, 30.0), (50.0, 32.0), (42.0, 50.0)])
    turned = (points - 40) @ (1.1 * np.array([[0.96, 0.28], [-0.28, 0.96]])) + (50, 38)

    def blob(at: np.ndarray, size: float) -> np.ndarray:
        return np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * size**2)).astype(np.float32)

    moved = move(blob(points[0], 5.0), points, turned)
    assert np.abs(moved - blob(turned[0], 5.5)).max() < 0.02
