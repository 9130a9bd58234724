"""`faceql track` in trouble: stops while a frame is drawn, changing sizes, sound that does not fit, full disks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine, VideoFile
from faceql.engine.video_writer import FRAGMENTS_SINCE, VideoWriter
from faceql.errors import ConfigError
from faceql.server.track_results import DrawnVideo

from .conftest import ASTRONAUT
from .test_track_command import FRAMES, av, clip, read_lines, run  # noqa: F401

resource = pytest.importorskip("resource", reason="no limits on files on this platform")


@pytest.fixture(scope="module")
def shipped() -> Engine:
    """The small detector: what becomes of files does not depend on where the points lie."""
    return Engine("cpu", "fast")


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


def is_lost(ending: str) -> bool:
    """Whether this FFmpeg is too old to keep a video of an ending when the disk is full."""
    return ending.removeprefix(".") != "mkv" and av.library_versions["libavformat"] < FRAGMENTS_SINCE


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow above a size in bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def write_noise(path: Path, begin: float = 0.0) -> None:
    """Write eight seconds of pictures that do not repeat, from a time in seconds on."""
    rng = np.random.default_rng(0)
    with VideoWriter(path, (160, 120), 25.0) as writer:
        for index in range(200):
            pixels = rng.integers(0, 255, (15, 20, 3), np.uint8).repeat(8, 0).repeat(8, 1)
            writer.add(Image.fromarray(pixels), begin + index / 25)


@pytest.fixture(scope="module", params=["mp4", "mov", "mkv"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `write_noise` in each kind of container."""
    path = tmp_path_factory.mktemp("noise") / f"whole.{request.param}"
    write_noise(path)
    assert len(list(VideoFile(path).read())) == 200
    return path


@pytest.mark.parametrize("share", [0.3, 0.7, 0.997])
def test_a_full_disk_leaves_a_video_that_can_be_played(whole: Path, tmp_path: Path, share: float) -> None:
    """At 0.997 all frames are there, and the table that finishes the file is cut off."""
    if is_lost(whole.suffix):
        pytest.skip("FFmpeg is too old")
    half = tmp_path / f"half{whole.suffix}"
    with full_disk(int(share * whole.stat().st_size)), pytest.raises(ConfigError, match="cannot write"):
        write_noise(half)
    frames = list(VideoFile(half).read())
    assert share * 200 - 40 < len(frames) <= share * 200 + 2
    times = [frame.time for frame in frames]
    np.testing.assert_allclose(times[:-8], np.arange(len(times) - 8) / 25, atol=1e-3)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_a_finished_video_is_an_ordinary_one(tmp_path: Path, ending: str) -> None:
    """No live stream: it tells its length, and the time of its first frame."""
    path = tmp_path / f"out.{ending}"
    write_noise(path, begin=0.52)
    video = VideoFile(path)
    assert video.start == pytest.approx(0.52, abs=1e-3)
    assert video.seconds == pytest.approx(8.0, abs=0.6)
    assert video.count == (None if ending == "mkv" else 200)
    drawn = DrawnVideo(path)
    assert [drawn.lacks(0.52 + index / 25) for index in (190, 199, 200)] == [False, False, True]
    _, begin = next(drawn.read((160, 120)))
    assert begin == pytest.approx(0.52, abs=1e-3)


def write_noisy_clip(path: Path) -> None:
    """Write four seconds of a portrait, with sound; noise makes a file that is written in more than one go."""
    portrait, rng = Image.open(ASTRONAUT).crop((120, 20, 320, 220)), np.random.default_rng(0)
    silence = np.zeros((1, 3200), np.float32)
    with av.open(str(path), "w") as container:
        stream, audio = container.add_stream("libx264", rate=5), container.add_stream("aac", rate=16000)
        stream.width, stream.height, stream.pix_fmt = *portrait.size, "yuv420p"
        for index in range(20):
            pixels = np.clip(np.asarray(portrait) + rng.normal(0, 20, (200, 200, 3)), 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            heard = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 16000, 3200 * index, Fraction(1, 16000)
            container.mux(audio.encode(heard))
        container.mux(stream.encode(None))
        container.mux(audio.encode(None))


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_drawing_is_gone_on_with_after_a_full_disk(run, tmp_path: Path, ending: str) -> None:  # noqa: F811
    if is_lost(ending):
        pytest.skip("FFmpeg is too old")
    clip, whole, out = (tmp_path / f"{name}.{ending}" for name in ("clip", "whole", "out"))  # noqa: F811
    write_noisy_clip(clip)
    assert run(clip, "pupils", "--out", whole).exit_code == 0
    times = [frame.time for frame in VideoFile(whole).read()]
    kept = 0
    for share in (0.5, 0.75):
        with full_disk(int(share * whole.stat().st_size)):
            done = run(clip, "pupils", "--out", out)
        assert done.exit_code == 2
        assert "cannot write" in done.output
        assert "the same command goes on from there" in done.output
        before, kept = kept, len(list(VideoFile(out).read()))
        assert f"{str(out)!r} has the first {kept} frames" in done.output.replace("\n", " ")
        assert before < kept < len(times)
    with full_disk(whole.stat().st_size // 2):
        done = run(clip, "pupils", "--out", out)
    assert "is as it was" in done.output
    assert len(list(VideoFile(out).read())) == kept
    done = run(clip, "pupils", "--out", out)
    assert done.exit_code == 0, done.output
    # Every frame once: those too that the encoder would have written after later ones.
    np.testing.assert_allclose([frame.time for frame in VideoFile(out).read()], times, atol=2e-3)
    with av.open(str(out)) as container:
        assert len(container.streams.audio) == 1
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_a_full_disk_leaves_whole_lines_and_says_which_file(run, clip: Path, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out.jsonl"
    assert run(clip, "the 300W layout", "--out", out, "--seconds", 0.01).exit_code == 0
    line = out.stat().st_size
    out.unlink()
    with full_disk(3 * line + line // 2):
        done = run(clip, "the 300W layout", "--out", out)
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


@pytest.mark.parametrize("name", ["holiday.mp4", "table.csv"])
def test_beside_what_is_left_alone_nothing_stays_behind(run, clip: Path, tmp_path: Path, name: str) -> None:  # noqa: F811
    out = tmp_path / name
    out.write_text("a,b\n1,2\n")
    for _ in range(2):
        done = run(clip, "pupils", "--out", out)
        assert done.exit_code == 2
        assert "--overwrite" in done.output
        assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out.mp4", "out.csv"])
def test_a_folder_that_is_not_there_is_told_by_the_name_that_was_given(
    run,  # noqa: F811
    clip: Path,  # noqa: F811
    tmp_path: Path,
    name: str,
) -> None:
    out = tmp_path / "none" / name
    done = run(clip, "pupils", "--out", out)
    assert done.exit_code == 2
    assert f"cannot write {str(out)!r}" in done.output


@pytest.mark.parametrize("seconds", ["nan", "-1", "0"])
def test_seconds_are_a_number_above_0(run, clip: Path, tmp_path: Path, seconds: str) -> None:  # noqa: F811
    out = tmp_path / "out.jsonl"
    assert run(clip, "pupils", "--out", out, f"--seconds={seconds}").exit_code == 2
    assert not out.exists()
