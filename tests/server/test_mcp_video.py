"""`ask_landmarks` on videos: one moment, a range, and what cannot be asked."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import numpy as np
import pytest
from mcp import Client
from mcp.server import MCPServer

from faceql.engine import Answer, Engine, VideoFile
from faceql.errors import ConfigError
from faceql.server import mcp_video
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.mcp_server import build_mcp_server
from faceql.server.service import Service
from faceql.server.token_budget import MAX_TOKENS, count_tokens

from ..engine.made_clips import load_made_motion, read_collins, read_hopper

av = pytest.importorskip("av", reason="PyAV is missing: pip install 'faceql[video]'")

FPS = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two seconds whose second half is a cut to another face, and what is no clip."""
    folder = tmp_path_factory.mktemp("videos")
    made = load_made_motion()
    with av.open(str(folder / "clip.mp4"), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "10"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for picture in made.cut(read_collins(), read_hopper(), 20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    whole = (folder / "clip.mp4").read_bytes()
    (folder / "broken.mp4").write_bytes(b"no video at all")
    (folder / "cut.mp4").write_bytes(whole[: len(whole) * 7 // 10])
    return folder


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return Engine("cpu")


@pytest.fixture(scope="module")
def server(shipped: Engine, folder: Path) -> Iterator[MCPServer]:
    limits = Limits(decode_seconds=None)
    service = Service(lambda: shipped, limits)
    yield build_mcp_server(service, ImageSources(limits, [folder]))
    service.close()


def call(server: MCPServer, image: str, instruction: str = "pupils", *, progress=None, read_links=False, **arguments):
    async def run():
        async with Client(server) as client:
            arguments.update(image=image, instruction=instruction)
            result = await client.call_tool("ask_landmarks", arguments, progress_callback=progress)
            links = [block for block in result.content if block.type == "resource_link"]
            texts = [(await client.read_resource(link.uri)).contents[0] for link in links] if read_links else []
            return result, links, texts

    return anyio.run(run)


def tell_error(server: MCPServer, image: str, **arguments: object) -> dict:
    result, _, _ = call(server, image, **arguments)
    assert result.is_error
    return result.structured_content["error"]


def test_a_moment_is_asked_about_like_a_photo(server: MCPServer, shipped: Engine, folder: Path) -> None:
    frames = list(VideoFile(folder / "clip.mp4").read())
    for asked, number in ((0, 0), (0.55, 5), (1.5, 15), (1.99, 19)):
        result, _, _ = call(server, "clip.mp4", seconds=[asked], detail="full")
        data = {name: value for name, value in result.structured_content.items() if name not in ("count", "shown")}
        assert Answer.from_dict(data) == shipped.ask(frames[number].image, "pupils")
    result, _, _ = call(server, "clip.mp4", seconds=[1.5], draw=True, crop="mouth", files=["svg"])
    assert [block.type for block in result.content] == ["image", "resource_link", "text"]


def test_a_range_is_followed_and_summed_up(server: MCPServer, shipped: Engine, folder: Path) -> None:
    result, links, (table, lines) = call(
        server, "clip.mp4", "the 300W layout", seconds=[0.5, 2], files=["csv", "json"], read_links=True
    )
    assert not result.is_error
    data = result.structured_content
    assert data["video"] == {"seconds": 2.0, "fps": 10.0}
    assert data["range"] == [0.5, 1.9]
    assert data["frames_answered"] == 15
    assert data["cuts"] == [1.0]
    assert [(face["identity"], face["frames"], face["first"], face["last"]) for face in data["faces"]] == [
        (1, 5, 0.5, 0.9),
        (2, 10, 1.0, 1.9),
    ]
    shown = data["frames"]
    assert (shown[0]["frame"], shown[-1]["frame"]) == (0, 14)
    assert sum(frame["count"] for frame in shown) <= 400
    assert count_tokens(result.content[-1].text) <= MAX_TOKENS
    # The whole is what the engine says, in the files.
    frames = [frame for frame in VideoFile(folder / "clip.mp4").read() if frame.time > 0.45]
    want = list(shipped.track(frames, "the 300W layout"))
    got = [json.loads(line) for line in lines.text.splitlines()]
    assert [row["identities"] for row in got] == [list(frame.identities) for frame in want]
    assert all(Answer.from_dict(row["answer"]) == frame.answer for row, frame in zip(got, want, strict=True))
    assert len(table.text.splitlines()) == 1 + 15 * 68
    assert [link.name for link in links] == ["frames.csv", "frames.jsonl"]
    points = np.array([point for group in shown[0]["groups"] for point in group["points"]])
    assert np.abs(points - want[0].answer.xy).max() < 0.06


def test_a_range_as_shares_of_the_frame(server: MCPServer) -> None:
    asked = {"seconds": [0.5, 1], "files": ["csv", "json"], "read_links": True}
    (pixels, _, _), (shares, _, (table, lines)) = (
        call(server, "clip.mp4", units=units, **asked) for units in ("px", "normalized")
    )
    want, got = pixels.structured_content, shares.structured_content
    assert "units" not in want
    assert got["units"] == "normalized"
    assert "(1, 1)" in got["frame"]
    size = np.array([640, 480])
    for a, b in zip(want["frames"], got["frames"], strict=True):
        np.testing.assert_allclose(
            [np.array(group["points"]) * size - 0.5 for group in b["groups"]],
            [group["points"] for group in a["groups"]],
            atol=0.06,
        )
    box = np.array(got["faces"][0]["first_box"]).reshape(2, 2) * size - 0.5
    np.testing.assert_allclose(box.ravel(), want["faces"][0]["first_box"], atol=0.06)
    first = json.loads(lines.text.splitlines()[0])["answer"]
    assert first["units"] == "normalized"
    rows = list(csv.DictReader(table.text.splitlines()))
    assert [float(rows[0]["x"]), float(rows[0]["y"])] == [first["points"][0]["x"], first["points"][0]["y"]]
    assert 0 < first["points"][0]["x"] < 1


def test_a_step_answers_fewer_and_tells_how_far_it_is(server: MCPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_video, "PROGRESS_SECONDS", 0.02)
    told = []

    async def note(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total))

    result, _, (table,) = call(
        server, "clip.mp4", seconds=[0, 1.9, 0.4], progress=note, read_links=True, faces="largest"
    )
    data = result.structured_content
    assert data["frames_answered"] == 5
    assert [frame["time"] for frame in data["frames"]] == [0.0, 0.4, 0.8, 1.2, 1.6]
    assert len(table.text.splitlines()) == 1 + 5 * 2
    assert told
    assert {total for _, total in told} <= {None, 5}


def test_what_came_before_the_damage_is_kept(server: MCPServer) -> None:
    result, _, _ = call(server, "cut.mp4", seconds=[0, 2])
    data = result.structured_content
    assert not result.is_error, data
    assert 5 <= data["frames_answered"] < 20
    assert "damaged or cut short" in data["notes"][-1]


@pytest.mark.parametrize(
    ("image", "arguments", "code", "words"),
    [
        ("clip.mp4", {}, "invalid_request", "seconds"),
        ("clip.mp4", {"seconds": [2.5]}, "invalid_request", "the video is 2.00 s long"),
        ("clip.mp4", {"seconds": [7, 9]}, "invalid_request", "the video is 2.00 s long"),
        ("clip.mp4", {"seconds": [2, 1]}, "invalid_request", "the end last"),
        ("clip.mp4", {"seconds": [-1]}, "invalid_request", "from 0 on"),
        ("clip.mp4", {"seconds": [0, 1, 0]}, "invalid_request", "a step above 0"),
        ("clip.mp4", {"seconds": [0, 1], "draw": True}, "invalid_request", "draw"),
        ("clip.mp4", {"seconds": [0, 1], "files": ["svg"]}, "invalid_request", "files"),
        ("broken.mp4", {"seconds": [0]}, "image", "not a video that can be read here"),
        ("broken.mp4", {"seconds": [0, 1]}, "image", "not a video that can be read here"),
        ("clop.mp4", {"seconds": [0]}, "image_source", "did you mean 'clip.mp4'"),
        ("../clip.mp4", {"seconds": [0]}, "image_source", "no image file"),
        ("img_abc", {"seconds": [0]}, "invalid_request", "named by its path"),
        ("clip.mp4", {"seconds": [0, 1], "faces": "prettiest"}, "setting", "prettiest"),
    ],
)
def test_what_cannot_be_asked_is_told(server: MCPServer, image: str, arguments: dict, code: str, words: str) -> None:
    error = tell_error(server, image, **arguments)
    assert error["code"] == code
    assert words in json.dumps(error)


def test_too_long_a_range_says_how_to_ask(server: MCPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_video, "MOST_FRAMES", 6)
    error = tell_error(server, "clip.mp4", seconds=[0, 2])
    assert error["code"] == "too_large"
    step = float(error["message"].partition("a step of ")[2].partition(" s")[0])
    result, _, _ = call(server, "clip.mp4", seconds=[0, 2, step])
    assert 0 < result.structured_content["frames_answered"] <= 6


def test_the_whole_of_a_video_is_no_frame_longer_than_it_is(server: MCPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_video, "MOST_FRAMES", 20)
    result, _, _ = call(server, "clip.mp4", seconds=[0, 2])
    assert not result.is_error, result.structured_content
    assert result.structured_content["frames_answered"] == 20


def test_a_video_may_be_called_as_handles_begin(server: MCPServer, folder: Path) -> None:
    named = (folder / "clip.mp4").rename(folder / "img_0001.mp4")
    result, _, _ = call(server, named.name, seconds=[0.5])
    named.rename(folder / "clip.mp4")
    assert not result.is_error, result.structured_content


def test_other_tools_say_which_one_takes_a_video(server: MCPServer) -> None:
    async def run():
        async with Client(server) as client:
            listed = await client.call_tool("list_images", {})
            refused = await client.call_tool("measure_face", {"image": "clip.mp4"})
            return listed.structured_content, refused.structured_content

    listed, refused = anyio.run(run)
    assert [entry["path"] for entry in listed["images"]] == ["broken.mp4", "clip.mp4", "cut.mp4"]
    assert "ask_landmarks" in json.dumps(refused["error"])


def test_without_the_extra_it_says_what_to_install(server: MCPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_nothing() -> None:
        raise ConfigError("PyAV, which reads videos, is not installed: pip install 'faceql[video]'")

    monkeypatch.setattr("faceql.engine.video.load_av", load_nothing)
    for seconds in ([0], [0, 1]):
        error = tell_error(server, "clip.mp4", seconds=seconds)
        assert error["code"] == "setting"
        assert "pip install 'faceql[video]'" in error["message"]


def test_no_more_are_worked_on_at_once_than_the_limits_say(shipped: Engine, folder: Path) -> None:
    limits = Limits(decode_seconds=None, tracks=1)
    server = build_mcp_server(Service(lambda: shipped, limits), ImageSources(limits, [folder]))

    async def run():
        async with Client(server) as client:
            asked = {"image": "clip.mp4", "instruction": "pupils", "seconds": [0, 1]}
            got = []

            async def ask() -> None:
                got.append(await client.call_tool("ask_landmarks", asked))

            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                group.start_soon(ask)
            got.append(await client.call_tool("ask_landmarks", asked))
            return [result.structured_content.get("error", {}).get("code") for result in got]

    assert sorted(anyio.run(run), key=str) == [None, None, "busy"]
