"""Folders in trouble: strange names, full disks, other settings, two at once, a stop in the middle."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from faceql.engine import Answer, AskSettings, Engine
from faceql.errors import ConfigError
from faceql.querylang.parse import parse
from faceql.server.folder_command import ask_folder
from faceql.server.folder_results import ResultFile, choose_kind, list_photos, write_row
from faceql.server.writing import write_aside, write_file

from .conftest import make_photo

TEXT = "4 points per eyebrow"
ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.png").write_bytes(make_photo(i))
    return folder


def run(album: Path, out: Path, engine: Engine, text: str = TEXT, **named) -> int:
    options = {"overwrite": False} | named
    return ask_folder(album, text, out, lambda: engine, **options)  # type: ignore[arg-type]


def read_rows(out: Path) -> dict[str, dict]:
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len({row["file"] for row in rows}) == len(rows)
    return {row["file"]: row for row in rows}


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_name_that_is_no_utf8_is_answered_and_not_asked_twice(
    album: Path, engine: Engine, tmp_path: Path, ending: str
) -> None:
    strange = os.fsdecode(b"caf\xe9 \xff.png")
    try:
        (album / strange).write_bytes(make_photo(9))
    except OSError:
        pytest.skip("this file system takes no such names")
    out = tmp_path / f"results.{ending}"
    assert run(album, out, engine) == 0
    data = out.read_bytes()
    text = data.decode("utf-8")
    names = read_rows(out) if ending == "jsonl" else {row["file"] for row in csv.DictReader(io.StringIO(text))}
    assert set(names) == {"0.png", "1.png", "2.png", r"caf\xe9 \xff.png"}
    assert run(album, out, engine) == 0
    assert sorted(out.read_bytes().splitlines()) == sorted(data.splitlines())
    (album / strange).write_bytes(b"no photo")
    assert run(album, out, engine, overwrite=True) == 0


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"asked": AskSettings(faces="all")}, "faces"),
        ({"settings": {"flip-test": True}}, "flip-test off, and now it is flip-test on"),
        ({"asked": AskSettings(perspective="subject")}, "perspective|another instruction"),
        ({"asked": AskSettings(units="normalized")}, "units 'px', and now it is units 'normalized'"),
    ],
)
def test_a_resume_with_other_settings_is_refused(
    album: Path, engine: Engine, tmp_path: Path, ending: str, change: dict, told: str
) -> None:
    out = tmp_path / f"results.{ending}"
    run(album, out, engine, settings={"flip-test": False})
    data = out.read_bytes()
    (album / "new.png").write_bytes(make_photo(7))
    with pytest.raises(ConfigError, match=told) as caught:
        run(album, out, engine, **({"settings": {"flip-test": False}} | change))
    assert "--overwrite" in str(caught.value)
    assert out.read_bytes() == data
    assert run(album, out, engine, **({"settings": {"flip-test": False}} | change), overwrite=True) == 0
    assert run(album, out, engine, **({"settings": {"flip-test": False}} | change)) == 0


def test_a_resume_with_other_weights_is_refused(album: Path, engine: Engine, tmp_path: Path, monkeypatch) -> None:
    out = tmp_path / "results.jsonl"
    run(album, out, engine)
    data = out.read_bytes()
    (album / "new.png").write_bytes(make_photo(7))
    monkeypatch.setattr(engine, "_model_version", "other+1234")
    with pytest.raises(ConfigError, match=r"weights 'random', and now it is weights 'other\+1234'"):
        run(album, out, engine)
    assert out.read_bytes() == data


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_units_are_not_mixed_where_no_settings_tell(album: Path, engine: Engine, tmp_path: Path, ending: str) -> None:
    """As an older version left results, or where the file of settings was not copied."""
    out = tmp_path / f"results.{ending}"
    run(album, out, engine)
    data = out.read_bytes()
    (tmp_path / f"{out.name}.settings.json").unlink()
    (album / "new.png").write_bytes(make_photo(7))
    with pytest.raises(ConfigError, match="units 'px', and now it is units 'normalized'"):
        run(album, out, engine, asked=AskSettings(units="normalized"))
    assert out.read_bytes() == data


def test_lines_tell_their_units_where_no_settings_do(album: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    run(album, out, engine, asked=AskSettings(units="normalized"))
    (tmp_path / "results.jsonl.settings.json").unlink()
    (album / "new.png").write_bytes(make_photo(7))
    with pytest.raises(ConfigError, match="units 'normalized', and now it is units 'px'"):
        run(album, out, engine)


def test_results_without_settings_are_gone_on_with(album: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    run(album, out, engine)
    data = out.read_bytes()
    (tmp_path / "results.jsonl.settings.json").unlink()
    out.write_bytes(data[: len(data) // 2])
    assert run(album, out, engine) == 0
    assert out.read_bytes() == data


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_mended_photo_can_be_asked_again(album: Path, engine: Engine, tmp_path: Path, ending: str) -> None:
    good = (album / "1.png").read_bytes()
    (album / "1.png").write_bytes(good[:100])
    out = tmp_path / f"results.{ending}"
    run(album, out, engine)
    (album / "1.png").write_bytes(good)
    run(album, out, engine)
    if ending == "jsonl":
        assert "error" in read_rows(out)["1.png"]
    assert run(album, out, engine, retry_failed=True) == 0
    if ending == "jsonl":
        assert all("answer" in row for row in read_rows(out).values())
        assert len(read_rows(out)) == 3
    else:
        assert len(out.read_text("utf-8").splitlines()) == 1 + 3 * 8
    data = out.read_bytes()
    run(album, out, engine, retry_failed=True)
    assert sorted(out.read_bytes().splitlines()) == sorted(data.splitlines())


def test_ids_count_from_0_in_a_folder_too(album: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    run(album, out, engine, "300W points 0 to 2", asked=AskSettings(ids_from=0))
    assert read_rows(out)["0.png"]["answer"]["canonical"] == parse("300W points 1 to 3").canonical


def test_two_at_once_do_not_write_to_one_file(album: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    told = []

    def load_engine() -> Engine:
        link = tmp_path / "link.jsonl"
        link.symlink_to(out)
        for path in (out, link):
            with pytest.raises(ConfigError, match="another faceql is writing") as caught:
                run(album, path, engine)
            told.append(str(caught.value))
        return engine

    assert ask_folder(album, TEXT, out, load_engine, overwrite=False) == 0
    assert len(told) == 2
    assert len(read_rows(out)) == 3


# A full disk: the system's limit on the size of a file stands for it.


def limit_files(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture
def answers(album: Path, engine: Engine) -> dict[str, Answer]:
    return {name: engine.ask(album / name, TEXT) for name in list_photos(album)}


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_full_disk_leaves_whole_lines_that_are_gone_on_with(
    answers: dict[str, Answer], album: Path, engine: Engine, tmp_path: Path, ending: str
) -> None:
    whole, out = tmp_path / f"whole.{ending}", tmp_path / f"results.{ending}"
    run(album, whole, engine)
    size = len(whole.read_bytes())
    child = os.fork()
    if child == 0:
        limit_files(size * 2 // 3)
        results = ResultFile(out, parse(TEXT), overwrite=False)
        status = 1
        try:
            for name in list_photos(album):
                results.add(write_row(choose_kind(out, parse(TEXT)), name, answers[name]))
        except ConfigError as error:
            is_told = "the answers so far are whole" in str(error) and "go" in str(error)
            status = 0 if is_told else 2
        results.close()
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    data = out.read_bytes()
    assert 0 < len(data) < size
    assert data.endswith(b"\n")
    assert run(album, out, engine) == 0
    assert out.read_bytes() == whole.read_bytes()


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "faceql.server.cli", *map(str, args)]


@pytest.mark.parametrize(
    "name", ["drawing.png", *(pytest.param(name, marks=pytest.mark.slow) for name in ("drawing.jpg", "drawing.svg"))]
)
def test_a_full_disk_leaves_the_old_drawing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"the drawing before")
    done = subprocess.run(
        command("ask", ASTRONAUT, "the 300W layout", "--device", "cpu", "--out", tmp_path / name),
        capture_output=True, text=True, check=False, preexec_fn=lambda: limit_files(1000),
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"the drawing before"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this platform")
def test_a_full_standard_output_is_told() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command("parse", "the 300W layout"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


def write_half(path: Path) -> None:
    path.write_text("half")
    raise ValueError("stop")


def test_what_is_written_aside_takes_its_place_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    path.chmod(0o600)
    with pytest.raises(ValueError, match="stop"):
        write_file(path, write_half)
    assert path.read_text() == "before"
    (tmp_path / "link.txt").symlink_to(path)
    with write_aside(tmp_path / "link.txt") as aside:
        aside.write_text("after")
    assert path.read_text() == "after"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "link.txt").is_symlink()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.txt", "link.txt"]
    with write_aside(Path("/dev/null")) as aside:
        aside.write_text("nothing")
    with pytest.raises(ConfigError, match="cannot write"), write_aside(tmp_path / "no" / "a.txt") as aside:
        aside.write_text("x")


@pytest.mark.slow
def test_a_killed_run_loses_no_line(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    with Image.open(ASTRONAUT) as image:
        for i in range(40):
            image.rotate(i / 2).save(album / f"{i:02}.jpg")
    out = tmp_path / "results.jsonl"
    ask = command("ask", album, TEXT, "--device", "cpu", "--out", out)
    for lines in (3, 9, 17):
        process = subprocess.Popen(ask, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not (out.exists() and out.read_bytes().count(b"\n") >= lines):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert len(read_rows(out)) >= lines if out.read_bytes().endswith(b"\n") else True
    assert subprocess.run(ask, capture_output=True, check=False).returncode == 0
    assert set(read_rows(out)) == {f"{i:02}.jpg" for i in range(40)}
