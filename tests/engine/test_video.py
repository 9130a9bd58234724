"""Reading moving pictures: files as they come, cameras, and what is wrong with them."""

from __future__ import annotations

import functools
import re
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceql.engine import Engine, VideoFile, read_frames, video
from faceql.errors import ConfigError, TooManyPixelsError, VideoError

av = pytest.importorskip("av", reason="PyAV is missing: pip install 'faceql[video]'")

HEIGHT, WIDTH = 96, 160


def draw_frame(index: int) -> np.ndarray:
    """Return a frame whose top is as bright as its number tells, with a white corner at the top left."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[: HEIGHT // 2] = 4 * index
    pixels[:24, :24] = 255
    return pixels


def write_video(
    path: Path, times: list[float], *, angle: int = 0, sound: bool = False, picture: bool = True, title: str = ""
) -> Path:
    """Write frames of given times in seconds."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        container.metadata["title"] = title
        audio = container.add_stream("aac", rate=16000) if sound else None
        stream = container.add_stream("libx264", rate=30, options={"bf": "0"}) if picture else None
        if stream is not None:
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            if angle:
                stream.set_display_rotation(angle)
        if audio is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
            silence.sample_rate = 16000
            container.mux(audio.encode(silence))
            container.mux(audio.encode(None))
        if stream is not None:
            for index, moment in enumerate(times):
                frame = av.VideoFrame.from_ndarray(draw_frame(index), format="rgb24")
                frame.pts, frame.time_base = round(1000 * moment), Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


TIMES = [index / 30 for index in range(45)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("videos") / "clip.mp4", TIMES)


def test_a_file_gives_its_frames_in_order_with_their_times(clip: Path) -> None:
    file = VideoFile(clip)
    assert (file.size, file.count, round(file.fps, 1)) == ((HEIGHT, WIDTH), 45, 30.0)
    assert file.seconds == pytest.approx(1.5, abs=0.05)
    frames = list(file.read())
    np.testing.assert_allclose([frame.time for frame in frames], TIMES, atol=1e-3)
    tops = [frame.image[40, 100].mean() for frame in frames]
    np.testing.assert_allclose(tops, 4 * np.arange(45), atol=4)


