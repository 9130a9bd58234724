"""`faceql ask --ray`: the bytes of one engine from many, of folders, globs, tables and stores, gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("ray")

import pyarrow as pa
from pyarrow import fs, parquet

from faceql.engine.ask_settings import DEFAULT_SETTINGS
from faceql.errors import CheckpointError, ConfigError
from faceql.server.deploy.photo_sources import find_photos
from faceql.server.deploy.ray_ask import ask_on_ray
from faceql.server.folder_command import ask_folder
from faceql.server.shared_options import make_engine

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]
COUNT = int(os.environ.get("FACEQL_RAY_PHOTOS", "100"))
TEXT = "the 300W layout"
LOAD = partial(make_engine, device="cpu", weights=None, whole=False)


def run(source: object, out: Path, address: str, load_engine: object = LOAD, **options: object) -> int:
    named = {"actors": 2, "gpus_each": None, "device": "cpu", "asked": DEFAULT_SETTINGS, "settings": {}} | options
    named = {"overwrite": False, "retry_failed": False} | named
    return ask_on_ray(str(source), TEXT, out, load_engine, address=address, **named)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def album(make_photo: Callable[[int], bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in two folders, one of them broken."""
    folder = tmp_path_factory.mktemp("album")
    for index in range(COUNT):
        path = folder / f"{index % 2}" / f"{index:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make_photo(index))
    (folder / "0" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


@pytest.fixture(scope="module")
def wanted(album: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one engine writes of each photo."""
    out = tmp_path_factory.mktemp("one") / "results.jsonl"
    assert ask_folder(album, TEXT, out, LOAD, overwrite=False) == 0
    return {json.loads(line)["file"]: line for line in out.read_bytes().splitlines(keepends=True)}


def test_a_folder_gets_the_bytes_of_one_engine(
    album: Path, wanted: dict[str, bytes], cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.jsonl"
    assert run(album, out, cluster) == 0
    assert out.read_bytes() == b"".join(wanted.values())
    assert f"{COUNT} of {COUNT + 1} photos answered now\n1 skipped:\n  0/broken.jpg: " in capsys.readouterr().err
    # As after a stop amid a line: the same command goes on.
    out.write_bytes(out.read_bytes()[: -len(wanted[f"1/{COUNT - 1:05}.jpg"]) // 2])
    assert run(album, out, cluster) == 0
    assert out.read_bytes() == b"".join(wanted.values())
    assert f"1 of {COUNT + 1} photos answered now, {COUNT} before" in capsys.readouterr().err


def test_a_glob_and_a_folder_of_parquet(album: Path, wanted: dict[str, bytes], cluster: str, tmp_path: Path) -> None:
    out = tmp_path / "results.parquet"
    assert run(f"{album}/0/0000[0-9].jpg", out, cluster) == 0
    assert run(f"{album}/0/*0*.jpg", out, cluster) == 0
    table = parquet.read_table(out).to_pylist()
    assert len(list(out.iterdir())) == 2
    assert [row["file"] for row in table] == [Path(name).name for name in wanted if name.startswith("0/0")]
    for row in table:
        assert json.loads(row["answer"]) == json.loads(wanted[f"0/{row['file']}"])["answer"]
    assert {row["error"] for row in table} == {None}


def test_a_table_of_bytes_and_one_of_paths(album: Path, wanted: dict[str, bytes], cluster: str, tmp_path: Path) -> None:
    names = ["0/00000.jpg", "1/00001.jpg", "0/broken.jpg"]
    files = [(album / name).read_bytes() for name in names]
    parquet.write_table(pa.table({"name": names, "image": files}), tmp_path / "bytes.parquet")
    paths = [*names[:2], "gone.jpg"]
    parquet.write_table(pa.table({"path": paths}), album / "paths.parquet")
    for source, missing in ((tmp_path / "bytes.parquet", "0/broken.jpg"), (album / "paths.parquet", "gone.jpg")):
        out = tmp_path / f"{source.stem}.jsonl"
        assert run(source, out, cluster) == 0
        lines = out.read_bytes().splitlines(keepends=True)
        assert lines[:2] == [wanted[name] for name in names[:2]]
        told = json.loads(lines[2])
        assert (told["file"], told["error"]["code"], len(lines)) == (missing, "image", 3)


def test_what_is_wrong_with_the_cluster_or_its_engines_is_told_at_once(
    album: Path, cluster: str, tmp_path: Path
) -> None:
    missing = partial(make_engine, device="cpu", weights=Path("missing.safetensors"), whole=False)
    with pytest.raises(CheckpointError, match="no weights at"):
        run(album, tmp_path / "a.jsonl", cluster, missing)
    command = [sys.executable, "-m", "faceql.server.cli", "ask", str(album), TEXT, "--out", str(tmp_path / "b.jsonl")]
    done = subprocess.run([*command, "--ray", "127.0.0.1:1"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("no Ray cluster answers at '127.0.0.1:1': ")


def test_names_that_tell_no_photos_apart_are_refused(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"file": ["a", "a"], "image": [b"", b""]}), tmp_path / "a.parquet")
    with pytest.raises(ConfigError, match="'a' more than once in its column 'file'"):
        find_photos(str(tmp_path / "a.parquet"))
    parquet.write_table(pa.table({"image": [b""]}), tmp_path / "b.parquet")
    with pytest.raises(ConfigError, match="no column of a name for each photo: call one file, path,"):
        find_photos(str(tmp_path / "b.parquet"))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A store that speaks S3: where it is, as a URI has it."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    yield f"endpoint_override={host}:{port}&scheme=http"
    server.stop()


@pytest.mark.parametrize("pattern", ["", "/**/*.jpg"])
def test_a_store(album: Path, wanted: dict[str, bytes], store: str, tmp_path: Path, pattern: str) -> None:
    names = ["0/00000.jpg", "1/00001.jpg"]
    bucket, _ = fs.FileSystem.from_uri(f"s3://bucket?{store}&allow_bucket_creation=true")
    bucket.create_dir("bucket")
    for name in names:
        with bucket.open_output_stream(f"bucket/album/{name}") as stream:
            stream.write((album / name).read_bytes())
    out = tmp_path / "results.jsonl"
    # A process of its own: engines have the keys from what they are started with.
    source = f"s3://bucket/album{pattern}?{store}"
    command = [sys.executable, "-m", "faceql.server.cli", "ask", source, TEXT, "--out", str(out)]
    done = subprocess.run(
        [*command, "--ray", "local", "--actors", "1", "--device", "cpu"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == b"".join(wanted[name] for name in names)
