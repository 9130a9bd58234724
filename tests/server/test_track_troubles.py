"""`faceql track` in trouble: stops while a frame is drawn, changing sizes, sound that does not fit, full disks."""

from __future__ import annotations

import signal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import VideoFile
from faceql.engine.video_writer import VideoWriter

from .test_track_command import FRAMES, av, clip, read_lines, run, shipped  # noqa: F401

resource = pytest.importorskip("resource", reason="no limits on files on this platform")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_a_frame_is_drawn_loses_none(
    run,  # noqa: F811
    clip: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    out = tmp_path / "out.mp4"
    add, count = VideoWriter.add, 0
    # Where no handler takes it, it ends this process.
    before = signal.signal(number, signal.default_int_handler)

    def add_and_stop(self: VideoWriter, picture: Image.Image, time: float) -> None:
        nonlocal count
        count += 1
        if count == 4:
            signal.raise_signal(number)
        add(self, picture, time)

    monkeypatch.setattr(VideoWriter, "add", add_and_stop)
    try:
        done = run(clip, "pupils", "--out", out)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert done.exit_code == 1
    assert "Aborted" in done.output
    assert len(list(VideoFile(out).read())) == 4
    monkeypatch.undo()


def test_who_stops_twice_does_not_wait(
    run,  # noqa: F811
    clip: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out.mp4"

    def stop_twice(self: VideoWriter, picture: Image.Image, time: float) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")

    monkeypatch.setattr(VideoWriter, "add", stop_twice)
    assert run(clip, "pupils", "--out", out).exit_code == 1
    assert not out.exists()


def write_two_sizes(folder: Path) -> Path:
    """Write a portrait whose frames become larger in the middle, as some recorders' do."""
    whole = folder / "sizes.ts"
    pieces = []
    for name, size in (("a.ts", (200, 200)), ("b.ts", (320, 240))):
        piece = folder / name
        with av.open(str(piece), "w", format="mpegts") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            portrait = Image.open(write_portrait(folder)).resize(size)
            for _ in range(6):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(portrait), format="rgb24")))
            container.mux(stream.encode(None))
        pieces.append(piece.read_bytes())
    whole.write_bytes(b"".join(pieces))
    return whole


def write_portrait(folder: Path) -> Path:
    from .conftest import ASTRONAUT

    path = folder / "portrait.png"
    Image.open(ASTRONAUT).crop((120, 20, 320, 220)).save(path)
    return path


def test_a_video_that_changes_its_size_is_drawn_whole(run, tmp_path: Path) -> None:  # noqa: F811
    sizes, out = write_two_sizes(tmp_path), tmp_path / "out.mp4"
    assert {frame.image.shape[:2] for frame in VideoFile(sizes).read()} == {(200, 200), (240, 320)}
    done = run(sizes, "pupils", "--out", out)
    assert done.exit_code == 0, done.output
    frames = list(VideoFile(out).read())
    assert [frame.image.shape for frame in frames] == [(200, 200, 3)] * 12
    # The wider ones lie between bars.
    assert frames[-1].image[:15].max() < 30
    assert frames[-1].image[80:120].mean() > 60
    # What was stopped before the change is gone on with in the size that it has.
    half = tmp_path / "half.mp4"
    assert run(sizes, "pupils", "--out", half, "--seconds", 0.1).exit_code == 0
    assert run(sizes, "pupils", "--out", half).exit_code == 0
    assert [frame.image.shape for frame in VideoFile(half).read()] == [(200, 200, 3)] * 12


def test_sound_that_the_file_cannot_hold_costs_no_picture(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    portrait = np.asarray(Image.open(write_portrait(tmp_path)))
    with av.open(str(source), "w") as container:
        stream, audio = container.add_stream("libx264", rate=25), container.add_stream("flac", rate=16000)
        stream.width, stream.height, stream.pix_fmt = 200, 200, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(portrait, format="rgb24")))
        container.mux(stream.encode(None))
        for index in range(8):
            heard = av.AudioFrame.from_ndarray(np.zeros((1, 4608), np.int16), format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 16000, 4608 * index, Fraction(1, 16000)
            container.mux(audio.encode(heard))
    # FFmpeg names FLAC among the codecs of both kinds, and refuses it for the first.
    for name, kept in (("out.mov", 0), ("out.mkv", 1)):
        with VideoWriter(tmp_path / name, (200, 200), 25.0, VideoFile(source)) as writer:
            for frame in VideoFile(source).read():
                writer.add(Image.fromarray(frame.image), frame.time)
        with av.open(str(tmp_path / name)) as container:
            assert len(container.streams.audio) == kept
            assert sum(1 for _ in container.decode(video=0)) == 3
        assert len(writer.notes) == 1 - kept
        assert all("flac" in note for note in writer.notes)


def test_a_full_disk_leaves_whole_lines_and_says_which_file(run, clip: Path, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out.jsonl"
    assert run(clip, "the 300W layout", "--out", out, "--seconds", 0.01).exit_code == 0
    line = out.stat().st_size
    out.unlink()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * line + line // 2, before[1]))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        done = run(clip, "the 300W layout", "--out", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert done.exit_code == 2
    assert str(out) in done.output
    assert "goes on from there" in done.output
    assert 2 <= len(read_lines(out)) <= 3
    assert run(clip, "the 300W layout", "--out", out).exit_code == 0
    assert [row["frame"] for row in read_lines(out)] == list(range(FRAMES))


def test_a_clip_without_faces_is_a_table_without_rows(run, tmp_path: Path) -> None:  # noqa: F811
    blank, out = tmp_path / "blank.mp4", tmp_path / "out.csv"
    with av.open(str(blank), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    for _ in range(2):
        assert run(blank, "pupils", "--out", out).exit_code == 0
        (head,) = out.read_text().splitlines()
        assert head.startswith("frame,time,identity,how,index,face,part")


def test_nothing_is_said_to_be_there_where_nothing_is(run, tmp_path: Path) -> None:  # noqa: F811
    done = run("pupils", "--camera", 97, "--out", tmp_path / "out.jsonl")
    assert done.exit_code == 2
    assert "answers:" not in done.output


def test_a_drawn_video_that_was_damaged_is_left_alone(run, clip: Path, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out.mp4"
    assert run(clip, "pupils", "--out", out, "--seconds", 0.1).exit_code == 0
    out.write_bytes(out.read_bytes()[:600])
    done = run(clip, "pupils", "--out", out)
    assert done.exit_code == 2
    assert "--overwrite" in done.output


@pytest.mark.parametrize("seconds", ["nan", "-1", "0"])
def test_seconds_are_a_number_above_0(run, clip: Path, tmp_path: Path, seconds: str) -> None:  # noqa: F811
    out = tmp_path / "out.jsonl"
    assert run(clip, "pupils", "--out", out, f"--seconds={seconds}").exit_code == 2
    assert not out.exists()
