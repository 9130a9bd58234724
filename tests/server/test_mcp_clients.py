"""What MCP clients can do beside calling tools: name roots, choose readings, read files, complete names."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import numpy as np
import pytest
from mcp import Client
from mcp.server import MCPServer
from mcp.types import ElicitResult, ListRootsResult, PromptReference, ResourceTemplateReference, Root
from PIL import Image
from starlette.testclient import TestClient

from faceql.engine import Engine
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.made_files import FileStore
from faceql.server.mcp_results import MAX_PICTURE_BYTES
from faceql.server.mcp_server import build_mcp_server
from faceql.server.pictures import fit_picture
from faceql.server.service import Service
from faceql.server.token_budget import MAX_TOKENS, count_tokens

MODES = ("legacy", "auto")
TWO_READINGS = "7 points along the nose"


def fill_root(folder: Path, photo: bytes) -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "photo.png").write_bytes(photo)
    (folder / "inner" / "Anna at the sea.png").write_bytes(photo)
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_bytes(photo)
    (folder / "broken.jpg").write_bytes(b"not an image")
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, photo: bytes) -> Path:
    return fill_root(tmp_path_factory.mktemp("asked") / "photos", photo)


@pytest.fixture(scope="module")
def client_of_http(service: Service, limits: Limits) -> TestClient:
    return TestClient(build_http_app(service, ImageSources(limits)), base_url="http://localhost")


@pytest.fixture(scope="module")
def server(service: Service, limits: Limits, root: Path) -> Iterator[MCPServer]:
    return build_mcp_server(service, ImageSources(limits, [root]))


def call(server: MCPServer, tool: str, arguments: dict, *, mode: str = "auto", **client_options: object):
    async def run():
        async with Client(server, mode=mode, **client_options) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(run)


def list_roots_as(*folders: Path):
    async def tell(context: object) -> ListRootsResult:
        return ListRootsResult(roots=[Root(uri=folder.as_uri()) for folder in folders])

    return tell


def test_photos_are_listed_with_their_folder(server: MCPServer, root: Path) -> None:
    data = call(server, "list_images", {}).structured_content
    assert data["roots"] == [str(root)]
    assert [image["path"] for image in data["images"]] == ["broken.jpg", "photo.png", "inner/Anna at the sea.png"]
    assert data["images"][1] == {
        "path": "photo.png",
        "bytes": (root / "photo.png").stat().st_size,
        "width": 320,
        "height": 200,
    }
    assert "width" not in data["images"][0]
    for path in ("photo.png", "inner/Anna at the sea.png"):
        assert not call(server, "ask_landmarks", {"image": path, "instruction": "chin"}).is_error
    page = call(server, "list_images", {"offset": 1, "limit": 1}).structured_content
    assert (page["count"], page["shown"], page["images"][0]["path"]) == (3, [1, 2], "photo.png")
    assert call(server, "list_images", {"contains": "ANNA"}).structured_content["count"] == 1


def test_a_link_out_of_the_root_is_neither_listed_nor_suggested(
    service: Service, limits: Limits, photo: bytes, tmp_path: Path
) -> None:
    root = fill_root(tmp_path / "photos", photo)
    server = build_mcp_server(service, ImageSources(limits, [root]))
    (tmp_path / "secret.png").write_bytes(b"x")
    (root / "secret.png").symlink_to(tmp_path / "secret.png")
    (root / "outside").symlink_to(tmp_path, target_is_directory=True)
    assert "secret" not in str(call(server, "list_images", {}).structured_content)
    error = call(server, "ask_landmarks", {"image": "secrets.png", "instruction": "chin"}).structured_content["error"]
    assert "'secret.png'" not in error["message"]


@pytest.mark.parametrize("wanted", ["photo.jpg", "fotos/Photo.png", "anna_at_the_sea.png", "/tmp/photo.PNG"])
def test_a_name_that_is_not_there_gets_near_ones(server: MCPServer, wanted: str) -> None:
    error = call(server, "ask_landmarks", {"image": wanted, "instruction": "chin"}).structured_content["error"]
    assert error["code"] == "image_source"
    assert ("Anna at the sea.png" if "anna" in wanted else "'photo.png'") in error["message"]


def test_a_name_that_is_like_none_gets_the_tool_that_lists_them(server: MCPServer) -> None:
    """All that end in .png were near."""
    error = call(server, "ask_landmarks", {"image": "IMG_2041.png", "instruction": "chin"}).structured_content["error"]
    assert error["message"].endswith("; list_images tells which do")


@pytest.mark.parametrize("mode", MODES)
def test_the_clients_roots_are_read_where_the_operator_gave_none(
    service: Service, limits: Limits, root: Path, tmp_path: Path, mode: str
) -> None:
    server = build_mcp_server(service, ImageSources(limits), honours_roots=True)
    roots = list_roots_as(root)
    listed = call(server, "list_images", {}, mode=mode, list_roots_callback=roots)
    assert listed.structured_content["roots"] == [str(root)]
    asked = {"image": "photo.png", "instruction": "chin"}
    assert not call(server, "ask_landmarks", asked, mode=mode, list_roots_callback=roots).is_error
    outside = tmp_path / "outside.png"
    outside.write_bytes((root / "photo.png").read_bytes())
    refused = call(server, "ask_landmarks", asked | {"image": str(outside)}, mode=mode, list_roots_callback=roots)
    assert refused.structured_content["error"]["code"] == "image_source"
    # A client that names none, and a server on the network, read nothing.
    assert call(server, "list_images", {}, mode=mode).structured_content["error"]["code"] == "image_source"
    remote = build_mcp_server(service, ImageSources(limits))
    told = call(remote, "ask_landmarks", asked, mode=mode, list_roots_callback=roots)
    assert told.structured_content["error"]["code"] == "image_source"


def test_the_operators_root_stands_alone(service: Service, limits: Limits, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    server = build_mcp_server(service, ImageSources(limits, [other]), honours_roots=True)
    told = call(server, "list_images", {}, list_roots_callback=list_roots_as(root)).structured_content
    assert (told["roots"], told["count"]) == ([str(other)], 0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("choice", [0, 1, None])
def test_an_ambiguous_instruction_is_asked_back(server: MCPServer, mode: str, choice: int | None) -> None:
    questions: list[str] = []

    async def choose(context: object, params: object) -> ElicitResult:
        questions.append(params.message)
        readings = params.requested_schema["properties"]["reading"]["enum"]
        if choice is None:
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"reading": readings[choice]})

    asked = {"image": "photo.png", "instruction": f"{TWO_READINGS}, all faces"}
    data = call(server, "ask_landmarks", asked, mode=mode, elicitation_callback=choose).structured_content
    assert len(questions) == 1
    assert "7 points" in questions[0]
    first, second = "nose_bridge * 7 | all faces", "nose_bridge * 3; nose_boundary * 4 | all faces"
    assert data["canonical"] == (second if choice == 1 else first)
    assert len(data["faces"]) == 2
    assert any("could also mean" in note for note in data["notes"]) == (choice is None)
    # Plain instructions ask nobody, and a client that cannot be asked is answered with a note.
    call(server, "ask_landmarks", asked | {"instruction": "pupils"}, mode=mode, elicitation_callback=choose)
    assert len(questions) == 1
    told = call(server, "ask_landmarks", asked, mode=mode).structured_content
    assert any("could also mean" in note for note in told["notes"])


def test_roots_and_a_reading_in_one_call(service: Service, limits: Limits, root: Path) -> None:
    async def choose(context: object, params: object) -> ElicitResult:
        return ElicitResult(action="accept", content={"reading": "nose_bridge * 3; nose_boundary * 4"})

    server = build_mcp_server(service, ImageSources(limits), honours_roots=True)
    for mode in MODES:
        told = call(server, "ask_landmarks", {"image": "photo.png", "instruction": TWO_READINGS}, mode=mode,
                    list_roots_callback=list_roots_as(root), elicitation_callback=choose)  # fmt: skip
        assert told.structured_content["canonical"] == "nose_bridge * 3; nose_boundary * 4"


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("eye openness", "measure_face"), ("distance between the pupils", "measure_face"),
        ("width of the mouth", "measure_face"), ("crop the left eye", "crop_face"), ("segment the lips", "mask_region"),
        ("list the photos", "list_images"), ("10 points along the noze", None),
        ("EAR of both eyes", "measure_face"), ("the left ear", None), ("Ears", None),
    ],
)  # fmt: skip
def test_words_of_intent_point_at_the_tool(server: MCPServer, text: str, tool: str | None) -> None:
    for name, arguments in (("ask_landmarks", {"image": "photo.png"}), ("parse_instruction", {})):
        error = call(server, name, {"instruction": text, **arguments}).structured_content["error"]
        assert (tool in error["hint"]) if tool else ("hint" not in error)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("mask of the lips", "mask_region"), ("lips mask", "mask_region"), ("area of the lips", "measure_face"),
        ("measure the jaw", "measure_face"), ("cut out the mouth", "crop_face"),
        ("outer lip, 20 points, at equal distances", None), ("the chin area", None), ("jaw in 8 segments", None),
        ("the picture's left eye", None), ("show the lips as a polygon", None),
        ("lips with the mouth opening cut out", None),
    ],
)  # fmt: skip
def test_words_of_intent_leave_points_as_they_are_and_point_at_the_tool(
    server: MCPServer, engine: Engine, photo: bytes, text: str, tool: str | None
) -> None:
    asked = {"image": "photo.png", "instruction": text, "faces": "all", "detail": "full", "limit": 2000}
    data = call(server, "ask_landmarks", asked).structured_content
    assert data["points"] == engine.ask(photo, text, faces="all").to_dict()["points"]
    meant = call(server, "parse_instruction", {"instruction": text}).structured_content
    drawn = call(server, "draw_landmarks", {"image": "photo.png", "instruction": text}).structured_content
    if tool is None:
        assert "hint" not in data
        assert "use" not in drawn["hint"]
        assert not any("these are points" in note for note in meant["notes"])
    else:
        assert data["hint"].startswith("these are points; for ")
        assert data["hint"].endswith(f"use {tool}")
        assert drawn["hint"].startswith("2 faces found")
        assert drawn["hint"].endswith(data["hint"])
        assert data["hint"] in meant["notes"]


def test_several_instructions_and_faces_in_a_call(server: MCPServer, engine: Engine, photo: bytes) -> None:
    texts = ["pupils", "mouth corners of every face"]
    data = call(server, "ask_landmarks", {"image": "photo.png", "instructions": texts, "draw": True})
    answers = data.structured_content["answers"]
    for text, answer in zip(texts, answers, strict=True):
        points = [point for group in answer["groups"] for point in group["points"]]
        np.testing.assert_allclose(points, engine.ask(photo, text).xy, atol=0.051)
    assert [len(answer["faces"]) for answer in answers] == [1, 2]
    assert [block.type for block in data.content] == ["image", "image", "text"]
    for wrong in ({"instruction": "chin", "instructions": ["chin"]}, {}, {"instructions": []}):
        error = call(server, "ask_landmarks", {"image": "photo.png", **wrong}).structured_content["error"]
        assert error["code"] == "invalid_request"


def test_every_result_is_within_its_budget(server: MCPServer) -> None:
    many = "2000 points on the face contour"
    calls = [
        ("ask_landmarks", {"image": "photo.png", "instruction": many, "detail": "full", "limit": 2000}),
        ("ask_landmarks", {"image": "photo.png", "instructions": ["500 points on the jaw"] * 4, "limit": 2000}),
        ("parse_instruction", {"instruction": many, "detail": "full", "limit": 2000}),
        ("measure_face", {"image": "photo.png", "boxes": [[i, i, i + 90, i + 90] for i in range(5)],
                          "distances": [["nose tip", "chin"]] * 64}),
        ("mask_region", {"image": "photo.png", "region": "face contour", "show": "rle"}),
        ("list_parts", {}),
    ]  # fmt: skip
    for tool, arguments in calls:
        result = call(server, tool, arguments)
        assert not result.is_error, result.content
        assert count_tokens(result.content[-1].text) <= MAX_TOKENS
        assert json.loads(result.content[-1].text) == result.structured_content
    # What was cut off is told, and pages put together are the whole.
    listed: list[dict] = []
    while len(listed) < 1000:
        page = call(
            server,
            "parse_instruction",
            {"instruction": "1000 points on the jaw", "detail": "full", "limit": 2000, "offset": len(listed)},
        )
        assert page.structured_content["shown"][0] == len(listed)
        listed += page.structured_content["landmarks"]
    assert [place["fpalp"] for place in listed] == pytest.approx(np.linspace(0, 1, 1000).tolist())


def test_drawings_are_small_and_can_be_of_a_part(server: MCPServer, engine: Engine, photo: bytes) -> None:
    def draw(**options: object):
        result = call(server, "draw_landmarks", {"image": "photo.png", "instruction": "outer lip", **options})
        assert not result.is_error, result.content
        picture, _ = result.content
        return Image.open(io.BytesIO(base64.b64decode(picture.data))), picture, result.structured_content

    whole, picture, _ = draw()
    assert (whole.size, picture.mime_type) == ((320, 200), "image/jpeg")
    close, _, data = draw(crop="mouth", max_side=500)
    assert max(close.size) == 500
    assert data["scale"] > 2
    assert data["drawing_size"] == {"height": close.height, "width": close.width}
    assert draw(crop="face")[0].size != whole.size
    assert draw(format="png")[1].mime_type == "image/png"
    error = call(server, "draw_landmarks", {"image": "photo.png", "instruction": "chin", "crop": "ear"})
    assert error.structured_content["error"]["code"] == "unknown_part"


def test_a_picture_never_goes_over_its_bytes() -> None:
    noise = Image.fromarray(np.random.default_rng(5).integers(0, 255, (900, 1200, 3), dtype=np.uint8))
    for media in ("image/png", "image/jpeg"):
        data, sent = fit_picture(noise, media, MAX_PICTURE_BYTES)
        assert len(data) <= MAX_PICTURE_BYTES
        assert Image.open(io.BytesIO(data)).size == sent.size
        assert sent.width / sent.height == pytest.approx(4 / 3, rel=0.02)
    assert fit_picture(noise.resize((60, 40)), "image/png", MAX_PICTURE_BYTES)[1].size == (60, 40)


def test_all_pictures_of_a_result_share_its_bytes(engine: Engine, tmp_path: Path) -> None:
    """Sixteen of noise were 7 MB: clients stop at one."""
    noise = np.random.default_rng(5).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    server = build_mcp_server(Service(lambda: engine, Limits()), ImageSources(Limits(), [tmp_path]))
    asked = {"image": "noise.png", "instructions": ["chin"] * 16, "draw": True}
    result = call(server, "ask_landmarks", asked)
    assert [block.type for block in result.content] == ["image"] * 16 + ["text"]
    assert sum(len(block.data) for block in result.content[:16]) <= 800_000
    assert Image.open(io.BytesIO(base64.b64decode(result.content[0].data))).width > 100


def test_who_names_a_crop_gets_a_picture(server: MCPServer) -> None:
    """Without draw=true it was ignored without a word."""
    result = call(server, "ask_landmarks", {"image": "photo.png", "instruction": "outer lip", "crop": "mouth"})
    assert [block.type for block in result.content] == ["image", "text"]


def test_a_crop_of_several_faces_is_refused(server: MCPServer, client_of_http: TestClient, photo: bytes) -> None:
    """The first face was cut out without a word."""
    boxes = [[20, 20, 120, 140], [190, 40, 260, 110]]
    for asked in ({"faces": "all"}, {"region": "mouth of every face"}, {"boxes": boxes}):
        error = call(server, "crop_face", {"image": "photo.png", **asked}).structured_content["error"]
        image = {"base64": base64.b64encode(photo).decode()}
        told = client_of_http.post("/v1/crop", json={"image": image, **asked}).json()
        assert error["errors"] == told["errors"]
        assert error["errors"][0]["loc"] == ["faces"]
        assert 'say which ("face 2")' in error["message"]


def test_photos_are_listed_by_a_pattern(server: MCPServer) -> None:
    for wanted, count in (("*.png", 2), ("*.PNG", 2), ("inner/*", 1), ("anna*", 0), ("*anna*", 1), ("[a]", 0)):
        assert call(server, "list_images", {"contains": wanted}).structured_content["count"] == count


def test_an_error_says_which_of_several_instructions_it_is_of(server: MCPServer) -> None:
    asked = {"image": "photo.png", "instructions": ["chin", "noze", "pupils"]}
    assert call(server, "ask_landmarks", asked).structured_content["error"]["instruction_index"] == 1


def test_a_hint_never_points_at_the_tool_that_was_called(server: MCPServer) -> None:
    error = call(server, "crop_face", {"image": "photo.png", "region": "crop the mouth"}).structured_content["error"]
    assert error["hint"] == "crop_face is for a crop already: name the part alone"


def test_masks_and_crops_are_the_engines(server: MCPServer, engine: Engine, photo: bytes) -> None:
    async def run():
        async with Client(server) as client:
            told = await client.call_tool(
                "mask_region", {"image": "photo.png", "region": "lips", "show": "rle", "faces": "all"}
            )
            (link,) = [block for block in told.content if block.type == "resource_link"]
            return told.structured_content, (await client.read_resource(str(link.uri))).contents[0]

    data, read = anyio.run(run)
    answer = engine.ask(photo, "61 points on the outer lip; 61 points on the inner lip", faces="all")
    want = np.rint(answer.mask("lips") * 255)
    mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(read.blob))))
    np.testing.assert_array_equal(mask, want)
    assert data["area_px"] == pytest.approx(want.sum() / 255, abs=0.1)
    counts = data["rle"]["counts"]
    bits = np.repeat(np.arange(len(counts)) % 2, counts).reshape(data["rle"]["size"], order="F")
    np.testing.assert_array_equal(bits, want >= 128)
    cut = call(server, "crop_face", {"image": "photo.png", "region": "left eye", "faces": "face 2", "size": 100})
    assert cut.structured_content["face"]["number"] == 2
    assert max(cut.structured_content["crop_size"].values()) == 100
    for wrong, code in (({"region": "left pupil"}, "setting"), ({"region": "ear"}, "unknown_part")):
        error = call(server, "mask_region", {"image": "photo.png", **wrong}).structured_content["error"]
        assert error["code"] == code


def test_measures_and_distances_are_the_engines(server: MCPServer, engine: Engine, photo: bytes) -> None:
    pairs = [["left mouth corner", "right mouth corner"], ["middle of mouth", "nose tip"]]
    data = call(server, "measure_face", {"image": "photo.png", "faces": "all", "distances": pairs, "units": "px"})
    told = data.structured_content["measured"]
    for face, measures in zip(told, engine.measure(photo, faces="all"), strict=True):
        assert face["measures"] == pytest.approx(measures.to_dict("px"), abs=1e-3)
        assert face["distances"][0]["value"] == pytest.approx(measures.distance(*pairs[0]), abs=1e-3)
    error = call(server, "measure_face", {"image": "photo.png", "distances": [["lips", "chin"]]})
    assert error.structured_content["error"]["code"] == "invalid_request"
    assert "single points" in error.structured_content["error"]["message"]


def test_names_are_completed(server: MCPServer) -> None:
    async def run():
        async with Client(server) as client:
            templates = {t.uri_template for t in (await client.list_resource_templates()).resource_templates}
            parts = ResourceTemplateReference(type="ref/resource", uri="faceql://parts/{part}")
            layouts = ResourceTemplateReference(type="ref/resource", uri="faceql://layouts/{layout}")
            prompt = PromptReference(type="ref/prompt", name="makeup_regions")
            eyes = await client.complete(parts, {"name": "part", "value": "left e"})
            wflw = await client.complete(layouts, {"name": "layout", "value": "w"})
            lips = await client.complete(prompt, {"name": "product", "value": "lip"})
            part = await client.read_resource("faceql://parts/left%20eye")
            layout = await client.read_resource("faceql://layouts/wflw")
            return templates, eyes, wflw, lips, part, layout

    templates, eyes, wflw, lips, part, layout = anyio.run(run)
    assert templates == {"faceql://parts/{part}", "faceql://layouts/{layout}", "faceql://files/{key}"}
    assert eyes.completion.values == ["left eyebrow", "left eye", "left eyebrow surface", "middle of left eyebrow"]
    assert wflw.completion.values[0] == "wflw"
    assert lips.completion.values[:2] == ["lipstick", "lip liner"]
    assert json.loads(part.contents[0].text)["name"] == "left eye"
    assert json.loads(layout.contents[0].text)["size"] == 98


def test_the_greeting_says_what_there_is(server: MCPServer) -> None:
    async def run():
        async with Client(server, mode="legacy") as client:
            return client.server_info, client.instructions, (await client.list_tools()).tools

    info, instructions, tools = anyio.run(run)
    assert info.title
    assert info.icons[0].src.startswith("data:image/svg+xml,")
    for tool in tools:
        assert tool.title
        assert len(json.dumps(tool.output_schema)) < 700
        assert "title" not in tool.input_schema
    for name in ("list_images", "measure_face", "mask_region", "crop_face"):
        assert name in instructions
    # A fifth less than five tools cost before, and an estimate that is on the safe side; videos are 1% of it.
    assert count_tokens(json.dumps([tool.model_dump(mode="json", exclude_none=True) for tool in tools])) < 7_600


def test_made_files_are_forgotten_in_time_and_when_they_are_too_many() -> None:
    now = [0.0]
    store = FileStore(seconds=10, max_bytes=100, clock=lambda: now[0])
    first, second = store.add(b"x" * 60, "text/csv", "csv"), store.add(b"y" * 60, "text/csv", "csv")
    assert store.get(first.key) is None
    assert store.get(second.key).data == b"y" * 60
    now[0] = 10
    assert store.get(second.key) is None
