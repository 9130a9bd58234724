"""The Python client against a real server on loopback: the engine's answers, the engine's errors."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image, ImageOps

import faceql
from faceql.engine import Engine
from faceql.errors import (
    ConfigError,
    FaceQLError,
    ImageError,
    InvalidRequestError,
    NoFaceError,
    QueryError,
    ServiceError,
)
from faceql.server.client import Client, RemoteImage

from .conftest import ASTRONAUT, serving

KEY = "a-long-random-key-1"


@pytest.fixture(scope="module")
def engine(small_weights: Path) -> Engine:
    return Engine("cpu", small_weights)


@pytest.fixture(scope="module")
def url(small_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text(KEY)
    with serving("--weights", str(small_weights), "--api-key-file", str(keys)) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return Client(url, key=KEY)


def test_the_answers_are_the_engines(client: Client, engine: Engine) -> None:
    photo = np.asarray(Image.open(ASTRONAUT).convert("RGB"))
    remote = client.open(ASTRONAUT)
    boxes = [(180.5, 60, 268, 172)]
    for text, options in (
        ("4 points per eyebrow", {}),
        ("her left eye as a polygon", {"perspective": "subject"}),
        ("outer lip, 7 points, at equal distances", {"boxes": boxes}),
        ("pupils", {"faces": "all"}),
    ):
        want = engine.ask(ASTRONAUT, text, **options)
        opened = io.BytesIO(ASTRONAUT.read_bytes())
        for image in (ASTRONAUT, str(ASTRONAUT), opened.getvalue(), opened, remote, Image.open(ASTRONAUT), photo):
            assert client.ask(image, text, **options) == want
        assert client.ask(photo[:, :, ::-1], text, color="bgr", **options) == want
    several = client.ask(remote, ["pupils", "mouth corners"])
    assert several == [engine.ask(ASTRONAUT, text) for text in ("pupils", "mouth corners")]
    ids = client.ask(remote, "300W points 0 to 3", ids_from=0)
    assert ids.xy.tolist() == engine.ask(ASTRONAUT, "300W points 1 to 4").xy.tolist()
    assert faceql.Client is Client


def test_masks_measures_crops_and_meanings(client: Client, engine: Engine) -> None:
    remote = client.open(ASTRONAUT)
    answer = engine.ask(ASTRONAUT, "61 points on the left eye")
    for image in (ASTRONAUT, remote):
        np.testing.assert_array_equal(client.mask(image, "left eye"), np.rint(answer.mask("left eye") * 255))
        told = client.measure(image, distances=[("nose tip", "chin")], units="px")
        (measures,) = engine.measure(ASTRONAUT)
        assert told["measured"][0]["distances"][0]["value"] == pytest.approx(
            measures.distance("nose tip", "chin"), abs=1e-3
        )
        assert max(client.crop(image, "mouth", size=80, upright=False).size) == 80
    assert client.parse("10 points from left chin to jaw end")["count"] == 10
    assert isinstance(remote, RemoteImage)
    assert remote.details["image_size"] == {"height": 512, "width": 512}
    # A photo that nobody else has open: one handle serves all who opened the same pixels, until the last has closed it.
    mirrored = io.BytesIO()
    ImageOps.mirror(Image.open(ASTRONAUT)).save(mirrored, "PNG")
    own = client.open(mirrored.getvalue())
    client.close(own)
    with pytest.raises(ServiceError) as caught:
        client.ask(own, "pupils")
    assert caught.value.code == "unknown_handle"


def test_the_errors_are_the_engines(client: Client, engine: Engine, url: str, black_photo: bytes) -> None:
    for ask in (client.ask, engine.ask):
        with pytest.raises(QueryError) as caught:
            ask(ASTRONAUT, "10 points along the noze")
        assert (caught.value.code, caught.value.span) == ("unknown_part", (20, 24))
        assert "^^^^" in str(caught.value)
        for wrong, error in ((black_photo, NoFaceError), (b"no image", ImageError), ("missing.jpg", ImageError)):
            with pytest.raises(error):
                ask(wrong, "pupils")
        with pytest.raises(ConfigError):
            ask(ASTRONAUT, "pupils", faces="prettiest")
    with pytest.raises(QueryError, match="noze"):
        client.ask(ASTRONAUT, ["pupils", "noze"])
    with pytest.raises(InvalidRequestError, match="size"):
        client.crop(ASTRONAUT, size=1)
    for key in (None, "another-long-key-2"):
        with pytest.raises(ServiceError) as refused:
            Client(url, key=key).parse("pupils")
        assert refused.value.code == "unauthorized"
    with pytest.raises(ImageError, match=r"there is no file 'none.jpg'"):
        client.ask("none.jpg", "pupils")
    with pytest.raises(ServiceError) as gone:
        Client("http://127.0.0.1:9", seconds=2).parse("pupils")
    assert gone.value.code == "unreachable"
    with pytest.raises(ConfigError):
        Client("127.0.0.1:8000")


@pytest.mark.parametrize(
    "settings",
    [
        {"perspective": "mirror"},
        {"ids_from": 7},
        {"faces": 5},
        {"boxes": []},
        {"boxes": "x"},
        {"boxes": [[1, 2, 3]]},
        {"boxes": 5},
        {"color": "cmyk"},
        {"image": str(ASTRONAUT.parent)},
        {"instruction": None},
        {"instruction": 5},
    ],
)
def test_what_is_wrong_with_an_argument_is_told_in_the_engines_words(
    client: Client, engine: Engine, settings: dict
) -> None:
    """An empty list of boxes was answered, as if there were none."""
    arguments = {"image": ASTRONAUT.read_bytes(), "instruction": "pupils", **settings}
    told = []
    for ask in (client.ask, engine.ask):
        with pytest.raises(FaceQLError) as caught:
            ask(**arguments)
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def test_no_instruction_is_asked_for_in_a_list(client: Client) -> None:
    for instructions in ([], ["pupils", 5]):
        with pytest.raises(ConfigError, match="instruction"):
            client.ask(ASTRONAUT, instructions)


SCRIPT = """
import { readFileSync, writeFileSync } from "node:fs";
const [file, url, key, photo] = process.argv.slice(2);
const { Faceql, FaceqlError } = await import(file);
const faceql = new Faceql(url, { key });
const bytes = readFileSync(photo);
const told = {};
told.bytes = await faceql.askLandmarks(bytes, { instruction: "pupils", boxes: [[180, 60, 268, 172]] });
const { handle } = await faceql.openImage(bytes, { boxes: [[180, 60, 268, 172]] });
told.handle = await faceql.askLandmarks({ handle }, { instructions: ["pupils"] });
told.csv = await faceql.askLandmarks({ handle }, { instruction: "pupils" }, "text/csv");
told.mask = (await faceql.maskRegion({ handle }, { region: "lips" })).size;
told.measured = await faceql.measureFaces(bytes, { distances: [["nose tip", "chin"]], units: "px" });
told.parsed = await faceql.parseInstruction({ instruction: "4 points per eyebrow" });
told.parts = (await faceql.listParts()).length;
told.image = await faceql.describeOpenImage(handle);
const small = await faceql.showOpenImage(handle, { max_side: 64 }, "image/png");
told.width = new DataView(await small.arrayBuffer()).getUint32(16);
const busy = { status: 503, headers: { "Retry-After": "0.05", "Content-Type": "application/problem+json" } };
const refuse = (times) => async () => (times-- > 0
  ? new Response(JSON.stringify({ code: "busy", detail: "later" }), busy) : Response.json([]));