def test_pyav_before_19_and_since_reads_it(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, given = av.open, []

    def open_like(version: str, file: Any, mode: str | None = None, **options: Any) -> Any:
        given.append((version, "metadata_errors" in options))
        return own(file, mode, options=options["options"])

    for version in ("18.1.0", "19.0.2", "20.0.0"):
        monkeypatch.setattr(av, "__version__", version)
        monkeypatch.setattr(av, "open", functools.partial(open_like, version))
        assert len(list(VideoFile(clip).read())) == len(TIMES)
    assert set(given) == {("18.1.0", True), ("19.0.2", False), ("20.0.0", False)}


def test_titles_in_other_letters_do_not_stop_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", TIMES[:5], title="SCHOENE")
    path.write_bytes(path.read_bytes().replace(b"SCHOENE", b"SCH\xd6NE!"))
    assert len(list(VideoFile(path).read())) == 5


def test_reading_begins_at_a_time(clip: Path) -> None:
    times = [frame.time for frame in VideoFile(clip).read(start=0.7)]
    assert times[0] == pytest.approx(0.7, abs=1e-3)
    assert len(times) == 24


def test_the_times_of_a_variable_rate_are_kept(tmp_path: Path) -> None:
    times = [0.0, 0.033, 0.066, 0.4, 0.41, 1.0, 1.033]
    path = write_video(tmp_path / "uneven.mp4", times)
    read = [moment for moment, _ in read_frames(path)]
    np.testing.assert_allclose(read, times, atol=1e-3)


@pytest.mark.parametrize(("angle", "corner"), [(90, "bottom left"), (180, "bottom right"), (-90, "top right")])
def test_frames_are_turned_upright_as_the_file_says(tmp_path: Path, angle: int, corner: str) -> None:
    """By FFmpeg's own word: the angle is anticlockwise."""
    path = write_video(tmp_path / "turned.mp4", TIMES[:3], angle=angle)
    file = VideoFile(path)
    (_, photo), *_ = read_frames(path)
    assert photo.size == file.size == ((WIDTH, HEIGHT) if angle % 180 else (HEIGHT, WIDTH))
    height, width = photo.size
    row = 8 if corner.startswith("top") else height - 8
    column = 8 if corner.endswith("left") else width - 8
    assert photo.pixels[row, column].mean() > 220
    assert photo.pixels[height - row, width - column].mean() < 60


@pytest.mark.parametrize("kept", [0.55, 0.8])
def test_a_file_cut_short_gives_its_frames_and_then_an_error(clip: Path, tmp_path: Path, kept: float) -> None:
    data = clip.read_bytes()
    path = tmp_path / "short.mp4"
    path.write_bytes(data[: int(kept * len(data))])
    frames, error = read_all(VideoFile(path).read())
    assert 3 < len(frames) < 45
    assert re.search(r"damaged or cut short after \d+ frames", error)


def test_a_file_that_tells_one_length_for_all_is_seen_to_be_cut_short(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "clip.mkv", [index / 15 for index in range(60)])
    assert len(list(VideoFile(whole).read())) == 60
    short = tmp_path / "short.mkv"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames, error = read_all(VideoFile(short).read())
    assert 10 < len(frames) < 55
    assert "damaged or cut short after" in error


def write_container(path: Path, codec: str, *, sound: bool = False) -> Path:
    """Write two seconds of pictures that do not repeat, so that each takes some bytes."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w", format={".ts": "mpegts", ".wmv": "asf"}.get(path.suffix)) as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio = container.add_stream("aac", rate=44100) if sound else None
        for index in range(60):
            pixels = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            if audio is not None:
                heard = av.AudioFrame.from_ndarray(np.zeros((1, 1470), np.float32), format="fltp", layout="mono")
                heard.sample_rate, heard.pts, heard.time_base = 44100, 1470 * index, Fraction(1, 44100)
                container.mux(audio.encode(heard))
        container.mux(stream.encode(None))
        if audio is not None:
            container.mux(audio.encode(None))
    return path


def add_time_codes(path: Path) -> Path:
    """Write a transport stream as Blu-ray players and camcorders do: four bytes before each packet."""
    data, coded = path.read_bytes(), path.with_suffix(".m2ts")
    coded.write_bytes(b"".join(bytes(4) + data[at : at + 188] for at in range(0, len(data), 188)))
    return coded


@pytest.mark.parametrize(
    ("name", "codec", "told"),
    [
        ("clip.ts", "libx264", r"of its last packet \d+ of 188 bytes are there"),
        ("clip.m2ts", "mpeg2video", r"of its last packet \d+ of 192 bytes are there"),
        ("clip.avi", "mpeg4", "of {whole:,} bytes {kept:,} are there"),
        ("clip.avi", "mjpeg", "of {whole:,} bytes {kept:,} are there"),
        ("clip.mkv", "libx264", "of {whole:,} bytes {kept:,} are there"),
        ("clip.wmv", "wmv2", "of {whole:,} bytes {kept:,} are there"),
    ],
)
def test_a_file_with_fewer_bytes_than_its_container_says_is_cut_short(
    tmp_path: Path, name: str, codec: str, told: str
) -> None:
    whole = write_container((tmp_path / name).with_suffix(".ts" if "ts" in name else Path(name).suffix), codec)
    whole = add_time_codes(whole) if name.endswith(".m2ts") else whole
    data = whole.read_bytes()
    assert read_all(VideoFile(whole).read())[1] == ""
    # With something behind it a file is whole too.
    padded = whole.with_stem("padded")
    padded.write_bytes(data + bytes(1000))
    assert read_all(VideoFile(padded).read())[1] == ""
    packet = 192 if name.endswith(".m2ts") else 188
    for share in (0.5, 0.9, 0.97):
        kept = int(share * len(data)) // packet * packet + 100
        short = whole.with_stem("short")
        short.write_bytes(data[:kept])
        with short.open("rb") as opened:
            for video in (VideoFile(short), VideoFile("short", opened=opened)):
                frames, error = read_all(video.read())
                assert 20 < len(frames) < 60
                assert re.search(r"damaged or cut short after \d+ frames", error)
                assert re.search(told.format(whole=len(data), kept=kept), error), error


def test_a_video_that_is_still_recorded_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    """Its frames so far are all that there are: nothing says that more will come."""
    path = write_container(tmp_path / "clip.avi", "mjpeg")
    data = bytearray(path.read_bytes())
    for size in (0, 0xFFFFFFFF):
        data[4:8] = size.to_bytes(4, "little")
        path.write_bytes(data)
        assert read_all(VideoFile(path).read())[1] == ""


@pytest.mark.skipif(
    int(av.__version__.partition(".")[0]) < 18, reason="PyAV before 18 reads memory that is not its own"
)
def test_a_stream_that_turns_up_late_is_no_crash(tmp_path: Path) -> None:
    """Where an FLV is cut just so, FFmpeg takes what is left for a third stream, and PyAV fails at its end."""
    path = write_container(tmp_path / "clip.flv", "libx264", sound=True)
    data = path.read_bytes()
    # Just so is it every 23 bytes.
    for missing in range(30, 60):
        path.write_bytes(data[:-missing])
        frames, _ = read_all(VideoFile(path).read())
        assert len(frames) > 50


def test_pictures_that_end_before_the_sound_are_no_damage(tmp_path: Path) -> None:
    # FFmpeg gives so short a picture the length of the file, which is that of the sound: a second.
    clip = write_video(tmp_path / "clip.mkv", TIMES[:3], sound=True)
    with av.open(str(clip)) as container:
        assert container.streams.video[0].duration
    assert len(list(VideoFile(clip).read())) == 3


def read_all(frames: Iterator[Any]) -> tuple[list[Any], str]:
    """Return the frames before the error, and the error."""
    kept = []
    try:
        for frame in frames:
            kept.append(frame)
    except VideoError as error:
        return kept, str(error)
    return kept, ""


def test_what_is_no_video_says_so(clip: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    for data in (b"", b"hello" * 500, clip.read_bytes()[40:]):
        bad.write_bytes(data)
        with pytest.raises(VideoError, match="not a video that can be read"):
            VideoFile(bad)
    with pytest.raises(VideoError, match="there is no file"):
        VideoFile(tmp_path / "none.mp4")
    with pytest.raises(VideoError, match="is a folder"):
        VideoFile(tmp_path)
    sound = write_video(tmp_path / "sound.mp4", [], sound=True, picture=False)
    with pytest.raises(VideoError, match="no video stream"):
        VideoFile(sound)
    with pytest.raises(TooManyPixelsError):
        VideoFile(clip, max_pixels=WIDTH * HEIGHT - 1)


def test_a_list_of_files_is_not_followed(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n")
    with pytest.raises(VideoError):
        VideoFile(path)


def test_without_the_extra_it_says_what_to_install(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'faceql\[video\]'"):
        VideoFile(clip)
    with pytest.raises(ConfigError, match=r"pip install 'faceql\[video\]'"):
        next(read_frames(0))


def test_there_is_no_such_camera() -> None:
    for number in (97, -1):
        with pytest.raises(VideoError, match=f"camera {number}"):
            next(read_frames(number))


def test_a_camera_gives_its_newest_frame(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow reader misses frames; the end of the picture is told."""
    monkeypatch.setattr(video, "name_camera", lambda av, number: {"file": str(clip)})
    frames = read_frames(0)
    seen = [next(frames)[1].pixels[40, 100].mean()]
    time.sleep(0.5)
    rest, error = read_all(frames)
    seen += [photo.pixels[40, 100].mean() for _, photo in rest]
    assert "its picture ended" in error
    assert seen == sorted(seen)
    assert len(seen) < 45
    assert seen[-1] > 4 * 40


def test_cameras_are_named_as_each_system_does() -> None:
    assert video.name_camera(av, 1, "linux") == {"file": "/dev/video1", "format": "v4l2"}
    assert video.name_camera(av, 0, "darwin")["format"] == "avfoundation"


def test_a_video_without_faces_is_answered_frame_by_frame(clip: Path) -> None:
    frames = list(Engine("cpu").track(clip, "pupils", search_every=40))
    assert len(frames) == 45
    assert not any(frame.identities for frame in frames)
    assert frames[30].time == pytest.approx(1.0, abs=1e-3)
