"""`faceql track`: videos in, drawn videos and answers out; a stop costs nothing that was done."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from faceql.engine import Answer, Engine, VideoFile, video
from faceql.server.cli import main

from .conftest import ASTRONAUT

av = pytest.importorskip("av", reason="PyAV is missing: pip install 'faceql[video]'")

FRAMES = 10


def write_clip(path: Path, frames: int = FRAMES, *, sound: bool = False, options: dict | None = None) -> Path:
    """Write a portrait that moves aside, 25 frames a second, the last one shown late."""
    portrait = Image.open(ASTRONAUT).crop((120, 20, 340, 220))
    with av.open(str(path), "w", options={"movflags": "+faststart"} | (options or {})) as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = portrait.width - 20, portrait.height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        audio = container.add_stream("aac", rate=16000) if sound else None
        for index in range(frames):
            view = portrait.crop((index, 0, index + portrait.width - 20, portrait.height))
            frame = av.VideoFrame.from_ndarray(np.asarray(view), format="rgb24")
            frame.pts, frame.time_base = 40 * index + 160 * (index == frames - 1), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            tone = (0.2 * np.sin(np.arange(16000) / 10)).astype(np.float32)[None]
            heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            heard.sample_rate = 16000
            container.mux(audio.encode(heard))
            container.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", sound=True)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, shipped: Engine):
    """The command, with an engine that is loaded once."""
    monkeypatch.setattr("faceql.engine.Engine", lambda *args, **named: shipped)

    def run(*words: object) -> Result:
        return CliRunner().invoke(main, ["track", *map(str, words)])

    return run


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return Engine("cpu")


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_answers_are_written_frame_by_frame_and_gone_on_with(run, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    done = run(clip, "pupils", "--out", out)
    assert done.exit_code == 0, done.output
    whole = read_lines(out)
    assert [row["frame"] for row in whole] == list(range(FRAMES))
    assert [row["time"] for row in whole[:3]] == [0, 0.04, 0.08]
    assert whole[-1]["time"] == pytest.approx(0.04 * (FRAMES - 1) + 0.16, abs=1e-3)
    assert {tuple(row["identities"]) for row in whole} == {(1,)}
    assert [row["how"] for row in whole] == [["found"], *[["tracked"]] * (FRAMES - 1)]
    assert len(Answer.from_dict(whole[5]["answer"])) == 2

    # Stopped in the middle of a line.
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join(lines[:7]) + lines[7][:40])
    done = run(clip, "pupils", "--out", out)
    assert done.exit_code == 0, done.output
    again = read_lines(out)
    assert again[:7] == whole[:7]
    assert [(row["frame"], row["identities"]) for row in again] == [(row["frame"], [1]) for row in whole]
    for before, after in zip(whole, again, strict=True):
        assert np.abs(Answer.from_dict(before["answer"]).xy - Answer.from_dict(after["answer"]).xy).max() < 1.5

    done = run(clip, "mouth corners", "--out", out)
    assert done.exit_code == 2
    assert "another instruction" in done.output

    done = run(clip, "pupils", "--faces", "", "--out", out)
    assert done.exit_code == 0, done.output


def test_rows_of_csv_have_time_and_identity(run, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert run(clip, "pupils", "--out", out, "--raw").exit_code == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 2 * FRAMES
    assert (rows[2]["frame"], rows[2]["time"]) == ("1", "0.04")
    assert {row["identity"] for row in rows} == {"1"}
    text = out.read_text()
    out.write_text("".join(text.splitlines(keepends=True)[:10]))
    assert run(clip, "pupils", "--out", out, "--raw").exit_code == 0
    again = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["frame"], row["name"]) for row in again] == [(row["frame"], row["name"]) for row in rows]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_shares_of_the_frame_on_request(run, clip: Path, tmp_path: Path, ending: str) -> None:
    pixels, shares = tmp_path / f"pixels.{ending}", tmp_path / f"shares.{ending}"
    assert run(clip, "pupils", "--out", pixels).exit_code == 0
    done = run(clip, "pupils", "--out", shares, "--units", "normalized")
    assert done.exit_code == 0, done.output
    want, got = (read_places(path) for path in (pixels, shares))
    np.testing.assert_allclose(got * (200, 200) - 0.5, want, atol=1e-3)
    # Gone on with: the same faces, the same units, and never the other ones.
    whole = shares.read_text()
    shares.write_text(whole[: len(whole) * 6 // 10])
    again = run(clip, "pupils", "--out", shares, "--units", "normalized")
    assert again.exit_code == 0, again.output
    np.testing.assert_allclose(read_places(shares), got, atol=1.5 / 200)
    if ending == "jsonl":
        assert {tuple(row["identities"]) for row in read_lines(shares)} == {(1,)}
    for path, units in ((shares, "px"), (pixels, "normalized")):
        kept = path.read_bytes()
        mixed = run(clip, "pupils", "--out", path, "--units", units)
        assert mixed.exit_code == 2
        assert f"now it is units '{units}'" in mixed.output
        assert path.read_bytes() == kept


def test_a_drawing_has_no_units(run, clip: Path, tmp_path: Path) -> None:
    done = run(clip, "pupils", "--out", tmp_path / "drawn.mp4", "--units", "normalized")
    assert done.exit_code == 2
    assert "--units is for answers" in done.output


def read_places(path: Path) -> np.ndarray:
    """Every point (N, 2) of a file of answers."""
    if path.suffix == ".csv":
        return np.array([(float(row["x"]), float(row["y"])) for row in csv.DictReader(path.read_text().splitlines())])
    return np.array([(point["x"], point["y"]) for row in read_lines(path) for point in row["answer"]["points"]])


def test_a_drawn_video_keeps_times_and_sound(run, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "drawn.mp4"
    done = run(clip, "lips as a polygon", "--out", out)
    assert done.exit_code == 0, done.output
    times = [frame.time for frame in VideoFile(clip).read()]
    drawn = list(VideoFile(out).read())
    np.testing.assert_allclose([frame.time for frame in drawn], times, atol=1e-3)
    before = next(VideoFile(clip).read()).image.astype(int)
    changed = np.abs(drawn[0].image.astype(int) - before).max(axis=2) > 60
    _, columns = np.nonzero(changed)
    assert 20 < changed.sum() < 4000
    assert np.ptp(columns) < 60
    with av.open(str(out)) as container:
        (sound,) = container.streams.audio
        assert sound.codec_context.name == "aac"
        heard = sum(frame.samples for frame in container.decode(sound))
    assert 0.5 * 16000 < heard <= 16000


def test_a_video_that_lies_on_its_side_is_drawn_upright(run, clip: Path, tmp_path: Path) -> None:
    """As a phone films: turned pixels, and the turn told beside them; its frames come at odd times."""
    times = [0.0, 0.04, 0.15, 0.17, 0.4]
    upright = [frame.image for frame in VideoFile(clip).read()][: len(times)]
    sideways, out = tmp_path / "sideways.mp4", tmp_path / "out.mp4"
    with av.open(str(sideways), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *upright[0].shape[:2], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.set_display_rotation(90)
        for picture, moment in zip(upright, times, strict=True):
            turned = np.ascontiguousarray(np.rot90(picture, -1))
            frame = av.VideoFrame.from_ndarray(turned, format="rgb24")
            frame.pts, frame.time_base = round(1000 * moment), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    done = run(sideways, "pupils", "--out", out)
    assert done.exit_code == 0, done.output
    drawn = list(VideoFile(out).read())
    assert VideoFile(out).angle == 0
    np.testing.assert_allclose([frame.time for frame in drawn], times, atol=2e-3)
    assert drawn[0].image.shape == upright[0].shape
    assert np.abs(drawn[0].image.astype(int) - upright[0]).mean() < 6
    rows = tmp_path / "rows.jsonl"
    assert run(sideways, "pupils", "--out", rows).exit_code == 0
    (answer, *_), (known, *_) = (
        [Answer.from_dict(row["answer"]) for row in read_lines(path)]
        for path in (rows, write_rows(run, clip, tmp_path / "upright.jsonl"))
    )
    assert np.abs(answer.xy - known.xy).max() < 1.5


def write_rows(run, clip: Path, out: Path) -> Path:
    assert run(clip, "pupils", "--out", out, "--seconds", 0.1).exit_code == 0
    return out


def test_a_drawn_video_is_gone_on_with(run, clip: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    assert run(clip, "lips as a polygon", "--out", whole).exit_code == 0
    assert run(clip, "lips as a polygon", "--out", out, "--seconds", 0.15).exit_code == 0
    assert len(list(VideoFile(out).read())) == 4
    done = run(clip, "lips as a polygon", "--out", out)
    assert done.exit_code == 0, done.output
    want, got = (list(VideoFile(path).read()) for path in (whole, out))
    np.testing.assert_allclose([frame.time for frame in got], [frame.time for frame in want], atol=1e-3)
    # The same drawing, but for what encoding twice takes away.
    for one, other in zip(want, got, strict=True):
        assert np.abs(one.image.astype(int) - other.image).mean() < 3
    with av.open(str(out)) as container:
        assert len(container.streams.audio) == 1
    kept = out.read_bytes()
    done = run(clip, "lips as a polygon", "--out", out)
    assert "nothing was left to draw" in done.output
    assert out.read_bytes() == kept
    done = run(clip, "pupils", "--out", out)
    assert done.exit_code != 0
    assert "another instruction" in done.output
    assert out.read_bytes() == kept
    assert run(clip, "pupils", "--out", out, "--overwrite").exit_code == 0
    assert out.read_bytes() != kept


def test_a_video_that_was_not_drawn_here_is_left_alone(run, clip: Path, tmp_path: Path) -> None:
    holiday = write_clip(tmp_path / "holiday.mp4")
    before = holiday.read_bytes()
    done = run(clip, "pupils", "--out", holiday)
    assert done.exit_code != 0
    assert "--overwrite" in done.output
    assert holiday.read_bytes() == before


@pytest.mark.parametrize(("ending", "kept"), [("mp4", 0.95), ("avi", 0.6), ("ts", 0.85)])
def test_what_was_done_of_a_damaged_video_is_kept(run, tmp_path: Path, ending: str, kept: float) -> None:
    silent = write_clip(tmp_path / f"silent.{ending}")
    short = silent.with_stem("short")
    # No whole packets of a transport stream.
    short.write_bytes(silent.read_bytes()[: int(kept * silent.stat().st_size) // 188 * 188 + 90])
    for name in ("out.jsonl", "out.mp4"):
        out = tmp_path / name
        done = run(short, "pupils", "--out", out)
        assert done.exit_code == 2
        assert "damaged or cut short" in done.output
        count = len(read_lines(out)) if name.endswith("jsonl") else len(list(VideoFile(out).read()))
        assert 2 <= count < FRAMES, name


def test_a_camera_is_answered_for_some_seconds(
    run, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "name_camera", lambda av, number: {"file": str(clip)})
    out = tmp_path / "seen.jsonl"
    done = run("pupils", "--camera", 0, "--out", out)
    assert done.exit_code == 2  # the picture ends, as no camera's does
    assert "camera 0 stopped" in done.output
    assert 1 <= len(read_lines(out)) <= FRAMES


def test_mistakes_are_told(run, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    told = {
        "--camera and an instruction": [clip, "--out", out],
        "say where the answers go": [clip, "pupils"],
        "must end in .mp4": [clip, "pupils", "--out", tmp_path / "out.txt"],
        "there is no file": [tmp_path / "none.mp4", "pupils", "--out", out],
        "unknown word": [clip, "3 points per unicorn", "--out", out],
        "the video itself": [clip, "pupils", "--out", clip],
        "camera 97 cannot be used": ["pupils", "--camera", 97, "--out", out],
    }
    for message, words in told.items():
        done = run(*words)
        assert done.exit_code == 2, message
        assert message in done.output, done.output
    other = tmp_path / "other.jsonl"
    other.write_text("something else\n")
    done = run(clip, "pupils", "--out", other)
    assert done.exit_code == 2
    assert "something else than answers" in done.output
    assert other.read_text() == "something else\n"


def test_without_a_screen_a_camera_needs_out(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    done = run("pupils", "--camera", 97)
    assert done.exit_code == 2
    assert "no window can be shown here" in done.output