told.waited = await new Faceql(url, { fetch: refuse(2) }).listParts();
const many = { images: [{ handle }], instruction: "pupils", boxes: [[180, 60, 268, 172]] };
const { batch } = await faceql.startBatch(many);
while ((await faceql.describeBatchProgress(batch)).state !== "done") await new Promise((go) => setTimeout(go, 50));
told.batch = await faceql.readBatchResults(batch);
await faceql.closeImage(handle);
told.errors = [];
for (const ask of [() => faceql.askLandmarks({ handle }, { instruction: "pupils" }),
                   () => faceql.parseInstruction({ instruction: "the noze" }),
                   () => new Faceql(url).listParts(),
                   () => new Faceql("http://127.0.0.1:9").listParts(),
                   () => new Faceql(url, { fetch: refuse(1), retries: 0 }).listParts()]) {
  try { await ask(); } catch (error) { told.errors.push([error instanceof FaceqlError, error.code, error.status]); }
}
console.log(JSON.stringify(told));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_javascript_client_is_answered_alike(url: str, client: Client, tmp_path: Path) -> None:
    with urlopen(f"{url}/client.js") as response:
        module = response.read()
    (tmp_path / "client.mjs").write_bytes(module)
    (tmp_path / "script.mjs").write_text(SCRIPT, "utf-8")
    command = ["node", str(tmp_path / "script.mjs"), str(tmp_path / "client.mjs"), url, KEY, str(ASTRONAUT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    want = client.ask(ASTRONAUT, "pupils", boxes=[(180, 60, 268, 172)])
    assert told["bytes"] == told["handle"] == {"answers": [want.to_dict()]}
    assert told["csv"] == want.to_csv()
    assert told["mask"] > 100
    assert told["measured"] == client.measure(ASTRONAUT, distances=[("nose tip", "chin")], units="px")
    assert told["parsed"]["count"] == 8
    assert told["width"] == 64
    assert told["waited"] == []
    assert told["image"]["image_size"] == {"height": 512, "width": 512}
    assert [line["answers"] for line in told["batch"]] == [[want.to_dict()]]
    assert told["errors"] == [
        [True, "unknown_handle", 404], [True, "unknown_part", 422], [True, "unauthorized", 401],
        [True, "unreachable", 0], [True, "busy", 503],
    ]  # fmt: skip
    assert b"@param options.boxes" in module
